"""An OCI image layout: its files, and their checks (image-spec, image-layout.md).

    oci-layout                 {"imageLayoutVersion": "1.0.0"}
    index.json                 what the layout holds, by name
    blobs/<algorithm>/<hex>    manifests, configs, layers

Law of this module: nothing that is read is believed before its digest was checked, and every error
names the file.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fakereg.images import documents
from fakereg.images.files import SEGMENT, Files, Folder, LayoutError
from fakereg.images.limits import LIMITS, Limits
from fakereg.images.ref_names import name_of, repository_of_folder
from fakereg.images.whole_files import is_unfinished, write_whole
from fakereg.oci import media_types
from fakereg.oci.descriptor import Descriptor
from fakereg.oci.digest import Digest
from fakereg.oci.errors import NameInvalid, RegistryError
from fakereg.oci.manifest import SCHEMA_VERSION, Manifest
from fakereg.oci.names import RepositoryName, Tag
from fakereg.store.content import Content, Segment

VERSION = "1.0.0"
MARKER = "oci-layout"
INDEX = "index.json"

# Threads that save into one layout must not lose each other's entries.
_ONE_AT_A_TIME = threading.Lock()


def blob_name(digest: Digest) -> str:
    """A digest is nothing but an algorithm and hex, so this never leads elsewhere."""
    return f"blobs/{digest.algorithm.name}/{digest.hex}"


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout that is read from a directory or an archive."""

    files: Files
    limits: Limits = LIMITS

    @property
    def index(self) -> str:
        """How a message names index.json."""
        return self.files.where(INDEX)

    def where(self, digest: Digest) -> str:
        """How a message names a blob."""
        return self.files.where(blob_name(digest))

    def check(self) -> None:
        """Raises LayoutError if this is no layout of a version that is known."""
        where, marker = self.files.where(MARKER), self.files.read(MARKER)
        if marker is None:
            raise LayoutError(where, "no such file, so the directory is not an OCI image layout")
        document = documents.parse(where, marker, self.limits)
        if not isinstance(document, dict) or "imageLayoutVersion" not in document:
            raise LayoutError(where, 'expected a JSON object with "imageLayoutVersion"')
        version = document["imageLayoutVersion"]
        if version != VERSION:
            raise LayoutError(where, f"imageLayoutVersion must be {VERSION!r}, got {version!r}")

    def entries(self) -> tuple[Descriptor, ...]:
        """The descriptors of index.json. Raises LayoutError."""
        content = self.files.read(INDEX)
        if content is None:
            raise LayoutError(self.index, "no such file")
        return self.listed(content)

    def listed(self, content: Content) -> tuple[Descriptor, ...]:
        """The descriptors of this content of index.json. Raises LayoutError."""
        return self.parse(self.index, content, media_types.OCI_INDEX).manifests

    def target(self, entry: Descriptor) -> tuple[RepositoryName, Tag | None]:
        """The repository and tag that an entry of index.json means. Raises LayoutError."""
        try:
            repository, tag = name_of(entry.annotations)
        except NameInvalid as error:
            way_out = f"; change that name in {INDEX}, or copy the image to a layout under one that can be a tag"
            raise LayoutError(self.index, f"{error.message}{way_out}") from error
        return repository or repository_of_folder(self.files.name), tag

    def parse(self, where: str, content: Content, media_type: str, digest: Digest | None = None) -> Manifest:
        """The manifest that a file holds. Raises LayoutError."""
        try:
            return Manifest.parse(
                documents.bounded(where, content, self.limits), content_type=media_type, digest=digest
            )
        except RegistryError as error:
            raise LayoutError(where, error.message) from error

    def read(self, digest: Digest) -> Content | None:
        """A blob; None if its file is missing. Raises LayoutError for other content."""
        content = self.files.read(blob_name(digest))
        if content is not None:
            check_digest(self.where(digest), content, digest)
        return content


def check_digest(where: str, content: Content, digest: Digest) -> None:
    """Raises LayoutError if the content has another digest than its name says."""
    actual = digest.algorithm.digest(content.segments)
    if actual != digest:
        raise LayoutError(where, f"the file's digest is {actual}, which is not its name")


@dataclass(frozen=True, slots=True)
class LayoutFolder:
    """A directory in which a layout is written, beside what it holds already."""

    root: Path
    limits: Limits = LIMITS

    @property
    def _layout(self) -> Layout:
        return Layout(Folder(self.root), self.limits)

    def open(self, entries: Sequence[Descriptor]) -> None:
        """Make the directory a layout that can take `entries`, if it is empty or not there.

        Raises LayoutError, and writes nothing, if it holds something else, or a layout that is broken or
        would be with the entries.
        """
        is_new = not self.root.is_dir() or all(is_unfinished(one) for one in self.root.iterdir())
        if not is_new:
            if self._layout.files.read(MARKER) is None:
                raise LayoutError(self.root, "is neither empty nor an OCI image layout: save to a new directory")
            self._layout.check()
        self._index_with(entries)
        if is_new:
            self.root.mkdir(parents=True, exist_ok=True)
            # First of all files, so that a save that was cut short can be repeated.
            _write(self.root / MARKER, [marker()])

    def write(self, digest: Digest, content: Content) -> None:
        """Keep a blob, unless it is there; segment by segment. Raises LayoutError for a link that leads out."""
        path = Folder(self.root).inside(blob_name(digest))
        # As many bytes may still be others: those of a disk that was full, or that failed.
        if not (path.is_file() and path.stat().st_size == content.size and _digest_of(path, digest) == digest):
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, content.segments)

    def write_index(self, entries: Sequence[Descriptor]) -> None:
        """Put `entries` into index.json, in place of those that mean the same; the others stay as they are.

        Raises LayoutError as `open` does: others may have saved since.
        """
        with _ONE_AT_A_TIME:
            _write(Folder(self.root).inside(INDEX), [self._index_with(entries)])

    def _index_with(self, entries: Sequence[Descriptor]) -> bytes:
        layout, document = self._layout, index_document([])
        if (content := layout.files.read(INDEX)) is not None:
            # Both of one content: another save may replace the file at any moment.
            before, document = layout.listed(content), json.loads(bytes(content))
            meant = {_meaning(layout, entry) for entry in entries}
            document["manifests"] = [
                raw
                for raw, entry in zip(document["manifests"], before, strict=True)
                if _meaning(layout, entry) not in meant
            ]
        document["manifests"] += [entry.to_json() for entry in entries]
        return documents.indented(layout.index, document, self.limits)


def marker() -> bytes:
    """The content of `oci-layout`."""
    return documents.indented(MARKER, {"imageLayoutVersion": VERSION}, LIMITS)


def index_document(entries: Iterable[Descriptor]) -> dict[str, Any]:
    """The content of index.json, before it is encoded."""
    return {
        "schemaVersion": SCHEMA_VERSION,
        "mediaType": media_types.OCI_INDEX,
        "manifests": [entry.to_json() for entry in entries],
    }


def _meaning(layout: Layout, entry: Descriptor) -> tuple[RepositoryName, Tag | Digest]:
    """What tells one entry from the others, however its name is spelled."""
    repository, tag = layout.target(entry)
    return repository, tag or entry.digest


def _digest_of(path: Path, digest: Digest) -> Digest:
    with path.open("rb") as file:
        return digest.algorithm.digest(iter(lambda: file.read(SEGMENT), b""))


def _write(path: Path, segments: Iterable[Segment]) -> None:
    write_whole(path, lambda file: file.writelines(segments))
