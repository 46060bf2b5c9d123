"""What comes in and what goes out, without a socket: Request, and Response or Receiver.

An operation that needs no body answers with a Response; one that needs it answers with a Receiver,
which is fed the body piece by piece and then answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import unquote, urlencode

from fakereg.oci.digest import Digest
from fakereg.oci.errors import BadRequest, ContentTooLarge, SizeInvalid
from fakereg.oci.names import RepositoryName
from fakereg.registry import paths
from fakereg.registry.delivery import PLAIN, Delivery
from fakereg.registry.headers import Altered, HeaderLookup, Headers
from fakereg.registry.query import Query
from fakereg.store.content import EMPTY, Content, Segment

# What RFC 3986 lets stand for a host and port; anything else must not be repeated in a Location.
_AUTHORITY = re.compile(r"(?:[A-Za-z0-9._~%!$&'()*+,;=-]+|\[[0-9A-Fa-f:.%A-Za-z]+\])(?::[0-9]{0,5})?", re.ASCII)
MOST_BYTES = 2**63 - 1  # bytes of a body, as most programs count them
_NO_QUERY = Query()
_NO_PARAMS: Mapping[str, str] = {}
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(slots=True)
class Request:
    """One request as it came, `target` still percent-encoded: `/v2/team/app/tags/list?n=2`.

    `authority` is the Host that the client used ("" when it sent none), from which every absolute URL
    is built; `length` the Content-Length, None for a chunked or missing body.
    `query` is filled in by `parse`, and `params`, the parts of the path, decoded, by matching.
    """

    method: str
    target: str
    headers: HeaderLookup = field(default_factory=Headers)
    authority: str = ""
    scheme: str = "http"
    length: int | None = None
    connection: int = 0
    path: str = field(init=False)
    query: Query = field(init=False)
    params: Mapping[str, str] = field(init=False)
    _query: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Only splits; what is malformed is found by `parse`, so that it is recorded before it is refused."""
        self.path, _, self._query = self.target.partition("?")
        self.query, self.params = _NO_QUERY, _NO_PARAMS

    def parse(self) -> None:
        """Raises BadRequest for a query, escape or Host that is not well-formed."""
        if self.authority and not is_authority(self.authority):
            raise BadRequest(f"the Host {self.authority!r} is not host or host:port")
        if not _is_utf8(self.target):
            raise BadRequest(f"the URL {self.target!r} is not UTF-8")
        if "#" in self.target:
            raise BadRequest(f"the URL of a request has no fragment, got {self.target!r}")
        self._check_framing()
        if "%" in self.target and (bad := _BAD_ESCAPE.search(self.target)):
            raise BadRequest(f"{self.target[bad.start() : bad.start() + 3]!r} in the URL is not a percent-escape")
        if self._query:
            self.query = Query(self._query)

    def _check_framing(self) -> None:
        """What the body announces must be something that a body can have."""
        coding = self.headers.get("Transfer-Encoding")
        if coding is not None and coding.strip().lower() != "chunked":
            raise BadRequest(f"the Transfer-Encoding {coding!r} is not understood here; 'chunked' is")
        if self.length is not None and self.length > MOST_BYTES:
            raise SizeInvalid(f"the Content-Length {self.length} is more than any body has")

    def altered(
        self, *, headers: Mapping[str, str | None] | None = None, query: str | None = None, length: int | None = None
    ) -> Request:
        """This request as if it had come with other `headers` (None: without), `query`, or announced `length`."""
        target = self.target if query is None else (f"{self.path}?{query}" if query else self.path)
        other = Request(
            self.method,
            target,
            Altered(self.headers, headers) if headers else self.headers,
            authority=self.authority,
            scheme=self.scheme,
            length=self.length if length is None else length,
            connection=self.connection,
        )
        other.parse()
        other.params = self.params
        return other

    @property
    def name(self) -> RepositoryName:
        """The repository in the path. Raises NameInvalid."""
        return RepositoryName.parse(self.params["name"], authority=self.authority)

    @property
    def digest(self) -> Digest:
        """The digest in the path. Raises DigestInvalid."""
        return Digest.parse(self.params["digest"])

    def url_of(self, template: str, **params: str) -> str:
        """An absolute URL on the host that the client spoke to; the path alone if it did not say which."""
        path = paths.render(template, **params)
        return f"{self.scheme}://{self.authority}{path}" if self.authority else path

    def next_page(self, **query: str | int | None) -> str:
        """The Link header's value for the next page: this path with another query (RFC 8288)."""
        pairs = [(name, value) for name, value in query.items() if value is not None]
        return f'<{self.path}?{urlencode(pairs)}>; rel="next"'


@lru_cache(maxsize=64)  # a client names the same host with every request
def is_authority(text: str) -> bool:
    """Whether it is host or host:port."""
    return _AUTHORITY.fullmatch(text) is not None


def _is_utf8(text: str) -> bool:
    """Whether `text` came from bytes that are UTF-8; a server that reads other bytes leaves surrogates."""
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def decode(part: str) -> str:
    """A part of a path with its escapes resolved. Raises BadRequest where that is not UTF-8."""
    if "%" not in part:
        return part
    try:
        return unquote(part, errors="strict")
    except UnicodeDecodeError as error:
        raise BadRequest(f"{part!r} in the URL does not decode to UTF-8") from error


# The status of an answer of which nothing goes out.
NO_ANSWER = 0


@dataclass(slots=True)
class Response:
    """An answer: status, headers, and a body in segments. Content-Length follows from the body.

    To a HEAD or with a 304 the body is not sent, and Content-Length says what a GET would get.
    """

    status: int
    headers: Headers = field(default_factory=Headers)
    body: Content = field(default_factory=lambda: EMPTY)
    delivery: Delivery = PLAIN

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Response:
        return cls(status, Headers(headers or {}), Content.of(body) if body else EMPTY)

    def has_body(self, method: str) -> bool:
        """Whether the body goes out in answer to this method (RFC 9110, 6.4.1)."""
        return method != "HEAD" and self.status not in (204, 304)


class Receiver(Protocol):
    """Takes a request's body. `feed` and `finish` may raise a RegistryError; then nothing of the body is kept."""

    def feed(self, data: Segment) -> None:
        """Take the next piece of the body, of any length."""

    def finish(self) -> Response:
        """The body is complete: act and answer."""

    def abandon(self) -> None:
        """The client vanished before the end of the body."""

    @property
    def is_slow(self) -> bool:
        """Whether `finish` takes long enough that an event loop should not run it itself."""


class WholeBody:
    """Gathers a body of at most `limit` bytes and hands it over in one piece."""

    # Parsing a manifest this large takes about a millisecond.
    SLOW = 128 * 1024

    def __init__(self, limit: int | None, then: Callable[[bytes], Response], *, length: int | None) -> None:
        """`length` is the announced one; a body that is too long is refused before it is read."""
        self._limit = limit
        self._then = then
        self._gathered = bytearray()
        self._check(length or 0)

    def feed(self, data: Segment) -> None:
        self._check(len(self._gathered) + len(data))
        self._gathered += data

    def finish(self) -> Response:
        return self._then(bytes(self._gathered))

    def abandon(self) -> None:
        self._gathered.clear()

    @property
    def is_slow(self) -> bool:
        return len(self._gathered) > self.SLOW

    def _check(self, size: int) -> None:
        if self._limit is not None and size > self._limit:
            raise ContentTooLarge(f"the body exceeds the limit of {self._limit} bytes")


Answer = Response | Receiver
Run = Callable[[Any, Request], Answer]
