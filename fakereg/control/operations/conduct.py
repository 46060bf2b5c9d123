"""What answers warn of, what clients must not do, and how the registry behaves."""

from __future__ import annotations

from enum import Enum
from typing import Any

from fakereg.control.desk import Ask
from fakereg.control.operations.faults import LABELS
from fakereg.control.problems import Flaw, InvalidFields, invalid
from fakereg.control.route import Reply
from fakereg.control.shapes import ANY, TEXT, Schema, answered, many, maybe, record, table
from fakereg.double.journal.export import document
from fakereg.registry.profile import SETTINGS, Profile
from fakereg.registry.settings import Choice, Number, Setting

WARNING = record("text", text=TEXT, on=maybe(TEXT))
WARNINGS = answered(warnings=many(answered(text=TEXT, on=maybe(TEXT))))
FORBID = record(
    method=TEXT,
    path=TEXT,
    endpoint=LABELS,
    repository=TEXT,
    reference=TEXT,
    header=table(maybe(TEXT)),
    reason=TEXT,
)
FORBIDDEN = answered(forbidden=many(answered(requests=TEXT, reason=TEXT)))
VIOLATIONS = answered(violations=many(answered(reason=TEXT, request={"type": "object"})))


def list_warnings(ask: Ask) -> Reply:
    return Reply({"warnings": [{"text": text, "on": on} for text, on in ask.pipeline.warnings.texts]})


def add_warning(ask: Ask) -> Reply:
    try:
        ask.fake.warn(ask.body["text"], on=ask.body.get("on"))
    except ValueError as error:
        raise InvalidFields(str(error)) from error
    return Reply(list_warnings(ask).document, status=201)


def forbid(ask: Ask) -> Reply:
    try:
        ask.fake.forbid(**ask.body)
    except (TypeError, ValueError) as error:
        raise InvalidFields(str(error)) from error
    return Reply(status=204)


def list_forbidden(ask: Ask) -> Reply:
    found = [{"requests": str(target), "reason": reason} for target, reason in ask.pipeline.conduct.forbidden]
    return Reply({"forbidden": found})


def list_violations(ask: Ask) -> Reply:
    found = [{"reason": one.reason, "request": document(one.entry)} for one in ask.fake.violations]
    return Reply({"violations": found})


def delete_violations(ask: Ask) -> Reply:
    ask.fake.forget_violations()
    return Reply(status=204)


# Settings


def _taken(setting: Setting) -> Schema:
    """The values of a setting; null lifts a limit."""
    if isinstance(setting, Choice):
        return {"type": "string", "enum": [member.value for member in setting.enum]}
    if isinstance(setting, Number):
        kind = "integer" if setting.kind is int else "number"
        return maybe({"type": kind, "minimum": setting.least, "description": setting.unit})
    return ANY


SETTING = {name: _taken(setting) for name, setting in SETTINGS.items()}
GIVEN = answered(profile=TEXT, settings=answered(**SETTING))
CHANGED = record(**SETTING)


def get_settings(ask: Ask) -> Reply:
    profile = ask.fake.profile
    return Reply({"profile": profile.name, "settings": {name: _value(profile, name) for name in SETTINGS}})


def change_settings(ask: Ask) -> Reply:
    if not ask.body:
        raise invalid([Flaw("", f"name the settings that change: {', '.join(SETTINGS)}")])
    ask.fake.configure(**ask.body)
    return get_settings(ask)


def _value(profile: Profile, name: str) -> Any:
    value = getattr(profile, name)
    return value.value if isinstance(value, Enum) else value
