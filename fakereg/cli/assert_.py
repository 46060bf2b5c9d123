"""`fakereg assert`: what a registry was asked, or holds after a push, checked from a shell.

The module's name has an underscore, as `assert` is a word of Python.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fakereg.cli import journal, remote

EXAMPLES = f"""\
examples:
  fakereg assert requested --endpoint get_blob --times 2
  fakereg assert not-requested --method DELETE
  fakereg assert order put_upload "PUT /v2/team/app/manifests/v2"
  fakereg assert pushed team/app:v2               the registry holds all of it
  fakereg assert pulled team/app:v1 --whole
  fakereg assert mounted sha256:... --into team/app --from team/base

Exit code 0 if it holds; otherwise 1, and what was asked instead on stderr.
{remote.WHERE}"""

_BOUNDS = {"times": "exactly so often", "at_least": "so often or more", "at_most": "so often or less"}


def add_options(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(title="assertions", metavar="ASSERTION", required=True, dest="assertion")
    for name, kind in _KINDS.items():
        one = kinds.add_parser(name, help=kind.summary, description=f"{kind.summary[0].upper()}{kind.summary[1:]}.")
        kind.add_options(one)
        remote.add_options(one)


def run(options: argparse.Namespace) -> int:
    given = _KINDS[options.assertion].read(options)
    body = {"assert": options.assertion.replace("-", "_"), **given}
    return remote.show(options, remote.of(options).send("POST", "/journal/assert", body))


# The options of each, and what they are as fields of the request


def _add_requested(parser: argparse.ArgumentParser) -> None:
    journal.add_criteria(parser)
    for name, told in _BOUNDS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, metavar="NUMBER", help=told)


def _requested(options: argparse.Namespace) -> Mapping[str, Any]:
    return {**journal.criteria(options), **_given(options, *_BOUNDS)}


def _add_order(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("steps", nargs="+", metavar="STEP", help="name or id of an endpoint, or 'METHOD PATH'")


def _order(options: argparse.Namespace) -> Mapping[str, Any]:
    return {"steps": [_step(text) for text in options.steps]}


def _step(text: str) -> str | dict[str, str]:
    method, space, path = text.partition(" ")
    return {"method": method, "path": path} if space else text


def _add_image(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help="team/app:v1 or team/app@sha256:...")


def _add_pulled(parser: argparse.ArgumentParser) -> None:
    _add_image(parser)
    parser.add_argument("--whole", action="store_true", help="its config and layers too")


def _add_mounted(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("digest", metavar="DIGEST")
    parser.add_argument("--into", required=True, metavar="REPOSITORY")
    parser.add_argument("--from", metavar="REPOSITORY")


def _add_uploaded_once(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("digest", metavar="DIGEST")
    parser.add_argument("--into", metavar="REPOSITORY", help="looks at this one alone")


def _add_nothing(parser: argparse.ArgumentParser) -> None:
    pass


def _fields(options: argparse.Namespace) -> Mapping[str, Any]:
    """Where the options are called as the fields are."""
    return _given(options, "image", "whole", "digest", "into", "from")


def _given(options: argparse.Namespace, *names: str) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(options, name, None)) is not None}


@dataclass(frozen=True, slots=True)
class Kind:
    """One assertion as the command has it."""

    summary: str
    add_options: Callable[[argparse.ArgumentParser], None]
    read: Callable[[argparse.Namespace], Mapping[str, Any]]


_KINDS = {
    "requested": Kind("such a request arrived, as often as is said", _add_requested, _requested),
    "not-requested": Kind("no such request arrived", journal.add_criteria, journal.criteria),
    "order": Kind("such requests arrived in this order", _add_order, _order),
    "pushed": Kind("the image was pushed, and all of it is there", _add_image, _fields),
    "pulled": Kind("the image's manifest was got", _add_pulled, _fields),
    "mounted": Kind("the blob was mounted, and not uploaded", _add_mounted, _fields),
    "uploaded-once": Kind("the blob's content was sent exactly once", _add_uploaded_once, _fields),
    "no-unused-uploads": Kind("no upload is open, and no blob is named by no manifest", _add_nothing, _fields),
    "no-violations": Kind("nothing was asked that is forbidden", _add_nothing, _fields),
}
