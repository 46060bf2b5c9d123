"""What the journal does not give away: credentials, wherever a client or an answer put them.

Of credentials the scheme stays, and of Basic the user's name: they tell what a client did.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_plus

from fakereg.registry.messages import Request

HIDDEN = "REDACTED"

_CREDENTIALS = {"authorization", "proxy-authorization"}
_COOKIES = {"cookie", "set-cookie"}
_TOKENS = {"x-registry-auth", "x-registry-config", "x-auth-token", "x-api-key", "private-token", "job-token"}

# Names of query parameters, of form fields and of JSON keys, in lower case.
_NAMES = (
    *("token", "access_token", "refresh_token", "id_token", "identitytoken", "identity_token", "registrytoken"),
    *("password", "passwd", "secret", "client_secret", "client_assertion", "assertion", "api_key", "apikey"),
    *("sig", "signature", "x-amz-signature", "x-amz-security-token", "x-goog-signature"),
)
_ANY_NAME = "|".join(_NAMES)
_IN_URL = re.compile(rf"([?&](?:{_ANY_NAME})=)[^&#\s<>\"',;]+", re.IGNORECASE)
_IN_FORM = re.compile(rf"((?:^|&)(?:{_ANY_NAME})=)[^&\s]+", re.IGNORECASE)
_IN_JSON = re.compile(rf'("(?:{_ANY_NAME})"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE)
_USER_IN_URL = re.compile(r"(://)[^/@\s]+@")

# A shorter secret is found in words that have nothing to do with it.
_WORTH_HIDING = 3


def target(text: str) -> str:
    """A path and query, in which the values of secret parameters are hidden."""
    path, mark, query = text.partition("?")
    return f"{path}?{'&'.join(map(_parameter, query.split('&')))}" if mark else text


def _parameter(text: str) -> str:
    name, equals, value = text.partition("=")
    return f"{name}={HIDDEN}" if equals and value and is_secret(unquote_plus(name, errors="replace")) else text


def parameter(name: str, value: str) -> str:
    """The value of a query parameter, decoded."""
    return HIDDEN if is_secret(name) else value


def is_secret(name: str) -> bool:
    """Whether a query parameter, form field or JSON key of this name holds a secret."""
    return name.lower() in _NAMES


def header(name: str, value: str) -> str:
    """The value of a header line."""
    kind = name.lower()
    if kind in _CREDENTIALS:
        return _credentials(value)
    if kind in _COOKIES:
        return _cookies(value, everywhere=kind == "cookie")
    if kind in _TOKENS:
        return HIDDEN
    return _USER_IN_URL.sub(rf"\1{HIDDEN}@", _IN_URL.sub(rf"\1{HIDDEN}", value))


def _credentials(value: str) -> str:
    scheme, space, rest = value.strip().partition(" ")
    if not space:
        return HIDDEN  # no scheme: then it is the secret itself
    user = user_of(rest) if scheme.lower() == "basic" else None
    return f"{scheme} {HIDDEN}" if user is None else f"{scheme} {user}:{HIDDEN}"


def user_of(encoded: str) -> str | None:
    """The user's name in the credentials of Basic; None where they cannot be read."""
    decoded = _decoded(encoded)
    return decoded.partition(":")[0] if decoded and ":" in decoded else None


def _decoded(encoded: str) -> str | None:
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def _cookies(value: str, *, everywhere: bool) -> str:
    """`Cookie` holds several; of `Set-Cookie` the rest are attributes."""
    first, *rest = value.split(";")
    hidden = [_cookie(one) for one in [first, *(rest if everywhere else [])]]
    return ";".join([*hidden, *([] if everywhere else rest)])


def _cookie(text: str) -> str:
    name, equals, _ = text.partition("=")
    return f"{name}={HIDDEN}" if equals else f" {HIDDEN}"


def secrets(request: Request) -> list[str]:
    """The secrets that a request carries, as they may be repeated in a message; the longest first."""
    found = {one for one in [*_in_query(request.target), *_in_headers(request)] if len(one) >= _WORTH_HIDING}
    return sorted(found, key=len, reverse=True)


def _in_query(text: str) -> Iterator[str]:
    for part in text.partition("?")[2].split("&"):
        name, _, value = part.partition("=")
        if is_secret(unquote_plus(name, errors="replace")):
            yield from (value, unquote_plus(value, errors="replace"))


def _in_headers(request: Request) -> Iterator[str]:
    for name in _CREDENTIALS:
        for value in request.headers.getall(name, []):
            scheme, _, rest = value.strip().partition(" ")
            yield rest.strip() or scheme
            if scheme.lower() == "basic" and (decoded := _decoded(rest)):
                yield decoded.partition(":")[2]
    for name in _TOKENS:
        yield from request.headers.getall(name, [])


def message(text: str, hidden: Iterable[str]) -> str:
    """A message, in which none of these secrets is left."""
    for secret in hidden:
        text = text.replace(secret, HIDDEN)
    return text


def body(content: bytes, hidden: Iterable[str]) -> bytes:
    """A form or a JSON document, without its secrets and without these."""
    text = content.decode("latin-1")  # every byte is a character, so the rest stays as it is
    text = _IN_JSON.sub(rf'\1"{HIDDEN}"', _IN_FORM.sub(rf"\1{HIDDEN}", text))
    return message(text, hidden).encode("latin-1")
