"""Checks of arguments: what a test says of an image, and where it loads from and saves to.

Of each the type is checked, and the form where it is small.

Law of this module: the first thing that is wrong is told in one sentence, with the argument, the place
in it, and what to give. Raises TypeError for a wrong type, ValueError for a wrong value.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from types import NoneType
from typing import Any

from fakereg.images.limits import Limits

# Longer values are told by their type.
_SHOWN = 60

Check = Callable[[str, Any], None]


def require(holds: bool, place: str, wanted: str, given: object) -> None:
    """Raises TypeError."""
    if not holds:
        shown = repr(given)
        raise TypeError(f"{place} must be {wanted}, not {shown if len(shown) <= _SHOWN else type(given).__name__}")


def a_string(wanted: str) -> Check:
    return lambda place, value: require(isinstance(value, str), place, wanted, value)


def a_list_of(each: Check, wanted: str) -> Check:
    def check(place: str, value: Any) -> None:
        # Strings and bytes are sequences of their parts: one of them alone is a forgotten list.
        require(isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray), place, wanted, value)
        for index, one in enumerate(value):
            each(f"{place}[{index}]", one)

    return check


def a_dict_of(each: Check, wanted: str) -> Check:
    def check(place: str, value: Any) -> None:
        require(isinstance(value, Mapping), place, wanted, value)
        for key, one in value.items():
            require(isinstance(key, str), place, wanted, value)
            each(f"{place}[{key!r}]", one)

    return check


def json_value(place: str, value: Any) -> None:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"{place} must be a value that JSON has: {error}") from error


def boolean(place: str, value: Any) -> None:
    require(isinstance(value, bool), place, "True or False", value)


def layer(place: str, value: Any) -> None:
    """What is in a dict of files is checked where the archive is made."""
    require(isinstance(value, Mapping | bytes), place, "a dict of files, or bytes", value)


def platforms(place: str, value: Any) -> None:
    a_list_of(a_string("a string such as 'linux/amd64'"), "a list such as ['linux/amd64', 'linux/arm64']")(place, value)
    for one in value:
        if value.count(one) > 1:
            raise ValueError(f"{place} has {one!r} twice: an index has one image for each platform, so name it once")


def config(place: str, value: Any) -> None:
    a_dict_of(json_value, "a dict such as {'Env': ['A=1']}")(place, value)
    for key, one in value.items():
        # What runs is told in capitals (Env, Cmd, Labels); the other keys of a config are ours to fill.
        if not key[:1].isupper():
            raise ValueError(f"config has {key!r}: it takes what a container runs with, such as Env, Cmd, Labels")
        # Docker writes null for what an image does not say.
        if key in CONFIG and one is not None:
            CONFIG[key](f"{place}[{key!r}]", one)


def arguments(**given: object) -> None:
    """Those of loading and saving, by their names. Raises TypeError."""
    for name, value in given.items():
        kinds, wanted = PLACES[name]
        require(isinstance(value, kinds), name, wanted, value)


_TEXT = a_string("a string")
_COMMAND = a_list_of(_TEXT, "a list of strings, such as ['sh', '-c', 'true']")
_SET = a_dict_of(json_value, "a dict with an empty dict for each")

# image-spec, config.md; other keys may have any value.
CONFIG: dict[str, Check] = {
    "Cmd": _COMMAND,
    "Entrypoint": _COMMAND,
    "Env": a_list_of(_TEXT, "a list of strings, such as ['A=1']"),
    "ExposedPorts": _SET,
    "Labels": a_dict_of(_TEXT, "a dict of strings, such as {'version': '1'}"),
    "StopSignal": _TEXT,
    "User": _TEXT,
    "Volumes": _SET,
    "WorkingDir": _TEXT,
}

# By the name of the argument; None, not given, is always right.
ARGUMENTS: dict[str, Check] = {
    "layers": a_list_of(layer, "a list, each layer a dict of files or bytes"),
    "config": config,
    "platform": a_string("a string such as 'linux/amd64'"),
    "platforms": platforms,
    "artifact_type": a_string("a media type such as 'application/spdx+json'"),
    "annotations": a_dict_of(_TEXT, "a dict of strings, such as {'key': 'value'}"),
    "docker": boolean,
}

# The types of an argument of loading and saving, and what to give.
PLACES: dict[str, tuple[tuple[type, ...], str]] = {
    "path": ((str, PathLike), "a path such as 'images.tar' or Path('images.tar')"),
    "repository": ((str, NoneType), "a string such as 'team/app'"),
    "limits": ((Limits,), "a fakereg.images.Limits, such as Limits(unpacked=2**36)"),
}
