"""docs/benchmarks.md: the same table for readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.figures import Figures, Row
from benchmarks.machine import unquiet
from benchmarks.table import ABSENT, compared_with, footnotes, number, ratio, spread
from benchmarks.targets import check

_INTRODUCTION = """\
# Benchmarks

fakereg beside other registries, all measured in one run on one machine. This page is written by the run:

```sh
python -m benchmarks --markdown docs/benchmarks.md --picture docs/benchmarks.svg
python -m benchmarks --quick                         # small sizes, to see that everything works
python -m benchmarks --rows blob-put,blob-patch --peers "fakereg,distribution 3"
```

It needs Linux, wrk, and the programs of the registries; one that is missing is left out, and the run says how to
install it. `python benchmarks/starting.py` tells what the pytest plugin costs a run that does not use it. Of
fakereg alone, `python -m benchmarks.snapshots` measures to keep a moment and to go back to it, and
`python -m benchmarks.overhead` what faults cost a request while there are none.
"""

_REACHED = "A ratio is that of the medians; below it the least and the most that it was within one repetition."

_METHOD = """\
## How it was measured

- A cell has the median of {repetitions} repetitions; how many times it is the figure of the peer in the second column;
  the least and the most. Every repetition goes through all peers before the next one begins, and begins with another.
- **fakereg** is `fakereg serve --quiet` (on {loop}), except where a row says that it runs in a test's own process. For
  the lists it runs in a process that fills its own store first; the others are filled over HTTP, for
  {fill_seconds:.0f} seconds at most per list.
- **go-containerregistry** is `crane registry serve`, which keeps everything in memory. It writes a line per request
  and cannot be told not to; the lines go to `/dev/null`. Its library has the referrers API as an option, which this
  command does not offer.
- **distribution 2** and **3** log errors alone and cache descriptors in memory. They store files in {files}
  (a tmpfs is in memory), which count as their memory. Their driver `inmemory` is not used: it copies what it holds of
  an upload for every piece that comes, so that an upload takes quadratic time.
- **bare** is an aiohttp server on the same event loop as fakereg, that answers a constant: the headers and body that
  fakereg answers. What it is sent it reads and drops. It is no registry; it tells what aiohttp itself takes.
- Small answers: 16 connections; the server is kept on one core and the load on another. GET comes from wrk, HEAD from a
  loop of our own, as wrk waits for a body that never comes.
- Large blobs: one connection, random bytes, a fresh process for every upload; all cores are free for everyone.
  Before each upload, twice as much free memory is touched and given back: on a virtual machine whose host has taken
  it meanwhile, an upload waits for the host, and it is chance for whom most.
- Memory is what /proc tells of the process: resident, and its peak. For many registries it is the part that
  processes cannot share. Each of them is asked `/v2/` once within the time to start, fakereg's too.
"""


def markdown_page(figures: Figures, peers: Sequence[str], about: Mapping[str, Any], picture: str | None) -> str:
    """The whole page; `picture` is where it is, as seen from the page."""
    machine = about["machine"]
    notes = footnotes(figures, peers)
    parts = [_INTRODUCTION]
    if warning := unquiet(machine):
        parts.append(f"> **Not a quiet machine:** {warning}.\n")
    if picture:
        parts.append(f"![The main figures as bars]({picture})\n")
    parts.append("\n".join(_table(figures, peers, notes)) + "\n")
    if notes:
        parts.append("\n".join(f"{index}. {text}" for text, index in notes.items()) + "\n")
    parts.append(_targets(figures))
    parts.append(_METHOD.format(loop=machine["loop"], files=machine["files of peers"], **about["sizes"]))
    parts.append(_machine(machine))
    return "\n".join(parts)


def _table(figures: Figures, peers: Sequence[str], notes: Mapping[str, int]) -> list[str]:
    lines = [f"| | x to | {' | '.join(peers)} |", f"|---|---|{'---:|' * len(peers)}"]
    for row in figures.rows:
        cells = [_cell(figures, row, peer, notes) for peer in peers]
        lines.append(f"| {row.title}, {row.unit} | {compared_with(row)} | {' | '.join(cells)} |")
    return lines


def _cell(figures: Figures, row: Row, peer: str, notes: Mapping[str, int]) -> str:
    series = figures.series(row, peer)
    marks = ", ".join(str(notes[text]) for text in series.notes)
    mark = f" <sup>{marks}</sup>" if marks else ""
    if not series.values:
        return f"{ABSENT}{mark}"
    times = ratio(figures, row, peer)
    first = " ".join(part for part in (f"**{number(series.median)}**", times) if part)
    return f"{first}{mark}<br>{spread(series)}".removesuffix("<br>")


def _targets(figures: Figures) -> str:
    lines = ["## Targets", "", _REACHED, "", "| | wanted | reached | |", "|---|---|---:|---|"]
    for target in check(figures):
        reached = "<br>".join(part for part in (target.figure, target.spread) if part) or ABSENT
        lines.append(f"| {target.text} | {target.wanted} | {reached} | {target.verdict} |")
    return "\n".join(lines) + "\n"


def _machine(machine: Mapping[str, Any]) -> str:
    versions = [f"{peer} {version}" for peer, version in machine["peers"].items()]
    facts = [
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory']}",
        f"{machine['kernel']}, Python {machine['python']} with {machine['loop']}, wrk {machine['wrk']}",
        ", ".join(versions).replace("bare ", "aiohttp "),
        f"measured on {machine['date']}, with a load of {machine['load before']} before it began",
    ]
    return "\n".join(["## Where", "", *(f"- {fact}" for fact in facts)]) + "\n"
