"""A long body is taken in a worker thread: while it hashes one part, the event loop receives the next.

Hashing takes as long as receiving, and lets other threads run meanwhile.
"""

from __future__ import annotations

import asyncio
import threading

from fakereg.double.exchange import Exchange

# A body up to this length, in bytes, is hashed in half a millisecond; to ask a thread takes as long.
SHORT = 1024 * 1024

# So many bytes may wait for the thread, then the client has to.
MOST_WAITING = 4 * 1024 * 1024


class Feeding:
    """Feeds one body to its exchange, in the order in which it comes.

    The exchange is fed by one thread at a time: here while the body is short, then by a worker. It is
    nobody's before `rest` or `drop` has returned.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._lock = threading.Lock()
        self._waiting: list[bytes] = []
        self._size = 0
        self._taken = 0
        self._idle = threading.Event()
        self._idle.set()
        self._work: asyncio.Future[None] | None = None

    async def take(self, data: bytes) -> bool:
        """The next piece; False once there is an answer, and the rest of the body is not wanted."""
        self._taken += len(data)
        if self._taken <= SHORT:
            return self._exchange.feed(data)
        with self._lock:
            self._waiting.append(data)
            self._size += len(data)
            begins = self._idle.is_set()
            self._idle.clear()
        if begins:
            self._work = asyncio.get_running_loop().run_in_executor(None, self._drain)
        if self._size > MOST_WAITING:
            await self.rest()
        return self._exchange.response is None

    async def rest(self) -> None:
        """Wait until all that was taken is fed. Raises what feeding raised."""
        if self._work is not None:
            await asyncio.shield(self._work)

    def drop(self) -> None:
        """The client vanished: wait for the thread without giving way, which takes a few milliseconds."""
        self._idle.wait()

    def _drain(self) -> None:
        try:
            while pieces := self._next():
                for data in pieces:
                    self._exchange.feed(data)
        except BaseException:
            self._idle.set()
            raise

    def _next(self) -> list[bytes]:
        with self._lock:
            pieces, self._waiting, self._size = self._waiting, [], 0
            if not pieces:
                self._idle.set()
        return pieces
