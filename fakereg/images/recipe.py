"""Recipes: what a test says of the image it wants, checked before anything is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fakereg.images.checks import ARGUMENTS, require
from fakereg.images.image import Image
from fakereg.images.layers import LayerSource
from fakereg.oci.media_types import is_media_type

DEFAULT_PLATFORM = "linux/amd64"

# Two arguments that cannot both be given, and what to do instead.
CONTRADICTIONS = (
    ("platform", "platforms", "platform is that of a single image, platforms make an index; give one of them"),
    ("artifact_type", "docker", "Docker's manifests have no artifactType; leave docker out"),
    ("artifact_type", "config", "the config of an artifact is the empty one; leave config out, or artifact_type"),
    ("artifact_type", "platform", "an artifact has no platform; leave platform out, or artifact_type"),
    ("artifact_type", "platforms", "an artifact has no platform; leave platforms out, or artifact_type"),
    ("subject", "docker", "Docker's manifests have no subject; leave docker out"),
    ("annotations", "docker", "Docker's manifests have no annotations; leave docker out"),
)


@dataclass(frozen=True, slots=True)
class Platform:
    """What an image runs on; `str()` is `os/architecture` or `os/architecture/variant`."""

    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> Platform:
        """Raises ValueError."""
        parts = text.split("/")
        if not (2 <= len(parts) <= 3 and all(parts)):  # noqa: PLR2004 - two or three parts
            raise ValueError(f"{text!r} is not a platform: os/architecture or os/architecture/variant is expected")
        return cls(*parts)

    def to_json(self) -> dict[str, str]:
        """The keys are the same in a descriptor's `platform` and in an image's config."""
        document = {"architecture": self.architecture, "os": self.os}
        return document | {"variant": self.variant} if self.variant else document

    def __str__(self) -> str:
        return "/".join(filter(None, (self.os, self.architecture, self.variant)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The arguments of `FakeRegistry.seed`; documented there.

    Raises TypeError or ValueError for one that cannot be, and ValueError for those that contradict.
    """

    layers: Sequence[LayerSource] | None = None
    config: Mapping[str, Any] | None = None
    platform: str | None = None
    platforms: Sequence[str] | None = None
    artifact_type: str | None = None
    subject: Image | str | None = None
    annotations: Mapping[str, str] | None = None
    docker: bool = False

    def __post_init__(self) -> None:
        for name, check in ARGUMENTS.items():
            if (value := getattr(self, name)) is not None:
                check(name, value)
        wanted = "an image that was seeded, or a digest"
        require(self.subject is None or isinstance(self.subject, Image | str), "subject", wanted, self.subject)
        for one, other, advice in CONTRADICTIONS:
            if self._has(one) and self._has(other):
                raise ValueError(f"{one} and {other} contradict each other: {advice}")
        if self.artifact_type is not None and not is_media_type(self.artifact_type):
            raise ValueError(f"artifact_type {self.artifact_type!r} is not a media type: type/subtype is expected")

    def _has(self, name: str) -> bool:
        value = getattr(self, name)
        return value is not None and value is not False
