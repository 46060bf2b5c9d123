"""What seeding returns: an image, index or artifact with everything that belongs to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fakereg.oci.descriptor import Descriptor
from fakereg.oci.digest import Digest
from fakereg.oci.names import RepositoryName, Tag


@dataclass(frozen=True, slots=True)
class Image:
    """An image, an index or an artifact, under its name.

    `body` is the manifest's bytes; `blobs` holds the config and the layers by digest, `children`
    the images of an index. `host` is where the registry served, empty if it did not.
    """

    name: RepositoryName
    tag: Tag | None
    digest: Digest
    media_type: str
    body: bytes = field(repr=False)
    blobs: Mapping[Digest, bytes] = field(default_factory=dict, repr=False, compare=False)
    children: tuple[Image, ...] = field(default=(), repr=False)
    platform: str | None = None
    host: str = field(default="", repr=False)

    @property
    def reference(self) -> str:
        """`127.0.0.1:PORT/team/app:v1`, without a tag `...@sha256:...`; no host if the registry does not serve."""
        end = f"@{self.digest}" if self.tag is None else f":{self.tag}"
        return f"{self.host}/{self.name}{end}" if self.host else f"{self.name}{end}"

    @property
    def size(self) -> int:
        """Bytes of the manifest, as descriptors of this image say it."""
        return len(self.body)

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest as a document, a new one at every call."""
        document: dict[str, Any] = json.loads(self.body)
        return document

    @property
    def layers(self) -> tuple[Digest, ...]:
        """Bottom first; none for an index."""
        return tuple(Digest.parse(layer["digest"]) for layer in self.manifest.get("layers", []))

    @property
    def config(self) -> dict[str, Any] | None:
        """The config as a document; empty for an artifact, None for an index."""
        descriptor = self.manifest.get("config")
        return None if descriptor is None else json.loads(self.blobs[Digest.parse(descriptor["digest"])])

    @property
    def subject(self) -> Digest | None:
        """What this refers to."""
        descriptor = self.manifest.get("subject")
        return None if descriptor is None else Digest.parse(descriptor["digest"])

    def descriptor(self, platform: dict[str, str] | None = None) -> Descriptor:
        """How another manifest names this one."""
        return Descriptor(self.media_type, self.digest, self.size, platform=platform)
