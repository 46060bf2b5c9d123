"""Small answers per second, of a server on one core."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks.bench import Bench, Cores
from benchmarks.client import Connection, PeerError
from benchmarks.contents import LAYER, MANIFEST, push_image
from benchmarks.figures import BARE, Better, Row
from benchmarks.loads import ACCEPT, gets_per_second, heads_per_second
from benchmarks.peers import Peer
from benchmarks.process import Server, serving

MANIFEST_GET = Row("manifest-get", "GET a manifest by tag", "/s", Better.HIGHER, BARE)
MANIFEST_HEAD = Row("manifest-head", "HEAD a manifest by tag", "/s", Better.HIGHER, BARE)
BLOB_GET = Row("blob-get", "GET a blob of 1 KiB", "/s", Better.HIGHER, BARE)
ROWS = (MANIFEST_GET, MANIFEST_HEAD, BLOB_GET)

REPOSITORY = "bench/image"
MANIFEST_TARGET = f"/v2/{REPOSITORY}/manifests/v1"
BLOB_TARGET = f"/v2/{REPOSITORY}/blobs/{LAYER.digest}"

Load = Callable[[int, str, float, int | None], float]

_LOADS: dict[Row, tuple[Load, str]] = {
    MANIFEST_GET: (gets_per_second, MANIFEST_TARGET),
    MANIFEST_HEAD: (heads_per_second, MANIFEST_TARGET),
    BLOB_GET: (gets_per_second, BLOB_TARGET),
}


def measure(bench: Bench) -> None:
    cores = Cores.of_this_machine()
    with bench.serving_all(ROWS, bench.peers, lambda peer: _served(peer, cores)) as servers:
        for row in (row for row in ROWS if bench.wants(row)):

            def one(peer: Peer, row: Row = row) -> None:
                load, target = _LOADS[row]
                rate = load(servers[peer.name].port, target, bench.sizes.seconds, cores.load)
                bench.figures.add(row, peer.name, rate)

            bench.rounds([row], bench.only(servers), one)


@contextmanager
def _served(peer: Peer, cores: Cores) -> Iterator[Server]:
    with serving(peer, arguments=keeping(peer), core=cores.server) as server:
        with server.connect() as connection:
            push_image(connection, REPOSITORY, "v1")
            _check(connection)
        yield server


def keeping(peer: Peer) -> list[str]:
    """What makes bare keep what is pushed, so that it can answer it."""
    return ["--keep"] if peer.name == BARE else []


def _check(connection: Connection) -> None:
    """Raises PeerError where something else would be measured than what was pushed."""
    for target, content in ((MANIFEST_TARGET, MANIFEST), (BLOB_TARGET, LAYER.content)):
        if connection.ask("GET", target, ACCEPT).expect(200).body != content:
            raise PeerError(f"{target} is not what was pushed")
        connection.ask("HEAD", target, ACCEPT).expect(200)
