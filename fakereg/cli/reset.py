"""`fakereg reset`: a registry as it was when it started."""

from __future__ import annotations

import argparse

from fakereg.cli import remote

EXAMPLES = f"""\
examples:
  fakereg reset       snapshots and violations stay
{remote.WHERE}"""


def add_options(parser: argparse.ArgumentParser) -> None:
    remote.add_options(parser)


def run(options: argparse.Namespace) -> int:
    return remote.show(options, remote.of(options).send("POST", "/reset"))
