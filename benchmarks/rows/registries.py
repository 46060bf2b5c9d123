"""A thousand registries at once: for us in one process, for the others a process each."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import ExitStack

from benchmarks.bench import Bench
from benchmarks.client import PeerError
from benchmarks.figures import FAKEREG, Better, Row
from benchmarks.peers import Peer
from benchmarks.process import CHECKOUT, serving

TIME = Row("thousand-time", "each of {registries} registries: time to start and answer once", "ms", Better.LOWER)
MEMORY = Row("thousand-memory", "each of {registries} registries: memory", "KiB", Better.LOWER)
ROWS = (TIME, MEMORY)

PROCESSES = 3


def measure(bench: Bench) -> None:
    def one(peer: Peer) -> None:
        seconds, size = _ours(bench.sizes.registries) if peer.name == FAKEREG else _processes(peer)
        bench.figures.add(TIME, peer.name, 1000 * seconds)
        bench.figures.add(MEMORY, peer.name, size / 1024)
        if peer.name == FAKEREG:
            for row in ROWS:
                bench.figures.note(row, peer.name, "all in one process, after a first registry that started the thread")
        else:
            text = f"computed from {PROCESSES} processes, without what processes share"
            bench.figures.note(MEMORY, peer.name, text)
            bench.figures.note(TIME, peer.name, f"computed from {PROCESSES} processes, one after the other")

    bench.rounds(ROWS, bench.registries(), one)


def _ours(count: int) -> tuple[float, float]:
    """Seconds and bytes of each of that many that are alive in one process, beyond the first."""
    words = ["-m", "benchmarks.servers.many", str(count)]
    command = [sys.executable, *words]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise PeerError(f"python {' '.join(words)} failed: {done.stderr.strip().splitlines()[-1:]}")
    try:
        found = json.loads(done.stdout)
        return found["seconds"], found["bytes"]
    except (ValueError, LookupError, TypeError) as error:
        raise PeerError(f"python {' '.join(words)} printed {done.stdout[:100]!r}") from error


def _processes(peer: Peer) -> tuple[float, float]:
    """Seconds and bytes of each of a few that are alive together."""
    with ExitStack() as stack:
        begin = time.perf_counter()
        servers = [stack.enter_context(serving(peer, timed=True)) for _ in range(PROCESSES)]
        seconds = time.perf_counter() - begin
        size = sum(server.memory().own for server in servers)
    return seconds / PROCESSES, size / PROCESSES
