"""What a registry allows and how it answers, as data; operations read these fields and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from typing import Any, Literal, TypedDict, Unpack

from fakereg.registry.settings import Choice, Number, Setting

MIB = 1024 * 1024


class Sparse(Enum):
    """What becomes of a manifest whose blobs or children were not pushed (push.man.5)."""

    REFUSE = "refuse"
    ACCEPT = "accept"


class Switch(Enum):
    """Whether an optional part of the API is offered; a boolean stands for a member too."""

    ON = "on"
    OFF = "off"

    @classmethod
    def _missing_(cls, value: object) -> Switch | None:
        return (cls.ON if value else cls.OFF) if isinstance(value, bool) else None


class Settings(TypedDict, total=False):
    """The fields of a Profile as keyword arguments; enum members may be given by their value."""

    sparse: Sparse | Literal["refuse", "accept"]
    deletes: Switch | Literal["on", "off"] | bool
    tag_deletes: Switch | Literal["on", "off"] | bool
    referrers: Switch | Literal["on", "off"] | bool
    manifest_limit: int | None
    blob_limit: int | None
    session_limit: int | None
    total_limit: int | None
    page_maximum: int | None
    chunk_minimum: int | None
    upload_expiry: float | None


def _setting(default: object, values: Setting) -> Any:
    """A field that users may set, and the values that it takes."""
    return field(default=default, metadata={"setting": values})


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The behaviour of a registry where the specification leaves a choice. None lifts a limit.

    sparse          manifests whose content is missing
    deletes         DELETE of manifests and blobs (del.1)
    tag_deletes     DELETE of a tag; needs `deletes` too
    referrers       the referrers API; when off, its endpoint is 404 and clients keep a fallback tag
    manifest_limit  bytes of one manifest, then 413 (push.man.9; 4 MiB must pass, push.man.10)
    blob_limit      bytes of one blob, then 413
    session_limit   bytes that one upload session takes, then 413
    total_limit     bytes that the whole registry keeps, open uploads included, then 413
    page_maximum    most entries of one answer of tags, catalog and referrers; the rest follows by Link
    chunk_minimum   bytes of a chunk that is not the last, told as OCI-Chunk-Min-Length (push.start.4)
    upload_expiry   seconds on the registry's clock after which an untouched upload is dropped (main.cancel.2)
    """

    name: str = "spec"
    sparse: Sparse = _setting(Sparse.REFUSE, Choice(Sparse))
    deletes: Switch = _setting(Switch.ON, Choice(Switch))
    tag_deletes: Switch = _setting(Switch.ON, Choice(Switch))
    referrers: Switch = _setting(Switch.ON, Choice(Switch))
    manifest_limit: int | None = _setting(4 * MIB, Number("bytes"))
    blob_limit: int | None = _setting(None, Number("bytes"))
    session_limit: int | None = _setting(None, Number("bytes"))
    total_limit: int | None = _setting(None, Number("bytes"))
    page_maximum: int | None = _setting(None, Number("entries", least=1))
    chunk_minimum: int | None = _setting(None, Number("bytes"))
    upload_expiry: float | None = _setting(3600.0, Number("seconds", kind=float))

    def replace(self, **settings: Unpack[Settings]) -> Profile:
        """The same profile with other settings. Raises ValueError, naming what is wrong and what is known."""
        return self._with({name: _reader(name).check for name in settings}, settings)

    def set(self, assignments: Mapping[str, str]) -> Profile:
        """Like `replace`, from text as the command takes it: `{"sparse": "accept", "page_maximum": "50"}`."""
        return self._with({name: _reader(name).read for name in assignments}, assignments)

    def _with(self, readers: Mapping[str, Callable[[Any], object]], values: Mapping[str, Any]) -> Profile:
        checked: dict[str, Any] = {}
        for name, value in values.items():
            try:
                checked[name] = readers[name](value)
            except ValueError as error:
                raise ValueError(f"setting {name!r} {error}") from None
        return replace(self, **checked)


SETTINGS: dict[str, Setting] = {
    one.name: one.metadata["setting"] for one in fields(Profile) if "setting" in one.metadata
}

SPEC = Profile()
PROFILES: dict[str, Profile] = {profile.name: profile for profile in (SPEC,)}


def find_profile(profile: str | Profile) -> Profile:
    """The preset of this name, or the profile itself. Raises ValueError, listing the known names."""
    if isinstance(profile, Profile):
        return profile
    if not isinstance(profile, str):
        raise TypeError(f"a profile is given by name or as a Profile, got {profile!r}")
    if profile not in PROFILES:
        raise ValueError(f"unknown profile {profile!r}; known are {', '.join(sorted(PROFILES))}")
    return PROFILES[profile]


def _reader(name: str) -> Setting:
    if name not in SETTINGS:
        raise ValueError(f"unknown setting {name!r}; known are {', '.join(SETTINGS)}")
    return SETTINGS[name]
