"""`fakereg seed`: an image, an index or an artifact, built by the registry."""

from __future__ import annotations

import argparse
import base64
import json
from pathlib import Path
from typing import Any

from fakereg.cli import remote
from fakereg.cli.usage import UsageError, reason

EXAMPLES = f"""\
examples:
  fakereg seed team/app:v1
  fakereg seed team/app:v1 --file etc/motd=hi --file bin/tool=@build/tool
  fakereg seed team/app:v2 --platform linux/amd64 --platform linux/arm64
  fakereg seed team/app --artifact-type application/spdx+json --subject sha256:...
{remote.WHERE}"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", metavar="NAME[:TAG]", help="where it is stored")
    parser.add_argument(
        "--file", action="append", default=[], metavar="PATH=TEXT", help="a file of its layer; =@FILE takes a file"
    )
    parser.add_argument(
        "--platform", action="append", default=[], metavar="OS/ARCH", help="several make an index of as many images"
    )
    parser.add_argument("--config", type=_document, metavar="JSON", help='such as \'{"Env": ["A=1"]}\'')
    parser.add_argument("--artifact-type", metavar="TYPE", help="make an artifact of this media type")
    parser.add_argument("--subject", metavar="DIGEST", help="what it refers to")
    parser.add_argument("--annotation", action="append", default=[], metavar="KEY=TEXT", help="of the manifest")
    parser.add_argument("--docker", action="store_true", help="use Docker's media types")
    remote.add_options(parser)


def run(options: argparse.Namespace) -> int:
    given = {
        "image": options.image,
        "config": options.config,
        "artifact_type": options.artifact_type,
        "subject": options.subject,
        "annotations": dict(_pair("--annotation", one) for one in options.annotation) or None,
        "layers": [dict(map(_file, options.file))] if options.file else None,
        "platforms": options.platform if len(options.platform) > 1 else None,
        "platform": options.platform[0] if len(options.platform) == 1 else None,
        "docker": options.docker or None,
    }
    image = remote.of(options).send("POST", "/seed", {name: one for name, one in given.items() if one is not None})
    return remote.show(options, image, f"{image['reference']}  {image['digest']}")


def _file(text: str) -> tuple[str, Any]:
    path, content = _pair("--file", text)
    if not content.startswith("@"):
        return path, content
    try:
        return path, {"base64": base64.b64encode(Path(content[1:]).read_bytes()).decode()}
    except OSError as error:
        raise UsageError(f"cannot read {reason(error)}") from error


def _pair(option: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"{option} takes NAME=TEXT, got {text!r}")
    return name, value


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"takes a JSON object: {error}") from error
    if not isinstance(document, dict):
        raise argparse.ArgumentTypeError(f"takes a JSON object, got {text!r}")
    return document
