"""`fakereg load FILE`: the images of an archive."""

from __future__ import annotations

import argparse
from pathlib import Path

from fakereg.cli import remote
from fakereg.cli.usage import UsageError, reason

EXAMPLES = f"""\
examples:
  fakereg load images.tar                  an OCI image layout as an archive, or what `docker save` wrote
  fakereg load app.tar.gz --repository team/app
{remote.WHERE}"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a tar archive, gzip or not")
    parser.add_argument("--repository", metavar="NAME", help="where its images are stored, whatever it says")
    remote.add_options(parser)


def run(options: argparse.Namespace) -> int:
    registry = remote.of(options)
    try:
        with options.file.open("rb") as file:
            size = options.file.stat().st_size
            loaded = registry.upload("/load", file, size, repository=options.repository)
    except OSError as error:
        raise UsageError(f"cannot read {reason(error)}") from error
    return remote.show(options, loaded, *loaded["references"])
