"""JSON that somebody else wrote, read strictly: what two readers may understand differently is refused."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def parse(body: bytes) -> Any:
    """Raises ValueError, whose message goes on from "the document ...", also for duplicate keys, NaN and Infinity."""
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_int)
    except UnicodeDecodeError as error:
        raise ValueError(f"is not UTF-8: byte {error.start} is invalid") from error
    except RecursionError as error:
        raise ValueError("is nested too deeply to be read") from error
    except ValueError as error:
        raise ValueError(f"is not valid JSON: {error}") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers may disagree on which of two equal keys counts."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} stands twice in one object")
        found[key] = value
    return found


def _int(digits: str) -> int:
    """Python reads 4300 digits, unless told otherwise, as more take long."""
    try:
        return int(digits)
    except ValueError:
        raise ValueError(f"a number of {len(digits)} digits is too long to be read") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")
