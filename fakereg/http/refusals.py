"""What is refused before anybody looked at it: the head of a request that HTTP does not allow."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import HttpVersion10, HttpVersion11, http_exceptions

from fakereg.double.journal import redaction
from fakereg.oci.errors import BadRequest, HeadersTooLarge, RegistryError

# Room for a hundred `tag` parameters on one manifest push, and for tokens; aiohttp's 8190 bytes are too few.
LONGEST_LINE = 64 * 1024

# aiohttp's limit from 3.13 on.
MOST_HEADERS = 128

SPOKEN = (HttpVersion10, HttpVersion11)


def check_head(message: Any) -> RegistryError | None:
    """The refusal of what aiohttp's parser, in some version, lets pass."""
    if message.version not in SPOKEN:
        major, minor = message.version
        return BadRequest(f"HTTP/{major}.{minor} is not spoken here; HTTP/1.1 and HTTP/1.0 are")
    if len(message.headers) > MOST_HEADERS:
        return HeadersTooLarge(f"the request has more than {MOST_HEADERS} header lines")
    if message.version == HttpVersion11 and len(message.headers.getall("Host", ())) != 1:
        return BadRequest("an HTTP/1.1 request has one Host header, no more and no less")
    return None


def refusal(error: BaseException | None) -> RegistryError:
    """The refusal of what the parser could not read."""
    text = told(error)
    if isinstance(error, http_exceptions.LineTooLong):
        return HeadersTooLarge(f"a line of the request's head is longer than {LONGEST_LINE} bytes")
    if text.startswith("Too many headers"):
        return HeadersTooLarge(f"the request has more than {MOST_HEADERS} header lines")
    if isinstance(error, http_exceptions.BadHttpMethod):
        return BadRequest(f"an unknown method, or not HTTP; if it is TLS: this port speaks plain HTTP ({text})")
    return BadRequest(f"the request is not well-formed HTTP: {text}")


def told(error: BaseException | None) -> str:
    """What the parser says: its reason, and where it stumbled, by the header's name, or by method and path.

    The rest of the line may hold credentials, and cannot be searched for them, as it could not be read.
    """
    lines = (line.strip() for line in str(getattr(error, "message", error)).splitlines())
    text = " ".join(line for line in lines if line.strip("^"))
    return redaction.message(_QUOTED.sub(_cut, text))[:300]


# As Python prints bytes and text.
_QUOTED = re.compile(r"""(?<![\w`])(b?)(["'])((?:\\.|(?!\2).)*)(?:\2|$)""")

# Method and path, up to the query; a token that a colon ends, and what may be told after it; as aiohttp names a header.
_REQUEST_LINE = re.compile(r"(?:[A-Z]{1,20}|[a-z]{1,20}) (?:/|https?://)[^?#;\\]*")
_NAME = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100})[^:\\]{0,100}:")
_FRAMING = re.compile(r"(?:Content-Length|Transfer-Encoding)\s*:.{0,100}", re.IGNORECASE)
_TITLE = re.compile(r"(?:[A-Z][a-z]{1,15}-?){1,3}")


def _cut(quoted: re.Match[str]) -> str:
    kind, mark, text = quoted[1], quoted[2], quoted[3]
    shown = _REQUEST_LINE.match(text) or _FRAMING.fullmatch(text) or _TITLE.fullmatch(text)
    if shown is not None:
        return f"{kind}{mark}{shown[0].rstrip()}{mark}"
    name = _NAME.match(text)
    return f"{kind}{mark}{name[1] if name else '...'}{mark}"
