"""Pages of a list: `n` entries after `last`, and a Link to the rest (end-8b)."""

from __future__ import annotations

import json
import re
from typing import Any

from fakereg.oci import media_types
from fakereg.oci.errors import BadRequest
from fakereg.registry.messages import Request, Response
from fakereg.registry.profile import Profile

_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


def page_size(request: Request, profile: Profile) -> int | None:
    """The entries that this answer may have: `n`, at most the profile's maximum; None is all of them."""
    text = request.query.one("n")
    asked = None if text is None else _whole_number(text)
    limits = [limit for limit in (asked, profile.page_maximum) if limit is not None]
    return min(limits, default=None)


def page(request: Request, document: dict[str, Any], *, size: int | None, last: str | None) -> Response:
    """One page as JSON; `last` is its last entry when more follow, which a page of none never says (tags.7)."""
    headers = {"Content-Type": media_types.JSON}
    if last is not None:
        headers["Link"] = request.next_page(n=size, last=last)
    return Response.of(200, headers, json.dumps(document).encode())


def _whole_number(text: str) -> int:
    if not _WHOLE_NUMBER.fullmatch(text):
        raise BadRequest(f"the query parameter 'n' must be a whole number, 0 or more, got {text!r}")
    return int(text)
