"""What was measured: rows, and for each row and peer the figures of all repetitions.

Law of this module: every single figure is kept; medians and ratios are worked out when they are shown.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from typing import Any

FAKEREG = "fakereg"
BARE = "bare"
FASTEST = "fastest"  # of the registries that are not ours


class Better(Enum):
    """Which way a figure is good."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    `title` names sizes in braces, which `sized` fills in. `against` is the peer to which the ratios of this
    row are taken, or FASTEST.
    """

    name: str
    title: str
    unit: str
    better: Better
    against: str = FAKEREG

    def sized(self, sizes: Mapping[str, str]) -> Row:
        """The row as it was measured."""
        return replace(self, title=self.title.format(**sizes))


@dataclass(slots=True)
class Series:
    """The figures of one peer in one row, in the order in which they were measured; `notes` go with the median."""

    values: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Raises statistics.StatisticsError where nothing was measured."""
        return statistics.median(self.values)


class Figures:
    """The rows of a run, in the order in which they are shown, with their series; what else is added is dropped."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self._series: dict[tuple[str, str], Series] = {}

    def add(self, row: Row, peer: str, value: float) -> None:
        self.series(row, peer).values.append(value)

    def note(self, row: Row, peer: str, text: str) -> None:
        """Something without which a figure, or its absence, cannot be understood."""
        notes = self.series(row, peer).notes
        if text not in notes:
            notes.append(text)

    def series(self, row: Row, peer: str) -> Series:
        return self._series.setdefault((row.name, peer), Series())

    def values(self, row: str, peer: str | None) -> Sequence[float]:
        """All of them, in the order of the repetitions; empty where nothing was measured."""
        series = self._series.get((row, peer)) if peer else None
        return series.values if series else ()

    def median(self, row: str, peer: str) -> float | None:
        """None where nothing was measured."""
        series = self._series.get((row, peer))
        return series.median if series and series.values else None

    def baseline(self, row: Row) -> float | None:
        """The figure to which this row's ratios are taken."""
        peer = self.fastest_other(row.name) if row.against == FASTEST else row.against
        return None if peer is None else self.median(row.name, peer)

    def fastest_other(self, row: str) -> str | None:
        """The registry other than ours whose median is the most; for rates only. None where none was measured."""
        others = {peer for name, peer in self._series if name == row} - {FAKEREG, BARE}
        medians = {peer: median for peer in others if (median := self.median(row, peer)) is not None}
        return max(medians, key=medians.__getitem__, default=None)

    def ratio(self, row: Row, peer: str) -> float | None:
        """The peer's median over the baseline's."""
        median, baseline = self.median(row.name, peer), self.baseline(row)
        return median / baseline if median is not None and baseline else None

    def to_json(self) -> list[dict[str, Any]]:
        """A row each, with all figures of all peers."""
        return [
            {
                "name": row.name,
                "title": row.title,
                "unit": row.unit,
                "better": row.better.value,
                "against": row.against,
                "peers": {peer: asdict(series) for (name, peer), series in self._series.items() if name == row.name},
            }
            for row in self.rows
        ]

    @classmethod
    def from_json(cls, rows: list[dict[str, Any]]) -> Figures:
        """What `to_json` wrote."""
        figures = cls([_row_from_json(one) for one in rows])
        for one in rows:
            for peer, series in one["peers"].items():
                figures._series[one["name"], peer] = Series(**series)
        return figures


def _row_from_json(one: Mapping[str, Any]) -> Row:
    return Row(one["name"], one["title"], one["unit"], Better(one["better"]), one["against"])
