"""`fakereg snapshot`: what is stored, put aside."""

from __future__ import annotations

import argparse

from fakereg.cli import remote

EXAMPLES = f"""\
examples:
  fakereg snapshot seeded            put aside what is stored; `fakereg restore seeded` goes back
  fakereg snapshot --diff seeded     what was pushed, retagged and deleted since
  fakereg snapshot --list
  fakereg snapshot --delete seeded
{remote.WHERE}"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", nargs="?", metavar="ID", help="by which it is asked for; without it one is made")
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--list", action="store_true", help="list the snapshots")
    other.add_argument("--delete", metavar="ID", help="forget one")
    other.add_argument("--diff", metavar="ID", help="what changed since")
    remote.add_options(parser)


def run(options: argparse.Namespace) -> int:
    registry = remote.of(options)
    if options.list:
        found = registry.get("/snapshots")
        return remote.show(options, found, *(f"{one['id']}  {one['description']}" for one in found["snapshots"]))
    if options.delete is not None:
        return remote.show(options, registry.send("DELETE", f"/snapshots/{options.delete}"))
    if options.diff is not None:
        changes = registry.get(f"/snapshots/{options.diff}/diff")
        return remote.show(options, changes, *(changes["lines"] or ["nothing changed"]))
    made = registry.send("POST", "/snapshots", {} if options.id is None else {"id": options.id})
    return remote.show(options, made, made["id"])
