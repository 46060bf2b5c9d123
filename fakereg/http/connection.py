"""A connection: aiohttp's, with our answers to what is not HTTP, short ways for what is small, and for what is long."""

from __future__ import annotations

import asyncio
import logging
import math
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from aiohttp import StreamReader, http_exceptions, web
from aiohttp.http_parser import HttpRequestParser

from fakereg.double.exchange import Exchange
from fakereg.http import direct
from fakereg.http.delivering import reset
from fakereg.http.intake import Intake
from fakereg.http.refusals import LONGEST_LINE, check_head, refusal, told
from fakereg.http.wire import Wire, closing
from fakereg.oci.errors import RegistryError
from fakereg.registry.delivery import PLAIN, Delivery, Ending
from fakereg.registry.messages import Response

log = logging.getLogger("fakereg")

# After an early refusal the rest of a body is read for so long, in seconds: a client that still sends
# would otherwise see a reset instead of the answer.
LINGER = 2.0

# A client that closed its side may be gone or may wait for its answer; after so long, in seconds, it is gone.
HALF_CLOSED = 1.0

# Bytes of a body that may wait in aiohttp's buffer before it stops reading; its own value differs by version.
BUFFERED = 256 * 1024

_PARSING: dict[str, Any] = {
    "auto_decompress": False,
    "max_line_size": LONGEST_LINE,
    "max_field_size": LONGEST_LINE,
}
OPTIONS: dict[str, Any] = {
    **_PARSING,
    "read_bufsize": BUFFERED,
    "access_log": None,
    "lingering_time": LINGER,
}

_PARSER = "_parser" if hasattr(web.RequestHandler, "_parser") else "_request_parser"  # before 3.14


class Connection(web.RequestHandler):
    """One connection; refuses in the specification's form where aiohttp would answer text and log a traceback."""

    __slots__ = (
        "_answered",
        "_consumed",
        "_ended",
        "_is_broken",
        "_lingers",
        "_rest",
        "_scheme",
        "_timer",
        "_wire",
        "begun",
        "body",
        "failure",
        "is_given_up",
        "number",
        "refusal",
    )

    def __init__(
        self, manager: web.Server, wire: Wire, number: int, *, loop: asyncio.AbstractEventLoop, **options: Any
    ) -> None:
        super().__init__(manager, loop=loop, **options)
        self._wire = wire
        self.number = number  # 1 is the first of its listener
        self.body: StreamReader | None = None  # of the request that is served
        self._rest: StreamReader | None = None  # what is unread of it once it is answered
        self.refusal: RegistryError | None = None  # of that request, before anybody looked at it
        self.begun: Exchange | None = None  # of the next request, begun here and to be ended by its task
        self.failure: BaseException | None = None  # of our own code, in the next request
        self._use(getattr(self, _PARSER))
        self._scheme = "http"
        self._answered = 0
        self._ended = False  # the client sends no more
        self.is_given_up = False  # and has not for so long that it need not be waited for
        self._is_broken = False  # what came last is not HTTP
        self._lingers = False
        self._timer: asyncio.TimerHandle | None = None  # it would keep the registry alive after its end

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._scheme = "https" if transport.get_extra_info("sslcontext") else "http"
        delivery = self._wire.connect()
        if delivery is not PLAIN:
            self._take(delivery)

    def _take(self, delivery: Delivery) -> None:
        """Begin late, or not at all; or it is lost meanwhile."""
        if self.transport is None:
            return
        transport: Any = self.transport
        if math.isinf(delivery.delay):
            self._lingers = True  # and is read, so that it ends when the client gives up
            return
        if delivery.delay:
            transport.pause_reading()
            self._timer = self._loop.call_later(delivery.delay, self._take, replace(delivery, delay=0.0))
        elif delivery.head_bytes is None:
            transport.resume_reading()
        elif delivery.ending is Ending.RESET:
            reset(transport)
        elif transport.can_write_eof():
            self._lingers = True
            transport.write_eof()
            self._timer = self._loop.call_later(LINGER, self.force_close)
        else:
            transport.close()

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        if self._timer is not None:
            self._timer.cancel()
        if self.begun is not None:
            self.begun.entry.end()

    def data_received(self, data: bytes) -> None:
        if self._lingers:
            return
        idle = self._waiter if self._waiter is not None and not self._waiter.done() else None
        if idle is not None:
            self._waiter = None  # so that the task is not woken for what is answered without it
        super().data_received(data)
        if self._messages and (error := getattr(self._messages[-1][0], "exc", None)):
            self._break(error)
        if idle is not None:
            self._waiter = idle
            self._answer_directly()
            if self._messages:
                idle.set_result(None)

    def _answer_directly(self) -> None:
        """Answer what waits at the head of the queue, as far as that needs no task."""
        transport = self.transport
        # aiohttp, from 3.14 on, does not want to queue more requests than it has.
        if transport is None or getattr(self, "_buffer_paused", False):
            return
        while self._messages and not self._paused:  # a client that reads too slowly is waited for in a task
            message, body = self._messages[0]
            if not direct.suits(message, body) or check_head(message) is not None:
                return
            try:
                exchange = self._wire.open(direct.request_of(message, self._scheme, self.number))
                answer = direct.encode(exchange)
                if answer is not None:
                    exchange.entry.end()  # before the client can know
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:  # noqa: BLE001 - raised again where such failures are answered
                self.failure = error
                return
            if answer is None:
                self.begun = exchange
                return
            self._messages.popleft()
            if self._consumed is not None:
                self._consumed()
            transport.write(answer)
            self._answered += 1
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout

    def _break(self, error: BaseException) -> None:
        """End the body in which the parser failed; aiohttp lets the request that reads it wait for ever."""
        self._is_broken = True
        body = self._messages[-2][1] if len(self._messages) > 1 else self.body
        if body is not None and not body.is_eof():
            body.set_exception(web.RequestPayloadError(told(error)))
            body.feed_eof()
        elif self._rest is not None:
            self._rest.feed_eof()  # aiohttp reads it over, and would log an exception

    async def receive_body(self, size: int, exchange: Exchange) -> None:
        """Receive the last `size` bytes of a body, none of which the parser has seen."""
        transport, body = self.transport, self.body
        if transport is None or body is None or self._scheme == "https" or self._reading_paused:
            return
        intake = Intake(self, transport, size, exchange)
        await intake.receive()
        if intake.left:
            # The parser takes what comes for the body; how much of it that is, nobody knows any more.
            body.set_exception(web.RequestPayloadError("the rest of the body is not wanted"))
        else:
            self._renew_parser()
            body.feed_eof()
        transport.resume_reading()

    def _renew_parser(self) -> None:
        """Another parser of the same kind: the old one still waits for a body that went past it."""
        options = {**_PARSING, "payload_exception": web.RequestPayloadError}
        if self._consumed is not None:
            options["max_msg_queue_size"] = self._max_msg_queue_size
        self._use(HttpRequestParser(self, self._loop, BUFFERED, **options))

    def _use(self, parser: Any) -> None:
        setattr(self, _PARSER, parser)
        # aiohttp from 3.14 on counts the requests that its parser has handed out.
        self._consumed = getattr(parser, "message_consumed", None)

    def eof_received(self) -> bool:  # type: ignore[override] # aiohttp says None, asyncio allows both
        """Keep the connection for answers that are due: a client may close its side once its request is out.

        aiohttp would drop them. What was not sent to its end gets no answer.
        """
        if self.transport is None or self._scheme == "https" or self._lingers:
            return False  # TLS has no half-closed connections
        if self._is_answered or not self._is_whole():
            return False
        self._ended = True
        self._timer = self._loop.call_later(HALF_CLOSED, self._hang_up)
        return True

    @property
    def _is_answered(self) -> bool:
        return self._answered >= self._request_count

    def _is_whole(self) -> bool:
        """Whether the last request was sent to its end, or is refused already for what it is."""
        if self._is_broken:
            return True
        try:
            return getattr(self, _PARSER).feed_eof() is None
        except Exception:  # noqa: BLE001 - whatever the parser says of a part of a request
            return False

    def _hang_up(self) -> None:
        """Take a client that ended its side for gone if its answer has still not begun, or pauses."""
        self.is_given_up = True
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
            with suppress(OSError):  # the client has reset the connection
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
        return self._wire.refuse(refusal(exc))
