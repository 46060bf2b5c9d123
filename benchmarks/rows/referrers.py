"""What refers to a manifest, where it is little and where it is much."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.bench import Bench
from benchmarks.contents import MANIFEST_DIGEST, digest_of, referrer
from benchmarks.figures import FAKEREG, Better, Row
from benchmarks.fill import Push, fill
from benchmarks.peers import FILLED, Peer
from benchmarks.process import Server, serving
from benchmarks.rows.pages import LARGE, LOADING, PAGE, SMALL, Page, measure_pages, note_reached, push_subjects

FEW = Row("referrers-few", "{few} referrers", "ms", Better.LOWER)
MANY = Row("referrers-many", "the first answer of {referrers} referrers", "ms", Better.LOWER)
MANY_PAGE = Row("referrers-many-page", "a page of 100 (`n=100`) of {referrers} referrers", "ms", Better.LOWER)
ROWS = (FEW, MANY, MANY_PAGE)


def measure(bench: Bench) -> None:
    measure_pages(bench, ROWS, lambda peer: _served(bench, peer))


@contextmanager
def _served(bench: Bench, peer: Peer) -> Iterator[tuple[Server, list[Page]]]:
    few, many = bench.sizes.few, bench.sizes.referrers
    if peer.name == FAKEREG:
        arguments = [f"--referrers={SMALL}={few}", f"--referrers={LARGE}={many}"]
        with serving(FILLED, arguments=arguments, limit=LOADING) as server:
            yield server, _pages(few)
        return
    with serving(peer) as server:
        with server.connect() as connection:
            push_subjects(connection)
            status = connection.ask("GET", _target(SMALL)).status
        if status != 200:  # noqa: PLR2004 - what the API answers, also for none (end-12a)
            for row in ROWS:
                bench.figures.note(row, peer.name, f"as it is started here it answers {status}")
            yield server, []
            return
        fill(server.port, few, lambda number: _push(SMALL, number), bench.sizes.fill_seconds)
        reached = fill(server.port, many, lambda number: _push(LARGE, number), bench.sizes.fill_seconds)
        note_reached(bench, peer, (MANY, MANY_PAGE), "referrers", reached=reached, wanted=many)
        yield server, _pages(few)


def _push(repository: str, number: int) -> Push:
    body = referrer(number)
    return f"/v2/{repository}/manifests/{digest_of(body)}", body


def _pages(few: int) -> list[Page]:
    return [
        Page(FEW, _target(SMALL), "manifests", few),
        Page(MANY, _target(LARGE), "manifests", None),
        Page(MANY_PAGE, f"{_target(LARGE)}?n={PAGE}", "manifests", PAGE),
    ]


def _target(repository: str) -> str:
    return f"/v2/{repository}/referrers/{MANIFEST_DIGEST}"
