"""A row of the admin API's table, and how a request finds it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from fakereg.control.desk import Ask
from fakereg.control.problems import MalformedRequest, MethodNotOffered, UnknownRoute
from fakereg.control.shapes import Schema
from fakereg.oci.errors import BadRequest
from fakereg.registry.messages import Request, Response, decode

PREFIX = "/_fakereg"
V1 = f"{PREFIX}/v1"

MIB = 1024 * 1024

# Archives are kept in memory once they are loaded, so this is no small registry.
LONGEST_ARCHIVE = 8 * 1024 * MIB


@dataclass(frozen=True, slots=True)
class Reply:
    """What an operation answers: a JSON document, or None for nothing at all."""

    document: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Outcome = Reply | Response

# Called where there is an event loop to wait in; a coroutine that nobody comes to await would be complained of.
Later = Callable[[], Awaitable[Outcome]]
Run = Callable[[Ask], Outcome | Later]


class Body(Enum):
    """What a route takes; a browser can send neither form to another site without asking first."""

    NONE = ()
    JSON = ("application/json",)
    ARCHIVE = (
        "application/x-tar",
        "application/tar",
        "application/gzip",
        "application/x-gzip",
        "application/octet-stream",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One row. `query` and `takes` are what is read, `gives` is the answer's schema; bytes have a media type.

    `described` says more of the body than `takes`, where the operation itself checks it, in better words.
    `limit` is the most bytes of a body. `is_slow`: it may take so long that no event loop should do it itself.
    """

    name: str
    method: str
    template: str
    run: Run
    summary: str
    query: Mapping[str, Schema] = field(default_factory=dict)
    body: Body = Body.NONE
    takes: Schema = field(default_factory=dict)
    described: Schema | None = None
    gives: Schema | None = None
    media_types: tuple[str, ...] = ("application/json",)
    status: int = 200
    refusals: tuple[int, ...] = ()
    limit: int = MIB
    is_slow: bool = False

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"<(\w+)>", self.template)


class Routes:
    """The table, compiled."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._rows: dict[str, dict[str, Route]] = {}
        for route in routes:
            self._rows.setdefault(route.template, {})[route.method] = route
        # Fixed paths first, then longer ones: a name takes slashes too, and would swallow what follows it.
        templates = sorted(self._rows, key=lambda one: ("<" in one, -len(one)))
        self._patterns = [(_pattern(template), template) for template in templates]

    def match(self, request: Request) -> tuple[Route, Mapping[str, str]]:
        """The route and the parts of its path, decoded. Raises UnknownRoute or MethodNotOffered."""
        path = request.path.removesuffix("/") or request.path
        for pattern, template in self._patterns:
            if found := pattern.fullmatch(path):
                methods = self._rows[template]
                if request.method not in methods:
                    allowed = ", ".join(sorted(methods))
                    detail = f"{request.method} is not offered on {template}; offered are {allowed}"
                    raise MethodNotOffered(detail, headers={"Allow": allowed})
                return methods[request.method], {name: _decoded(text) for name, text in found.groupdict().items()}
        known = f"{V1}/openapi.json tells which there are"
        raise UnknownRoute(f"the admin API has no route {request.path!r}; {known}")


def _pattern(template: str) -> re.Pattern[str]:
    """Of all parts of a path a repository's name alone has slashes."""
    parts = re.split(r"<(\w+)>", template)
    return re.compile(
        "".join(
            f"(?P<{part}>{'.+' if part == 'name' else '[^/]+'})" if index % 2 else re.escape(part)
            for index, part in enumerate(parts)
        )
    )


def _decoded(text: str) -> str:
    try:
        return decode(text)
    except BadRequest as error:
        raise MalformedRequest(error.message) from error
