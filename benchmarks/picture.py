"""docs/benchmarks.svg: bars for the main rows, readable on a light and on a dark page."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from benchmarks.figures import Better, Figures, Row
from benchmarks.table import number

SHOWN = ("start-stop", "manifest-get", "tags-many", "blob-download", "blob-put", "memory-ratio")
COLUMNS = 2

WIDTH = 440  # of one group of bars
LABEL, BAR = 140, 210  # parts of it; the rest is for the figure
LINE = 20
HEAD = 26
GAP = 22

_STYLE = """\
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 }
.hint, .value { fill: #59636e; font-weight: 400 }
.bar { fill: #8c959f }
.ours { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .hint, .value { fill: #9198a1 }
  .bar { fill: #656c76 }
  .ours { fill: #4493f8 }
}"""


def svg(figures: Figures, peers: Sequence[str]) -> str:
    """The first of `peers` is drawn in colour."""
    rows = [row for row in figures.rows if row.name in SHOWN and _values(figures, row, peers)]
    height = HEAD + LINE * len(peers) + GAP
    whole = height * -(-len(rows) // COLUMNS) + LINE
    marked = any(figures.series(row, peer).notes for row in rows for peer in peers)
    size = f'width="{WIDTH * COLUMNS}" height="{whole}" viewBox="0 0 {WIDTH * COLUMNS} {whole}"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size}>', f"<style>{_STYLE}</style>"]
    for index, row in enumerate(rows):
        x, y = index % COLUMNS * WIDTH, index // COLUMNS * height
        parts.append(f'<g transform="translate({x} {y})">{_group(figures, row, peers)}</g>')
    if marked:
        parts.append(f'<text class="hint" x="8" y="{whole - 8}">* has a note below the table</text>')
    return "\n".join([*parts, "</svg>", ""])


def _group(figures: Figures, row: Row, peers: Sequence[str]) -> str:
    values = _values(figures, row, peers)
    longest = max(values.values())
    hint = f"{row.unit}, {'more' if row.better is Better.HIGHER else 'less'} is better"
    title = f'{escape(row.title)} <tspan class="hint">{escape(hint)}</tspan>'
    parts = [f'<text class="title" x="8" y="16">{title}</text>']
    for index, (peer, value) in enumerate(values.items()):
        kind = "bar ours" if peer == peers[0] else "bar"
        shown = number(value) + ("*" if figures.series(row, peer).notes else "")
        parts.append(_bar(HEAD + index * LINE, peer, shown, value / longest if longest else 0, kind))
    return "\n".join(parts)


def _bar(y: int, peer: str, shown: str, part: float, kind: str) -> str:
    length = max(1.0, BAR * part)
    return (
        f'<text x="{LABEL - 8}" y="{y + 14}" text-anchor="end">{escape(peer)}</text>'
        f'<rect class="{kind}" x="{LABEL}" y="{y + 3}" width="{length:.1f}" height="{LINE - 6}" rx="2"/>'
        f'<text class="value" x="{LABEL + length + 6:.1f}" y="{y + 14}">{shown}</text>'
    )


def _values(figures: Figures, row: Row, peers: Sequence[str]) -> dict[str, float]:
    medians = ((peer, figures.median(row.name, peer)) for peer in peers)
    return {peer: median for peer, median in medians if median is not None}
