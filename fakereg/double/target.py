"""Which requests a fault is for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from fakereg.double.fault import Fault, kind, token
from fakereg.double.journal import Criteria, Wanted
from fakereg.registry.endpoints import ENDPOINTS, Endpoint, find_endpoints
from fakereg.registry.messages import Request

CONNECT = "connect"


class ConditionFailed(Exception):
    """A `where` of a fault, or of what is forbidden, raised: a mistake in the test, and not of the client."""


Labels = str | Iterable[str]


@dataclass(frozen=True, slots=True)
class Target:
    """What a request must be like; what is None does not matter. Globs are those of the shell, in which * takes / too.

    endpoints   names of rows of the endpoint table; () for all, also for requests that no row takes
    method      in whatever case
    path        a glob on the path without its query: /v2/team/*/manifests/*
    repository  a glob on the repository's name
    reference   a glob on the tag or digest in the path
    header      name to a glob on its value, None for a header that must be missing
    where       anything else
    """

    endpoints: tuple[str, ...] = ()
    method: str | None = None
    path: str | None = None
    repository: str | None = None
    reference: str | None = None
    header: Mapping[str, str | None] = field(default_factory=dict, hash=False)
    where: Callable[[Request], bool] | None = None

    def __post_init__(self) -> None:
        for name in ("method", "path", "repository", "reference"):
            kind(name, getattr(self, name), str, None)
        if self.method is not None:
            object.__setattr__(self, "method", self.method.upper())
        kind("header", self.header, Mapping)
        object.__setattr__(self, "header", dict(self.header))  # the caller's may change
        for name, glob in self.header.items():
            token("header", name)
            kind(f"header {name}", glob, str, None)
        kind("where", self.where, Callable, None)  # type: ignore[arg-type] # isinstance knows it
        if self.is_connecting and replace(self, endpoints=()) != Target():
            raise ValueError("on='connect' takes no method, path, header and the like: there is no request yet")

    @property
    def is_connecting(self) -> bool:
        return self.endpoints == (CONNECT,)

    def fits(self, request: Request, endpoint: Endpoint | None) -> bool:
        params = request.params
        return (
            (not self.endpoints or (endpoint is not None and endpoint.name in self.endpoints))
            and (self.method is None or self.method == request.method)
            and _is_like(self.path, request.path)
            and _is_like(self.repository, params.get("name"))
            and _is_like(self.reference, params.get("reference") or params.get("digest"))
            and all(_has_header(request, name, glob) for name, glob in self.header.items())
            and self._holds(request)
        )

    def _holds(self, request: Request) -> bool:
        """Raises ConditionFailed from whatever `where` raised."""
        if self.where is None:
            return True
        try:
            return bool(self.where(request))
        except Exception as error:
            name = getattr(self.where, "__name__", repr(self.where))
            raise ConditionFailed(f"the test's own condition where={name} raised {error!r}") from error

    def wanted(self) -> Wanted:
        """The same as the journal is asked for it, as far as it can be: to tell which requests were near."""
        criteria: Criteria = {}
        if self.endpoints and not self.is_connecting:
            criteria["endpoint"] = self.endpoints
        if self.repository is not None:
            criteria["repository"] = self.repository
        if self.reference is not None:
            criteria["reference"] = self.reference
        if headers := {name: glob for name, glob in self.header.items() if glob is not None}:
            criteria["header"] = headers
        return Wanted.of(self.method, self.path, criteria)

    def __str__(self) -> str:
        """`get_blob of team/*`."""
        told = [" or ".join(self.endpoints)] if self.endpoints else []
        told += [part for part in (self.method, self.path) if part]
        told += [f"of {self.repository}"] if self.repository else []
        told += [f"reference {self.reference}"] if self.reference else []
        told += [f"with {name}: {glob}" if glob else f"without {name}" for name, glob in self.header.items()]
        told += ["where " + getattr(self.where, "__name__", "a condition holds")] if self.where else []
        return ", ".join(told) or "any request"


def names_of(labels: Labels | None) -> tuple[str, ...]:
    """The endpoints that these names and ids stand for. Raises ValueError for an unknown one, and for no name."""
    if labels is None:
        return ()
    kind("on", labels, str, Iterable)
    wanted = [labels] if isinstance(labels, str) else list(labels)
    if not wanted:
        raise ValueError("an empty list names no endpoint; leave it out for all of them")
    if wanted == [CONNECT]:
        return (CONNECT,)
    if CONNECT in wanted:
        raise ValueError("on='connect' stands alone: there is no request yet")
    found = {endpoint.name for label in wanted for endpoint in find_endpoints(label)}
    return tuple(endpoint.name for endpoint in ENDPOINTS if endpoint.name in found)


def check_places(faults: Sequence[Fault], endpoints: Sequence[str]) -> None:
    """Raises ValueError for a fault that would do nothing on any of these endpoints; none named are all of them."""
    for fault in faults:
        suits = fault.suits() if fault.only_suits else ()
        if endpoints and suits and not set(suits) & set(endpoints):
            named, better = " or ".join(endpoints), " or ".join(suits)
            raise ValueError(f"{fault} does nothing on {named}: it makes sense on {better}")


def _is_like(glob: str | None, value: str | None) -> bool:
    return glob is None or (value is not None and fnmatchcase(value, glob))


def _has_header(request: Request, name: str, glob: str | None) -> bool:
    values = request.headers.getall(name, [])
    return not values if glob is None else any(fnmatchcase(value, glob) for value in values)
