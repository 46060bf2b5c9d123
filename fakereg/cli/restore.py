"""`fakereg restore ID`: back to a snapshot."""

from __future__ import annotations

import argparse

from fakereg.cli import remote

EXAMPLES = f"""\
examples:
  fakereg restore seeded      what `fakereg snapshot seeded` put aside
{remote.WHERE}"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="of the snapshot")
    remote.add_options(parser)


def run(options: argparse.Namespace) -> int:
    return remote.show(options, remote.of(options).send("POST", f"/snapshots/{options.id}/restore"))
