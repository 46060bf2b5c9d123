"""The journal: read in several forms, and waited for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import fakereg
from fakereg.control.desk import Ask
from fakereg.control.problems import InvalidQuery, WaitedInVain
from fakereg.control.route import Later, Outcome, Reply
from fakereg.control.shapes import (
    TEXT,
    TEXTS,
    WHOLE,
    Schema,
    answered,
    at_least,
    either,
    many,
    maybe,
    some,
    table,
)
from fakereg.double.journal import Entry, WaitTimeoutError
from fakereg.double.journal.curl import script
from fakereg.double.journal.export import document
from fakereg.double.journal.har import archive
from fakereg.registry.messages import Response

LONGEST_WAIT = 600

# What `Criteria` has, all but `where`, which is code.
CRITERIA: Mapping[str, Schema] = {
    "method": TEXT,
    "path": TEXT,
    "endpoint": either(TEXT, TEXTS),
    "repository": TEXT,
    "reference": TEXT,
    "digest": TEXT,
    "status": either(WHOLE, TEXT, many(WHOLE)),
    "header": either(TEXT, table(TEXT)),
    "query": either(TEXT, table(TEXT)),
    "user": maybe(TEXT),
    "fault": TEXT,
    "error": TEXT,
    "connection": WHOLE,
}

# In a query all is text. `endpoint` may stand several times, `header` and `query` too: NAME or NAME=VALUE.
_LISTED = {"type": "array", "items": TEXT}
QUERY: Mapping[str, Schema] = {
    **dict.fromkeys(CRITERIA, TEXT),
    "endpoint": _LISTED,
    "header": _LISTED,
    "query": _LISTED,
    "connection": WHOLE,
    "after": at_least(0),
    "format": some("json", "jsonl", "har", "curl"),
    "wait": {"type": "number", "minimum": 0, "maximum": LONGEST_WAIT},
    "times": at_least(1),
}

_BODY = maybe({"type": "object"})
ENTRY = answered(
    number=WHOLE,
    method=TEXT,
    target=TEXT,
    path=TEXT,
    query=table(TEXTS),
    endpoint=maybe(TEXT),
    endpoint_id=maybe(TEXT),
    repository=maybe(TEXT),
    reference=maybe(TEXT),
    status=maybe(WHOLE),
    error=maybe(answered(code=TEXT, message=TEXT)),
    faults=TEXTS,
    received=WHOLE,
    sent=WHOLE,
    request_headers=many(TEXTS),
    answer_headers=many(TEXTS),
    request_body=_BODY,
    answer_body=_BODY,
)
JOURNAL = answered(requests=many(ENTRY), last={"type": "integer", "description": "number of the latest request of all"})

MEDIA_TYPES = {
    "json": "application/json",
    "jsonl": "application/jsonl",
    "har": "application/har+json",
    "curl": "text/x-shellscript",
}


def get(ask: Ask) -> Outcome | Later:
    """With `wait` it is answered once there are `times` of them, and in vain after so many seconds."""
    method, path, criteria = _criteria(ask)
    if "wait" not in ask.query:
        if "times" in ask.query:
            raise InvalidQuery("times says how many to wait for: it needs wait=SECONDS")
        found = _tried(lambda: ask.pipeline.journal.requests(method, path, **criteria))
        after = ask.query.get("after", 0)
        return _answer(ask, [entry for entry in found if entry.number > after])
    return partial(_wait, ask, method, path, criteria)


async def _wait(ask: Ask, method: str | None, path: str | None, criteria: dict[str, Any]) -> Outcome:
    times, timeout, after = ask.query.get("times", 1), ask.query["wait"], ask.query.get("after", 0)
    try:
        found = await ask.fake.journal.wait_for_async(
            method, path, times=times, timeout=timeout, after=after, **criteria
        )
    except WaitTimeoutError as error:
        raise WaitedInVain(str(error)) from error
    except (TypeError, ValueError) as error:
        raise InvalidQuery(str(error)) from error
    return _answer(ask, found)


def _criteria(ask: Ask) -> tuple[str | None, str | None, dict[str, Any]]:
    given = {name: value for name, value in ask.query.items() if name in CRITERIA}
    for name in ("header", "query"):
        if name in given:
            given[name] = {key: value if equals else "*" for key, equals, value in map(_split, given[name])}
    if given.get("status", "").isdecimal():
        given["status"] = int(given["status"])
    if given.get("user") == "":
        given["user"] = None  # nobody
    return given.pop("method", None), given.pop("path", None), given


def _split(text: str) -> tuple[str, str, str]:
    return text.partition("=")


def _tried(find: Callable[[], list[Entry]]) -> list[Entry]:
    try:
        return find()
    except (TypeError, ValueError) as error:
        raise InvalidQuery(str(error)) from error


def _answer(ask: Ask, entries: Sequence[Entry]) -> Outcome:
    form = ask.query.get("format", "json")
    if form == "json":
        return Reply({"requests": [document(entry) for entry in entries], "last": len(ask.pipeline.journal)})
    return Response.of(200, {"Content-Type": MEDIA_TYPES[form]}, _FORMS[form](entries).encode())


def _jsonl(entries: Sequence[Entry]) -> str:
    return "".join(f"{json.dumps(document(entry))}\n" for entry in entries)


def _har(entries: Sequence[Entry]) -> str:
    return json.dumps(archive(entries, fakereg.__version__), indent=1)


_FORMS: Mapping[str, Callable[[Sequence[Entry]], str]] = {"jsonl": _jsonl, "har": _har, "curl": script}
