"""The table in the terminal, and how a figure is written."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.figures import FASTEST, Figures, Row, Series
from benchmarks.targets import check

WIDTH = 22
TITLE_WIDTH = 52

# The least number that is written with so many decimals.
_DECIMALS = ((100, 0), (10, 1), (0.1, 2), (0, 3))

ABSENT = "-"


def number(value: float) -> str:
    """About three digits, thousands apart."""
    decimals = next((count for least, count in _DECIMALS if value >= least), 2)
    return f"{value:,.{decimals}f}"


def spread(series: Series) -> str:
    """The least and the most of all repetitions; nothing where there was one."""
    return f"{number(min(series.values))} to {number(max(series.values))}" if len(series.values) > 1 else ""


def ratio(figures: Figures, row: Row, peer: str) -> str:
    """How many times the figure that the row compares with."""
    found = figures.ratio(row, peer)
    return "" if found is None else f"{number(found)}x"


def compared_with(row: Row) -> str:
    return "the fastest other registry" if row.against == FASTEST else row.against


def text_table(figures: Figures, peers: Sequence[str]) -> str:
    """For every row two lines: medians with ratios, and below them the spread; then notes and targets."""
    notes = footnotes(figures, peers)
    lines = [" " * TITLE_WIDTH + "".join(f"{peer:>{WIDTH}}" for peer in peers)]
    for row in figures.rows:
        cells = [_cell(figures, row, peer, notes) for peer in peers]
        lines.append(f"{f'{row.title}, {row.unit}':<{TITLE_WIDTH}}" + "".join(f"{cell:>{WIDTH}}" for cell in cells))
        below = [_spread(figures.series(row, peer)) for peer in peers]
        lines.append(
            f"{f'  x: to {compared_with(row)}':<{TITLE_WIDTH}}" + "".join(f"{cell:>{WIDTH}}" for cell in below)
        )
    lines += ["", *(f"[{index}] {text}" for text, index in notes.items())]
    lines += ["", *(str(target) for target in check(figures))]
    return "\n".join(lines)


def footnotes(figures: Figures, peers: Sequence[str]) -> dict[str, int]:
    """Every note once, with its number, in the order in which a reader meets them."""
    notes: dict[str, int] = {}
    for row in figures.rows:
        for peer in peers:
            for text in figures.series(row, peer).notes:
                notes.setdefault(text, len(notes) + 1)
    return notes


def _cell(figures: Figures, row: Row, peer: str, notes: dict[str, int]) -> str:
    series = figures.series(row, peer)
    marks = "".join(f"[{notes[text]}]" for text in series.notes)
    if not series.values:
        return f"{ABSENT} {marks}".strip()
    return " ".join(part for part in (number(series.median), ratio(figures, row, peer), marks) if part)


def _spread(series: Series) -> str:
    return spread(series) if series.values else ""
