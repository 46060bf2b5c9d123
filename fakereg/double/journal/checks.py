"""What a request can be asked for by, and how one differs from what was asked for.

A check takes an entry and gives the differences that it finds; none if the entry is as wanted.
Text is compared as shell-style patterns in which `*` matches any characters, `/` too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from urllib.parse import unquote

from fakereg.double.journal import redaction
from fakereg.double.journal.entry import Entry
from fakereg.registry import paths
from fakereg.registry.endpoints import ENDPOINTS, find_endpoints

NONE = "none"

# How far apart two requests are that differ in this; what is not here counts 1.
_WEIGHTS = {"endpoint": 6.0, "path": 5.0, "repository": 4.0, "method": 3.0, "reference": 2.0, "digest": 2.0}
_WEIGHTS |= {"session": 1.0, "query": 2.0, "user": 2.0}

# A client that sends the one where the other is wanted has understood nearly all of it.
_NEARLY_THE_SAME = ({"GET", "HEAD"}, {"PUT", "POST"}, {"PUT", "PATCH"})

# How much of a weight is left where two texts are nearly the same.
_ALIKE = 0.4


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which a request is not what was wanted."""

    what: str
    wanted: str
    got: str

    @property
    def weight(self) -> float:
        """How much it matters when the nearest requests are looked for."""
        alike = 1.0 if {self.wanted, self.got} in _NEARLY_THE_SAME else _alike(self.wanted, self.got)
        return _WEIGHTS.get(self.what.split()[0], 1.0) * (1 - (1 - _ALIKE) * alike)


def _alike(one: str, other: str) -> float:
    """The part of the longer text that both have at their beginning and their end: from 0 up to, not including, 1.

    Clients choose the text, so this takes time in proportion to its length, not to its square.
    """
    shorter = min(len(one), len(other))
    begin = next((at for at in range(shorter) if one[at] != other[at]), shorter)
    end = next((at for at in range(shorter - begin) if one[-1 - at] != other[-1 - at]), shorter - begin)
    return (begin + end) / max(len(one), len(other), 1)


Check = Callable[[Entry], Iterable[Difference]]


def fits(pattern: str, text: str | None) -> bool:
    return text is not None and (pattern == text or fnmatchcase(text, pattern))


def text(what: str, pattern: str, read: Callable[[Entry], str | None]) -> Check:
    """One text of an entry, None where it has none."""
    if not isinstance(pattern, str):
        raise TypeError(f"{what} is text or a pattern such as 'team/*', got {pattern!r}")

    def check(entry: Entry) -> Iterator[Difference]:
        if not fits(pattern, got := read(entry)):
            yield Difference(what, pattern, NONE if got is None else got)

    return check


def any_text(what: str, pattern: str, read: Callable[[Entry], Collection[str]]) -> Check:
    """One of several texts of an entry."""
    if not isinstance(pattern, str):
        raise TypeError(f"{what} is text or a pattern such as 'sha256:*', got {pattern!r}")

    def check(entry: Entry) -> Iterator[Difference]:
        got = read(entry)
        if not any(fits(pattern, one) for one in got):
            yield Difference(what, pattern, " or ".join(got) or NONE)

    return check


def user(name: str | None) -> Check:
    """Who asked; None for an anonymous client."""
    if name is not None:
        return text("user", name, lambda entry: entry.user)

    def check(entry: Entry) -> Iterator[Difference]:
        if entry.user is not None:
            yield Difference("user", "nobody", entry.user)

    return check


def method(name: str) -> Check:
    return text("method", name, lambda entry: entry.method)


def endpoint(labels: str | Collection[str]) -> Check:
    """By name, id of the specification's main branch or of v1.1; a label may stand for several rows."""
    names = endpoints_of(labels)

    def check(entry: Entry) -> Iterator[Difference]:
        if entry.endpoint not in names:
            yield Difference("endpoint", " or ".join(names), entry.endpoint or NONE)

    return check


def endpoints_of(labels: str | Collection[str]) -> list[str]:
    """The names of all rows that these labels stand for. Raises ValueError for an unknown one."""
    wanted = [labels] if isinstance(labels, str) else labels
    return list(dict.fromkeys(row.name for label in wanted for row in find_endpoints(label)))


_STATUS_CLASS = re.compile(r"[1-5]xx|[1-5][0-9][0-9]", re.ASCII)


def status(wanted: int | str | Collection[int | str]) -> Check:
    """A status, several, or a class of them: `"4xx"`. Raises ValueError for any other text."""
    each = [wanted] if isinstance(wanted, (int, str)) else wanted
    for one in each:
        if not isinstance(one, int) and not _STATUS_CLASS.fullmatch(str(one)):
            raise ValueError(f"status is a number, several of them or a class such as '4xx', got {one!r}")
    fitting = {str(one) for one in each}

    def check(entry: Entry) -> Iterator[Difference]:
        got = str(entry.status)
        if not fitting & {got, f"{got[0]}xx"}:
            yield Difference("status", " or ".join(statuses(wanted)), "no answer" if entry.status is None else got)

    return check


def statuses(wanted: int | str | Collection[int | str]) -> list[str]:
    """What was asked for in words, a range in few."""
    if isinstance(wanted, (int, str)):
        return [str(wanted)]
    if isinstance(wanted, range) and wanted.step == 1 and len(wanted) > _FEW:
        first, last = wanted[0], wanted[-1]
        return [f"{first // 100}xx" if (first % 100, len(wanted)) == (0, 100) else f"{first} to {last}"]
    return [str(one) for one in wanted]


Pairs = str | Mapping[str, str | None]

# Statuses of a range that are named one by one.
_FEW = 3


def header(wanted: Pairs) -> Check:
    """Headers of the request: a name, or names with what their values look like, None for without."""
    return _pairs("header", wanted, lambda entry, name: entry.request_headers.getall(name, []), redaction.header)


def query(wanted: Pairs) -> Check:
    """Query parameters, decoded: a name, or names with what their values look like, None for without."""
    return _pairs("query", wanted, lambda entry, name: entry.query.get(name, []), redaction.parameter)


def _pairs(what: str, wanted: Pairs, read: Callable[[Entry, str], list[str]], hide: Callable[[str, str], str]) -> Check:
    if not isinstance(wanted, (str, Mapping)):
        raise TypeError(f"{what} is a name, or a mapping of names to values or patterns, got {wanted!r}")
    pairs = {wanted: "*"} if isinstance(wanted, str) else wanted
    patterns = {name: None if value is None else str(value) for name, value in pairs.items()}
    for name, pattern in patterns.items():
        if pattern is not None:
            _refuse_secret(f"{what} {name}", pattern, hide(name, pattern))

    def check(entry: Entry) -> Iterator[Difference]:
        for name, pattern in patterns.items():
            got = read(entry, name)
            if bool(got) if pattern is None else not any(fits(pattern, one) for one in got):
                told = {None: NONE, "*": "any"}.get(pattern, pattern or "")
                yield Difference(f"{what} {name}", told, ", ".join(got) or NONE)

    return check


def _refuse_secret(what: str, pattern: str, hidden: str) -> None:
    """What is compared must be what the journal gives out, or a pattern of it: the rest could never fit."""
    if hidden != pattern and redaction.HIDDEN not in pattern and "*" not in pattern:
        raise ValueError(f"the journal gives no credentials out: compare {what} with {hidden!r}, or with a pattern")


def where(predicate: Callable[[Entry], object]) -> Check:
    """Whatever a function says of the entry."""
    if not callable(predicate):
        raise TypeError(f"where is a function that takes an entry, got {predicate!r}")
    name = getattr(predicate, "__name__", "<lambda>")

    def check(entry: Entry) -> Iterator[Difference]:
        if not predicate(entry):
            yield Difference("where", "true" if name == "<lambda>" else name, "false")

    return check


def connection(number: int) -> Check:
    """The number of a connection; 0 without a network."""
    if not isinstance(number, int):
        raise TypeError(f"connection is a number, got {number!r}")

    def check(entry: Entry) -> Iterator[Difference]:
        if entry.connection != number:
            yield Difference("connection", str(number), str(entry.connection))

    return check


def path(pattern: str, asked: str | None) -> Check:
    """The path as it came or decoded, with its query or without; `asked` is the method, if one is wanted.

    Where both paths are of the API the difference is told by their parts.
    """
    if not isinstance(pattern, str):
        raise TypeError(f"a path is text such as '/v2/team/app/manifests/v1', got {pattern!r}")
    if not pattern.startswith(("/", "*")):
        raise ValueError(f"a path starts with '/' and has no host in front, got {pattern!r}")
    _refuse_secret("the path", pattern, redaction.target(pattern))

    def check(entry: Entry) -> Iterable[Difference]:
        got = entry.path
        if any(fits(pattern, one) for one in (got, unquote(got), entry.target)):
            return ()
        return _parts(pattern, asked, entry) or [Difference("path", pattern, entry.target)]

    return check


# The names of a path's parts, as they are called where they differ.
_PARTS = {"name": "repository", "reference": "reference", "digest": "digest", "session": "session"}


def _parts(pattern: str, asked: str | None, entry: Entry) -> list[Difference]:
    """The parts in which two paths differ; empty where one of them is not of the API."""
    wanted, got = _split(pattern.partition("?")[0]), _split(unquote(entry.path))
    if wanted is None or got is None:
        return []
    template, params = wanted
    found = []
    if template != got[0]:
        found.append(Difference("endpoint", _kind(template, asked), entry.endpoint or _kind(got[0], entry.method)))
    for name, value in params.items():
        other = got[1].get(name)
        if not fits(value, other) and (other is not None or name == "name"):
            found.append(Difference(_PARTS[name], value, NONE if other is None else other))
    return found


@lru_cache(maxsize=1024)
def _split(path: str) -> tuple[str, dict[str, str]] | None:
    """The template of a path, and what stands in its places."""
    for template, pattern in _PATTERNS:
        if match := pattern.fullmatch(path):
            return template, match.groupdict()
    return None


_PATTERNS = [
    (template, paths.pattern(template))
    for template in sorted({row.template for row in ENDPOINTS}, key=paths.specificity)
]


def _kind(template: str, asked: str | None) -> str:
    """The name of the plainest endpoint there."""
    rows = [row for row in ENDPOINTS if row.template == template]
    return next((row.name for row in reversed(rows) if row.method == asked), template)
