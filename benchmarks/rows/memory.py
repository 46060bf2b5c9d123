"""What a byte that is stored costs."""

from __future__ import annotations

from benchmarks.bench import MIB, Bench
from benchmarks.contents import Blob, put_blob
from benchmarks.figures import Better, Row
from benchmarks.peers import Peer
from benchmarks.process import serving

RESIDENT = Row("memory", "resident with {stored} stored", "MiB", Better.LOWER)
EMPTY = Row("memory-empty", "resident with nothing stored", "MiB", Better.LOWER)
RATIO = Row("memory-ratio", "growth per byte stored", "B", Better.LOWER)
PEAK = Row("memory-peak-ratio", "growth per byte stored, at its peak", "B", Better.LOWER)
ROWS = (RESIDENT, EMPTY, RATIO, PEAK)

REPOSITORY = "bench"


def measure(bench: Bench) -> None:
    stored = bench.sizes.stored * bench.sizes.stored_count

    def one(peer: Peer) -> None:
        with serving(peer) as server, server.connect() as connection:
            before = server.memory()
            for _ in range(bench.sizes.stored_count):
                put_blob(connection, REPOSITORY, Blob.random(bench.sizes.stored))
            after = server.memory()
        bench.figures.add(RESIDENT, peer.name, after.resident / MIB)
        bench.figures.add(EMPTY, peer.name, before.resident / MIB)
        bench.figures.add(RATIO, peer.name, (after.resident - before.resident) / stored)
        bench.figures.add(PEAK, peer.name, (after.peak - before.resident) / stored)
        if peer.stores_files:
            bench.figures.note(RESIDENT, peer.name, "with the files that it stores, which are in memory too")

    bench.rounds(ROWS, bench.registries(), one)
