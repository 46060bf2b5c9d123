"""What is refused before anybody looked at it: the head of a request that HTTP does not allow."""

from __future__ import annotations

from typing import Any

from aiohttp import HttpVersion10, HttpVersion11, http_exceptions

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
    """What the parser says: its reason and the line that it stumbled over, without the arrow below it."""
    lines = (line.strip() for line in str(getattr(error, "message", error)).splitlines())
    return " ".join(line for line in lines if line.strip("^"))[:300]
