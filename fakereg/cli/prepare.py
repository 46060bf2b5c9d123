"""The options by which a registry is described, and the registry that they describe."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import fakereg
from fakereg.cli.usage import UsageError, reason
from fakereg.double.journal import Subscriber
from fakereg.registry.profile import PROFILES, SETTINGS, Profile, find_profile
from fakereg.registry.settings import Choice, Number, Setting

_HIGHEST_PORT = 65535


def add_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the registry")
    group.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: 127.0.0.1)")
    group.add_argument("--port", type=_port, default=0, help="the port to listen on (default: 0, any free one)")
    group.add_argument(
        "--profile", default="spec", metavar="NAME", help=f"how it behaves: {', '.join(PROFILES)} (default: spec)"
    )
    group.add_argument(
        "--set",
        action="append",
        default=[],
        dest="assignments",
        metavar="FIELD=VALUE",
        help=f"change one field of the profile; may be repeated. Fields: {', '.join(map(_taken, SETTINGS))}",
    )
    group.add_argument(
        "--load",
        action="append",
        default=[],
        dest="layouts",
        type=Path,
        metavar="LAYOUT",
        help="start with the images of an OCI layout, a directory or tar, or of `docker save`; may be repeated",
    )
    group.add_argument(
        "--no-admin",
        action="store_false",
        dest="admin",
        help="no admin API; where other machines reach it, it needs a token in $FAKEREG_ADMIN_TOKEN",
    )


def registry(options: argparse.Namespace) -> fakereg.FakeRegistry:
    """A registry that does not serve yet. Raises UsageError."""
    profile = _profile(options.profile, options.assignments)
    admin = {"admin": options.admin, "admin_token": os.environ.get("FAKEREG_ADMIN_TOKEN") or None}
    try:
        prepared = fakereg.FakeRegistry(profile, host=options.host, port=options.port, **admin)
    except ValueError as error:
        raise UsageError(str(error)) from error
    for layout in options.layouts:
        try:
            prepared.load(layout)
        except (ValueError, OSError) as error:
            raise UsageError(f"cannot load {reason(error)}") from error  # it names the file
    return prepared


def subscribe(registry: fakereg.FakeRegistry, log: Subscriber) -> None:
    """Log every request, also those after a reset, which begins another journal."""
    registry.journal.subscribe(log)
    registry.watch(lambda journal: journal.subscribe(log))


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"takes 0 to {_HIGHEST_PORT}, got {text!r}")
    return int(text)


def _taken(name: str) -> str:
    """A field with its values: `deletes=on|off`, `page_maximum=ENTRIES|none`."""
    setting: Setting = SETTINGS[name]
    if isinstance(setting, Choice):
        return f"{name}={'|'.join(str(member.value) for member in setting.enum)}"
    return f"{name}={setting.unit.upper()}|none" if isinstance(setting, Number) else name


def _profile(name: str, assignments: Sequence[str]) -> Profile:
    try:
        return find_profile(name).set(dict(map(_assignment, assignments)))
    except ValueError as error:
        raise UsageError(str(error)) from error


def _assignment(text: str) -> tuple[str, str]:
    field, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--set takes FIELD=VALUE, got {text!r}")
    return field.strip(), value.strip()
