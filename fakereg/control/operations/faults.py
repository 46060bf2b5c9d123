"""Faults: armed, listed with what they did, removed."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fakereg.control.desk import Ask
from fakereg.control.problems import AssertionFailed, Flaw, InvalidFields, invalid
from fakereg.control.route import Reply
from fakereg.control.shapes import (
    ANY,
    NUMBER,
    TEXT,
    TEXTS,
    WHOLE,
    Schema,
    answered,
    at_least,
    either,
    flaws,
    many,
    maybe,
    record,
    some,
    table,
)
from fakereg.double import fault_forms, scenarios
from fakereg.double.armed import Rule
from fakereg.double.fault_forms import FormError
from fakereg.double.plan import ArmedFault
from fakereg.double.scenario import Scenario

LABELS = either(TEXT, TEXTS)
FOREVER = some(fault_forms.FOREVER)

# The arguments of `FakeRegistry.fault`, all but `where`, which is code.
OPTIONS: Mapping[str, Schema] = {
    "on": LABELS,
    "method": TEXT,
    "path": TEXT,
    "repository": TEXT,
    "reference": TEXT,
    "header": table(maybe(TEXT)),
    "times": maybe(at_least(1)),
    "after": at_least(0),
    "during": maybe(either(at_least(0, NUMBER), FOREVER, many(either(at_least(0, NUMBER), FOREVER)))),
    "probability": {"type": "number", "minimum": 0, "maximum": 1},
    "stage": some("authorised", "edge"),
    "name": TEXT,
}

SCENARIOS: Mapping[str, Callable[..., Scenario]] = {
    name: make
    for name, make in vars(scenarios).items()
    if inspect.isfunction(make) and not name.startswith("_") and make.__module__ == scenarios.__name__
    if make.__annotations__.get("return") == "Scenario"
}

_FORM: Schema = {"type": "object", "required": ["fault"], "properties": {"fault": TEXT}}
_SEVERAL = record("faults", faults=many(_FORM), **OPTIONS)
_SCENARIO = record("scenario", scenario=TEXT, arguments=table(ANY))

# Which of the three it is, and whether it is right, is told below in better words.
ARM: Schema = {"type": "object", "properties": {"fault": TEXT, "faults": many(_FORM), "scenario": TEXT}}


def _described() -> Schema:
    """All three: a fault with its fields beside the options, a list of faults, a scenario with its arguments."""
    own = {name: fault_forms.schema(kind) for name, kind in fault_forms.FAULTS.items()}
    single = [{**form, "properties": {**OPTIONS, **form["properties"]}} for form in own.values()]
    listed = many({"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in own]})
    named = record("scenario", scenario=some(*SCENARIOS), arguments=table(ANY))
    return either(*single, record("faults", faults=listed, **OPTIONS), named)


DESCRIBED = _described()

FAULT = answered(
    id=TEXT,
    name=TEXT,
    fired=WHOLE,
    seen={"type": "integer", "description": "requests that fitted, whether it fired or not"},
    requests={"type": "array", "items": WHOLE, "description": "numbers in the journal"},
    acts=many(answered(faults=many(_FORM), description=TEXT, fired=WHOLE, seen=WHOLE)),
)
FAULTS = answered(faults=many(FAULT))


def list_faults(ask: Ask) -> Reply:
    armed = ask.desk.armed(ask.pipeline)
    return Reply({"faults": [_document(identity, fault) for identity, fault in armed.items()]})


def get_fault(ask: Ask) -> Reply:
    identity = ask.params["id"]
    return Reply(_document(identity, ask.desk.fault(identity, ask.pipeline)))


def delete_fault(ask: Ask) -> Reply:
    identity = ask.params["id"]
    fault = ask.desk.fault(identity, ask.pipeline)
    _remove(ask, [fault])
    return Reply(_document(identity, fault))


def delete_faults(ask: Ask) -> Reply:
    armed = ask.desk.armed(ask.pipeline)
    _remove(ask, list(armed.values()))
    return Reply({"faults": [_document(identity, fault) for identity, fault in armed.items()]})


def _remove(ask: Ask, faults: Sequence[ArmedFault]) -> None:
    """All of them, and only then, with `must_fire`, complain of those that never fired, as a `with` of Python does."""
    for fault in faults:
        fault.remove()
    if ask.query.get("must_fire", False):
        told = [text for fault in faults if (text := fault.why_never_fired())]
        if told:
            raise AssertionFailed("\n".join(told))


def arm_fault(ask: Ask) -> Reply:
    """One fault with its fields beside the options, several in `faults`, or a scenario by its name."""
    kinds = [name for name in ("fault", "faults", "scenario") if name in ask.body]
    if len(kinds) != 1:
        got = " and ".join(map(repr, kinds)) or "none of them"
        raise invalid([Flaw("", f"a fault is given by one of 'fault', 'faults' and 'scenario', got {got}")])
    values, options = _READERS[kinds[0]](ask.body)
    if "during" in options:
        options["during"] = _read_span(options["during"])
    try:
        fault = ask.fake.fault(*values, must_fire=False, **options)
    except (TypeError, ValueError) as error:
        raise InvalidFields(str(error)) from error
    return Reply(_document(ask.desk.note(fault, ask.pipeline), fault), status=201)


def _read_span(during: Any) -> Any:
    if isinstance(during, list):
        return tuple(_read_span(seconds) for seconds in during)
    return math.inf if during == fault_forms.FOREVER else during


def _written_span(during: tuple[float, float]) -> list[float | str]:
    """JSON has no infinity."""
    return [fault_forms.FOREVER if math.isinf(seconds) else seconds for seconds in during]


Read = tuple[list[Any], dict[str, Any]]


def _read_one(body: Mapping[str, Any]) -> Read:
    """A field that the fault has is the fault's: `after` of Truncate are bytes. `faults` leaves no doubt."""
    kind = _checked(lambda: fault_forms.find(body["fault"]), "")
    own = {"fault", *fault_forms.fields_of(kind)}
    options = {name: value for name, value in body.items() if name not in own}
    _check_options(options, own - {"fault"})
    return [_fault({name: value for name, value in body.items() if name in own}, "")], options


def _read_several(body: Mapping[str, Any]) -> Read:
    found = list(flaws(_SEVERAL, body))
    if found:
        raise invalid(found)
    values = [_fault(form, f"faults[{index}].") for index, form in enumerate(body["faults"])]
    return values, {name: value for name, value in body.items() if name != "faults"}


def _read_scenario(body: Mapping[str, Any]) -> Read:
    found = list(flaws(_SCENARIO, body))
    if found:
        raise invalid(found)
    make = SCENARIOS.get(body["scenario"])
    if make is None:
        known = f"known are {', '.join(SCENARIOS)}"
        raise invalid([Flaw("scenario", f"is unknown: {body['scenario']!r}; {known}")])
    arguments = body.get("arguments", {})
    known_arguments = inspect.signature(make).parameters
    for name in arguments:
        if name not in known_arguments:
            takes = ", ".join(known_arguments) or "none"
            raise invalid([Flaw(f"arguments.{name}", f"is unknown; {body['scenario']} takes {takes}")])
    try:
        return [make(**arguments)], {}
    except (TypeError, ValueError) as error:
        raise invalid([Flaw("arguments", f"do not fit {body['scenario']}: {error}")]) from error


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Read]] = {
    "fault": _read_one,
    "faults": _read_several,
    "scenario": _read_scenario,
}


def _check_options(options: Mapping[str, Any], own: set[str]) -> None:
    found = list(flaws({**record(**OPTIONS), "additionalProperties": ANY}, options))
    known = f"it has {', '.join(sorted(own)) or 'no fields'}, and is armed with {', '.join(OPTIONS)}"
    found += [Flaw(name, f"is no field of the fault; {known}") for name in options if name not in OPTIONS]
    if found:
        raise invalid(found)


def _fault(form: Mapping[str, Any], place: str) -> Any:
    return _checked(lambda: fault_forms.from_json(form), place)


def _checked(make: Callable[[], Any], place: str) -> Any:
    try:
        return make()
    except FormError as error:
        raise invalid([Flaw(f"{place}{error.field}", error.message)]) from error


def _document(identity: str, fault: ArmedFault) -> dict[str, Any]:
    return {
        "id": identity,
        "name": fault.name,
        "fired": fault.fired,
        "seen": sum(rule.seen for rule in fault.rules),
        "requests": [entry.number for entry in fault.requests],
        "acts": [_act(rule) for rule in fault.rules],
    }


def _act(rule: Rule) -> dict[str, Any]:
    act, target = rule.act, rule.act.target
    told: dict[str, Any] = {
        "on": list(target.endpoints),
        "method": target.method,
        "path": target.path,
        "repository": target.repository,
        "reference": target.reference,
        "header": dict(target.header),
        "where": None if target.where is None else getattr(target.where, "__name__", "a condition"),
        "times": act.times,
        "after": act.after,
        "during": None if act.during is None else _written_span(act.during),
        "probability": act.probability,
        "stage": act.stage,
    }
    faults = [fault_forms.to_json(fault) for fault in act.faults]
    return {"faults": faults, "description": str(act), "fired": rule.fired, "seen": rule.seen, **told}
