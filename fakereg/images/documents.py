"""JSON documents as files: read once, strictly, and no further than their limit; and written no larger than that."""

from __future__ import annotations

import json
from typing import Any

from fakereg.images.files import LayoutError
from fakereg.images.limits import Limits, over
from fakereg.oci import strict_json
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
        return strict_json.parse(body)
    except ValueError as error:
        raise LayoutError(where, str(error)) from error


def indented(where: str, document: Any, limits: Limits) -> bytes:
    """The bytes of a document, for people to read too. Raises LayoutError for more than `load` would read."""
    body = json.dumps(document, indent=2).encode() + b"\n"
    return bounded(where, Content.of(body), limits)
