"""An OCI image layout: its files, and their checks (image-spec, image-layout.md).

    oci-layout                 {"imageLayoutVersion": "1.0.0"}
    index.json                 what the layout holds, by name
    blobs/<algorithm>/<hex>    manifests, configs, layers

Law of this module: nothing that is read is believed before its digest was checked, and every error
names the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fakereg.images import documents
from fakereg.images.files import Files, Folder, LayoutError
from fakereg.images.limits import LIMITS, Limits
from fakereg.oci import media_types
from fakereg.oci.descriptor import Descriptor
from fakereg.oci.digest import Digest
from fakereg.oci.errors import RegistryError
from fakereg.oci.manifest import SCHEMA_VERSION, Manifest
from fakereg.store.content import Content, Segment

VERSION = "1.0.0"
REF_NAME = "org.opencontainers.image.ref.name"
MARKER = "oci-layout"
INDEX = "index.json"


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
        return self.parse(self.index, content, media_types.OCI_INDEX).manifests

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
    def _index(self) -> Path:
        return self.root / INDEX

    def open(self) -> None:
        """Make the directory a layout, if it is empty or not there.

        Raises LayoutError, and writes nothing, if it holds something else or a layout that is broken.
        """
        if self.root.is_dir() and any(self.root.iterdir()):
            layout = Layout(Folder(self.root), self.limits)
            layout.check()
            if self._index.is_file():
                layout.entries()
        else:
            self.root.mkdir(parents=True, exist_ok=True)
            # First of all files, so that a save that was cut short can be repeated.
            write(self.root / MARKER, [marker()])

    def write(self, digest: Digest, content: Content) -> None:
        """Keep a blob, unless its file is there; segment by segment. Raises LayoutError for a link that leads out."""
        path = Folder(self.root).inside(blob_name(digest))
        if not (path.is_file() and path.stat().st_size == content.size):
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path, content.segments)

    def write_index(self, entries: Iterable[Descriptor]) -> None:
        """Put `entries` into index.json, in place of those of the same name; the others stay."""
        new = [entry.to_json() for entry in entries]
        document = index_document([])
        if self._index.is_file():
            document = json.loads(self._index.read_bytes())
        names = {_name(entry) for entry in new}
        document["manifests"] = [entry for entry in document["manifests"] if _name(entry) not in names] + new
        write(self._index, [encode(document)])


def marker() -> bytes:
    """The content of `oci-layout`."""
    return encode({"imageLayoutVersion": VERSION})


def index_document(entries: Iterable[Descriptor]) -> dict[str, Any]:
    """The content of index.json, before it is encoded."""
    return {
        "schemaVersion": SCHEMA_VERSION,
        "mediaType": media_types.OCI_INDEX,
        "manifests": [entry.to_json() for entry in entries],
    }


def encode(document: dict[str, Any]) -> bytes:
    return json.dumps(document, indent=2).encode() + b"\n"


def write(path: Path, segments: Iterable[Segment]) -> None:
    """Whole or not at all: a name within a layout never stands for half a file."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    with unfinished.open("wb") as file:
        file.writelines(segments)
    unfinished.replace(path)


def _name(entry: dict[str, Any]) -> str:
    """What tells one entry of index.json from the others; those without a name are told by their digest."""
    name: str = (entry.get("annotations") or {}).get(REF_NAME) or entry["digest"]
    return name
