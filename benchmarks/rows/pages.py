"""How long a page of a list takes, over one connection that is kept alive."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from benchmarks.bench import Bench, tell
from benchmarks.client import Connection
from benchmarks.contents import push_image, tag
from benchmarks.figures import Row
from benchmarks.peers import Peer
from benchmarks.process import Server

# A small list and a large one, each in a repository of its own, and a page of them.
SMALL, LARGE = "bench/few", "bench/many"
PAGE = 100

LOADING = 300.0  # seconds that a process may take to fill its own store

LEAST = 3  # requests that make a figure, however long they take


@dataclass(frozen=True, slots=True)
class Page:
    """What one row asks of one peer; `expected` entries are to stand under `key`, None for as many as fit."""

    row: Row
    target: str
    key: str
    expected: int | None


def push_subjects(connection: Connection) -> None:
    """The image that both lists are about."""
    for repository in (SMALL, LARGE):
        push_image(connection, repository, tag(0))


def note_reached(bench: Bench, peer: Peer, rows: Sequence[Row], what: str, *, reached: int, wanted: int) -> None:
    """Note how far a large list came within its time, where that is less than wanted."""
    if reached < wanted:
        text = f"at {reached:,} {what}: it took no more within {bench.sizes.fill_seconds:.0f} s"
        for row in rows:
            bench.figures.note(row, peer.name, text)


Serve = Callable[[Peer], AbstractContextManager[tuple[Server, Sequence[Page]]]]


def measure_pages(bench: Bench, rows: Sequence[Row], serve: Serve) -> None:
    """Fill all registries, then ask them in turns."""
    tell(f"{', '.join(row.name for row in rows)}: filling")
    with bench.serving_all(rows, bench.registries(), serve) as served:

        def one(peer: Peer) -> None:
            server, pages = served[peer.name]
            for page in (page for page in pages if bench.wants(page.row)):
                with server.connect() as connection:
                    _check(bench, peer, connection, page)
                    bench.figures.add(page.row, peer.name, 1000 * _seconds(bench, connection, page.target))

        bench.rounds(rows, bench.only(served), one)


def _check(bench: Bench, peer: Peer, connection: Connection, page: Page) -> None:
    """Note where a page is another than the one that was asked for; it warms the connection up, too."""
    entries = connection.ask("GET", page.target).expect(200).entries(page.key)
    if len(entries) != page.expected:
        asked = "" if page.expected is None else f", not {page.expected:,}"
        bench.figures.note(page.row, peer.name, f"answers {len(entries):,} {page.key} at once{asked}")


def _seconds(bench: Bench, connection: Connection, target: str) -> float:
    """The median of many, or of at least LEAST where they take long."""
    deadline = time.perf_counter() + bench.sizes.list_seconds
    times: list[float] = []
    while len(times) < bench.sizes.lists and (len(times) < LEAST or time.perf_counter() < deadline):
        begin = time.perf_counter()
        connection.ask("GET", target).expect(200)
        times.append(time.perf_counter() - begin)
    return statistics.median(times)
