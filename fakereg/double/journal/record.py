"""The entries themselves: noted as requests arrive, and read in their order."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice

from fakereg.double.journal.entry import Entry, Subscriber
from fakereg.registry.messages import Request

# A test asks a few hundred things; a benchmark against a running registry must not fill the memory.
KEPT = 10_000

# Of so many the bodies are kept too, up to 64 KiB asked and 64 KiB answered each, and of a few more: they are
# let go of a few hundred at a time, as to look for them at every request would cost every request.
KEPT_BODIES = 1_000
TOGETHER = 250


log = logging.getLogger("fakereg")


class Record:
    """The entries of the latest 10,000 requests, oldest first. Safe to read while requests arrive."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._count = 0
        self._subscribers: list[Subscriber] = []
        self._at_end: list[Callable[[], object]] = []
        self.ended = ""  # why nothing is added any more, in words; empty as long as it is

    def subscribe(self, subscriber: Subscriber) -> None:
        """Call `subscriber` with every entry once its answer was handed over, or its client vanished.

        It is called once per request that came over the network, in the thread that serves, which waits for it.
        What it raises is logged, the first time, and neither the client nor other subscribers are told.
        """
        self._subscribers.append(_Subscription(subscriber))

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Call it no more; it may still be called once by a request that ends at this moment."""
        found = next((one for one in self._subscribers if one == _Subscription(subscriber)), None)
        if found is not None:
            self._subscribers.remove(found)

    def at_end(self, wake: Callable[[], object]) -> None:
        """Call back when another journal takes the place of this one."""
        with self._lock:
            self._at_end.append(wake)

    def not_at_end(self, wake: Callable[[], object]) -> None:
        """Call it back no more."""
        with self._lock:
            self._at_end.remove(wake)

    def end(self, by: str) -> None:
        """Another journal takes the place of this one, which can still be read; whoever waits here is woken.

        `by` is what a test called: it stands in the messages of assertions that fail afterwards.
        """
        with self._lock:
            self.ended = self.ended or f"this journal ended with {by}; ask registry.journal again"
            waiting = tuple(self._at_end)
        for wake in waiting:
            wake()

    def open(self, request: Request) -> Entry:
        """Note a request that just arrived; its entry is filled in as it is answered."""
        with self._lock:
            self._count += 1
            entry = Entry(self._count, request, _subscribers=self._subscribers)
            self._entries.append(entry)
            if not self._count % TOGETHER:
                self._forget_bodies()
        return entry

    def _forget_bodies(self) -> None:
        for entry in islice(reversed(self._entries), KEPT_BODIES, KEPT_BODIES + TOGETHER):
            entry.forget_bodies()

    def __len__(self) -> int:
        """Requests seen so far, also those that are not kept any more."""
        return self._count

    def __iter__(self) -> Iterator[Entry]:
        with self._lock:
            return iter(list(self._entries))

    def __reversed__(self) -> Iterator[Entry]:
        with self._lock:
            return iter(list(reversed(self._entries)))

    def __getitem__(self, index: int) -> Entry:
        """Of the entries that are kept: 0 is the oldest, -1 the latest. Raises IndexError."""
        with self._lock:
            return self._entries[index]

    def __repr__(self) -> str:
        return f"<journal of {len(self)} requests>"

    def since(self, number: int) -> list[Entry]:
        """The entries after the one of this number."""
        return [entry for entry in self if entry.number > number]

    def report(self, *, after: int = 0) -> str:
        """A line per request after the one numbered `after`, for people to read."""
        entries = self.since(after)
        left_out = len(self) - after - len(entries)
        lines = [f"({left_out} earlier requests are not kept)"] if left_out > 0 else []
        return "\n".join(lines + [str(entry) for entry in entries]) or "no request arrived"


class _Subscription:
    """A subscriber that cannot harm: by what it raises neither the answer nor other subscribers may suffer."""

    def __init__(self, subscriber: Subscriber) -> None:
        self._subscriber = subscriber
        self._has_failed = False

    def __call__(self, entry: Entry) -> None:
        try:
            self._subscriber(entry)
        except Exception:
            if not self._has_failed:
                log.exception("a subscriber of the journal failed, and is called on: %r", self._subscriber)
            self._has_failed = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Subscription) and self._subscriber == other._subscriber

    __hash__ = None  # type: ignore[assignment] # it changes
