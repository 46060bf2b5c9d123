"""`fakereg repositories`: what a registry holds."""

from __future__ import annotations

import argparse

from fakereg.cli import remote

EXAMPLES = f"""\
examples:
  fakereg repositories                 their names
  fakereg repositories team/app        tags, manifests and blobs of one
{remote.WHERE}"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="show what this one holds")
    remote.add_options(parser)


def run(options: argparse.Namespace) -> int:
    registry = remote.of(options)
    if options.name is None:
        found = registry.get("/repositories")
        return remote.show(options, found, *found["repositories"])
    held = registry.get(f"/repositories/{options.name}")
    lines = [f"{held['name']}:{tag}  {digest}" for tag, digest in held["tags"].items()]
    lines += [f"{held['name']}@{one['digest']}  {one['media_type']}" for one in held["manifests"] if not one["tags"]]
    count = f"{len(held['manifests'])} manifests, {len(held['blobs'])} blobs, {len(held['uploads'])} open uploads"
    return remote.show(options, held, *lines, count)
