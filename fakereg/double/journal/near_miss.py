"""Telling a person why what they expected was not seen: the nearest requests, and what differs.

A failing test is read by somebody who believes that their client sent the right thing. So it is shown
what the client did instead, with the registry's own words, and where there is a known reason, that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from fakereg.double.journal.checks import Difference, endpoints_of
from fakereg.double.journal.entry import Entry
from fakereg.double.journal.text import brief, columns, counted, times
from fakereg.double.journal.wanted import Wanted

# The nearest requests that are shown, at least and at most, and the requests of a list.
FEWEST = 2
NEAREST = 5
LISTED = 10

# Only so many of the latest requests are compared: to compare text takes a while.
COMPARED = 500

_REFUSED = 400


def missing(wanted: Wanted, entries: Sequence[Entry], forgotten: int = 0, *, problem: str = "", after: int = 0) -> str:
    """Why nothing was found. `forgotten` is how many requests the journal does not have any more.

    `problem` says in other words what was not found. `after` is the number of the request after which it was
    looked for.
    """
    problem = problem or f"no {wanted} was seen"
    if not entries and after:
        there = f"; there are only {after + forgotten} so far" if forgotten < 0 else ""
        return f"{problem}: no request came after number {after}{there}"
    if not entries:
        return f"{problem}: no request arrived at all\n{_hint(NO_REQUEST)}"
    near = nearest(wanted, entries)
    head = f"{problem}; the nearest of {counted(len(entries), 'request')}:"
    lines = [head, *told(near), *map(_hint, hints(wanted, near, entries))]
    if forgotten:
        lines.append(f"({counted(forgotten, 'earlier request')} are not kept any more)")
    return "\n".join(lines)


def wrong_count(wanted: Wanted, found: Sequence[Entry], expected: str, entries: Sequence[Entry]) -> str:
    """Seen, but not as often as was expected. `entries` may hold others that were meant to be of them."""
    lines = [f"{wanted} was seen {times(len(found))}, {expected}:", *listed(found)]
    near = nearest(wanted, entries)[: NEAREST - FEWEST]
    if near and near[0][0] < _FAR:
        lines += ["the nearest others:", *told(near)]
    return "\n".join([*lines, *repetitions(found)])


def unwanted(wanted: Wanted, found: Sequence[Entry]) -> str:
    """Seen, and should not have been."""
    head = f"{wanted} was seen {times(len(found))}, and should not have been:"
    return "\n".join([head, *listed(found, wanted.evidence)])


# The nearest

Near = tuple[float, Entry, list[Difference]]

# Of this weight and beyond, two requests have nothing to do with each other.
_FAR = 5.0


def nearest(wanted: Wanted, entries: Iterable[Entry]) -> list[Near]:
    """The requests that differ least, the nearest first, of equal ones the latest; few if others are far from it."""
    rated = []
    for entry in list(entries)[-COMPARED:]:
        differences = wanted.differences(entry)
        if differences:
            rated.append((sum(one.weight for one in differences), entry, differences))
    rated.sort(key=lambda one: (one[0], -one[1].number))
    far = max(_FAR, 2 * rated[0][0]) if rated and rated[0][0] < _FAR else 0.0
    return [one for at, one in enumerate(rated[:NEAREST]) if at < FEWEST or one[0] <= far]


def told(near: Sequence[Near]) -> list[str]:
    """A line per request, and below it the other differences and the registry's words, aligned."""
    if not near:
        return []
    rows = columns([(*_cells(entry), "") for _, entry, _ in near])
    room = max(map(len, rows)) + 2
    lines = []
    for row, (_, entry, differences) in zip(rows, near, strict=True):
        first, *others = _aligned(_telling(differences))
        lines.append(f"{row.ljust(room)}{first}")
        lines += [f"{'':{room}}{other}" for other in others]
        lines += _remarks(entry)
    return lines


def listed(entries: Sequence[Entry], evidence: Callable[[Entry], list[str]] = lambda _: []) -> list[str]:
    """A line per request, with the registry's words and the evidence for it; of many the first and the last."""
    if len(entries) > LISTED:
        half = LISTED // 2
        left_out = f"       ({counted(len(entries) - 2 * half, 'more request')})"
        return [*listed(entries[:half], evidence), left_out, *listed(entries[-half:], evidence)]
    rows = columns([_cells(entry) for entry in entries]) if entries else []
    return [
        line
        for row, entry in zip(rows, entries, strict=True)
        for line in (row, *(f"{'':6}{brief(one)}" for one in evidence(entry)), *_remarks(entry))
    ]


def _cells(entry: Entry) -> tuple[str, ...]:
    status = "no answer" if entry.status is None else str(entry.status)
    return f"{entry.number:>4}", f"{entry.method} {brief(entry.target)}", status


def _remarks(entry: Entry) -> list[str]:
    said = [f"fault: {name}" for name in entry.faults] + ([brief(entry.error)] if entry.error else [])
    return [f"{'':6}{one}" for one in said]


def _telling(differences: Sequence[Difference]) -> Sequence[Difference]:
    """Without those that follow from its being another kind of request."""
    what = {one.what for one in differences}
    if "endpoint" not in what:
        return differences
    return [one for one in differences if one.what in ("method", "endpoint", "repository")]


def _aligned(differences: Sequence[Difference]) -> list[str]:
    width = max(len(one.what) for one in differences)
    return [
        f"{one.what} differs: {'':{width - len(one.what)}}wanted {brief(one.wanted)}, got {brief(one.got)}"
        for one in differences
    ]


# What may be the reason

NO_REQUEST = "was the client given this registry's host and port, and http:// rather than https://?"


def _hint(text: str) -> str:
    return f"hint: {text}"


def hints(wanted: Wanted, near: Sequence[Near], entries: Sequence[Entry]) -> list[str]:
    """What is worth knowing about the way in which the client missed it."""
    return [text for hint in _HINTS if (text := hint(wanted, near, entries))]


Hint = Callable[[Wanted, Sequence[Near], Sequence[Entry]], str | None]


def _only(what: str, near: Sequence[Near]) -> list[tuple[Entry, Difference]]:
    """The requests that differ in this alone."""
    return [(entry, found[0]) for _, entry, found in near if [one.what for one in found] == [what]]


def _asked_only(wanted: Wanted, near: Sequence[Near], entries: Sequence[Entry]) -> str | None:
    for _, entry, differences in near:
        is_right = {one.what for one in differences} <= {"method", "endpoint"}
        if is_right and entry.method == "HEAD" and any(one.wanted.startswith(("GET", "get_")) for one in differences):
            return "a HEAD of it was seen: the client asked and did not pull"
    return None


def _refused(wanted: Wanted, near: Sequence[Near], entries: Sequence[Entry]) -> str | None:
    for entry, difference in _only("status", near):
        if (entry.status or 0) >= _REFUSED and entry.faults:
            if difference.wanted.startswith("2") and not _was_repeated(entry, entries):
                return f"request {entry.number} met a fault and was not repeated with success"
            continue
        if (entry.status or 0) >= _REFUSED and not difference.wanted.startswith(("4", "5")):
            return f"request {entry.number} was the right one and was refused: {_lesson(entry)}"
        if entry.status is None:
            return f"request {entry.number} is still under way, or its client hung up before the answer"
    return None


def _was_repeated(entry: Entry, entries: Sequence[Entry]) -> bool:
    """Whether the same was asked again, and succeeded."""
    same = [one for one in entries if (one.method, one.target) == (entry.method, entry.target)]
    return any(one.number > entry.number and 200 <= (one.status or 0) < 300 for one in same)  # noqa: PLR2004


# By the code of a refusal: what a client's author does about it.
_LESSONS = {
    "MANIFEST_BLOB_UNKNOWN": "push the blobs first, then the manifest that names them",
    "NAME_UNKNOWN": "nothing was ever pushed to that repository",
    "MANIFEST_UNKNOWN": "nothing was pushed under that tag or digest",
    "BLOB_UNKNOWN": "the blob was not pushed to, or mounted in, that very repository",
    "BLOB_UPLOAD_UNKNOWN": "the session is closed, cancelled or expired: start another upload",
    "DIGEST_INVALID": "the digest is not that of the bytes that were sent",
    "SIZE_INVALID": "the announced length is not that of the body",
    "NAME_INVALID": "repository names are lower case",
    "MANIFEST_INVALID": "look at the Content-Type and the document",
    "UNAUTHORIZED": "repeat the request with the credentials that WWW-Authenticate asks for",
    "DENIED": "the credentials do not allow it",
    "TOOMANYREQUESTS": "wait as long as Retry-After says, then repeat it",
}


def _lesson(entry: Entry) -> str:
    code, _, message = (entry.error or "").partition(":")
    if "accepted are" in message:
        return "name the type of what is there in Accept"
    return _LESSONS.get(code, "see the registry's words above")


def _not_http(wanted: Wanted, near: Sequence[Near], entries: Sequence[Entry]) -> str | None:
    unread = [entry for entry in entries if entry.method == "?"]
    return f"{counted(len(unread), 'request')} could not be read as HTTP: {unread[0].error}" if unread else None


_GREETINGS = {"ping", "head_ping"}


def _only_greeted(wanted: Wanted, near: Sequence[Near], entries: Sequence[Entry]) -> str | None:
    wants_it = wanted.path in ("/v2/", "/v2") or _GREETINGS & set(endpoints_of(wanted.criteria.get("endpoint", ())))
    if not wants_it and all(entry.endpoint in _GREETINGS for entry in entries):
        return "the client asked for /v2/ and nothing else: see what it made of the answer"
    return None


def _outside(wanted: Wanted, near: Sequence[Near], entries: Sequence[Entry]) -> str | None:
    if wanted.path is not None and not wanted.path.startswith(("/v2", "/_fakereg", "/token", "*")):
        return "the paths of the API start with /v2/"
    return None


def _literal(wanted: Wanted, near: Sequence[Near], entries: Sequence[Entry]) -> str | None:
    if wanted.method == "POST" and wanted.path and wanted.path.endswith("/blobs/uploads"):
        return "the path of uploads ends with a slash"
    return None


_HINTS: tuple[Hint, ...] = (_asked_only, _refused, _not_http, _only_greeted, _outside, _literal)


# Answers that may be other ones a moment later.
_PASSING = (401, 408, 425, 429)


def repetitions(found: Sequence[Entry]) -> list[str]:
    """Why a request may have come more than once, as hints."""
    return [_hint(text) for text in _repetitions(found)]


def _repetitions(found: Sequence[Entry]) -> list[str]:
    statuses = [entry.status or 0 for entry in found]
    if len(found) == 1 or not all(status >= _REFUSED for status in statuses[:-1]):
        return []
    if all(_REFUSED <= status < 500 and status not in _PASSING for status in statuses):  # noqa: PLR2004
        return ["the client repeats a request whose answer is final"]
    if statuses[0] == 401:  # noqa: PLR2004 - HTTP's own number
        return ['clients ask once without credentials: count with status="2xx", or with user=']
    return ['all but the last were refused: the client retried; count the successes with status="2xx"']
