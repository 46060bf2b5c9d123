"""How a row of the table of failures is written: what is armed, as a user types it, and what is seen on the wire."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from on_the_wire import BLOB_PATH, BY_DIGEST, REFERRERS, TAG, TAGS, UPLOADS, End

from fakereg import FakeRegistry, faults, scenarios
from fakereg.double.scenario import Scenario

__all__ = ["Armed", "Ask", "Look", "Row", "armed", "faults", "row", "scenarios"]


@dataclass(frozen=True)
class Ask:
    """A request; `{session}` in its target is an upload session that holds `0123`."""

    method: str
    target: str
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


GET_TAG, HEAD_TAG = Ask("GET", TAG), Ask("HEAD", TAG)
GET_DIGEST, HEAD_DIGEST = Ask("GET", BY_DIGEST), Ask("HEAD", BY_DIGEST)
GET_BLOB, HEAD_BLOB = Ask("GET", BLOB_PATH), Ask("HEAD", BLOB_PATH)
PART = Ask("GET", BLOB_PATH, None, {"Range": "bytes=20-29"})
REST = Ask("GET", BLOB_PATH, None, {"Range": "bytes=40-"})
LIST, LIST_REFERRERS = Ask("GET", TAGS), Ask("GET", REFERRERS)
POST = Ask("POST", UPLOADS, b"")
PATCH = Ask("PATCH", "{session}", b"456789", {"Content_Range": "4-9"})
STATUS = Ask("GET", "{session}")


@dataclass(frozen=True)
class Look:
    """What must be seen of one answer; a header that is None must be missing, a body that is None does not matter.

    `least` are seconds that it takes at least.
    """

    ask: Ask
    status: int | None = None
    headers: dict[str, str | None] = field(default_factory=dict)
    body: bytes | re.Pattern[bytes] | None = None
    end: End = "kept"
    least: float = 0.0


@dataclass(frozen=True)
class Armed:
    """The arguments of `registry.fault`."""

    faults: tuple[faults.Fault | Scenario, ...]
    options: dict[str, Any]


def armed(*what: faults.Fault | Scenario, **options: Any) -> Armed:
    return Armed(what, options)


@dataclass(frozen=True)
class Row:
    """One way to provoke an item; `meanwhile` happens once it is armed."""

    item: str
    armed: tuple[Armed, ...]
    see: tuple[Look, ...]
    meanwhile: Callable[[FakeRegistry], object]
    settings: dict[str, Any]


def row(
    item: str,
    *what: Armed,
    see: list[Look],
    meanwhile: Callable[[FakeRegistry], object] = lambda _: None,
    **settings: Any,
) -> Row:
    return Row(item, what, tuple(see), meanwhile, settings)
