"""aiohttp's server, with our answers to what is not HTTP, and a stop that does not wait."""

from __future__ import annotations

import asyncio
import logging
import os
from http import HTTPStatus
from typing import Any

from aiohttp import HttpVersion10, HttpVersion11, StreamReader, http_exceptions, web
from yarl import URL

from fakereg.http.wire import Wire, closing
from fakereg.oci.errors import BadRequest, HeadersTooLarge, RegistryError
from fakereg.registry.messages import Response

log = logging.getLogger("fakereg")

# Room for a hundred `tag` parameters on one manifest push, and for tokens; aiohttp's 8190 bytes are too few.
LONGEST_LINE = 64 * 1024

# aiohttp's limit from 3.13 on.
MOST_HEADERS = 128

SPOKEN = (HttpVersion10, HttpVersion11)

# After an early refusal the rest of a body is read for so long, in seconds: a client that still sends
# would otherwise see a reset instead of the answer.
LINGER = 2.0

# A client that closed its side may be gone or may wait for its answer; after so long, in seconds, it is gone.
HALF_CLOSED = 1.0

_OPTIONS: dict[str, Any] = {
    "auto_decompress": False,
    "access_log": None,
    "max_line_size": LONGEST_LINE,
    "max_field_size": LONGEST_LINE,
    "lingering_time": LINGER,
}


class Connection(web.RequestHandler):
    """One connection; refuses in the specification's form where aiohttp would answer text and log a traceback."""

    __slots__ = ("_answered", "_ended", "_is_broken", "_lingers", "_rest", "_wire", "body", "refusal")

    def __init__(self, manager: Connections, *, loop: asyncio.AbstractEventLoop, **options: Any) -> None:
        super().__init__(manager, loop=loop, **options)
        self._wire = manager.wire
        self.body: StreamReader | None = None  # of the request that is served
        self._rest: StreamReader | None = None  # what is unread of it once it is answered
        self.refusal: RegistryError | None = None  # of that request, before anybody looked at it
        self._answered = 0
        self._ended = False  # the client sends no more
        self._is_broken = False  # what came last is not HTTP
        self._lingers = False

    def data_received(self, data: bytes) -> None:
        if self._lingers:
            return
        super().data_received(data)
        if self._messages and (error := getattr(self._messages[-1][0], "exc", None)):
            self._break(error)

    def _break(self, error: BaseException) -> None:
        """End the body in which the parser failed; aiohttp lets the request that reads it wait for ever."""
        self._is_broken = True
        body = self._messages[-2][1] if len(self._messages) > 1 else self.body
        if body is not None and not body.is_eof():
            body.set_exception(web.RequestPayloadError(_told(error)))
            body.feed_eof()
        elif self._rest is not None:
            self._rest.feed_eof()  # aiohttp reads it over, and would log an exception

    def eof_received(self) -> bool:  # type: ignore[override] # aiohttp says None, asyncio allows both
        """Keep the connection for answers that are due: a client may close its side once its request is out.

        aiohttp would drop them. What was not sent to its end gets no answer.
        """
        transport = self.transport
        if transport is None or transport.get_extra_info("sslcontext") or self._lingers:
            return False  # TLS has no half-closed connections
        if self._is_answered or not self._is_whole():
            return False
        self._ended = True
        self._loop.call_later(HALF_CLOSED, self._hang_up)
        return True

    @property
    def _is_answered(self) -> bool:
        return self._answered >= self._request_count

    def _is_whole(self) -> bool:
        """Whether the last request was sent to its end, or is refused already for what it is."""
        if self._is_broken:
            return True
        try:
            parser: Any = getattr(self, "_parser", None) or getattr(self, "_request_parser", None)  # before 3.14
            return parser.feed_eof() is None
        except Exception:  # noqa: BLE001 - whatever the parser says of a part of a request
            return False

    def _hang_up(self) -> None:
        """Take a client that ended its side for gone if its answer has still not begun."""
        request = self._current_request
        if request is not None and request.writer.output_size == 0:
            self.force_close()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send the answer; then, where the client may still be sending, close so that it can read it."""
        self.body, self._rest = None, request.content
        try:
            result = await super().finish_response(request, resp, start_time)
        except http_exceptions.HttpProcessingError as error:
            # aiohttp before 3.14 lets this escape when an offer of another protocol is followed by garbage.
            raise ConnectionError("what follows the request is not HTTP") from error
        self._answered += 1
        if self._ended and self._is_answered:
            self.close()
        elif not resp.keep_alive and (self._is_broken or not request.content.is_eof()):
            await self._linger()
        return result

    async def _linger(self) -> None:
        """Close our side, and drop what still comes until the client closes its own.

        To close both at once would reset the connection, and take the answer from a client that
        has not read it yet. connection_lost ends this early.
        """
        transport = self.transport
        if transport is not None and transport.can_write_eof():
            self._lingers = True
            transport.write_eof()
            transport.resume_reading()
            await asyncio.sleep(LINGER)
        self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - `exc` says it too
    ) -> web.StreamResponse:
        """Answer a request that cannot be parsed, or in which our own code failed; then the connection closes."""
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("failed to answer %s %s", request.method, request.raw_path, exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("the answer had begun; only the connection can still be closed")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            # No code of the specification stands for a failure of ours; the log has the details.
            return closing(Response.of(status, {"Content-Type": "application/json"}, b'{"errors":[]}'))
        return self._wire.refuse(_refusal(exc))


class Connections(web.Server):
    """The protocol factory of a listening socket, and the connections that it made."""

    def __init__(self, wire: Wire) -> None:
        async def handle(incoming: web.BaseRequest) -> web.StreamResponse:
            refusal = getattr(incoming.protocol, "refusal", None)
            if refusal is not None:
                return wire.refuse(refusal, incoming.method, incoming.raw_path)
            return await wire.handle(incoming)

        self.wire = wire

        # With cancellation a client that hangs up ends its request at once, also one that only waits.
        super().__init__(handle, request_factory=_incoming, handler_cancellation=True)

    def __call__(self) -> Connection:
        return Connection(self, loop=self._loop, **_OPTIONS)

    async def abort(self) -> None:
        """Drop all connections at once, also within a request, and wait until nothing of them is left."""
        tasks = [task for connection in self.connections if (task := _abort(connection))]
        await asyncio.gather(*tasks, return_exceptions=True)

    def forget(self) -> None:
        """In a forked child: put nothing in the place of the sockets, so that the parent alone keeps them open.

        They are not closed, as their owners would do so once more, perhaps to another file.
        """
        nothing = os.open(os.devnull, os.O_RDWR)
        for connection in self.connections:
            transport = connection.transport
            number = transport.get_extra_info("socket").fileno() if transport is not None else -1
            if number >= 0:
                os.dup2(nothing, number, inheritable=False)
        os.close(nothing)


def _abort(connection: web.RequestHandler) -> asyncio.Task[None] | None:
    """Drop a connection at once; the task that served it, if there still is one."""
    task = connection._task_handler
    transport = connection.transport
    connection.force_close()
    if transport is not None:
        transport.abort()
    if task is not None:
        task.cancel()
    return task


def _incoming(message: Any, body: StreamReader, connection: Any, writer: Any, task: Any) -> web.BaseRequest:
    """aiohttp's request; with a refusal beside it for what its parser, in some version, lets pass."""
    connection.body = body
    connection.refusal = _check_head(message)
    if message.version not in SPOKEN:
        message = message._replace(version=HttpVersion11)  # an answer has the version of its request
    try:
        return web.BaseRequest(message, body, connection, writer, task, connection._loop)
    except ValueError as error:  # from the URL
        connection.refusal = BadRequest(f"{message.path!r} is not a URL: {error}")
        return web.BaseRequest(message._replace(url=URL("/")), body, connection, writer, task, connection._loop)


def _check_head(message: Any) -> RegistryError | None:
    if message.version not in SPOKEN:
        major, minor = message.version
        return BadRequest(f"HTTP/{major}.{minor} is not spoken here; HTTP/1.1 and HTTP/1.0 are")
    if len(message.headers) > MOST_HEADERS:
        return HeadersTooLarge(f"the request has more than {MOST_HEADERS} header lines")
    if message.version == HttpVersion11 and len(message.headers.getall("Host", ())) != 1:
        return BadRequest("an HTTP/1.1 request has one Host header, no more and no less")
    return None


def _refusal(error: BaseException | None) -> RegistryError:
    text = _told(error)
    if isinstance(error, http_exceptions.LineTooLong):
        return HeadersTooLarge(f"a line of the request's head is longer than {LONGEST_LINE} bytes")
    if text.startswith("Too many headers"):
        return HeadersTooLarge(f"the request has more than {MOST_HEADERS} header lines")
    if isinstance(error, http_exceptions.BadHttpMethod):
        return BadRequest(f"an unknown method, or not HTTP; if it is TLS: this port speaks plain HTTP ({text})")
    return BadRequest(f"the request is not well-formed HTTP: {text}")


def _told(error: BaseException | None) -> str:
    """What the parser says: its reason and the line that it stumbled over, without the arrow below it."""
    lines = (line.strip() for line in str(getattr(error, "message", error)).splitlines())
    return " ".join(line for line in lines if line.strip("^"))[:300]
