"""The entries themselves: noted as requests arrive, and read in their order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from itertools import islice

from fakereg.double.journal.entry import Entry, Subscriber
from fakereg.registry.messages import Request

# A test asks a few hundred things; a benchmark against a running registry must not fill the memory.
KEPT = 10_000

# Of so many the bodies are kept too, up to 64 KiB asked and 64 KiB answered each, and of a few more: they are
# let go of a few hundred at a time, as to look for them at every request would cost every request.
KEPT_BODIES = 1_000
TOGETHER = 250


class Record:
    """The entries of the latest 10,000 requests, oldest first. Safe to read while requests arrive."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._count = 0
        self._subscribers: list[Subscriber] = []

    def subscribe(self, subscriber: Subscriber) -> None:
        """Call `subscriber` with every entry once its answer was handed over, or its client vanished.

        It is called once per request that came over the network, in the thread that serves, which waits for it.
        """
        self._subscribers.append(subscriber)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Call it no more; it may still be called once by a request that ends at this moment."""
        if subscriber in self._subscribers:
            self._subscribers.remove(subscriber)

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
