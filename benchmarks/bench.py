"""A run: its sizes, its peers, and the order in which they take turns.

Law of this module: every repetition goes through all peers before the next one begins, and begins with
another peer, so that a machine that slows down slows all of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from subprocess import SubprocessError
from typing import TypeVar

from benchmarks.client import PeerError
from benchmarks.figures import BARE, Figures, Row
from benchmarks.peers import Peer

MIB = 1024 * 1024

Served = TypeVar("Served")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is done. Blobs in bytes; `seconds` of load for one figure, `fill_seconds` to fill one peer."""

    repetitions: int = 5
    seconds: float = 3.0
    fill_seconds: float = 60.0
    lists: int = 2000  # requests for a page that make one figure
    list_seconds: float = 2.0  # after which fewer do
    few: int = 100
    tags: int = 1_000_000
    referrers: int = 100_000
    download: int = 64 * MIB
    upload: int = 256 * MIB
    stored: int = 64 * MIB
    stored_count: int = 8
    registries: int = 1000

    def words(self) -> dict[str, str]:
        """As they stand in the titles of rows."""
        return {
            "few": f"{self.few:,}",
            "tags": f"{self.tags:,}",
            "referrers": f"{self.referrers:,}",
            "download": _in_mib(self.download),
            "upload": _in_mib(self.upload),
            "stored": _in_mib(self.stored * self.stored_count),
            "registries": f"{self.registries:,}",
        }


def _in_mib(size: int) -> str:
    return f"{size // MIB:,} MiB"


QUICK = Sizes(
    repetitions=2,
    seconds=0.5,
    fill_seconds=3,
    lists=100,
    list_seconds=0.5,
    tags=20_000,
    referrers=2000,
    download=8 * MIB,
    upload=16 * MIB,
    stored=8 * MIB,
    stored_count=4,
    registries=100,
)


@dataclass(slots=True)
class Bench:
    """What every row is given. Only the rows of `figures` are to be measured."""

    peers: Sequence[Peer]
    sizes: Sizes
    figures: Figures

    def only(self, served: Mapping[str, object]) -> list[Peer]:
        """The peers that are served."""
        return [peer for peer in self.peers if peer.name in served]

    def registries(self) -> list[Peer]:
        """The peers that store something."""
        return [peer for peer in self.peers if peer.name != BARE]

    def rounds(self, rows: Sequence[Row], peers: Sequence[Peer], measure: Callable[[Peer], None]) -> None:
        """Measure all repetitions; a peer that fails is told of in these rows, and asked no more."""
        tell(", ".join(row.name for row in rows))
        left = list(peers)
        for repetition in range(self.sizes.repetitions):
            start = repetition % len(left) if left else 0
            for peer in left[start:] + left[:start]:
                with self.watched(rows, peer) as failed:
                    measure(peer)
                if failed:
                    left.remove(peer)

    @contextmanager
    def watched(self, rows: Sequence[Row], peer: Peer) -> Iterator[list[Exception]]:
        """Turn a failure into notes on these rows; the list holds it afterwards."""
        failed: list[Exception] = []
        try:
            yield failed
        except (PeerError, OSError, SubprocessError) as error:
            failed.append(error)
            text = str(error) or repr(error)
            tell(f"  {peer.name}: {text}")
            for row in rows:
                self.figures.note(row, peer.name, f"failed: {text.splitlines()[0]}")

    @contextmanager
    def serving_all(
        self, rows: Sequence[Row], peers: Sequence[Peer], serve: Callable[[Peer], AbstractContextManager[Served]]
    ) -> Iterator[dict[str, Served]]:
        """Start and prepare all peers, and keep those that could be: what `serve` gave, by the peer's name."""
        with ExitStack() as stack:
            served = {}
            for peer in peers:
                with self.watched(rows, peer):
                    served[peer.name] = stack.enter_context(serve(peer))
            yield served

    def wants(self, *rows: Row) -> bool:
        wanted = {row.name for row in self.figures.rows}
        return any(row.name in wanted for row in rows)


def tell(text: str) -> None:
    """Progress, beside the table that goes to stdout."""
    print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True)
class Cores:
    """Where a server and its load run so that neither takes the other's time; None is anywhere."""

    server: int | None
    load: int | None

    @classmethod
    def of_this_machine(cls) -> Cores:
        available = sorted(os.sched_getaffinity(0))
        return cls(available[-1], available[0]) if len(available) > 1 else cls(None, None)
