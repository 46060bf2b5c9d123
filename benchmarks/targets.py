"""What the figures should be, and whether they are."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.figures import BARE, FAKEREG, Figures
from benchmarks.peers import GCR


@dataclass(frozen=True, slots=True)
class Target:
    """`reached` is the figure, None where it was not measured; `limit` is the worst that it may be."""

    text: str
    limit: float
    reached: float | None
    at_most: bool = False

    @property
    def is_met(self) -> bool | None:
        if self.reached is None:
            return None
        return self.reached <= self.limit if self.at_most else self.reached >= self.limit

    @property
    def verdict(self) -> str:
        return {True: "met", False: "missed", None: "not measured"}[self.is_met]

    @property
    def wanted(self) -> str:
        return f"{'at most' if self.at_most else 'at least'} {self.limit:g}"

    def __str__(self) -> str:
        found = "" if self.reached is None else f", reached {self.reached:.2f}"
        return f"{self.verdict}: {self.text}: {self.wanted}{found}"


def check(figures: Figures) -> list[Target]:
    """All targets, in the order of the rows that they are about."""

    def ours(row: str) -> float | None:
        return figures.median(row, FAKEREG)

    manifest = _over(ours("manifest-get"), figures.median("manifest-get", BARE))
    tags = _over(ours("tags-many"), ours("tags-few"))
    download = _over(ours("blob-download"), figures.median("blob-download", GCR))
    upload = _over(ours("blob-put"), figures.fastest_other("blob-put"))
    return [
        Target("manifest GET, over that of bare aiohttp", 0.8, manifest),
        Target("a page of tags where there are many, over that where there are few", 1.5, tags, at_most=True),
        Target("download, over that of go-containerregistry", 0.8, download),
        Target("upload by PUT, over that of the fastest other registry", 1.3, upload),
        Target("memory per byte stored", 1.1, ours("memory-ratio"), at_most=True),
    ]


def _over(one: float | None, other: float | None) -> float | None:
    return one / other if one is not None and other else None
