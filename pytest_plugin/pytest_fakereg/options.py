"""Options of the registries: where they come from, which are known, and which of several counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pytest

INI = "fake_registry_options"
MARKER = "@pytest.mark.fake_registry"


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"takes a whole number, got {text!r}") from None


def _on_or_off(text: str) -> bool:
    if text.lower() not in ("on", "off", "true", "false"):
        raise ValueError(f"takes on or off, got {text!r}")
    return text.lower() in ("on", "true")


# How a line of the ini file is read; the settings of a profile are read by Profile itself.
READERS: Mapping[str, Callable[[str], object]] = {
    "profile": str,
    "host": str,
    "port": _whole_number,
    "seed": _whole_number,
    "strict": _on_or_off,
    "admin": _on_or_off,
    "admin_token": str,
}


class Source(NamedTuple):
    """Options from one place, and what the place is called when one of them is wrong."""

    name: str
    options: Mapping[str, Any]


def from_ini(config: pytest.Config) -> Source:
    """The lines `name = value` of the ini option. Raises ValueError, naming the line."""
    source = f"ini option {INI}"
    options: dict[str, Any] = {}
    for line in config.getini(INI):
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            raise ValueError(f"{source}: a line is `name = value`, got {line!r}")
        _check_known(source, name)
        options[name] = _read(source, name, value)
    return Source(source, options)


def from_markers(node: pytest.Item) -> list[Source]:
    """The markers of a test, closest last. Raises ValueError for a positional argument."""
    markers = [mark for part in node.listchain() for mark in part.own_markers if mark.name == "fake_registry"]
    for mark in markers:
        if mark.args:
            given = ", ".join(map(repr, mark.args))
            raise ValueError(f"{MARKER} takes keyword arguments only, got {given}; known are {', '.join(known())}")
    return [Source(MARKER, mark.kwargs) for mark in markers]


def merged(*sources: Source) -> dict[str, Any]:
    """One value per option, the later source's. Raises ValueError, naming the source that is wrong."""
    options: dict[str, Any] = {}
    for source, given in sources:
        if not isinstance(given, Mapping):
            raise ValueError(f"{source} returns {given!r}, not a mapping of options")  # noqa: TRY004 - the user's options
        for name, value in given.items():
            _check_known(source, name)
            _check_value(source, name, value)
        options.update(given)
    return options


def known() -> list[str]:
    """The names of all options: the parameters of FakeRegistry and the settings of a profile."""
    from inspect import Parameter, signature  # noqa: PLC0415 - only when a fixture is used

    from fakereg import FakeRegistry  # noqa: PLC0415 - only when a fixture is used
    from fakereg.registry.profile import SETTINGS  # noqa: PLC0415

    parameters = signature(FakeRegistry).parameters.values()
    return [each.name for each in parameters if each.kind is not Parameter.VAR_KEYWORD] + list(SETTINGS)


def _check_known(source: str, name: str) -> None:
    if name not in known():
        raise ValueError(f"{source} knows no {name!r}; known are {', '.join(known())}")


def _check_value(source: str, name: str, value: Any) -> None:
    """Let FakeRegistry judge each option alone: afterwards nobody knows where a wrong one came from."""
    from fakereg import FakeRegistry  # noqa: PLC0415 - only when a fixture is used

    try:
        FakeRegistry(**{name: value})
    except (TypeError, ValueError) as error:
        raise ValueError(f"{source}: {error}") from None


def _read(source: str, name: str, text: str) -> object:
    from fakereg.registry.profile import SETTINGS, SPEC  # noqa: PLC0415

    if name not in SETTINGS and name not in READERS:
        raise ValueError(f"{source}: {name} cannot be given as text, use the fixture {INI}")
    try:
        return READERS[name](text) if name in READERS else getattr(SPEC.set({name: text}), name)
    except ValueError as error:
        raise ValueError(f"{source}: {f'{name} ' if name in READERS else ''}{error}") from None
