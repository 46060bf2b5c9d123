"""JSON that somebody else wrote: read once, strictly, and no further than its limit."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from fakereg.images.files import LayoutError
from fakereg.images.limits import Limits, over
from fakereg.store.content import Content


def bounded(where: str, content: Content, limits: Limits) -> bytes:
    """The bytes of a document. Raises LayoutError for more than the limit."""
    if content.size > limits.document:
        message = f"a JSON document of {content.size} bytes; at most {limits.document} are read"
        raise LayoutError(where, over("document", message))
    return bytes(content)


def parse(where: str, content: Content, limits: Limits) -> Any:
    """Raises LayoutError for what is not JSON, for duplicate keys, and for more than the limit."""
    body = bounded(where, content, limits)
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise LayoutError(where, f"is not UTF-8: byte {error.start} is invalid") from error
    except RecursionError as error:
        raise LayoutError(where, "is nested too deeply to be read") from error
    except ValueError as error:
        raise LayoutError(where, f"is not valid JSON: {error}") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers may disagree on which of two equal keys counts."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} stands twice in one object")
        found[key] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")
