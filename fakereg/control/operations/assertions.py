"""What a test asserts by requests: the assertions of FakeRegistry, by their names without `assert_`.

Law of this module: an assertion is one row of KINDS, and the row's schema both checks the request and describes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fakereg.control.desk import Ask
from fakereg.control.operations.journal import CRITERIA
from fakereg.control.problems import AssertionFailed, Flaw, invalid
from fakereg.control.route import Reply
from fakereg.control.shapes import (
    BOOLEAN,
    TEXT,
    WHOLE,
    Schema,
    at_least,
    either,
    flaws,
    many,
    record,
    some,
    told,
)
from fakereg.double.journal import Wanted
from fakereg.oci.errors import RegistryError

# What is asserted where nothing is said.
DEFAULT = "requested"

Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One assertion. `check` raises AssertionError, or answers what there is to tell of one that holds."""

    takes: Schema
    check: Callable[[Ask, Given], Given]


def assert_journal(ask: Ask) -> Reply:
    """One route for all kinds: `assert` says which."""
    kind = KINDS[ask.body.get("assert", DEFAULT)]
    if found := list(flaws(kind.takes, ask.body)):
        raise invalid(found)
    given = {name: value for name, value in ask.body.items() if name != "assert"}
    try:
        return Reply(dict(kind.check(ask, given)))
    except AssertionError as error:
        raise AssertionFailed(str(error)) from error
    except RegistryError as error:
        field = "image" if "image" in given else "digest"
        raise invalid([Flaw(field, f"cannot be: {error.message}")]) from error
    except (TypeError, ValueError) as error:
        raise invalid([Flaw("", str(error))]) from error


# The kinds


def _requested(ask: Ask, given: Given) -> Given:
    bounds = {name: given[name] for name in BOUNDS if name in given}
    criteria = {name: value for name, value in given.items() if name not in BOUNDS}
    method, path = criteria.pop("method", None), criteria.pop("path", None)
    journal = ask.pipeline.journal
    journal.assert_requested(method, path, **bounds, **criteria)
    return {"seen": len(journal.requests(method, path, **criteria))}


def _not_requested(ask: Ask, given: Given) -> Given:
    return _requested(ask, {**given, "times": 0})


def _order(ask: Ask, given: Given) -> Given:
    ask.fake.assert_order(*(_step(step, place) for place, step in enumerate(given["steps"])))
    return {}


def _step(step: str | Given, place: int) -> Wanted:
    """Text is the name or id of an endpoint. Raises InvalidFields, naming the step."""
    criteria = {"endpoint": step} if isinstance(step, str) else dict(step)
    try:
        return Wanted.of(criteria.pop("method", None), criteria.pop("path", None), criteria)
    except (TypeError, ValueError) as error:
        raise invalid([Flaw(f"steps[{place}]", f"cannot be: {error}")]) from error


def _pushed(ask: Ask, given: Given) -> Given:
    ask.fake.assert_pushed(given["image"])
    return {}


def _pulled(ask: Ask, given: Given) -> Given:
    ask.fake.assert_pulled(given["image"], whole=given.get("whole", False))
    return {}


def _mounted(ask: Ask, given: Given) -> Given:
    ask.fake.assert_mounted(given["digest"], into=given["into"], from_=given.get("from"))
    return {}


def _uploaded_once(ask: Ask, given: Given) -> Given:
    ask.fake.assert_uploaded_once(given["digest"], into=given.get("into"))
    return {}


def _no_unused_uploads(ask: Ask, given: Given) -> Given:
    ask.fake.assert_no_unused_uploads()
    return {}


def _no_violations(ask: Ask, given: Given) -> Given:
    ask.fake.assert_no_violations()
    return {}


def _kind(name: str, check: Callable[[Ask, Given], Given], *required: str, **fields: Schema) -> Kind:
    named = () if name == DEFAULT else ("assert",)
    return Kind(record(*named, *required, **{"assert": some(name), **fields}), check)


BOUNDS: Mapping[str, Schema] = {"times": at_least(0), "at_least": at_least(0), "at_most": at_least(0)}
_IMAGE = told(TEXT, "`team/app:v1` or `team/app@sha256:...`, without a host")
_STEPS = many(either(told(TEXT, "name or id of an endpoint"), record(**CRITERIA)))

KINDS: Mapping[str, Kind] = {
    "requested": _kind("requested", _requested, **CRITERIA, **BOUNDS),
    "not_requested": _kind("not_requested", _not_requested, **CRITERIA),
    "order": _kind("order", _order, "steps", steps=_STEPS),
    "pushed": _kind("pushed", _pushed, "image", image=_IMAGE),
    "pulled": _kind("pulled", _pulled, "image", image=_IMAGE, whole=BOOLEAN),
    "mounted": _kind("mounted", _mounted, "digest", "into", digest=TEXT, into=TEXT, **{"from": TEXT}),
    "uploaded_once": _kind("uploaded_once", _uploaded_once, "digest", digest=TEXT, into=TEXT),
    "no_unused_uploads": _kind("no_unused_uploads", _no_unused_uploads),
    "no_violations": _kind("no_violations", _no_violations),
}

# Which of them it is; whether it is right is told above, by what that one takes.
ASSERT: Schema = {"type": "object", "properties": {"assert": some(*KINDS)}}
DESCRIBED: Schema = {"oneOf": [kind.takes for kind in KINDS.values()]}

ASSERTED: Schema = {
    "type": "object",
    "properties": {"seen": told(WHOLE, "how often, of `requested` and `not_requested`")},
}
