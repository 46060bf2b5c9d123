"""What requests and answers look like, in JSON Schema: the same fragments check and describe.

As much of JSON Schema (2020-12) as the admin API needs, no more.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fakereg.control.problems import Flaw

Schema = Mapping[str, Any]

_MOST = sys.float_info.max

# Of a value in a message.
_SHOWN = 60

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
BOOLEAN: Schema = {"type": "boolean"}
ANY: Schema = {}
TEXTS: Schema = {"type": "array", "items": TEXT}


def record(*required: str, **properties: Schema) -> Schema:
    """An object with these fields and no others."""
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def answered(**properties: Schema) -> Schema:
    """An object that has all these fields, and in later versions perhaps more."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def table(values: Schema) -> Schema:
    """An object with any keys."""
    return {"type": "object", "additionalProperties": values}


def many(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def some(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


def either(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


def maybe(schema: Schema) -> Schema:
    return either(schema, {"type": "null"})


def at_least(least: float, schema: Schema = WHOLE) -> Schema:
    return {**schema, "minimum": least}


def told(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description}


# Checking


def _is_number(value: Any) -> bool:
    """One that a float can hold."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -_MOST <= value <= _MOST


_IS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "null": lambda value: value is None,
}

_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}


def flaws(schema: Schema, value: Any, place: str = "") -> Iterator[Flaw]:
    """All that is wrong with a value."""
    if "anyOf" in schema:
        yield from _flaws_of_all(schema, value, place)
    elif not _fits(schema, value):
        yield _misfit(schema, value, place)
    elif isinstance(value, dict):
        yield from _flaws_of_object(schema, value, place)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from flaws(schema.get("items", ANY), one, f"{place}[{index}]")


def _flaws_of_all(schema: Schema, value: Any, place: str) -> Iterator[Flaw]:
    """Of an object or a list those of the form that is nearest to it; nothing if one of the forms fits."""
    tried = [(one, list(flaws(one, value, place))) for one in schema["anyOf"]]
    if not all(found for _, found in tried):
        return
    near = [found for one, found in tried if isinstance(value, (dict, list)) and _IS[one.get("type", "null")](value)]
    yield from min(near, key=len) if near else [_misfit(schema, value, place)]


def _fits(schema: Schema, value: Any) -> bool:
    if "type" in schema and not _IS[schema["type"]](value):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    return not ("minimum" in schema and value < schema["minimum"]) and not (
        "maximum" in schema and value > schema["maximum"]
    )


def _flaws_of_object(schema: Schema, value: dict[str, Any], place: str) -> Iterator[Flaw]:
    known: Mapping[str, Schema] = schema.get("properties", {})
    others = schema.get("additionalProperties", ANY)
    for name in schema.get("required", ()):
        if name not in value:
            yield Flaw(within(place, name), "is missing")
    for name, one in value.items():
        if name in known:
            yield from flaws(known[name], one, within(place, name))
        elif others is False:
            yield Flaw(within(place, name), f"is unknown; known are {', '.join(known) or 'none'}")
        else:
            yield from flaws(others, one, within(place, name))


def within(place: str, name: str) -> str:
    """The place of a field: `on`, `layers[0].files`, `layers[0]["etc/motd"]`."""
    if not name.isidentifier():
        return f"{place}[{json.dumps(name)}]" if place else name
    return f"{place}.{name}" if place else name


def _misfit(schema: Schema, value: Any, place: str) -> Flaw:
    return Flaw(place, f"takes {words(schema)}, got {shown(value)}")


def words(schema: Schema) -> str:
    """The values that a schema takes, for people: `a whole number, 1 or more`."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(words(one) for one in schema["anyOf"]))
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    said = _WORDS[schema["type"]] if "type" in schema else "anything"
    if schema.get("type") == "array" and "type" in schema.get("items", ANY):
        said = f"a list of {_WORDS[schema['items']['type']].removeprefix('an ').removeprefix('a ')}s"
    if "minimum" in schema and "maximum" in schema:
        return f"{said} from {schema['minimum']} to {schema['maximum']}"
    return f"{said}, {schema['minimum']} or more" if "minimum" in schema else said


def shown(value: Any) -> str:
    """A value as JSON, cut where it is long."""
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def read(schema: Schema, text: str) -> Any:
    """The value for which a query parameter's text stands; the text itself where it is none."""
    kind = schema.get("type")
    try:
        if kind == "integer":
            return int(text)
        if kind == "number":
            return float(text)
    except ValueError:
        return text
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text
