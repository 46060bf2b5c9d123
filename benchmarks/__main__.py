"""fakereg beside other registries: one table, measured in one run on this machine.

    python -m benchmarks
    python -m benchmarks --quick --rows manifest-get,blob-put --peers fakereg,bare

Needs Linux, and wrk for the rows of small answers. Progress goes to stderr, the table to stdout.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.bench import QUICK, Bench, Sizes, tell
from benchmarks.figures import Figures
from benchmarks.page import markdown_page
from benchmarks.peers import PEERS, Peer
from benchmarks.picture import svg
from benchmarks.process import sweep
from benchmarks.rows import GROUPS, rates
from benchmarks.table import text_table


def main() -> int:
    options = _options()
    if sys.platform != "linux":
        tell("this needs Linux: it reads /proc and keeps processes on cores")
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the servers are ended then, too
    kept = json.loads(options.figures.read_text()) if options.figures else _measure(options)
    figures, peers = Figures.from_json(kept["rows"]), list(kept["machine"]["peers"])
    print(text_table(figures, peers))
    if options.markdown:
        picture = os.path.relpath(options.picture, options.markdown.parent) if options.picture else None
        options.markdown.write_text(markdown_page(figures, peers, kept, picture))
    if options.picture:
        options.picture.write_text(svg(figures, peers))
    return 0


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    """All figures, and what they were measured on and with; written after every group, as a run may be interrupted."""
    peers = _installed([peer for peer in PEERS if peer.name in options.peers])
    sizes = QUICK if options.quick else Sizes()
    if options.repetitions:
        sizes = replace(sizes, repetitions=options.repetitions)
    rows = [row.sized(sizes.words()) for group in GROUPS for row in group.rows if row.name in options.rows]
    bench = Bench(peers, sizes, Figures(rows))
    about = machine.describe(peers)
    if warning := machine.unquiet(about):
        tell(f"warning: {warning}")
    sweep()
    kept: dict[str, Any] = {"machine": about, "sizes": asdict(sizes), "rows": bench.figures.to_json()}
    for group in GROUPS:
        if bench.wants(*group.rows) and not (group.measure is rates.measure and _lacks_wrk()):
            group.measure(bench)
            kept["rows"] = bench.figures.to_json()
            if options.json:
                options.json.write_text(json.dumps(kept, indent=1) + "\n")
    return kept


def _installed(peers: Sequence[Peer]) -> list[Peer]:
    for peer in peers:
        if not peer.is_installed:
            tell(f"{peer.name} is left out: there is no {peer.program} on PATH; {peer.install}")
    return [peer for peer in peers if peer.is_installed]


def _lacks_wrk() -> bool:
    lacks = shutil.which("wrk") is None
    if lacks:
        tell("small answers are left out: there is no wrk on PATH; apt-get install wrk")
    return lacks


def _options() -> argparse.Namespace:
    names = [row.name for group in GROUPS for row in group.rows]
    peers = [peer.name for peer in PEERS]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=_choice(names), default=names, metavar="A,B", help=f"of {', '.join(names)}")
    parser.add_argument("--peers", type=_choice(peers), default=peers, metavar="A,B", help=f"of {', '.join(peers)}")
    parser.add_argument("--repetitions", type=int, metavar="N", help=f"{Sizes().repetitions} if not given")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that everything works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there, group by group")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table as a page")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="write bars as SVG")
    parser.add_argument(
        "--from", dest="figures", type=Path, metavar="FILE", help="show what --json wrote, and measure nothing"
    )
    return parser.parse_args()


def _choice(known: Sequence[str]) -> Callable[[str], list[str]]:
    """Names with commas between them."""

    def parse(text: str) -> list[str]:
        names = [name.strip() for name in text.split(",")]
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        return names

    return parse


if __name__ == "__main__":
    sys.exit(main())
