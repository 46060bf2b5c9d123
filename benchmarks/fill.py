"""Many manifests into a peer over HTTP, as fast as it takes them, for a limited time.

Requests are pipelined: a batch goes out in one piece, then all its answers are read.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from benchmarks.client import Connection, PeerError, request
from benchmarks.contents import MANIFEST_TYPE

CONNECTIONS = 4

# Requests of a batch and their answers must fit into the buffers of a connection: nobody reads while it is sent.
BATCH = 64

Push = tuple[str, bytes]


@dataclass(slots=True)
class Fill:
    """Numbers 0 to `count` in batches; `push_of` gives the target and manifest of a number."""

    port: int
    count: int
    push_of: Callable[[int], Push]
    deadline: float
    _next: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> int:
        """How many are there when all are, or when the time is up. Raises PeerError or OSError."""
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            for work in [pool.submit(self._work) for _ in range(CONNECTIONS)]:
                work.result()
        return min(self._next, self.count)

    def _work(self) -> None:
        with Connection(self.port) as connection:
            while batch := self._take():
                connection.send(b"".join(self._request(number) for number in batch))
                answers = connection.empty_answers(len(batch))
                if answers.count(b"HTTP/1.1 201") != len(batch):
                    raise PeerError(f"refused a manifest: {answers[:300]!r}")

    def _take(self) -> range:
        """The next numbers; none once the time is up. What was taken is pushed, so no number is left out."""
        with self._lock:
            start = self._next
            if start >= self.count or time.monotonic() > self.deadline:
                return range(0)
            self._next = start + BATCH
            return range(start, min(self._next, self.count))

    def _request(self, number: int) -> bytes:
        target, body = self.push_of(number)
        return request("PUT", target, {"Content-Type": MANIFEST_TYPE}, length=len(body)) + body


def fill(port: int, count: int, push_of: Callable[[int], Push], seconds: float) -> int:
    """How many of `count` manifests a peer took in that time, from number 0 on without a gap."""
    return Fill(port, count, push_of, time.monotonic() + seconds).run()
