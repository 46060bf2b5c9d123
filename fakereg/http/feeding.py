"""A long body is hashed by a worker thread, while the event loop receives the next part of it.

To hash takes as long as to receive, and lets other threads run meanwhile.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress

from fakereg.double.exchange import Exchange
from fakereg.http.workers import workers
from fakereg.store.content import Segment

# When so many bytes wait for the thread, the client has to wait.
MOST_WAITING = 8 * 1024 * 1024


class Feeding:
    """Feeds the rest of a body to its exchange, in the order in which it comes, in one thread at a time.

    The exchange is nobody else's before `rest` or `drop` has returned. Once feeding has failed,
    whatever else is put is dropped.
    """

    def __init__(self, exchange: Exchange, on_end: Callable[[], None]) -> None:
        """`on_end` is called on the event loop once no more is wanted: the client may wait for an answer."""
        self._exchange = exchange
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._waiting: list[Segment] = []
        self._size = 0
        self._is_running = False
        self._error: BaseException | None = None
        self._work: Future[None] | None = None

    @property
    def wants_more(self) -> bool:
        """False once there is an answer, or `rest` will raise."""
        return self._exchange.response is None and self._error is None

    @property
    def is_full(self) -> bool:
        """Whether `rest` should be awaited before more is put."""
        return self._size > MOST_WAITING

    def put(self, data: Segment) -> None:
        """The next piece."""
        with self._lock:
            if self._error is not None:
                return
            self._waiting.append(data)
            self._size += len(data)
            if self._is_running:
                return
            self._is_running = True
        try:
            self._work = workers.submit(self._drain)
        except RuntimeError:  # the process ends
            self._drain()

    async def rest(self) -> None:
        """Wait until all that was put is fed. Raises what feeding raised."""
        if self._work is not None:
            await asyncio.shield(asyncio.wrap_future(self._work))
        if self._error is not None:
            raise self._error

    def drop(self) -> None:
        """The same without giving way to others: the client vanished.

        Takes some milliseconds: what waits for a busy thread is fed here.
        """
        if self._work is None:
            return
        if self._work.cancel():
            self._drain()
        else:
            wait([self._work])

    def _drain(self) -> None:
        try:
            while pieces := self._next():
                for data in pieces:
                    self._exchange.feed(data)
        except BaseException as error:  # noqa: BLE001 - raised by `rest`
            with self._lock:
                self._error, self._waiting, self._size, self._is_running = error, [], 0, False
        if not self.wants_more:
            with suppress(RuntimeError):  # the loop is closed, and nobody waits
                self._loop.call_soon_threadsafe(self._on_end)

    def _next(self) -> list[Segment]:
        with self._lock:
            pieces, self._waiting, self._size = self._waiting, [], 0
            self._is_running = bool(pieces)
        return pieces
