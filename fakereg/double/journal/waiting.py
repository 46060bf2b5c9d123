"""Waiting for requests that are still to come: for tests of clients that work in the background.

Nothing is polled: whoever waits is woken by the request that it waits for.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Protocol, Self, Unpack

from fakereg.double.journal import near_miss
from fakereg.double.journal.entry import Entry
from fakereg.double.journal.queries import Queries
from fakereg.double.journal.wanted import Criteria, Wanted

# Seconds: a day, which no test takes. What is infinite would hang a test run for ever.
LONGEST = 86_400


class WaitTimeoutError(AssertionError, TimeoutError):
    """What was waited for did not come in time; the message tells the nearest requests."""


class Waiter:
    """Gathers the requests that end and are wanted; a context manager, so that nobody listens afterwards."""

    def __init__(self, journal: Queries, wanted: Wanted, times: int, after: int) -> None:
        self._journal = journal
        self._wanted = wanted
        self._times = times
        self._after = after
        self._changed = threading.Condition()
        self._found: dict[int, Entry] = {}
        self._error: Exception | None = None
        self._callback: Callable[[], object] | None = None

    def __enter__(self) -> Self:
        # In this order: what ends meanwhile is met twice rather than never.
        self._journal.subscribe(self._see)
        self._journal.at_end(self._wake)
        for entry in self._journal.since(self._after):
            if entry.has_ended:
                self._see(entry)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._journal.unsubscribe(self._see)
        self._journal.not_at_end(self._wake)

    def rest(self, timeout: float) -> None:
        """Wait until there are enough, or for `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(self._is_over, timeout)

    def when_over(self, callback: Callable[[], object]) -> None:
        """Call back once there are enough, from whatever thread brings the last one; at once if there are."""
        with self._changed:
            self._callback = callback
            is_over = self._is_over()
        if is_over:
            callback()

    def result(self, timeout: float) -> list[Entry]:
        """The first that were found, oldest first, as many as were wanted.

        Raises WaitTimeoutError if it is too little, and what `where` raised.
        """
        __tracebackhide__ = True
        with self._changed:
            found = [self._found[number] for number in sorted(self._found)]
            if self._error is not None:
                raise self._error
        if len(found) >= self._times:
            return found[: self._times]
        if self._journal.ended:
            raise WaitTimeoutError(f"{self._journal.ended}\nuntil then: {self._explain(found)}")
        raise WaitTimeoutError(f"after {timeout:g} s: {self._explain(found)}")

    def _see(self, entry: Entry) -> None:
        """In the thread that serves: what a test's function raises is raised where the test waits."""
        if entry.number <= self._after:
            return
        try:
            if not self._wanted.matches(entry):
                return
        except Exception as error:  # noqa: BLE001
            self._error = error
        with self._changed:
            self._found[entry.number] = entry
        self._wake()

    def _wake(self) -> None:
        with self._changed:
            callback = self._callback if self._is_over() else None
            self._changed.notify_all()
        if callback is not None:
            callback()

    def is_over(self) -> bool:
        """Whether nothing is to be waited for any more."""
        with self._changed:
            return self._is_over()

    def _is_over(self) -> bool:
        return self._error is not None or len(self._found) >= self._times or bool(self._journal.ended)

    def _explain(self, found: list[Entry]) -> str:
        entries = self._journal.since(self._after)
        open_ones = [entry for entry in entries if not entry.has_ended and self._wanted.matches(entry)]
        if open_ones:
            lines = near_miss.listed(open_ones)
            return "\n".join([f"{self._wanted} arrived and is not answered yet, or not to the end:", *lines])
        if found:
            return near_miss.wrong_count(self._wanted, found, f"wanted {self._times}", entries)
        forgotten = len(self._journal) - self._after - len(entries)
        return near_miss.missing(self._wanted, entries, forgotten, after=self._after)


class Loops(Protocol):
    """What the journal must be told of event loops, of which it knows nothing itself."""

    def serves_here(self) -> bool:
        """Whether the calling thread runs the event loop that serves: it must not wait for a request."""

    def runs_here(self) -> bool:
        """Whether the calling thread runs any event loop: what else is in it would have to wait too."""

    def wait(self, waiter: Waiter, timeout: float) -> Awaitable[None]:
        """Wait in the running event loop until the waiter is over, or for `timeout` seconds."""


class NoLoops:
    """Without a network there are none."""

    def serves_here(self) -> bool:
        return False

    def runs_here(self) -> bool:
        return False

    async def wait(self, waiter: Waiter, timeout: float) -> None:  # noqa: ARG002, ASYNC109 - as Loops has it
        raise RuntimeError("a journal without a FakeRegistry has no event loop to wait in: use wait_for")


class Waiting(Queries):
    """Both count the requests that ended: those whose answer was handed over, or whose client vanished."""

    loops: Loops = NoLoops()

    def wait_for(
        self,
        method: str | None = None,
        path: str | None = None,
        *,
        times: int = 1,
        timeout: float = 5.0,
        after: int = 0,
        **criteria: Unpack[Criteria],
    ) -> list[Entry]:
        """The entries of the first `times` such requests, once so many came; those before the call count too.

            entry, = journal.wait_for("PUT", "/v2/team/app/manifests/v1")
            journal.wait_for(endpoint="get_blob", times=3, after=len(journal))      # from now on

        `after` is the number of a request: only later ones count. Raises WaitTimeoutError, which is an
        AssertionError and a TimeoutError, after `timeout` seconds, and at once when a reset() puts another
        journal in the place of this one. Raises RuntimeError in the thread of the event loop that serves, which
        would wait for itself, and in that of any asyncio event loop as soon as it would block it.
        """
        __tracebackhide__ = True
        waiter = self._waiter(Wanted.of(method, path, criteria), times, timeout, after)
        if self.loops.serves_here():
            raise RuntimeError("this thread serves the registry and must not block: use `await wait_for_async(...)`")
        with waiter:
            if timeout > 0 and self.loops.runs_here() and not waiter.is_over():
                raise RuntimeError(
                    "this thread runs an event loop, in which nothing else could run meanwhile, the client neither: "
                    "use `await wait_for_async(...)`"
                )
            waiter.rest(timeout)
        return waiter.result(timeout)

    async def wait_for_async(
        self,
        method: str | None = None,
        path: str | None = None,
        *,
        times: int = 1,
        timeout: float = 5.0,  # noqa: ASYNC109 - the message at its end tells the nearest requests
        after: int = 0,
        **criteria: Unpack[Criteria],
    ) -> list[Entry]:
        """The same in an asyncio event loop, whichever: the registry's own or another.

        In trio: `await trio.to_thread.run_sync(lambda: journal.wait_for(...))`.
        """
        __tracebackhide__ = True
        waiter = self._waiter(Wanted.of(method, path, criteria), times, timeout, after)
        with waiter:
            await self.loops.wait(waiter, timeout)
        return waiter.result(timeout)

    def _waiter(self, wanted: Wanted, times: int, timeout: float, after: int) -> Waiter:
        if times < 1:
            raise ValueError(f"wait for one request or more, not for {times}")
        if not isinstance(timeout, (int, float)):
            raise TypeError(f"timeout is a number of seconds, got {timeout!r}: a test must end one day")
        if not 0 <= timeout <= LONGEST:  # nor is NaN
            raise ValueError(f"timeout is a number of seconds from 0 to {LONGEST}, got {timeout!r}")
        return Waiter(self, wanted, times, after)
