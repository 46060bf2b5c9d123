"""`fakereg violations`: the requests that should not have been sent."""

from __future__ import annotations

import argparse

from fakereg.cli import remote

EXAMPLES = f"""\
examples:
  fakereg violations              exit code 1 if there are any
  fakereg violations --clear      forget them, for the next test
{remote.WHERE}"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--clear", action="store_true", help="forget them")
    remote.add_options(parser)


def run(options: argparse.Namespace) -> int:
    registry = remote.of(options)
    if options.clear:
        return remote.show(options, registry.send("DELETE", "/violations"))
    found = registry.get("/violations")
    lines = [f"{one['reason']}: {one['request']['method']} {one['request']['target']}" for one in found["violations"]]
    remote.show(options, found, *lines)
    return 1 if found["violations"] else 0
