"""`fakereg export FILE`: what a registry holds, as an archive."""

from __future__ import annotations

import argparse
from pathlib import Path

from fakereg.cli import remote
from fakereg.cli.log import size
from fakereg.cli.usage import UsageError, reason

EXAMPLES = f"""\
examples:
  fakereg export all.tar.gz                                   all repositories, for `fakereg load`
  fakereg export app.tar --repository team/app                one of them
  fakereg export app.tar --repository team/app --format docker-archive    for `docker load`
{remote.WHERE}"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="compressed if its name ends in .gz or .tgz")
    parser.add_argument("--repository", metavar="NAME", help="one repository; otherwise all")
    parser.add_argument("--format", choices=("oci-archive", "docker-archive"), help="default: oci-archive")
    remote.add_options(parser)


def run(options: argparse.Namespace) -> int:
    registry = remote.of(options)
    compress = "true" if options.file.name.lower().endswith((".gz", ".tgz")) else None
    query = {"repository": options.repository, "format": options.format, "gzip": compress}
    try:
        written = registry.download("/export", options.file, **query)
    except OSError as error:
        raise UsageError(f"cannot write {reason(error)}") from error
    return remote.show(options, {"file": str(options.file), "size": written}, f"{options.file}  {size(written)}")
