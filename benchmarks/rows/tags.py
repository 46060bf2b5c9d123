"""A page of a hundred tags, where there are few and where there are many."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.bench import Bench, tell
from benchmarks.contents import MANIFEST, tag
from benchmarks.figures import FAKEREG, Better, Row
from benchmarks.fill import fill
from benchmarks.peers import FILLED, Peer
from benchmarks.process import Server, serving
from benchmarks.rows.pages import LARGE, LOADING, PAGE, SMALL, Page, measure_pages, note_reached, push_subjects

FEW = Row("tags-few", "100 of {few} tags", "ms", Better.LOWER)
FEW_MIDDLE = Row("tags-few-middle", "the rest of {few} tags, from the middle on", "ms", Better.LOWER)
MANY = Row("tags-many", "100 of {tags} tags", "ms", Better.LOWER)
MANY_MIDDLE = Row("tags-many-middle", "100 of {tags} tags, from the middle on", "ms", Better.LOWER)
ROWS = (FEW, FEW_MIDDLE, MANY, MANY_MIDDLE)


def measure(bench: Bench) -> None:
    measure_pages(bench, ROWS, lambda peer: _served(bench, peer))


@contextmanager
def _served(bench: Bench, peer: Peer) -> Iterator[tuple[Server, list[Page]]]:
    few, many = bench.sizes.few, bench.sizes.tags
    if peer.name == FAKEREG:
        arguments = [f"--tags={SMALL}={few}", f"--tags={LARGE}={many}"]
        with serving(FILLED, arguments=arguments, limit=LOADING) as server:
            yield server, _pages(few, many)
        return
    with serving(peer) as server:
        with server.connect() as connection:
            push_subjects(connection)
        _fill(server, SMALL, few, bench.sizes.fill_seconds)
        reached = _fill(server, LARGE, many, bench.sizes.fill_seconds)
        tell(f"  {peer.name}: {reached:,} of {many:,} tags")
        note_reached(bench, peer, (MANY, MANY_MIDDLE), "tags", reached=reached, wanted=many)
        yield server, _pages(few, reached)


def _fill(server: Server, repository: str, count: int, seconds: float) -> int:
    return fill(server.port, count, lambda number: (f"/v2/{repository}/manifests/{tag(number)}", MANIFEST), seconds)


def _pages(few: int, many: int) -> list[Page]:
    return [
        _page(FEW, SMALL, few),
        _page(FEW_MIDDLE, SMALL, few, after=few // 2),
        _page(MANY, LARGE, many),
        _page(MANY_MIDDLE, LARGE, many, after=many // 2),
    ]


def _page(row: Row, repository: str, count: int, *, after: int = 0) -> Page:
    """The page behind the first `after` tags."""
    last = f"&last={tag(after - 1)}" if after else ""
    return Page(row, f"/v2/{repository}/tags/list?n={PAGE}{last}", "tags", min(PAGE, count - after))
