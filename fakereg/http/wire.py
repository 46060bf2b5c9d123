"""aiohttp's requests in, the registry's answers out; the one place where bodies are pumped.

Law of this module: it takes no decision about the protocol, it carries decisions out.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDict

from fakereg.control.admin import Admin, is_administrative
from fakereg.double.exchange import Exchange
from fakereg.double.pipeline import Pipeline
from fakereg.http.administering import administer
from fakereg.http.delivering import SERVER, SLICE, deliver, expects_continue, invite, nothing, pause
from fakereg.http.intake import LONG
from fakereg.http.workers import workers
from fakereg.oci.errors import BadRequest, RegistryError, SizeInvalid
from fakereg.registry.delivery import PLAIN, Delivery
from fakereg.registry.messages import Request, Response

# A body up to this length, in bytes, that a refusal leaves unread is read nevertheless, to keep the connection.
WORTH_READING = 64 * 1024

_ABSOLUTE = re.compile(r"https?://([^/?#]*)(.*)", re.IGNORECASE)


class Wire:
    """Answers aiohttp requests from a pipeline; `current` is asked for it at each request, as a reset swaps it.

    What is under /_fakereg goes to `admin`, if there is one, and to no pipeline. `bound` is the address on which
    this serves; None where that is somebody else's.
    """

    def __init__(self, current: Callable[[], Pipeline], admin: Admin | None = None, bound: str | None = None) -> None:
        self._current = current
        self._admin = admin
        self._bound = bound

    def connect(self) -> Delivery:
        """How a connection that begins is to be taken."""
        return self._current().connect()

    def open(self, request: Request) -> Exchange:
        """Start on a request: its exchange is answered already, or wants the body."""
        return self._current().open(request)

    async def handle(self, incoming: web.BaseRequest, begun: Exchange | None = None) -> web.StreamResponse:
        """One request, from its head, or from where it was `begun`, to the last byte of its answer."""
        if begun is None:
            request = read_head(incoming)
            if self._admin is not None and is_administrative(request.path):
                return await administer(incoming, self._admin, request, self._bound)
            begun = self.open(request)
        exchange = begun
        try:
            invited = exchange.response is None and await receive(incoming, exchange)
            response = await _finish(exchange)
            return await _send(incoming, exchange, response, invited=invited)
        except ConnectionError:
            # Nobody is left to read an answer; raised further, aiohttp would log it as a failure of ours.
            return nothing()
        except Exception as error:
            exchange.fail(error)
            raise
        finally:  # also when the connection was lost or the server stops
            exchange.abandon()  # does nothing where there is an answer
            # What another thread finishes ends when it is finished.
            if exchange.response is not None or not exchange.is_handed_over:
                exchange.entry.end()

    def refuse(self, error: RegistryError, method: str = "?", target: str = "?") -> web.Response:
        """Answer what could not become a request, and note it in the journal; the connection closes."""
        if self._admin is not None and is_administrative(target):
            return closing(self._admin.refuse(error, target))
        exchange = self._current().refuse(error, method, target)
        exchange.entry.end()
        return closing(exchange.finish())


def closing(response: Response) -> web.Response:
    """A small answer after which the connection closes."""
    headers = CIMultiDict(head_of(response))
    outgoing = web.Response(status=response.status, body=bytes(response.body), headers=headers)
    outgoing.force_close()
    return outgoing


def head_of(response: Response) -> list[tuple[str, str]]:
    """The headers of an answer, all but the date."""
    return [*response.headers, *_own(response)]


def _own(response: Response) -> list[tuple[str, str]]:
    """Those that the wire adds."""
    if response.status in (204, 304):
        return [("Server", SERVER)]
    return [("Server", SERVER), ("Content-Length", str(len(response.body)))]


def read_head(incoming: web.BaseRequest) -> Request:
    """The request without its body, as it stands on the wire."""
    target, authority = incoming.raw_path, incoming.headers.get("Host", "")
    if absolute := _ABSOLUTE.fullmatch(target):  # what it says counts, and Host does not (RFC 9112, 3.2.2)
        authority, target = absolute.group(1), f"/{absolute.group(2).removeprefix('/')}"
    return Request(
        incoming.method,
        target,
        incoming.headers,
        authority=authority,
        scheme=incoming.scheme,
        length=incoming.content_length,
        connection=getattr(incoming.protocol, "number", 0),
    )


async def receive(incoming: web.BaseRequest, exchange: Exchange) -> bool:
    """Feed the body to the exchange until it is complete or not wanted any more; whether it had to be invited.

    Raises ConnectionError when the client vanishes.
    """
    invited = await invite(incoming)
    received = 0
    try:
        while data := await _read(incoming):
            if not exchange.feed(data):
                return invited
            received += len(data)
            if exchange.pace is not None:
                await pause(len(data) / exchange.pace, incoming)
                continue
            if not await _receive_rest(incoming, exchange, received):
                return invited
        _check_untouched(incoming, exchange)
    except (web.RequestPayloadError, HttpProcessingError) as error:
        exchange.abandon()
        exchange.refuse(BadRequest(f"the body cannot be read: {error}"))
    return invited


async def _read(incoming: web.BaseRequest) -> bytes:
    """The next piece of the body, as it came where it may be large: `readany` would join pieces, and copy them."""
    if incoming.content_length is None:
        return await incoming.content.readany()
    data, _ = await incoming.content.readchunk()
    return data


async def _receive_rest(incoming: web.BaseRequest, exchange: Exchange, received: int) -> bool:
    """Have our own connection receive the rest of a long body, if nothing of that waits in aiohttp's buffer.

    False once there is an answer, and the rest is not wanted.
    """
    rest = (incoming.content_length or 0) - received
    connection: Any = incoming.protocol
    if rest >= LONG and incoming.content.total_bytes == received and hasattr(connection, "receive_body"):
        await connection.receive_body(rest, exchange)
    return exchange.response is None


def _check_untouched(incoming: web.BaseRequest, exchange: Exchange) -> None:
    """Refuse a body that the application around us unpacked: what is stored must be what was sent."""
    received, announced = exchange.entry.received, incoming.content_length
    if announced is not None and received != announced:
        exchange.abandon()
        hint = "serve the application with auto_decompress=False"
        exchange.refuse(SizeInvalid(f"{received} bytes came where Content-Length announced {announced}; {hint}"))


async def _finish(exchange: Exchange) -> Response:
    if not exchange.is_slow:
        return exchange.finish()
    # The body is complete, so the work goes on even if the client hangs up now.
    exchange.hand_over()
    try:
        work = asyncio.wrap_future(workers.submit(exchange.finish))
    except RuntimeError:  # the process ends
        return exchange.finish()
    work.add_done_callback(lambda _: exchange.entry.end())
    return await asyncio.shield(work)


async def _send(
    incoming: web.BaseRequest, exchange: Exchange, response: Response, *, invited: bool
) -> web.StreamResponse:
    close = _leaves_unread(incoming, exchange, response, invited=invited)
    # To a body without a Content-Type aiohttp would add one.
    if response.delivery is not PLAIN or (len(response.body) and "Content-Type" not in response.headers):
        return await deliver(incoming, exchange, response, _own(response), close=close)
    headers = CIMultiDict(head_of(response))
    if not response.has_body(incoming.method):
        outgoing: web.StreamResponse = web.StreamResponse(status=response.status, headers=headers)
    elif len(response.body) <= SLICE:
        outgoing = web.Response(status=response.status, headers=headers, body=bytes(response.body))
    else:
        outgoing = web.StreamResponse(status=response.status, headers=headers)
    if close:
        outgoing.force_close()
    if isinstance(outgoing, web.Response) or not response.has_body(incoming.method):
        return outgoing
    await _stream(incoming, outgoing, exchange, response)
    return outgoing


def _leaves_unread(incoming: web.BaseRequest, exchange: Exchange, response: Response, *, invited: bool) -> bool:
    """Whether an answer leaves more of a body unread than it is worth reading to keep the connection."""
    if incoming.content.exception() is not None:
        return True
    if incoming.content.is_eof():
        return False
    if expects_continue(incoming) and not invited:
        return True  # the body may come or not, and the next request would be taken for it
    if response.status < HTTPStatus.BAD_REQUEST:
        return False
    length = incoming.content_length
    return length is None or length > max(WORTH_READING, exchange.entry.received)


async def _stream(
    incoming: web.BaseRequest, outgoing: web.StreamResponse, exchange: Exchange, response: Response
) -> None:
    exchange.entry.sent = 0
    await outgoing.prepare(incoming)
    for piece in response.body.slices(SLICE):
        exchange.entry.sent += len(piece)  # before the client can know
        await outgoing.write(piece)
