"""A long body is hashed by a worker thread, while the event loop receives the next part of it.

To hash takes as long as to receive, and lets other threads run meanwhile.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from fakereg.double.exchange import Exchange
from fakereg.store.content import Segment

# When so many bytes wait for the thread, the client has to wait.
MOST_WAITING = 8 * 1024 * 1024


class Feeding:
    """Feeds the rest of a body to its exchange, in the order in which it comes, in one worker at a time.

    The exchange is nobody else's before `rest` or `drop` has returned.
    """

    def __init__(self, exchange: Exchange, on_refusal: Callable[[], None]) -> None:
        """`on_refusal` is called on the event loop once no more is wanted: the client may wait for an answer."""
        self._exchange = exchange
        self._on_refusal = on_refusal
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._waiting: list[Segment] = []
        self._size = 0
        self._idle = threading.Event()
        self._idle.set()
        self._has_failed = False
        self._work: asyncio.Future[None] | None = None

    @property
    def wants_more(self) -> bool:
        """False once there is an answer, or `rest` will raise."""
        return self._exchange.response is None and not self._has_failed

    @property
    def is_full(self) -> bool:
        """Whether `rest` should be awaited before more is put."""
        return self._size > MOST_WAITING

    def put(self, data: Segment) -> None:
        """The next piece."""
        with self._lock:
            self._waiting.append(data)
            self._size += len(data)
            begins = self._idle.is_set()
            self._idle.clear()
        if begins:
            self._work = self._loop.run_in_executor(None, self._drain)

    async def rest(self) -> None:
        """Wait until all that was put is fed. Raises what feeding raised."""
        if self._work is not None:
            await asyncio.shield(self._work)

    def drop(self) -> None:
        """Wait for the thread without giving way, for a few milliseconds: the client vanished."""
        self._idle.wait()

    def _drain(self) -> None:
        try:
            while pieces := self._next():
                if not all(self._exchange.feed(data) for data in pieces):
                    self._loop.call_soon_threadsafe(self._on_refusal)
        except BaseException:
            self._has_failed = True
            self._idle.set()
            self._loop.call_soon_threadsafe(self._on_refusal)
            raise

    def _next(self) -> list[Segment]:
        with self._lock:
            pieces, self._waiting, self._size = self._waiting, [], 0
            if not pieces:
                self._idle.set()
        return pieces
