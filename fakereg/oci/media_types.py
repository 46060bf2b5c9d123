"""Media types that mean something to a registry, and what a client says it accepts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
OCI_LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
OCTET_STREAM = "application/octet-stream"
JSON = "application/json"

IMAGES = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
INDEXES = frozenset({OCI_INDEX, DOCKER_LIST})

# What programs send when nobody told them a type. A manifest is never of these, and a registry that
# took one would keep it unread, with no look at whether its blobs are there.
GENERIC = frozenset({OCTET_STREAM, JSON, "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})

# Layers that the image specification lets stay elsewhere; clients do not push them.
_FOREIGN = re.compile(
    r"application/vnd\.oci\.image\.layer\.nondistributable\.v1\.tar.*"
    r"|application/vnd\.docker\.image\.rootfs\.foreign\.diff\.tar.*"
)

_TYPE = re.compile(r"[a-z0-9!#$&^_.+*-]+/[a-z0-9!#$&^_.+*-]+", re.ASCII)
_QUALITY = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.ASCII)


def is_foreign(media_type: str) -> bool:
    return _FOREIGN.fullmatch(media_type) is not None


def essence(content_type: str) -> str:
    """The media type without its parameters; empty for an empty header."""
    return content_type.partition(";")[0].strip()


def is_media_type(text: str) -> bool:
    """Whether `text` is `type/subtype` and nothing more (RFC 6838, 4.2)."""
    return text.isascii() and _TYPE.fullmatch(text.lower()) is not None  # the Kelvin sign's lower case is `k`


@dataclass(frozen=True, slots=True)
class Accept:
    """What a client accepts: media ranges with their quality, in the order they came.

    Several `Accept` lines count as one list (skopeo, docker and regctl send a line per type).
    No line at all accepts everything (RFC 9110, 12.5.1).
    """

    ranges: tuple[tuple[str, float], ...]

    @staticmethod
    def parse(lines: Iterable[str]) -> Accept:
        """Members that are no media range are left out, as RFC 9110 advises for lists."""
        return _parse_accept(",".join(lines))

    def accepts(self, media_type: str) -> bool:
        """The most specific range that matches decides; quality 0 refuses."""
        if not self.ranges:
            return True
        whole, kind = media_type.lower(), media_type.lower().partition("/")[0]
        for pattern in (whole, f"{kind}/*", "*/*"):
            qualities = [quality for name, quality in self.ranges if name == pattern]
            if qualities:
                return max(qualities) > 0
        return False

    def __str__(self) -> str:
        return ", ".join(name if quality == 1 else f"{name};q={quality:g}" for name, quality in self.ranges)


@lru_cache(maxsize=64)  # a client sends the same long list with every request
def _parse_accept(text: str) -> Accept:
    members = text.split(",") if text else ()
    return Accept(tuple(parsed for member in members if (parsed := _parse_range(member)) is not None))


def _parse_range(member: str) -> tuple[str, float] | None:
    name, *parameters = (part.strip().lower() for part in member.split(";"))
    if not _TYPE.fullmatch(name):
        return None
    qualities = [match for parameter in parameters if (match := _QUALITY.fullmatch(parameter))]
    return name, float(qualities[0].group(1)) if qualities else 1.0
