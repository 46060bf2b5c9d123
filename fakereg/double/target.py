"""Which requests a fault is for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from fakereg.double.fault import kind, token
from fakereg.double.journal import Criteria, Wanted
from fakereg.registry.endpoints import ENDPOINTS, Endpoint, find_endpoints
from fakereg.registry.messages import Request

CONNECT = "connect"

Labels = str | Iterable[str]


@dataclass(frozen=True, slots=True)
class Target:
    """What a request must be like; what is None does not matter. Globs are those of the shell, in which * takes / too.

    endpoints   names of rows of the endpoint table; () for all, also for requests that no row takes
    method      in upper case
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
        kind("header", self.header, Mapping)
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
            and (self.where is None or self.where(request))
        )

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


def _is_like(glob: str | None, value: str | None) -> bool:
    return glob is None or (value is not None and fnmatchcase(value, glob))


def _has_header(request: Request, name: str, glob: str | None) -> bool:
    values = request.headers.getall(name, [])
    return not values if glob is None else any(fnmatchcase(value, glob) for value in values)
