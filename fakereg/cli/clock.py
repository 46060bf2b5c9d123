"""`fakereg clock`: the clock by which uploads expire."""

from __future__ import annotations

import argparse

from fakereg.cli import remote
from fakereg.cli.usage import UsageError

EXAMPLES = f"""\
examples:
  fakereg clock                 what it shows
  fakereg clock advance 3600    an hour later
  fakereg clock freeze          until `fakereg clock thaw`
{remote.WHERE}"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="?", choices=("advance", "freeze", "thaw"), help="without it: read the clock")
    parser.add_argument("seconds", nargs="?", type=float, help="how far to advance")
    remote.add_options(parser)


def run(options: argparse.Namespace) -> int:
    if (options.what == "advance") != (options.seconds is not None):
        raise UsageError("advance takes seconds, and nothing else does: fakereg clock advance 60")
    registry = remote.of(options)
    if options.what is None:
        clock = registry.get("/clock")
    else:
        given = {} if options.seconds is None else {"seconds": options.seconds}
        clock = registry.send("POST", f"/clock/{options.what}", given)
    return remote.show(options, clock, f"{clock['now']:.3f} s{', frozen' if clock['frozen'] else ''}")
