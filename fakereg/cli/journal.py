"""`fakereg journal`: what was asked of a registry."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from fakereg.cli import remote
from fakereg.cli.log import size
from fakereg.cli.terminal import Terminal, printable

EXAMPLES = f"""\
examples:
  fakereg journal                                         a line per request
  fakereg journal --endpoint put_manifest --status 2xx    those that fit
  fakereg journal --method PUT --wait 5                   as soon as there is one, for at most 5 seconds
  fakereg journal --format har > journal.har              for the network panel of a browser
  fakereg journal --format curl > again.sh                to ask the same of another registry
{remote.WHERE}"""

_TEXTS = ("method", "path", "repository", "reference", "digest", "status", "user", "fault", "error")
_CRITERIA = (*_TEXTS, "endpoint", "header", "query", "connection")


def add_criteria(parser: argparse.ArgumentParser) -> None:
    """The options that say which requests are meant."""
    fitting = parser.add_argument_group("which requests; texts may be patterns such as 'team/*'")
    for name in _TEXTS:
        fitting.add_argument(f"--{name}", metavar=name.upper())
    fitting.add_argument("--endpoint", action="append", default=[], metavar="NAME", help="name or id of an endpoint")
    fitting.add_argument("--header", action="append", default=[], metavar="NAME[=VALUE]", help="of the request")
    fitting.add_argument("--query", action="append", default=[], metavar="NAME[=VALUE]", help="of its URL")
    fitting.add_argument("--connection", type=int, metavar="NUMBER", help="on this one")


def criteria(options: argparse.Namespace) -> dict[str, Any]:
    """Those that were given, as JSON has them; a header without a value may have any, and no user is nobody."""
    given = {name: value for name in _CRITERIA if (value := getattr(options, name)) not in (None, [])}
    for name in ("header", "query"):
        if name in given:
            pairs = (text.partition("=") for text in given[name])
            given[name] = {key: value if equals else "*" for key, equals, value in pairs}
    if given.get("status", "").isdecimal():
        given["status"] = int(given["status"])
    return given | ({"user": None} if given.get("user") == "" else {})


def add_options(parser: argparse.ArgumentParser) -> None:
    add_criteria(parser)
    parser.add_argument("--after", type=int, metavar="NUMBER", help="later than this one")
    parser.add_argument("--wait", type=float, metavar="SECONDS", help="wait for them; exit code 1 if they do not come")
    parser.add_argument("--times", type=int, metavar="NUMBER", help="wait for so many (default: 1)")
    parser.add_argument("--format", choices=("json", "jsonl", "har", "curl"), help="for programs, in another form")
    remote.add_options(parser)


def run(options: argparse.Namespace) -> int:
    names = (*_CRITERIA, "after", "wait", "times", "format")
    query: dict[str, Any] = {name: getattr(options, name) for name in names}
    found = remote.of(options).get("/journal", patience=options.wait or 0.0, **query)
    if not isinstance(found, dict):  # lines of JSON, or a script; perhaps none at all
        Terminal(sys.stdout).line((found or "").removesuffix("\n"))
        return 0
    options.json = options.json or options.format is not None
    return remote.show(options, found, *(map(_line, found["requests"]) if "requests" in found else ()))


def _line(entry: dict[str, Any]) -> str:
    status = "---" if entry["status"] is None else entry["status"]
    moved = [f"in {size(entry['received'])}"] if entry["received"] else []
    moved += [f"out {size(entry['sent'])}"] if entry["sent"] else []
    said = [f"fault: {one}" for one in entry["faults"]]
    said += [f"{entry['error']['code']}: {entry['error']['message']}"] if entry["error"] else []
    return printable(
        "  ".join([f"{entry['number']:>4}  {status}  {entry['method']:<6} {entry['target']}", *moved, *said])
    )
