"""`fakereg fault`: what a registry does wrong, armed from a shell."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from fakereg.cli import remote
from fakereg.cli.usage import UsageError
from fakereg.double import fault_forms
from fakereg.double.fault_forms import FormError

EXAMPLES = f"""\
examples:
  fakereg fault add Respond status=429 retry_after=1 --on get_blob --times 2
  fakereg fault add Truncate after=100 --on get_blob --repository 'team/*'
  fakereg fault add Reset --header 'User-Agent=containerd/*' --during 10,60
  fakereg fault add rate_limited times=3          a scenario
  fakereg fault list                              what is armed, and how often it fired
  fakereg fault remove fault-1                    without an id: all
  fakereg fault remove --must-fire                exit code 1 if one of them never did

Faults: {", ".join(fault_forms.FAULTS)}.
{remote.WHERE}"""

_TEXTS = ("method", "path", "repository", "reference", "stage", "name")
_NUMBERS = ("times", "after", "during", "probability")


def add_options(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="add|list|remove", required=True, dest="action")
    add = actions.add_parser("add", help="arm a fault or a scenario")
    add.add_argument("fault", metavar="NAME", help="of a fault, such as Respond, or of a scenario, such as flaky_cdn")
    add.add_argument("fields", nargs="*", metavar="FIELD=VALUE", help="JSON, or text where that is taken")
    add.add_argument("--on", action="append", metavar="ENDPOINT", help="name or id of an endpoint, or connect")
    for name in _TEXTS:
        add.add_argument(f"--{name}", metavar=name.upper())
    add.add_argument("--header", action="append", default=[], metavar="NAME=GLOB", help="of the request")
    add.add_argument("--without", action="append", default=[], metavar="NAME", help="requests that lack this header")
    add.add_argument("--times", type=int, help="at most so often")
    add.add_argument("--after", type=int, help="not on the first so many")
    add.add_argument("--during", type=_span, metavar="[FROM,]UP_TO", help="seconds from now on, of its clock")
    add.add_argument("--probability", type=float, help="of firing, 0 to 1")
    one = actions.add_parser("list", help="what is armed, and how often it fired")
    remove = actions.add_parser("remove", help="remove one, or all")
    remove.add_argument("id", nargs="?", metavar="ID")
    remove.add_argument("--must-fire", action="store_true", help="exit code 1 if it never did")
    for action in (add, one, remove):
        remote.add_options(action)


def run(options: argparse.Namespace) -> int:
    return _ACTIONS[options.action](options, remote.of(options))


def _add(options: argparse.Namespace, registry: remote.Remote) -> int:
    limits = _limits(options)
    pairs = dict(map(_pair, options.fields))
    if options.fault[:1].islower():
        if limits:
            raise UsageError(
                f"the scenario {options.fault} brings its own targets and limits: leave {_flag(limits)} out"
            )
        arguments = {name: _json(text) for name, text in pairs.items()}
        armed = registry.send("POST", "/faults", {"scenario": options.fault, "arguments": arguments})
    else:
        armed = registry.send("POST", "/faults", {"faults": [_form(options.fault, pairs)], **limits})
    return remote.show(options, armed, f"{armed['id']}  {armed['name']}")


def _limits(options: argparse.Namespace) -> dict[str, Any]:
    """On which requests and when it fires: what was given of the arguments of `registry.fault`."""
    names = ("on", *_TEXTS, *_NUMBERS)
    limits = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    headers = _headers([*map(_glob, options.header), *((name, None) for name in options.without)])
    return limits | ({"header": headers} if headers else {})


def _list(options: argparse.Namespace, registry: remote.Remote) -> int:
    found = registry.get("/faults")
    return remote.show(options, found, *(map(_line, found["faults"]) if found["faults"] else ["no fault is armed"]))


def _remove(options: argparse.Namespace, registry: remote.Remote) -> int:
    path = "/faults" if options.id is None else f"/faults/{options.id}"
    removed = registry.send("DELETE", path, must_fire="true" if options.must_fire else None)
    return remote.show(options, removed, *map(_line, removed.get("faults", [removed])))


def _line(fault: Mapping[str, Any]) -> str:
    return f"{fault['id']}  {fault['name']}: fired {fault['fired']} times"


_ACTIONS = {"add": _add, "list": _list, "remove": _remove}


def _form(name: str, pairs: Mapping[str, str]) -> dict[str, Any]:
    """Each value as the fault's field takes it: JSON, or else the text itself."""
    try:
        kind = fault_forms.find(name)
        values = {field: fault_forms.value_of(kind, field, (_json(text), text)) for field, text in pairs.items()}
        fault_forms.from_json(form := {"fault": name, **values})
    except FormError as error:
        raise UsageError(str(error)) from error
    return form


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"a field is given as FIELD=VALUE, got {text!r}")
    return name, value


def _headers(pairs: Sequence[tuple[str, str | None]]) -> dict[str, str | None]:
    """Raises UsageError where a header is named twice: it is like one glob, or missing."""
    headers: dict[str, str | None] = {}
    for name, glob in pairs:
        if name in headers:
            raise UsageError(
                f"--header and --without name {name} more than once: a header takes one glob, or is missing"
            )
        headers[name] = glob
    return headers


def _glob(text: str) -> tuple[str, str]:
    name, equals, glob = text.partition("=")
    if not equals:
        raise UsageError(f"--header takes NAME=GLOB, such as {text}='*', or --without {text} for none; got {text!r}")
    return name, glob


def _span(text: str) -> float | list[float]:
    try:
        numbers = [float(one) for one in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 2) or not all(map(isfinite, numbers)):
        raise argparse.ArgumentTypeError(f"takes seconds, such as 60 or 10,60, got {text!r}")
    return numbers[0] if len(numbers) == 1 else numbers


def _flag(names: Mapping[str, Any]) -> str:
    return " and ".join(f"--{name}" for name in names)
