"""What was asked and what was answered, in the order in which requests arrived."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from fakereg.registry.messages import Request, Response

# A test asks a few hundred things; a benchmark against a running registry must not fill the memory.
KEPT = 10_000

# Longer than any honest path or message; what is longer is cut when it is shown.
LONGEST_TEXT = 1000


@dataclass(slots=True)
class Entry:
    """One request and its answer.

    `target` is the path with its query as it came; `endpoint` the name of the row in the endpoint
    table, None when no row matched. `status` is None while the request is under way, and when the
    client vanished before there was an answer. `received` and `sent` count the bytes of the bodies.
    `error` is the code and message of a refusal. `seconds` passed until the answer was handed over,
    or the client vanished; 0 until then. `faults` are the names of the faults that were put into it.
    """

    number: int
    request: Request = field(repr=False)
    endpoint: str | None = None
    status: int | None = None
    received: int = 0
    sent: int = 0
    error: str | None = None
    seconds: float = 0.0
    faults: tuple[str, ...] = ()
    _subscribers: Sequence[Subscriber] = field(default=(), repr=False, compare=False)
    _has_ended: bool = field(default=False, init=False, repr=False, compare=False)
    _arrived: float = field(default_factory=time.perf_counter, init=False, repr=False, compare=False)

    @property
    def method(self) -> str:
        return self.request.method

    @property
    def target(self) -> str:
        return self.request.target

    def answer(self, response: Response) -> None:
        """What is about to be answered: whoever has the answer finds it in the journal."""
        self.status = response.status
        self.sent = len(response.body) if response.has_body(self.request.method) else 0

    def end(self) -> None:
        """Nothing more is to come: tell those who subscribed, once."""
        if self._has_ended:
            return
        self._has_ended = True
        self.seconds = time.perf_counter() - self._arrived
        for subscriber in self._subscribers:
            subscriber(self)

    def __str__(self) -> str:
        status = "no answer" if self.status is None else self.status
        line = f"{self.number:>4}  {status}  {self.method} {self.target}  in {self.received} B, out {self.sent} B"
        return printable(line) + (f"\n            {printable(self.error)}" if self.error else "")


Subscriber = Callable[[Entry], None]


def printable(text: str) -> str:
    """`text` on one line and of sensible length, whatever a client put into it.

    A lone surrogate, for one, can be neither printed nor sent from one test process to another.
    """
    if len(text) > LONGEST_TEXT:
        text = f"{text[:LONGEST_TEXT]}... ({len(text) - LONGEST_TEXT} characters more)"
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


class Journal:
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

    def open(self, request: Request) -> Entry:
        """Note a request that just arrived; its entry is filled in as it is answered."""
        with self._lock:
            self._count += 1
            entry = Entry(self._count, request, _subscribers=self._subscribers)
            self._entries.append(entry)
        return entry

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
