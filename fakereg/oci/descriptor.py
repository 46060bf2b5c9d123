"""Descriptors: how one piece of content names another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fakereg.oci.digest import Digest
from fakereg.oci.errors import DigestInvalid, ManifestInvalid
from fakereg.oci.media_types import is_foreign


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Media type, digest and size in bytes of some content, with what else is said about it.

    `to_json()` is the wire form; keys without a value are left out.
    """

    media_type: str
    digest: Digest
    size: int
    artifact_type: str | None = None
    annotations: dict[str, str] | None = field(default=None, hash=False)
    platform: dict[str, Any] | None = field(default=None, hash=False)

    @property
    def is_foreign(self) -> bool:
        """A layer that stays elsewhere and is never pushed."""
        return is_foreign(self.media_type)

    @classmethod
    def from_json(cls, value: object, where: str) -> Descriptor:
        """`where` names the place in the manifest, for the message. Raises ManifestInvalid."""
        if not isinstance(value, dict):
            raise ManifestInvalid(f"{where} is not a descriptor: expected an object, got {_kind(value)}")
        media_type, size = value.get("mediaType"), value.get("size")
        if not isinstance(media_type, str) or not media_type:
            raise ManifestInvalid(f"{where}.mediaType must be a non-empty string")
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise ManifestInvalid(f"{where}.size must be a whole number of bytes, 0 or more")
        return cls(
            media_type,
            _digest(value.get("digest"), where),
            size,
            artifact_type=optional_string(value, "artifactType", where),
            annotations=string_map(value, "annotations", where),
            platform=_object(value, "platform", where),
        )

    def to_json(self) -> dict[str, Any]:
        optional = {
            "artifactType": self.artifact_type,
            "annotations": self.annotations,
            "platform": self.platform,
        }
        return {"mediaType": self.media_type, "digest": str(self.digest), "size": self.size} | {
            key: value for key, value in optional.items() if value is not None
        }


def optional_string(value: dict[str, Any], key: str, where: str) -> str | None:
    """The string under `key`, None where it is missing. Raises ManifestInvalid."""
    found = value.get(key)
    if found is not None and not isinstance(found, str):
        raise ManifestInvalid(f"{_path(where, key)} must be a string, got {_kind(found)}")
    return found


def string_map(value: dict[str, Any], key: str, where: str) -> dict[str, str] | None:
    """The map of strings to strings under `key`, None where it is missing. Raises ManifestInvalid."""
    found = _object(value, key, where)
    for name, text in (found or {}).items():
        if not isinstance(text, str):
            raise ManifestInvalid(f"{_path(where, key)}[{name!r}] must be a string, got {_kind(text)}")
    return found


def _object(value: dict[str, Any], key: str, where: str) -> dict[str, Any] | None:
    found = value.get(key)
    if found is not None and not isinstance(found, dict):
        raise ManifestInvalid(f"{_path(where, key)} must be an object, got {_kind(found)}")
    return found


def _digest(value: object, where: str) -> Digest:
    if not isinstance(value, str):
        raise ManifestInvalid(f"{where}.digest must be a string, got {_kind(value)}")
    try:
        return Digest.parse(value)
    except DigestInvalid as error:
        raise ManifestInvalid(f"{where}.digest: {error.message}") from error


def _path(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _kind(value: object) -> str:
    names = {type(None): "nothing", bool: "a boolean", str: "a string", list: "a list", dict: "an object"}
    return names.get(type(value), "a number")
