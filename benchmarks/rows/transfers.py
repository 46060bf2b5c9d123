"""Large blobs, one at a time, with all cores free for everyone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks.bench import MIB, Bench
from benchmarks.client import Connection, PeerError
from benchmarks.contents import Blob, digest_of, patch_blob, put_blob
from benchmarks.figures import FASTEST, Better, Row
from benchmarks.machine import warm_memory
from benchmarks.peers import Peer
from benchmarks.process import Server, serving
from benchmarks.rows.rates import keeping

DOWNLOAD = Row("blob-download", "download a blob of {download}", "MiB/s", Better.HIGHER, FASTEST)
PUT = Row("blob-put", "upload a blob of {upload} by PUT", "MiB/s", Better.HIGHER, FASTEST)
PATCH = Row("blob-patch", "upload a blob of {upload} by PATCH", "MiB/s", Better.HIGHER, FASTEST)
ROWS = (DOWNLOAD, PUT, PATCH)

REPOSITORY = "bench"
DOWNLOADS = 5  # of which one figure is made

Push = Callable[[Connection, str, Blob], None]


def measure(bench: Bench) -> None:
    if bench.wants(DOWNLOAD):
        _download(bench)
    for row, push in ((PUT, put_blob), (PATCH, patch_blob)):
        if bench.wants(row):
            _upload(bench, row, push)


def _download(bench: Bench) -> None:
    blob = Blob.random(bench.sizes.download)
    target = f"/v2/{REPOSITORY}/blobs/{blob.digest}"

    @contextmanager
    def served(peer: Peer) -> Iterator[Server]:
        with serving(peer, arguments=keeping(peer)) as server:
            with server.connect() as connection:
                put_blob(connection, REPOSITORY, blob)
                if digest_of(connection.ask("GET", target).expect(200).body) != blob.digest:
                    raise PeerError("answered another blob than the one that was pushed")
            yield server

    with bench.serving_all([DOWNLOAD], bench.peers, served) as servers:

        def one(peer: Peer) -> None:
            with servers[peer.name].connect() as connection:
                begin = time.perf_counter()
                received = sum(connection.drain(target) for _ in range(DOWNLOADS))
                bench.figures.add(DOWNLOAD, peer.name, received / MIB / (time.perf_counter() - begin))

        bench.rounds([DOWNLOAD], bench.only(servers), one)


def _upload(bench: Bench, row: Row, push: Push) -> None:
    """Each figure is of a fresh process, which holds nothing but a small blob that warmed it up."""

    def one(peer: Peer) -> None:
        blob = Blob.random(bench.sizes.upload)
        with serving(peer) as server, server.connect() as connection:
            push(connection, REPOSITORY, Blob.random(MIB))
            warm_memory(2 * bench.sizes.upload)
            begin = time.perf_counter()
            push(connection, REPOSITORY, blob)
            bench.figures.add(row, peer.name, bench.sizes.upload / MIB / (time.perf_counter() - begin))

    bench.rounds([row], bench.peers, one)
