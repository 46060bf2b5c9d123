"""Faults as JSON, for the admin API and the command: `{"fault": "Respond", "status": 429, "retry_after": 1}`.

The forms follow from the dataclasses: their fields are the keys, and the types of the fields say what they take.
Where JSON has no such value: bytes are text or `{"base64": ...}`, a moment is text in ISO 8601, infinitely many
seconds are "forever" or null, and what is drawn is `{"uniform": [least, most]}` or `{"lognormal": [median, sigma]}`.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, Field, dataclass, fields
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from fakereg.double import faults
from fakereg.double.fault import FINITE, Fault
from fakereg.double.faults.timing import Lognormal, Uniform

FAULTS: Mapping[str, type[Fault]] = {
    name: kind
    for name in faults.__all__
    if isinstance(kind := getattr(faults, name), type) and issubclass(kind, Fault) and kind is not Fault
}

FOREVER = "forever"

# What stands for a moment; any other text for Retry-After is sent as it is.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*", re.ASCII)


# Fields of Uniform and Lognormal, and of a query parameter.
_PAIR = 2


class FormError(ValueError):
    """A fault's form is wrong; `field` is the key at which, "fault" for the fault as a whole."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field} {message}")
        self.field = field
        self.message = message


def from_json(form: Mapping[str, Any]) -> Fault:
    """The fault. Raises FormError, naming the field."""
    kind = find(form.get("fault"))
    known = {field.name: field for field in fields(kind)}
    given = {name: value for name, value in form.items() if name != "fault"}
    for name in given:
        if name not in known:
            raise FormError(name, f"is no field of {kind.__name__}; it has {', '.join(known) or 'none'}")
    for name, field in known.items():
        if name not in given and is_required(field):
            raise FormError(name, f"is missing: {kind.__name__} needs it")
    types = _types(kind)
    values = {name: _read(types[name], value, name) for name, value in given.items()}
    try:
        return kind(**values)
    except (TypeError, ValueError) as error:  # its first word is the field, mostly
        field_name = str(error).partition(" ")[0]
        if field_name in known:
            raise FormError(field_name, str(error).removeprefix(f"{field_name} ")) from error
        raise FormError("fault", f"{kind.__name__} cannot be: {error}") from error


def to_json(fault: Fault) -> dict[str, Any]:
    """The fields that differ from their defaults, and the name."""
    form: dict[str, Any] = {"fault": type(fault).__name__}
    types = _types(type(fault))
    for field in fields(fault):
        value = getattr(fault, field.name)
        if is_required(field) or value != _default(field):
            form[field.name] = _written(types[field.name], value)
    return form


def find(name: object) -> type[Fault]:
    """The fault of this name. Raises FormError, listing the known."""
    if not isinstance(name, str):
        raise FormError("fault", "is missing: name one, such as 'Respond'" if name is None else "takes a name as text")
    if name not in FAULTS:
        raise FormError("fault", f"is unknown: {name!r}; known are {', '.join(FAULTS)}")
    return FAULTS[name]


def is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _default(field: Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def _types(kind: type[Fault]) -> Mapping[str, Any]:
    return get_type_hints(kind)


# What each type of a field looks like in JSON


@dataclass(frozen=True, slots=True)
class Form:
    """A type in JSON: `read` gives its value or _NOT_THIS, `words` say what is taken, `schema` is JSON Schema."""

    read: Callable[[Any, Any], Any]
    words: str
    schema: Mapping[str, Any]


_NOT_THIS = object()


def _members(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


def _form(kind: Any) -> Form:
    if get_origin(kind) is Literal:
        choices = get_args(kind)
        words = " or ".join(map(repr, choices))
        return Form(lambda _, value: value if value in choices else _NOT_THIS, words, {"enum": list(choices)})
    return _FORMS["pairs" if kind == tuple[tuple[str, str], ...] else get_origin(kind) or kind]


def _takes_forever(kind: Any) -> bool:
    """Whether null and "forever" are infinitely many seconds: only where they are nothing else."""
    return float in _members(kind) and not {str, NoneType} & set(_members(kind))


def _read(kind: Any, value: Any, name: str) -> Any:
    """A union takes what one of its members takes, in their order."""
    if _takes_forever(kind) and value in (None, FOREVER):
        return math.inf
    for member in _members(kind):
        found = _form(member).read(member, value)
        if found is not _NOT_THIS:
            return found
    words = [_form(member).words for member in _members(kind)] + ([f"'{FOREVER}'"] if _takes_forever(kind) else [])
    raise FormError(name, f"takes {' or '.join(words)}, got {json.dumps(value)[:60]}")


def _written(kind: Any, value: Any) -> Any:
    match value:
        case math.inf:
            written: Any = FOREVER
        case datetime():
            written = value.isoformat()
        case str() if datetime in _members(kind) and _read_moment(kind, value) is not _NOT_THIS:
            written = {"text": value}
        case bytes():
            written = {"base64": base64.b64encode(value).decode()}
        case Uniform() | Lognormal():
            written = {type(value).__name__.lower(): [getattr(value, field.name) for field in fields(value)]}
        case tuple():
            written = [list(one) if isinstance(one, tuple) else one for one in value]
        case _:
            written = dict(value) if isinstance(value, Mapping) else value
    return written


def _read_number(kind: Any, value: Any) -> Any:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if is_number and -FINITE <= value <= FINITE else _NOT_THIS


def _read_text(kind: Any, value: Any) -> Any:
    if isinstance(value, dict) and list(value) == ["text"]:
        value = value["text"]
    return value if isinstance(value, str) else _NOT_THIS


def _read_bytes(kind: Any, value: Any) -> Any:
    encoded = value["base64"] if isinstance(value, dict) and list(value) == ["base64"] else None
    if not isinstance(encoded, str):
        return _NOT_THIS
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:
        return _NOT_THIS


def _read_moment(kind: Any, value: Any) -> Any:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return _NOT_THIS
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return _NOT_THIS


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _read_texts(kind: Any, value: Any) -> Any:
    return tuple(value) if _is_texts(value) else _NOT_THIS


def _read_pairs(kind: Any, value: Any) -> Any:
    pairs = list(map(list, value.items())) if isinstance(value, dict) else value
    if not isinstance(pairs, list) or not all(_is_texts(one) and len(one) == _PAIR for one in pairs):
        return _NOT_THIS
    return tuple((name, text) for name, text in pairs)


def _read_headers(kind: Any, value: Any) -> Any:
    return value if isinstance(value, dict) and _is_texts(list(value.values())) else _NOT_THIS


def _read_drawn(kind: Any, value: Any) -> Any:
    name = kind.__name__.lower()
    numbers = value[name] if isinstance(value, dict) and list(value) == [name] else None
    if not isinstance(numbers, list) or len(numbers) != _PAIR:
        return _NOT_THIS
    try:
        return kind(*numbers)
    except ValueError:
        return _NOT_THIS


def _exactly(wanted: type) -> Callable[[Any, Any], Any]:
    """One of JSON's own types; true is no number here."""
    return lambda _, value: value if type(value) is wanted else _NOT_THIS


_TWO = {"type": "array", "items": {"type": "number"}, "minItems": _PAIR, "maxItems": _PAIR}
_STRING = {"type": "string"}


def _object(name: str, value: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "object", "properties": {name: value}, "required": [name], "additionalProperties": False}


_FORMS: Mapping[Any, Form] = {
    int: Form(_exactly(int), "a whole number", {"type": "integer"}),
    bool: Form(_exactly(bool), "true or false", {"type": "boolean"}),
    float: Form(_read_number, "a number", {"type": "number"}),
    str: Form(_read_text, "text", {"anyOf": [_STRING, _object("text", _STRING)]}),
    bytes: Form(_read_bytes, '{"base64": ...}', _object("base64", _STRING)),
    datetime: Form(_read_moment, "a moment in ISO 8601", {"type": "string", "format": "date-time"}),
    NoneType: Form(_exactly(NoneType), "null", {"type": "null"}),
    Mapping: Form(_read_headers, "an object of texts", {"type": "object", "additionalProperties": _STRING}),
    tuple: Form(_read_texts, "a list of texts", {"type": "array", "items": _STRING}),
    "pairs": Form(
        _read_pairs,
        "an object of texts, or a list of pairs of texts",
        {"anyOf": [{"type": "object", "additionalProperties": _STRING}, {"type": "array"}]},
    ),
    Uniform: Form(_read_drawn, '{"uniform": [least, most]}', _object("uniform", _TWO)),
    Lognormal: Form(_read_drawn, '{"lognormal": [median, sigma]}', _object("lognormal", _TWO)),
}


def schema(kind: type[Fault]) -> dict[str, Any]:
    """The form of this fault in JSON Schema."""
    types = _types(kind)
    properties: dict[str, Any] = {"fault": {"const": kind.__name__}}
    for field in fields(kind):
        options = [_form(member).schema for member in _members(types[field.name])]
        options += [{"enum": [FOREVER, None]}] if _takes_forever(types[field.name]) else []
        properties[field.name] = options[0] if len(options) == 1 else {"anyOf": options}
    return {
        "type": "object",
        "description": (kind.__doc__ or "").partition("\n")[0],
        "properties": properties,
        "required": ["fault", *(field.name for field in fields(kind) if is_required(field))],
        "additionalProperties": False,
    }


def fields_of(kind: type[Fault]) -> list[str]:
    """The keys that its form may have."""
    return [field.name for field in fields(kind)]


def value_of(kind: type[Fault], name: str, candidates: Sequence[Any]) -> Any:
    """The first of several values, in JSON, that the field takes. Raises FormError for the first where none is."""
    if name not in fields_of(kind):
        return candidates[0]  # from_json tells which fields there are
    for candidate in candidates:
        with suppress(FormError):
            _read(_types(kind)[name], candidate, name)
            return candidate
    return _read(_types(kind)[name], candidates[0], name)
