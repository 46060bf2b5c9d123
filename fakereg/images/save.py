"""Saving repositories, in a form that `load` turns into the same repositories."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO, Literal, get_args

from fakereg.images.docker_writer import DockerWriter
from fakereg.images.files import LayoutError, is_regular, kind_of
from fakereg.images.held import Held
from fakereg.images.layout import INDEX, MARKER, LayoutFolder, blob_name, encode, index_document, marker
from fakereg.images.limits import LIMITS, Limits
from fakereg.images.tar_writer import File, write_tar
from fakereg.oci.errors import NameUnknown
from fakereg.oci.names import RepositoryName
from fakereg.store.repository import Repository
from fakereg.store.store import Store

Format = Literal["oci", "oci-archive", "docker-archive"]

_COMPRESSED = (".tar.gz", ".tgz")


def save(
    store: Store,
    path: Path | str,
    repository: str | None = None,
    form: Format | None = None,
    *,
    limits: Limits = LIMITS,
) -> None:
    """Write a directory or an archive; see `FakeRegistry.save`.

    Raises LayoutError, NameInvalid, NameUnknown, OSError, and ValueError for an unknown format.
    """
    path = Path(path)
    form = _checked(form) if form is not None else _form_of(path)
    held = _held(store, repository)
    if form == "oci":
        _save_folder(LayoutFolder(path, limits), held, full=repository is None)
        return
    if path.exists() and not is_regular(path):
        raise LayoutError(path, f"is {kind_of(path)}, where the archive should be")
    members = _members(held, form, str(path), limits, full=repository is None)
    _write_whole(path, partial(write_tar, members=members, compress=path.name.endswith(_COMPRESSED)))


def save_archive(
    store: Store,
    file: BinaryIO,
    name_hint: str = "archive",
    repository: str | None = None,
    form: Format = "oci-archive",
    *,
    compress: bool = False,
    limits: Limits = LIMITS,
) -> None:
    """Write an archive to an open file, which need not be seekable. Nothing is written if it raises LayoutError.

    `name_hint` is what messages call it. Raises what `save` does, and ValueError for the format "oci".
    """
    if _checked(form) == "oci":
        raise ValueError("the format 'oci' is a directory, which a file cannot hold: give 'oci-archive'")
    members = _members(_held(store, repository), form, name_hint, limits, full=repository is None)
    write_tar(file, members, compress=compress)


def _write_whole(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file whole or not at all."""
    # The file itself, if it is given by a link: the rename would take the link's place.
    real = Path(os.path.realpath(path))
    real.parent.mkdir(parents=True, exist_ok=True)
    unfinished = real.with_name(f".{real.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            write(file)
        unfinished.replace(real)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _checked(form: Format) -> Format:
    known = get_args(Format)
    if form not in known:
        raise ValueError(f"unknown format {form!r}; known are {', '.join(known)}")
    return form


def _form_of(path: Path) -> Format:
    is_archive = path.name.endswith((".tar", *_COMPRESSED)) and not path.is_dir()
    return "oci-archive" if is_archive else "oci"


def _held(store: Store, repository: str | None) -> list[Held]:
    return [Held.of(one) for one in _repositories(store, repository)]


def _repositories(store: Store, name: str | None) -> list[Repository]:
    if name is None:
        return store.repositories()
    found = store.find(RepositoryName.parse(name))
    if found is None:
        raise NameUnknown(f"nothing was ever pushed to {name}, so there is nothing to save")
    return [found]


def _save_folder(layout: LayoutFolder, held: Sequence[Held], *, full: bool) -> None:
    layout.open()
    for one in held:
        for digest, content in one.contents():
            layout.write(digest, content)
    # The index last: until then the layout holds what it held before.
    layout.write_index(entry for one in held for entry in one.entries(full=full))


def _members(held: Sequence[Held], form: Format, where: str, limits: Limits, *, full: bool) -> dict[str, File]:
    if form == "docker-archive":
        return DockerWriter(where, limits).members(held)
    entries = [entry for one in held for entry in one.entries(full=full)]
    blobs = {blob_name(digest): File.of(content) for one in held for digest, content in one.contents()}
    return {**blobs, MARKER: File.of(marker()), INDEX: File.of(encode(index_document(entries)))}
