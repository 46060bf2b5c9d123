"""What a test looks for in the journal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

from fakereg.double.journal import checks
from fakereg.double.journal.checks import Check, Difference
from fakereg.double.journal.entry import Entry


class Criteria(TypedDict, total=False):
    """What else than method and path a request may be asked for by. Text may be a shell-style pattern.

    `endpoint`: a name of the endpoint table, or an id of the specification (`end-7a`, `end-7`), or several.
    `repository`, `reference`: those in the path. `digest`: in the path, the query, or the answer.
    `status`: 404, `{401, 403}` or `"4xx"`. `header`, `query`: a name, or names with values, None for without.
    `user`: None for nobody. `fault`: the name of one that was put into it. `error`: the code of a refusal,
    or a pattern of code and message. `connection`: its number. `where`: a function that takes the entry; it is
    asked last, of entries that fit all the rest, and what it raises is raised.
    """

    endpoint: str | Collection[str]
    repository: str
    reference: str
    digest: str
    status: int | str | Collection[int | str]
    header: str | Mapping[str, str | None]
    query: str | Mapping[str, str | None]
    user: str | None
    fault: str
    error: str
    connection: int
    where: Callable[[Entry], object]


_CHECKS: Mapping[str, Callable[[Any], Check]] = {
    "endpoint": checks.endpoint,
    "repository": lambda name: checks.text("repository", name, lambda entry: entry.repository),
    "reference": lambda name: checks.text("reference", name, lambda entry: entry.reference),
    "digest": lambda name: checks.any_text("digest", name, lambda entry: entry.digests),
    "status": checks.status,
    "header": checks.header,
    "query": checks.query,
    "user": checks.user,
    "fault": lambda name: checks.any_text("fault", name, lambda entry: entry.faults),
    "error": lambda code: checks.any_text("error", code, _errors),
    "connection": checks.connection,
    "where": checks.where,
}


def _errors(entry: Entry) -> list[str]:
    return [] if entry.error is None else [entry.error.partition(":")[0], entry.error]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request as a test describes it; `str()` is that description."""

    method: str | None = None
    path: str | None = None
    criteria: Mapping[str, Any] = field(default_factory=dict)
    _checks: tuple[Check, ...] = field(default=(), repr=False, compare=False)
    _last: Check | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(cls, method: str | None, path: str | None, criteria: Mapping[str, Any]) -> Wanted:
        """Raises TypeError for an unknown criterion and a value of the wrong type, ValueError for a wrong one."""
        unknown = next((name for name in criteria if name not in _CHECKS), None)
        if unknown is not None:
            raise TypeError(f"requests are not asked for by {unknown!r}; known are method, path, {', '.join(_CHECKS)}")
        method = method.upper() if isinstance(method, str) else method
        found = [checks.method(method)] if method is not None else []
        found += [checks.path(path, method)] if path is not None else []
        found += [_CHECKS[name](value) for name, value in criteria.items() if name != "where"]
        last = _CHECKS["where"](criteria["where"]) if "where" in criteria else None
        return cls(method, path, dict(criteria), tuple(found), last)

    def matches(self, entry: Entry) -> bool:
        if any(True for check in self._checks for _ in check(entry)):
            return False
        return self._last is None or not any(True for _ in self._last(entry))

    def differences(self, entry: Entry) -> list[Difference]:
        """All that is not as wanted; what a test's function says only of what is as wanted otherwise."""
        found = list(dict.fromkeys(one for check in self._checks for one in check(entry)))
        return found if found or self._last is None else list(self._last(entry))

    def evidence(self, entry: Entry) -> list[str]:
        """The headers that were asked for, as they came."""
        wanted = self.criteria.get("header", ())
        names = [wanted] if isinstance(wanted, str) else wanted
        return [f"{name}: {value}" for name in names for value in entry.request_headers.getall(name, [])]

    def __str__(self) -> str:
        head = " ".join(part for part in (self.method, self.path) if part is not None)
        rest = ", ".join(_told(name, value) for name, value in self.criteria.items())
        return " with ".join(part for part in (head or "request", rest) if part)


def _told(name: str, value: Any) -> str:
    """A criterion in words."""
    if callable(value):
        return f"{name} {getattr(value, '__name__', value)}"
    if name == "status":
        return f"status {' or '.join(checks.statuses(value))}"
    if isinstance(value, Mapping):
        pairs = [f"no {name} {key}" if one is None else f"{name} {key}: {one}" for key, one in value.items()]
        return ", ".join(pairs)
    if isinstance(value, Collection) and not isinstance(value, str):
        return f"{name} {' or '.join(map(str, value))}"
    return f"{name} {value}"
