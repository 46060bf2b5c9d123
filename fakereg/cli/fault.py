"""`fakereg fault`: what a registry does wrong, armed from a shell."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from fakereg.cli import remote
from fakereg.cli.usage import UsageError
from fakereg.double import fault_forms
from fakereg.double.fault_forms import FormError

EXAMPLES = f"""\
examples:
  fakereg fault add Respond status=429 retry_after=1 --on get_blob --times 2
  fakereg fault add Truncate after=100 --on get_blob --repository 'team/*'
  fakereg fault add rate_limited times=3          a scenario
  fakereg fault list                              what is armed, and how often it fired
  fakereg fault remove fault-1                    without an id: all

Faults: {", ".join(fault_forms.FAULTS)}.
{remote.WHERE}"""

_TEXTS = ("method", "path", "repository", "reference", "stage", "name")


def add_options(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="add|list|remove", required=True, dest="action")
    add = actions.add_parser("add", help="arm a fault or a scenario")
    add.add_argument("fault", metavar="NAME", help="of a fault, such as Respond, or of a scenario, such as flaky_cdn")
    add.add_argument("fields", nargs="*", metavar="FIELD=VALUE", help="JSON, or text where that is taken")
    add.add_argument("--on", action="append", metavar="ENDPOINT", help="name or id of an endpoint, or connect")
    for name in _TEXTS:
        add.add_argument(f"--{name}", metavar=name.upper())
    add.add_argument("--times", type=int, help="at most so often")
    add.add_argument("--after", type=int, help="not on the first so many")
    add.add_argument("--probability", type=float, help="of firing, 0 to 1")
    one = actions.add_parser("list", help="what is armed, and how often it fired")
    remove = actions.add_parser("remove", help="remove one, or all")
    remove.add_argument("id", nargs="?", metavar="ID")
    for action in (add, one, remove):
        remote.add_options(action)


def run(options: argparse.Namespace) -> int:
    return _ACTIONS[options.action](options, remote.of(options))


def _add(options: argparse.Namespace, registry: remote.Remote) -> int:
    names = ("on", *_TEXTS, "times", "after", "probability")
    limits = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
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


def _list(options: argparse.Namespace, registry: remote.Remote) -> int:
    found = registry.get("/faults")
    lines = [f"{one['id']}  {one['name']}: fired {one['fired']} times" for one in found["faults"]]
    return remote.show(options, found, *(lines or ["no fault is armed"]))


def _remove(options: argparse.Namespace, registry: remote.Remote) -> int:
    path = "/faults" if options.id is None else f"/faults/{options.id}"
    return remote.show(options, registry.send("DELETE", path))


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


def _flag(names: Mapping[str, Any]) -> str:
    return " and ".join(f"--{name}" for name in names)
