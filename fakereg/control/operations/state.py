"""The registry as a whole: started over, put aside, moved in time."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fakereg.control.desk import Ask
from fakereg.control.problems import Flaw, invalid
from fakereg.control.route import Reply
from fakereg.control.shapes import BOOLEAN, NUMBER, TEXT, TEXTS, answered, at_least, many, record, table
from fakereg.double.changes import Changes
from fakereg.double.snapshots import Snapshot

# An id stands in a path.
_LONGEST_ID = 100

SNAPSHOT = answered(id=TEXT, description=TEXT, clock=NUMBER)
SNAPSHOTS = answered(snapshots=many(SNAPSHOT))
NEW_SNAPSHOT = record(id=TEXT)
CHANGES = answered(
    changed=BOOLEAN,
    lines=TEXTS,
    pushed=TEXTS,
    retagged=TEXTS,
    deleted=TEXTS,
    pushed_untagged=TEXTS,
    deleted_untagged=TEXTS,
    blobs_added=table(TEXTS),
    blobs_removed=table(TEXTS),
    repositories_added=TEXTS,
    repositories_removed=TEXTS,
    uploads_opened=TEXTS,
    uploads_continued=TEXTS,
    uploads_ended=TEXTS,
)
CLOCK = answered(now=NUMBER, frozen=BOOLEAN)
ADVANCE = record("seconds", seconds=at_least(0, NUMBER))


def reset(ask: Ask) -> Reply:
    ask.fake.reset()
    return Reply(status=204)


# Snapshots


def list_snapshots(ask: Ask) -> Reply:
    return Reply({"snapshots": [_snapshot(identity, one) for identity, one in ask.desk.snapshots.items()]})


def create_snapshot(ask: Ask) -> Reply:
    wanted = ask.body.get("id")
    if wanted is not None and not _is_id(wanted):
        raise invalid([Flaw("id", f"takes up to {_LONGEST_ID} letters, digits, '.', '_' and '-', got {wanted!r}")])
    snapshot = ask.fake.snapshot()
    return Reply(_snapshot(ask.desk.keep(snapshot, wanted), snapshot), status=201)


def _is_id(text: str) -> bool:
    letters = text.translate(str.maketrans("", "", "._-"))
    return letters.isascii() and letters.isalnum() and len(text) <= _LONGEST_ID


def delete_snapshot(ask: Ask) -> Reply:
    ask.desk.forget(ask.params["id"])
    return Reply(status=204)


def restore_snapshot(ask: Ask) -> Reply:
    ask.fake.restore(ask.desk.snapshot(ask.params["id"]))
    return Reply(status=204)


def diff_snapshot(ask: Ask) -> Reply:
    before = ask.desk.snapshot(ask.params["id"])
    after = ask.desk.snapshot(ask.query["to"]) if "to" in ask.query else None
    return Reply(_changes(ask.fake.diff(before, after)))


def _snapshot(identity: str, snapshot: Snapshot) -> dict[str, Any]:
    return {"id": identity, "description": str(snapshot).strip("<>"), "clock": snapshot.reading}


def _changes(changes: Changes) -> dict[str, Any]:
    return {"changed": bool(changes), **asdict(changes)}


# The clock


def get_clock(ask: Ask) -> Reply:
    clock = ask.fake.clock
    return Reply({"now": clock.now(), "frozen": clock.is_frozen})


def advance_clock(ask: Ask) -> Reply:
    try:
        ask.fake.clock.advance(ask.body["seconds"])
    except ValueError as error:  # beyond what a float can hold
        raise invalid([Flaw("seconds", f"are too many: {error}")]) from error
    return get_clock(ask)


def freeze_clock(ask: Ask) -> Reply:
    ask.fake.clock.freeze()
    return get_clock(ask)


def thaw_clock(ask: Ask) -> Reply:
    ask.fake.clock.thaw()
    return get_clock(ask)
