"""A long body is received straight into the memory in which it is kept.

On the usual way each piece is a new object, and is copied once more by the parser: to receive a blob then takes
longer than to hash it. Here the transport writes into the segments themselves, and into no byte beyond the body.
"""

from __future__ import annotations

import asyncio
import mmap
from contextlib import suppress

from fakereg.double.exchange import Exchange
from fakereg.http.feeding import Feeding

# Bytes that are worth the turn; less than this is received and hashed in half a millisecond.
LONG = 1024 * 1024

# Bytes that are allocated at once, if so many are still to come: several huge pages.
SEGMENT = 8 * 1024 * 1024

# Bytes that are passed on at once, if the body does not end before: what is smaller would be copied together.
PIECE = 256 * 1024


class Intake(asyncio.BufferedProtocol):
    """Takes a connection's place until the body is complete, or not wanted any more."""

    def __init__(self, usual: asyncio.Protocol, transport: asyncio.Transport, size: int, exchange: Exchange) -> None:
        """`size` bytes of the body are still to come, and none of them has been read from the socket."""
        self.left = size
        self._usual = usual
        self._transport = transport
        self._feeding = Feeding(exchange, on_end=self._pause)
        self._segment = memoryview(b"")
        self._filled = self._passed_on = 0  # bytes of the segment
        self._pauses: asyncio.Future[None] | None = None

    async def receive(self) -> None:
        """Receive until nothing is `left`, or no more is wanted. Reading is paused afterwards.

        Raises what the feeding raised.
        """
        self._transport.pause_reading()
        self._transport.set_protocol(self)
        try:
            while self.left and self._feeding.wants_more:
                self._pauses = asyncio.get_running_loop().create_future()
                self._transport.resume_reading()
                await self._pauses
                if self._feeding.is_full:
                    await self._feeding.rest()
            await self._feeding.rest()
        finally:
            self._pauses = None
            self._pass_on()
            self._feeding.drop()
            if not self._transport.is_closing():
                self._transport.set_protocol(self._usual)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio has nothing to suggest
        if self._filled == len(self._segment):
            self._segment = _memory(min(self.left, SEGMENT))
            self._filled = self._passed_on = 0
        return self._segment[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        self._filled += nbytes
        self.left -= nbytes
        if self._filled - self._passed_on >= PIECE or self._filled == len(self._segment):
            self._pass_on()
        if not self.left or self._feeding.is_full:
            self._pause()

    def _pass_on(self) -> None:
        if self._filled > self._passed_on:
            self._feeding.put(self._segment[self._passed_on : self._filled].toreadonly())
            self._passed_on = self._filled

    def _pause(self) -> None:
        """Read no more for now, and let `receive` look what is to be done."""
        if self._pauses is not None:
            self._transport.pause_reading()
            if not self._pauses.done():
                self._pauses.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._usual.connection_lost(exc)

    def pause_writing(self) -> None:
        self._usual.pause_writing()

    def resume_writing(self) -> None:
        self._usual.resume_writing()


def _memory(size: int) -> memoryview:
    """New memory, zeroed by the system when it is first touched; in huge pages where there are such."""
    if not hasattr(mmap, "MADV_HUGEPAGE"):
        return memoryview(bytearray(size))
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError):  # a kernel without huge pages
        memory.madvise(mmap.MADV_HUGEPAGE)
    return memoryview(memory)
