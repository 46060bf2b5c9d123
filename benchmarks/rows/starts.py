"""How long a registry takes to be there."""

from __future__ import annotations

import time

from benchmarks.bench import Bench
from benchmarks.client import Connection
from benchmarks.figures import FAKEREG, Better, Row
from benchmarks.peers import Peer
from benchmarks.process import serving
from fakereg import FakeRegistry

START = Row("start", "a process: from its start to its first answer", "ms", Better.LOWER)
START_STOP = Row("start-stop", "in a test: start, one answer, stop", "ms", Better.LOWER)
ROWS = (START, START_STOP)

# One registry in this process takes so little that a single one would measure the clock.
BLOCKS = 50


def measure(bench: Bench) -> None:
    _in_process()  # imports, and the thread that serves all registries of a process

    def one(peer: Peer) -> None:
        begin = time.perf_counter()
        with serving(peer, timed=True):
            answered = time.perf_counter()
        ended = time.perf_counter()
        bench.figures.add(START, peer.name, 1000 * (answered - begin))
        seconds = _in_process() if peer.name == FAKEREG else ended - begin
        bench.figures.add(START_STOP, peer.name, 1000 * seconds)

    bench.rounds(ROWS, bench.registries(), one)
    if bench.figures.series(START_STOP, FAKEREG).values:
        bench.figures.note(
            START_STOP, FAKEREG, "`with FakeRegistry()` in the process of the test; the others are processes"
        )


def _in_process() -> float:
    begin = time.perf_counter()
    for _ in range(BLOCKS):
        with FakeRegistry() as registry, Connection(registry.port) as connection:
            connection.ask("GET", "/v2/").expect(200)
    return (time.perf_counter() - begin) / BLOCKS
