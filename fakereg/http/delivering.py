"""An answer that goes out in another way than aiohttp would send it: late, slowly, in part, or not at all.

Law of this module: it carries a Delivery out, step by step, and decides nothing.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from aiohttp import HttpVersion11, web
from aiohttp.helpers import rfc822_formatted_time

from fakereg.double.exchange import Exchange
from fakereg.registry.delivery import Delivery, Ending, Framing
from fakereg.registry.messages import Response

if sys.platform != "win32":
    import fcntl
    import termios

# On CPython 3.11 a transport copies what is left at every partial send, which is quadratic for one
# large write (0.5 GB/s against 4.2 GB/s in slices, for 64 MiB).
SLICE = 256 * 1024

SERVER = "fakereg"

# Writes per second of an answer that is slowed down: often enough to look like a slow line.
RHYTHM = 10

_PHRASES = {status.value: status.phrase for status in HTTPStatus}

# Milliseconds for which a client that does not read keeps a reset from happening.
PATIENCE = 1000

# Seconds after which a pause looks whether the client is still there.
GLANCE = 1.0

# Dropped with whatever is still to be sent: the client reads a reset (RST).
_AT_ONCE = struct.pack("ii", 1, 0)


class Delivered(web.StreamResponse):
    """Tells aiohttp that nothing of the answer is left to be sent."""

    async def prepare(self, request: web.BaseRequest) -> None:
        """Prepared and sent already."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Ended already."""


def nothing() -> Delivered:
    """For a client that is gone: not a byte more, as an answer may have begun, and the connection ends."""
    gone = Delivered()
    gone.force_close()
    return gone


async def invite(incoming: web.BaseRequest) -> bool:
    """Invite a body that waits for it, and tell whether it did; `web.Server` does not, and curl then loses a second."""
    waits = incoming.version >= HttpVersion11 and incoming.can_read_body and expects_continue(incoming)
    if waits:
        await incoming.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        # aiohttp takes a response of which bytes were sent for one that cannot be replaced any more.
        incoming.writer.output_size = 0
    return waits


def expects_continue(incoming: web.BaseRequest) -> bool:
    return incoming.headers.get("Expect", "").lower() == "100-continue"


async def deliver(
    incoming: web.BaseRequest, exchange: Exchange, response: Response, own: list[tuple[str, str]], *, close: bool
) -> web.StreamResponse:
    """Send it; `own` are the header lines of the wire, `close` says that the connection cannot go on."""
    delivery = _possible(incoming, response)
    if close or not incoming.keep_alive:
        delivery = delivery.ended(Ending.CLOSE)
    exchange.entry.sent = 0
    await pause(delivery.delay, incoming)
    if delivery.ending is Ending.RESET and incoming.transport is not None:
        incoming.transport.set_write_buffer_limits(high=0)  # so that to drain means that all of it is sent
    head = _head(incoming, response, delivery, own)[: delivery.head_bytes]
    if head:
        await incoming.writer.write(head)
    if delivery.head_bytes is None and response.has_body(incoming.method):
        await _send_body(incoming, exchange, response, delivery)
    if delivery.ending is Ending.RESET:
        await incoming.writer.drain()
        await _arrive(incoming.transport)
        reset(incoming.transport)
    delivered = Delivered(status=response.status or HTTPStatus.OK)
    if delivery.ending is not Ending.KEEP:
        delivered.force_close()
    else:
        delivered._keep_alive = incoming.keep_alive  # noqa: SLF001 - what `prepare` would do
    return delivered


def _possible(incoming: web.BaseRequest, response: Response) -> Delivery:
    """The delivery of this answer, as the client's version of HTTP has it and its end can be found."""
    delivery = response.delivery
    if delivery.framing is Framing.CHUNKED and incoming.version < HttpVersion11:
        delivery = delivery.framed(Framing.UNTIL_CLOSE)
    if response.status in (204, 304):  # these have no body, and must not announce one (RFC 9112, 6.1)
        delivery = delivery.framed(Framing.LENGTH)
    if incoming.version < HttpVersion11:  # what keeps such a connection would have to be told
        delivery = delivery.ended(Ending.CLOSE)
    told = _lines(delivery).get("content-length", ("", None))[1]
    is_wrong = delivery.framing is Framing.LENGTH and told not in (None, str(len(response.body)))
    if response.has_body(incoming.method) and (is_wrong or delivery.framing is Framing.UNTIL_CLOSE):
        return delivery.ended(Ending.CLOSE)
    return delivery


def _lines(delivery: Delivery) -> dict[str, tuple[str, str | None]]:
    """The lines that the delivery tells, by their names in lower case; the later ones count."""
    return {name.lower(): (name, value) for name, value in delivery.lines}


def _head(incoming: web.BaseRequest, response: Response, delivery: Delivery, own: list[tuple[str, str]]) -> bytes:
    lines = [*response.headers]
    replaced = _lines(delivery)
    for name, value in _framed([*own, ("Date", rfc822_formatted_time())], response, delivery):
        if name.lower() not in replaced:
            lines.append((name, value))
    lines += [(name, value) for name, value in replaced.values() if value is not None]
    version = incoming.version
    start = f"HTTP/{version.major}.{version.minor} {response.status} {phrase(response.status)}"
    return "\r\n".join([start, *(f"{name}: {value}" for name, value in lines), "", ""]).encode()


def phrase(status: int) -> str:
    """What stands behind a status; some that proxies send have no name of their own."""
    return _PHRASES.get(status, "Unknown")


def _framed(own: list[tuple[str, str]], response: Response, delivery: Delivery) -> list[tuple[str, str]]:
    lines = list(own)
    if delivery.framing is not Framing.LENGTH:
        lines = [line for line in lines if line[0] != "Content-Length"]
    if delivery.framing is Framing.CHUNKED:
        lines.append(("Transfer-Encoding", "chunked"))
    # A reset comes as a surprise, and so does what is cut: only a whole answer announces that it is the last.
    if delivery.ending is Ending.CLOSE and delivery.body_bytes is None:
        lines.append(("Connection", "close"))
    return lines


async def _send_body(incoming: web.BaseRequest, exchange: Exchange, response: Response, delivery: Delivery) -> None:
    is_chunked = delivery.framing is Framing.CHUNKED
    sent = 0
    for piece in _pieces(response, delivery):
        for one in delivery.pauses:
            if one.after == sent:
                await pause(one.seconds, incoming)
        if piece:
            if delivery.rate is not None:  # before it, as its last byte would come no sooner
                await asyncio.sleep(len(piece) / delivery.rate)
            sent += len(piece)
            exchange.entry.sent = sent  # before the client can know
            await incoming.writer.write(b"%x\r\n%b\r\n" % (len(piece), bytes(piece)) if is_chunked else piece)
    if is_chunked and delivery.body_bytes is None:
        await incoming.writer.write(b"0\r\n\r\n")


def _pieces(response: Response, delivery: Delivery) -> Iterator[memoryview | bytes]:
    """The body up to where it is cut, in pieces that end at every pause; an empty one at the end."""
    size = len(response.body)
    stop = size if delivery.body_bytes is None else min(size, delivery.body_bytes)
    edges = sorted({one.after for one in delivery.pauses if 0 < one.after < stop})
    longest = SLICE if delivery.rate is None else max(1, min(SLICE, int(delivery.rate / RHYTHM)))
    for start, end in zip([0, *edges], [*edges, stop], strict=True):
        yield from response.body.part(start, end).slices(longest)
    yield b""


async def pause(seconds: float, incoming: web.BaseRequest) -> None:
    """Infinite: until the client gives up, or the server stops. Raises ConnectionError once the client is gone.

    Our own server ends the task of a client that hangs up; one that we are added to does not.
    """
    while seconds > 0:
        await asyncio.sleep(min(seconds, GLANCE))
        seconds -= GLANCE
        if incoming.transport is None or getattr(incoming.protocol, "is_given_up", False):
            raise ConnectionError("the client is gone")


async def _arrive(transport: Any) -> None:
    """Wait until the client's side has what was sent: a reset would take back what still waits in our kernel."""
    number = -1 if transport is None else transport.get_extra_info("socket").fileno()
    if number < 0 or sys.platform == "win32":
        return
    for _ in range(PATIENCE):
        (waiting,) = struct.unpack("i", fcntl.ioctl(number, termios.TIOCOUTQ, b"\0" * 4))
        if not waiting:
            return
        await asyncio.sleep(0.001)


def reset(transport: Any) -> None:
    """Drop the connection so that the client reads an error instead of an end of file."""
    if transport is not None:
        with suppress(OSError):  # it is closed already
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        transport.abort()
