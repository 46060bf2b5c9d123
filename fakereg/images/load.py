"""Loading: what is given is recognised by its content, then read and checked as a whole, then stored."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

from fakereg.images import checks
from fakereg.images.docker_reader import MANIFEST, DockerReader
from fakereg.images.files import Files, Folder, LayoutError, is_regular, kind_of
from fakereg.images.layout import INDEX, MARKER, Layout
from fakereg.images.layout_reader import LayoutReader
from fakereg.images.limits import LIMITS, Limits, Meter
from fakereg.images.loaded import Loaded, refuse_clashes
from fakereg.images.tarball import Archive
from fakereg.oci.names import RepositoryName
from fakereg.store.store import Store


def load(
    store: Store, path: Path | str, repository: str | None = None, *, sparse: bool = False, limits: Limits = LIMITS
) -> list[str]:
    """Store what a directory or an archive holds; see `FakeRegistry.load`. The references, in their order.

    `sparse` lets blobs and children be missing; what index.json itself lists must be there.
    Raises LayoutError, NameInvalid for `repository`, or TypeError.
    """
    checks.arguments(path=path, repository=repository, limits=limits)
    path = Path(path)
    try:
        if path.is_dir():
            name = None if repository is None else RepositoryName.parse(repository)
            return _stored(store, _from_layout(Folder(path), name, limits, sparse=sparse))
        # Asked before it is opened: to open a FIFO is to wait until somebody writes to it.
        if not is_regular(path):
            raise LayoutError(path, f"is {kind_of(path)}, where a directory or a file should be")
        with path.open("rb") as file:
            return load_archive(store, file, str(path), repository, sparse=sparse, limits=limits)
    except FileNotFoundError as error:
        raise LayoutError(path, "no such file or directory") from error
    except OSError as error:
        raise LayoutError(path, error.strerror or str(error)) from error


def load_archive(
    store: Store,
    file: BinaryIO | bytes,
    name_hint: str = "archive",
    repository: str | None = None,
    *,
    sparse: bool = False,
    limits: Limits = LIMITS,
) -> list[str]:
    """Store what a tar archive holds, given as bytes or as a seekable file, from where it stands to its end.

    `name_hint` is what messages call it, and a repository that nothing else names. Otherwise as `load`.
    """
    checks.arguments(repository=repository, limits=limits)
    name = None if repository is None else RepositoryName.parse(repository)
    opened = io.BytesIO(file) if isinstance(file, bytes) else file
    archive = Archive.of(opened, name_hint, Meter(limits))
    # Docker since 25 writes both forms into one archive; only the layout has the manifests themselves.
    if MARKER in archive.entries:
        return _stored(store, _from_layout(archive, name, limits, sparse=sparse))
    loaded = DockerReader(archive, name).entries()
    refuse_clashes(archive.where(MANIFEST), loaded, name)
    return _stored(store, loaded)


def _from_layout(files: Files, repository: RepositoryName | None, limits: Limits, *, sparse: bool) -> list[Loaded]:
    layout = Layout(files, limits)
    layout.check()
    loaded = LayoutReader(layout, repository, sparse).entries(layout.entries())
    refuse_clashes(files.where(INDEX), loaded, repository)
    return loaded


def _stored(store: Store, loaded: list[Loaded]) -> list[str]:
    for one in loaded:
        one.store(store)
    return [one.reference for one in loaded if one.reference is not None]
