"""What the figures should be, and whether they are."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.figures import BARE, FAKEREG, Figures
from benchmarks.peers import GCR


@dataclass(frozen=True, slots=True)
class Reached:
    """A figure of all repetitions, and the least and the most that one of them gave."""

    figure: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Reached | None:
        """The median; None where nothing was measured."""
        return cls(statistics.median(values), min(values), max(values)) if values else None

    @classmethod
    def over(cls, ones: Sequence[float], others: Sequence[float]) -> Reached | None:
        """One median over another; the least and the most are ratios within one repetition."""
        if not ones or not all(others) or not others:
            return None
        # One that failed has fewer repetitions, and they are the first.
        ratios = [one / other for one, other in zip(ones, others, strict=False)]
        return cls(statistics.median(ones) / statistics.median(others), min(ratios), max(ratios))


@dataclass(frozen=True, slots=True)
class Target:
    """`reached` is None where it was not measured; `limit` is the worst that the figure may be."""

    text: str
    limit: float
    reached: Reached | None
    at_most: bool = False

    @property
    def is_met(self) -> bool | None:
        if self.reached is None:
            return None
        return self.reached.figure <= self.limit if self.at_most else self.reached.figure >= self.limit

    @property
    def verdict(self) -> str:
        return {True: "met", False: "missed", None: "not measured"}[self.is_met]

    @property
    def wanted(self) -> str:
        return f"{'at most' if self.at_most else 'at least'} {self.limit:g}"

    @property
    def figure(self) -> str:
        return f"{self.reached.figure:.2f}" if self.reached else ""

    @property
    def spread(self) -> str:
        return f"{self.reached.least:.2f} to {self.reached.most:.2f}" if self.reached else ""

    def __str__(self) -> str:
        found = f", reached {self.figure} ({self.spread})" if self.reached else ""
        return f"{self.verdict}: {self.text}: {self.wanted}{found}"


def check(figures: Figures) -> list[Target]:
    """All targets, in the order of the rows that they are about."""

    def ours(row: str) -> Sequence[float]:
        return figures.values(row, FAKEREG)

    manifest = Reached.over(ours("manifest-get"), figures.values("manifest-get", BARE))
    tags = Reached.over(ours("tags-many"), ours("tags-few"))
    download = Reached.over(ours("blob-download"), figures.values("blob-download", GCR))
    upload = Reached.over(ours("blob-put"), figures.values("blob-put", figures.fastest_other("blob-put")))
    memory = Reached.of(ours("memory-ratio"))
    return [
        Target("manifest GET, over that of bare aiohttp", 0.8, manifest),
        Target("a page of tags where there are many, over that where there are few", 1.5, tags, at_most=True),
        Target("download, over that of go-containerregistry", 0.8, download),
        Target("upload by PUT, over that of the fastest other registry", 1.3, upload),
        Target("memory per byte stored", 1.1, memory, at_most=True),
    ]
