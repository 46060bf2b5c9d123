"""An OCI image layout: the directory, its files, and their checks (image-spec, image-layout.md).

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

from fakereg.oci import media_types
from fakereg.oci.descriptor import Descriptor
from fakereg.oci.digest import Digest
from fakereg.oci.errors import RegistryError
from fakereg.oci.manifest import SCHEMA_VERSION, Manifest
from fakereg.store.content import Content, Segment

VERSION = "1.0.0"
REF_NAME = "org.opencontainers.image.ref.name"
SEGMENT = 1024 * 1024


class LayoutError(ValueError):
    """A directory that is no OCI image layout, or a broken one; the message names the file."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout at `root`, which need not exist yet."""

    root: Path

    @property
    def marker(self) -> Path:
        return self.root / "oci-layout"

    @property
    def index(self) -> Path:
        return self.root / "index.json"

    def blob(self, digest: Digest) -> Path:
        """Where a blob is. A digest is nothing but an algorithm and hex, so this never leads elsewhere."""
        return self.root / "blobs" / digest.algorithm.name / digest.hex

    # Reading

    def check(self) -> None:
        """Raises LayoutError if this is no layout of a version that is known."""
        if not self.marker.is_file():
            raise LayoutError(self.marker, "no such file, so the directory is not an OCI image layout")
        try:
            document = json.loads(self._read(self.marker))
            version = document["imageLayoutVersion"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise LayoutError(self.marker, 'expected JSON with "imageLayoutVersion"') from error
        if version != VERSION:
            raise LayoutError(self.marker, f"imageLayoutVersion must be {VERSION!r}, got {version!r}")

    def entries(self) -> tuple[Descriptor, ...]:
        """The descriptors of index.json. Raises LayoutError."""
        return self.parse(self.index, self._read(self.index), media_types.OCI_INDEX).manifests

    def parse(self, path: Path, body: bytes, media_type: str, digest: Digest | None = None) -> Manifest:
        """The manifest that the file holds. Raises LayoutError."""
        try:
            return Manifest.parse(body, content_type=media_type, digest=digest)
        except RegistryError as error:
            raise LayoutError(path, error.message) from error

    def read(self, digest: Digest) -> Content | None:
        """A blob, in segments of 1 MiB; None if its file is missing. Raises LayoutError for other content."""
        path = self.blob(digest)
        if not path.is_file():
            return None
        hasher, segments = digest.algorithm.new(), list[bytes]()
        try:
            with path.open("rb") as file:
                while segment := file.read(SEGMENT):
                    hasher.update(segment)
                    segments.append(segment)
        except OSError as error:
            raise LayoutError(path, error.strerror or str(error)) from error
        actual = digest.algorithm.of(hasher)
        if actual != digest:
            raise LayoutError(path, f"the file's digest is {actual}, which is not its name")
        return Content(segments)

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise LayoutError(path, error.strerror or str(error)) from error

    # Writing

    def open_for_writing(self) -> None:
        """Make the directory a layout, if it is empty or not there.

        Raises LayoutError, and writes nothing, if it holds something else or a layout that is broken.
        """
        if self.root.is_dir() and any(self.root.iterdir()):
            self.check()
            if self.index.is_file():
                self.entries()
        else:
            self.root.mkdir(parents=True, exist_ok=True)
            # First of all files, so that a save that was cut short can be repeated.
            _write(self.marker, [_encode({"imageLayoutVersion": VERSION})])

    def write(self, digest: Digest, content: Content) -> None:
        """Keep a blob, unless its file is there; segment by segment."""
        path = self.blob(digest)
        if not (path.is_file() and path.stat().st_size == content.size):
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, content.segments)

    def write_index(self, entries: Iterable[Descriptor]) -> None:
        """Put `entries` into index.json, in place of those of the same name; the others stay."""
        new = [entry.to_json() for entry in entries]
        document: dict[str, Any] = {
            "schemaVersion": SCHEMA_VERSION,
            "mediaType": media_types.OCI_INDEX,
            "manifests": [],
        }
        if self.index.is_file():
            document = json.loads(self._read(self.index))
        names = {_name(entry) for entry in new}
        document["manifests"] = [entry for entry in document["manifests"] if _name(entry) not in names] + new
        _write(self.index, [_encode(document)])


def _name(entry: dict[str, Any]) -> str:
    """What tells one entry of index.json from the others; those without a name are told by their digest."""
    name: str = (entry.get("annotations") or {}).get(REF_NAME) or entry["digest"]
    return name


def _encode(document: dict[str, Any]) -> bytes:
    return json.dumps(document, indent=2).encode() + b"\n"


def _write(path: Path, segments: Iterable[Segment]) -> None:
    """Whole or not at all: a name within a layout never stands for half a file."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    with unfinished.open("wb") as file:
        file.writelines(segments)
    unfinished.replace(path)
