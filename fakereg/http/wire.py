"""aiohttp's requests in, the registry's answers out; the one place where bodies are pumped.

Law of this module: it takes no decision about the protocol, it carries decisions out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import HttpVersion11, web
from multidict import CIMultiDict

from fakereg.double.exchange import Exchange
from fakereg.double.pipeline import Pipeline
from fakereg.oci.errors import BadRequest
from fakereg.registry.messages import Ending, Request, Response

# On CPython 3.11 a transport copies what is left at every partial send, which is quadratic for one
# large write (0.5 GB/s against 4.2 GB/s in slices, for 64 MiB).
SLICE = 256 * 1024

SERVER = "fakereg"


class Wire:
    """Answers aiohttp requests from a pipeline; `current` is asked for it at each request, as a reset swaps it."""

    def __init__(self, current: Callable[[], Pipeline]) -> None:
        self._current = current

    async def handle(self, incoming: web.BaseRequest) -> web.StreamResponse:
        """One request, from its head to the last byte of its answer."""
        exchange = self._current().open(read_head(incoming))
        if exchange.response is None:
            await receive(incoming, exchange)
        response = await _finish(exchange)
        return await _send(incoming, exchange, response)


def read_head(incoming: web.BaseRequest) -> Request:
    """The request without its body, as it stands on the wire."""
    target = incoming.raw_path
    if not target.startswith("/"):  # absolute form, as sent to a proxy (RFC 9112, 3.2.2)
        target = incoming.rel_url.raw_path_qs
    return Request(
        incoming.method,
        target,
        incoming.headers,
        authority=incoming.headers.get("Host", ""),
        scheme=incoming.scheme,
        length=incoming.content_length,
    )


async def receive(incoming: web.BaseRequest, exchange: Exchange) -> None:
    """Feed the body to the exchange until it is complete or not wanted any more.

    Raises ConnectionError when the client vanishes; what it sent until then is settled first.
    """
    try:
        await _continue(incoming)
        while data := await incoming.content.readany():
            if not exchange.feed(data):
                return
    except web.RequestPayloadError as error:
        exchange.abandon()
        exchange.refuse(BadRequest(f"the body cannot be read: {error}"))
    except BaseException:  # also a cancellation: the connection was lost, or the server stops
        exchange.abandon()
        raise


async def _continue(incoming: web.BaseRequest) -> None:
    """Invite a body that waits for it; `web.Server` does not, and curl then loses a second."""
    if incoming.version >= HttpVersion11 and incoming.headers.get("Expect", "").lower() == "100-continue":
        await incoming.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        # aiohttp takes a response of which bytes were sent for one that cannot be replaced any more.
        incoming.writer.output_size = 0


async def _finish(exchange: Exchange) -> Response:
    if exchange.is_slow:
        return await asyncio.get_running_loop().run_in_executor(None, exchange.finish)
    return exchange.finish()


async def _send(incoming: web.BaseRequest, exchange: Exchange, response: Response) -> web.StreamResponse:
    headers = CIMultiDict(response.headers)
    headers["Server"] = SERVER
    if response.status not in (204, 304):
        headers["Content-Length"] = str(len(response.body))
    if not response.has_body(incoming.method):
        outgoing: web.StreamResponse = web.StreamResponse(status=response.status, headers=headers)
    elif len(response.body) <= SLICE:
        outgoing = web.Response(status=response.status, headers=headers, body=bytes(response.body))
    else:
        outgoing = web.StreamResponse(status=response.status, headers=headers)
        _end(outgoing, response)
        await _stream(incoming, outgoing, exchange, response)
        return outgoing
    _end(outgoing, response)
    return outgoing


def _end(outgoing: web.StreamResponse, response: Response) -> None:
    if response.delivery.ending is Ending.CLOSE:
        outgoing.force_close()


async def _stream(
    incoming: web.BaseRequest, outgoing: web.StreamResponse, exchange: Exchange, response: Response
) -> None:
    exchange.entry.sent = 0
    await outgoing.prepare(incoming)
    for piece in response.body.slices(SLICE):
        await outgoing.write(piece)
        exchange.entry.sent += len(piece)
