"""One request to the admin API on its way to its answer, and the one place where a problem becomes one."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import cache, partial
from importlib import import_module
from tempfile import SpooledTemporaryFile
from typing import Any

from fakereg.control.desk import Ask, Desk, Fake
from fakereg.control.guard import Guard
from fakereg.control.problems import (
    Flaw,
    InternalProblem,
    InvalidFields,
    InvalidQuery,
    MalformedRequest,
    NotFound,
    NotJson,
    Problem,
    TooLarge,
    WrongContentType,
    invalid,
)
from fakereg.control.route import PREFIX, Body, Later, Outcome, Reply, Route, Routes
from fakereg.control.shapes import flaws, read, shown
from fakereg.double.pipeline import Pipeline
from fakereg.oci import strict_json
from fakereg.oci.errors import RegistryError
from fakereg.registry.messages import Request, Response
from fakereg.store.content import Segment

log = logging.getLogger("fakereg")

# Bytes of an archive that are kept in memory while it arrives; more of them go to a temporary file.
_IN_MEMORY = 16 * 1024 * 1024

_NOT_FOUND = 404

_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")

_BEGINNINGS = (f"{PREFIX}/", f"{PREFIX}?")

# What is still to be waited for is called where there is an event loop.
Answer = Response | Callable[[], Awaitable[Response]]


def is_administrative(path: str) -> bool:
    """Whether a path, percent-encoded as it came and perhaps with its query, belongs to the admin API."""
    return path.startswith(_BEGINNINGS) or path == PREFIX


class Admin:
    """Answers what comes under `/_fakereg/`; nothing of it is in the journal, and no fault is put into it."""

    def __init__(
        self, fake: Fake, current: Callable[[], Pipeline], desk: Desk, guard: Guard, *, name: str = ""
    ) -> None:
        """`name` is what the user called the address on which it serves."""
        self._fake = fake
        self._current = current
        self._desk = desk
        self._guard = guard
        self._name = name

    def open(self, request: Request, bound: str) -> Response | Call:
        """Start on a request that came to the address `bound`: it is answered already, or wants its body."""
        try:
            self._guard.check(request, bound, self._name)
            _parse(request)
            route, params = _routes().match(request)
            query = _query(route, request)
            _check_head(route, request)
        except Problem as problem:
            return _refusal(problem, request)
        ask = Ask(self._fake, self._current(), self._desk, request, params, query)
        return Call(route, ask)

    def refuse(self, error: RegistryError, target: str) -> Response:
        """What could not become a request."""
        return _refusal(MalformedRequest(error.message), Request("?", target))


class Call:
    """A request whose body is wanted: `feed` it, then `run`."""

    def __init__(self, route: Route, ask: Ask) -> None:
        self.route = route
        self._ask = ask
        self._size = 0
        self._file: Any = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed by `run` or `abandon`
        self._is_handed_over = False

    @property
    def is_slow(self) -> bool:
        """Whether `run` takes long enough that an event loop should not do it itself."""
        return self.route.is_slow

    def feed(self, data: Segment) -> Response | None:
        """Take the next piece of the body; an answer where the rest is not wanted."""
        self._size += len(data)
        if self._size > self.route.limit:
            return _refusal(_too_large(self.route), self._ask.request)
        self._file.write(data)
        return None

    def hand_over(self) -> None:
        """The body is complete, and somebody is about to `run`: the client need not stay any more."""
        self._is_handed_over = True

    def run(self) -> Answer:
        """The body is complete: act and answer. Raises nothing."""
        try:
            outcome = self.route.run(self._with_body())
            return _answer(outcome) if isinstance(outcome, Reply | Response) else partial(self._awaited, outcome)
        except Exception as error:  # noqa: BLE001 - no traceback reaches a client
            return _refusal(_problem(error), self._ask.request)
        finally:
            self._file.close()

    def abandon(self) -> None:
        """Nobody will `run`: the client vanished, or its body is not wanted."""
        if not self._is_handed_over:
            self._file.close()

    async def _awaited(self, later: Later) -> Response:
        try:
            return _answer(await later())
        except Exception as error:  # noqa: BLE001 - as in `run`
            return _refusal(_problem(error), self._ask.request)

    def _with_body(self) -> Ask:
        ask, route = self._ask, self.route
        self._file.seek(0)
        body: Mapping[str, Any] = {}
        if route.body is Body.JSON:
            body = _document(self._file.read())
            found = list(flaws(route.takes, body))
            if found:
                raise invalid(found)
        return Ask(ask.fake, ask.pipeline, ask.desk, ask.request, ask.params, ask.query, body, self._file)


@cache
def _routes() -> Routes:
    """Loaded with the first request: most registries are never asked anything here, and should start at once."""
    return Routes(import_module("fakereg.control.routes").ROUTES)


# The head


def _parse(request: Request) -> None:
    try:
        request.parse()
    except RegistryError as error:
        raise MalformedRequest(error.message) from error


def _query(route: Route, request: Request) -> dict[str, Any]:
    """The parameters, each as the value for which it stands. Raises InvalidQuery."""
    values: dict[str, Any] = {}
    found: list[Flaw] = []
    for name, text in request.query.pairs:
        schema = route.query.get(name)
        if schema is None:
            found.append(Flaw(name, f"is unknown; known are {', '.join(route.query) or 'none'}"))
        elif schema.get("type") == "array":
            values.setdefault(name, []).append(text)
        elif name in values:
            found.append(Flaw(name, "stands more than once"))
        else:
            values[name] = read(schema, text)
            found += flaws(schema, values[name], name)
    if found:
        raise invalid(found, InvalidQuery)
    return values


def _check_head(route: Route, request: Request) -> None:
    if route.body is Body.NONE:
        return
    given = request.headers.getall("Content-Type", [])
    kind = given[0].partition(";")[0].strip().lower() if len(given) == 1 else ""
    if kind not in route.body.value:
        wanted = " or ".join(route.body.value)
        got = f"got {', '.join(given)!r}" if given else "the request has none"
        raise WrongContentType(f"{route.method} {route.template} needs the Content-Type {wanted}; {got}")
    coding = request.headers.get("Content-Encoding")
    if coding is not None and coding.lower() != "identity":
        raise WrongContentType(f"the Content-Encoding {coding!r} is not understood here: send the body as it is")
    if request.length is not None and request.length > route.limit:
        raise _too_large(route)


def _too_large(route: Route) -> TooLarge:
    return TooLarge(f"{route.method} {route.template} takes a body of at most {route.limit} bytes")


# The body


def _document(content: bytes) -> dict[str, Any]:
    """The JSON object; an empty body is one without fields. Raises NotJson."""
    if not content:
        return {}
    try:
        document = strict_json.parse(content)
    except ValueError as error:
        raise NotJson(f"the body {error}") from error
    if _ESCAPED_SURROGATE.search(content):
        _check_texts(document)
    if not isinstance(document, dict):
        raise NotJson(f"the body must be a JSON object, got {shown(document)}")
    return document


def _check_texts(document: Any) -> None:
    """Raises NotJson for half of a surrogate pair, which JSON can write and UTF-8 cannot."""
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise NotJson(f"the body holds {half!r} alone, half of a surrogate pair: that is no text") from error


# The answer


def _answer(outcome: Outcome) -> Response:
    if isinstance(outcome, Response):
        response = outcome
    elif outcome.document is None:
        response = Response.of(outcome.status, outcome.headers)
    else:
        headers = {"Content-Type": "application/json", **outcome.headers}
        response = Response.of(outcome.status, headers, json.dumps(outcome.document).encode())
    return _guarded(response)


def _refusal(problem: Problem, request: Request) -> Response:
    return _guarded(problem.answer(request.path))


def _guarded(response: Response) -> Response:
    """What a browser must not do with it: keep it, or take content that was pushed for a page."""
    response.headers.add("Cache-Control", "no-store")
    response.headers.add("X-Content-Type-Options", "nosniff")
    return response


def _problem(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, RegistryError):  # of a name, a digest or a tag in the path
        return NotFound(error.message) if error.status == _NOT_FOUND else InvalidFields(error.message)
    log.error("the admin API failed", exc_info=error)
    return InternalProblem("this is a bug in fakereg: its log has the traceback")
