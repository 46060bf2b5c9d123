"""What the journal does not give away: credentials, wherever a client or an answer put them.

Of credentials the scheme stays, and of Basic the user's name: they tell what a client did.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

from fakereg.registry.headers import HeaderLookup
from fakereg.registry.messages import Request

HIDDEN = "REDACTED"

_CREDENTIALS = {"authorization", "proxy-authorization"}
_COOKIES = {"cookie", "set-cookie"}

# What names a secret, of a header, a query parameter, a form field or a JSON key, in whatever case: a rule, as
# every service has names of its own. Some words are secrets alone, and parts of honest names otherwise.
_WORDS = re.compile(r"token|secret|password|api[-_.]?key|art-api|assertion|credential|jwt")
_WHOLE = {"auth", "pass", "passwd", "pwd", "sig", "x-registry-auth", "x-registry-config"}
_WHOLE |= {"signature", "x-amz-signature", "x-goog-signature"}  # others sign content, and are no secret
# Names that speak about a token, tokens that lead to the next page and nowhere else, and a header of CORS.
_HONEST = re.compile(
    r"token_?(?:type|use|count|url|uri|endpoint|ttl)|(?:page|next|continuation|sync)[-_]?token|allow-credentials"
)

_URL_PAIR = re.compile(r"([?&;#])([^=?&;#\s<>\"',]+)=([^&;#\s<>\"',]+)")
_FORM_PAIR = re.compile(r"(^|[&;])([^=&;\s]+)=([^&;\s]+)")
# As JSON has it, and Python where it prints a mapping; and the same within text that is quoted itself.
_KEY_PAIRS = (
    re.compile(r"""(["'])([\w.\- ]+)(\1\s*:\s*)(["'])((?:\\.|(?!\4).)*)\4""", re.DOTALL),
    re.compile(r"""(\\["'])([\w.\- ]+)(\1\s*:\s*)(\\["'])((?:(?!\4).)*)\4""", re.DOTALL),
)
_PART = re.compile(r'(name="([^"\r\n]+)"[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n)(.*?)(?=\r\n--|\Z)', re.DOTALL)
_USER_IN_URL = re.compile(r"(://)[^/@\s?#]+@")

# A shorter secret is found in words that have nothing to do with it.
_WORTH_HIDING = 3


def target(text: str) -> str:
    """A path and query, or a URL, in which the values of secret parameters and user names are hidden."""
    return _USER_IN_URL.sub(rf"\1{HIDDEN}@", _URL_PAIR.sub(_pair, text))


def _pair(found: re.Match[str]) -> str:
    before, name, value = found.groups()
    return f"{before}{name}={HIDDEN if is_secret(unquote_plus(name, errors='replace')) else value}"


def authority(text: str) -> str:
    """A host and port; there should be no user in front."""
    user, at, host = text.rpartition("@")
    return f"{HIDDEN}@{host}" if at and user else text


def parameter(name: str, value: str) -> str:
    """The value of a query parameter, decoded."""
    return HIDDEN if is_secret(name) else value


@lru_cache(maxsize=1024)  # the same few names come with every request
def is_secret(name: str) -> bool:
    """Whether a header, query parameter, form field or JSON key of this name holds a secret."""
    name = name.lower()
    return name in _WHOLE or (_WORDS.search(name) is not None and _HONEST.search(name) is None)


def header(name: str, value: str) -> str:
    """The value of a header line."""
    kind = name.lower()
    if kind in _CREDENTIALS:
        return _credentials(value)
    if kind in _COOKIES:
        return _cookies(value, everywhere=kind == "cookie")
    if kind == "host":
        return authority(value)
    return HIDDEN if is_secret(kind) else target(value)


def _credentials(value: str) -> str:
    scheme, *rests = value.split(None, 1) or [""]
    if not rests:
        return HIDDEN  # no scheme: then it is the secret itself
    (rest,) = rests
    user = user_of(rest) if scheme.lower() == "basic" else None
    return f"{scheme} {HIDDEN}" if user is None else f"{scheme} {user}:{HIDDEN}"


def user_of(encoded: str) -> str | None:
    """The user's name in the credentials of Basic; None where they cannot be read.

    None as well where there is no password: then the name is a token, as some services have it.
    """
    user, _, password = (_decoded(encoded) or "").partition(":")
    return user if password else None


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
    found |= {repr(one)[1:-1] for one in found}  # as messages quote what cannot be printed
    return sorted(found, key=len, reverse=True)


def _in_query(text: str) -> Iterator[str]:
    for _, name, value in _URL_PAIR.findall(text):
        if is_secret(unquote_plus(name, errors="replace")):
            yield from (value, unquote_plus(value, errors="replace"))


def _in_headers(request: Request) -> Iterator[str]:
    for name, value in lines(request.headers):
        kind = name.lower()
        if kind in _CREDENTIALS:
            yield from _in_credentials(value)
        elif is_secret(kind):
            yield value
        yield from _in_query(value)
    user, at, _ = request.authority.rpartition("@")
    if at:
        yield from (user, user.partition(":")[2])


def _in_credentials(value: str) -> Iterator[str]:
    scheme, *rests = value.split(None, 1) or [""]
    rest = rests[0].strip() if rests else scheme
    yield rest
    if scheme.lower() == "basic" and (decoded := _decoded(rest)):
        user, _, password = decoded.partition(":")
        yield password or user


def lines(headers: HeaderLookup) -> Iterable[tuple[str, str]]:
    """Header lines, also those of the multi-dicts of HTTP libraries, which iterate over names."""
    found: Any = headers
    if isinstance(headers, Mapping) or hasattr(headers, "items"):
        found = found.items()
    return found  # type: ignore[no-any-return] # of two kinds


def message(text: str, hidden: Iterable[str] = ()) -> str:
    """A message, in which none of these secrets is left, nor what looks like one by its name."""
    for secret in hidden:
        text = text.replace(secret, HIDDEN)
    text = target(text)
    for pattern in _KEY_PAIRS:
        text = pattern.sub(_keyed, text)
    return text


def _keyed(found: re.Match[str]) -> str:
    quote, name, between, other, value = found.groups()
    return f"{quote}{name}{between}{other}{HIDDEN if is_secret(name) else value}{other}"


def body(content: bytes, hidden: Iterable[str]) -> bytes:
    """A form, also in parts, or a JSON document, without its secrets and without these."""
    text = content.decode("latin-1")  # every byte is a character, so the rest stays as it is
    text = message(_PART.sub(_part, _FORM_PAIR.sub(_pair, text)), hidden)
    return _document(text).encode("latin-1")


def _part(found: re.Match[str]) -> str:
    head, name, value = found.groups()
    return f"{head}{HIDDEN if is_secret(name) else value}"


def _document(text: str) -> str:
    """JSON in which text alone does not find the secrets: a key with escapes, or a value that is no string."""
    try:
        before = json.loads(text)
        after = _without(before)
    except (ValueError, RecursionError):
        return text
    return text if before == after else json.dumps(after)


def _without(value: Any, *, hide: bool = False) -> Any:
    if isinstance(value, dict):
        return {key: _without(one, hide=hide or is_secret(key)) for key, one in value.items()}
    if isinstance(value, list):
        return [_without(one, hide=hide) for one in value]
    return HIDDEN if hide and isinstance(value, str) else value
