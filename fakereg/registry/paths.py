"""The paths of the API, each written once: routing matches them, and answers render them."""

from __future__ import annotations

import re
from urllib.parse import quote

PING = "/v2/"
MANIFEST = "/v2/<name>/manifests/<reference>"
BLOB = "/v2/<name>/blobs/<digest>"
UPLOADS = "/v2/<name>/blobs/uploads/"
UPLOAD = "/v2/<name>/blobs/uploads/<session>"
TAGS = "/v2/<name>/tags/list"
REFERRERS = "/v2/<name>/referrers/<digest>"
CATALOG = "/v2/_catalog"

_PARAMETER = re.compile(r"<(\w+)>")

# Names are matched loosely, and refused by their own parser: NAME_INVALID says more than 404.
_GRAMMAR = {"name": r"(?P<name>.*)", "session": r"(?P<session>[^/]+)"}
_GRAMMAR |= {"reference": r"(?P<reference>[^/]*)", "digest": r"(?P<digest>[^/]*)"}


def render(template: str, **params: str) -> str:
    """The template with its parameters filled in and percent-encoded."""
    return _PARAMETER.sub(lambda match: quote(params[match.group(1)], safe="/:"), template)


def pattern(template: str) -> re.Pattern[str]:
    """A pattern that matches the template's paths, still percent-encoded, and names their parameters."""
    if template == PING:
        return re.compile(r"/v2/?")  # clients send both forms
    parts = _PARAMETER.split(template)
    return re.compile("".join(_GRAMMAR[part] if index % 2 else re.escape(part) for index, part in enumerate(parts)))


def specificity(template: str) -> tuple[bool, int]:
    """Sorts fixed paths first, then longer literals: an upload is not a blob called `uploads`."""
    return "<" in template, -len(_PARAMETER.sub("", template))
