"""Saving repositories, in a form that `load` turns into the same repositories."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO, Literal, get_args

from fakereg.images import checks, documents
from fakereg.images.docker_writer import DockerWriter
from fakereg.images.files import LayoutError, is_regular, kind_of
from fakereg.images.held import Held
from fakereg.images.layout import INDEX, MARKER, LayoutFolder, blob_name, index_document, marker
from fakereg.images.limits import LIMITS, Limits
from fakereg.images.tar_writer import Written, write_tar
from fakereg.images.whole_files import write_whole
from fakereg.oci.descriptor import Descriptor
from fakereg.oci.errors import NameUnknown
from fakereg.oci.names import RepositoryName
from fakereg.store.repository import Repository
from fakereg.store.store import Store

Format = Literal["oci", "oci-archive", "docker-archive"]

_ARCHIVES = (".tar", ".tar.gz", ".tgz")
_COMPRESSED = (".gz", ".tgz")

# What looks like an archive of a compression that is not written here.
_OTHER_ARCHIVES = re.compile(r"\.tar\.[^.]+$|\.t(?:xz|bz2?|zst|lz)$")


def save(
    store: Store,
    path: Path | str,
    repository: str | None = None,
    form: Format | None = None,
    *,
    limits: Limits = LIMITS,
) -> None:
    """Write a directory or an archive; see `FakeRegistry.save`.

    Raises LayoutError, NameInvalid, NameUnknown, OSError, TypeError, and ValueError for an unknown format or suffix.
    """
    checks.arguments(path=path, repository=repository, limits=limits)
    path = Path(path)
    form = _checked(form) if form is not None else _form_of(path)
    held = _held(store, repository)
    if form == "oci":
        _save_folder(LayoutFolder(path, limits), held, full=repository is None)
        return
    if path.exists() and not is_regular(path):
        raise LayoutError(path, f"is {kind_of(path)}, where the archive should be")
    members = _members(held, form, str(path), limits, full=repository is None)
    # The file itself, if it is given by a link: else the archive would take the link's place.
    real = Path(os.path.realpath(path))
    real.parent.mkdir(parents=True, exist_ok=True)
    write_whole(real, partial(write_tar, members=members, compress=path.name.lower().endswith(_COMPRESSED)))


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
    checks.arguments(repository=repository, limits=limits)
    if _checked(form) == "oci":
        raise ValueError("the format 'oci' is a directory, which a file cannot hold: give 'oci-archive'")
    members = _members(_held(store, repository), form, name_hint, limits, full=repository is None)
    write_tar(file, members, compress=compress)


def _checked(form: Format) -> Format:
    known = get_args(Format)
    if form not in known:
        raise ValueError(f"unknown format {form!r}; known are {', '.join(known)}")
    return form


def _form_of(path: Path) -> Format:
    """Told by the name, upper case or lower. Raises ValueError for one that promises what is not written."""
    name = path.name.lower()
    if path.is_dir():
        return "oci"
    if name.endswith(_ARCHIVES):
        return "oci-archive"
    if _OTHER_ARCHIVES.search(name):
        message = "is called like an archive, but such ones end in .tar, .tar.gz or .tgz: choose one, or give format="
        raise ValueError(f"{path} {message}")
    return "oci"


def _held(store: Store, repository: str | None) -> list[Held]:
    """What it holds at one moment, whatever is pushed and deleted while it is written."""
    return [Held.of(one) for one in _repositories(store.copy(), repository)]


def _repositories(store: Store, name: str | None) -> list[Repository]:
    if name is None:
        return store.repositories()
    found = store.find(RepositoryName.parse(name))
    if found is None:
        raise NameUnknown(f"nothing was ever pushed to {name}, so there is nothing to save")
    return [found]


def _save_folder(layout: LayoutFolder, held: Sequence[Held], *, full: bool) -> None:
    entries = _entries(held, full=full)
    layout.open(entries)
    for one in held:
        for digest, content in one.contents():
            layout.write(digest, content)
    # The index last: until then the layout holds what it held before.
    layout.write_index(entries)


def _members(held: Sequence[Held], form: Format, where: str, limits: Limits, *, full: bool) -> dict[str, Written]:
    if form == "docker-archive":
        return DockerWriter(where, limits).members(held)
    index = documents.indented(f"{where}: {INDEX}", index_document(_entries(held, full=full)), limits)
    blobs = {blob_name(digest): Written.of(content) for one in held for digest, content in one.contents()}
    return {**blobs, MARKER: Written.of(marker()), INDEX: Written.of(index)}


def _entries(held: Sequence[Held], *, full: bool) -> list[Descriptor]:
    return [entry for one in held for entry in one.entries(full=full)]
