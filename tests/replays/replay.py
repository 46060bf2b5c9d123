"""Requests as clients write them, byte by byte, and the answers to them.

A template is the head of a request in the client's own words: its header names in its casing and order, a
line each. What stands in {braces} is filled in, and a line that comes out empty is left out. All clients that
are replayed here are built on Go's net/http, which orders a head so: request line, Host, User-Agent, how the
body is framed, the other headers by name, and last what the transport adds of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from queue import SimpleQueue
from urllib.parse import parse_qsl, urlencode, urlsplit

from api import sha256
from raw_client import PATIENCE, Answer, Raw, chunk

from fakereg import FakeRegistry

# How much Go's io.Copy takes at a time, so the largest chunk of a chunked body.
COPIED = 0x8000


def fill(template: str, **fields: str | int) -> bytes:
    """A request's head; a field may hold several lines, or none."""
    text = template.strip("\n").format(**fields)
    return "".join(f"{line}\r\n" for line in text.split("\n") if line).encode() + b"\r\n"


def chunked(content: bytes, size: int = COPIED) -> bytes:
    """A body in chunked transfer encoding, in chunks of this many bytes and the one that ends it."""
    return b"".join(chunk(content[at : at + size]) for at in range(0, len(content), size)) + chunk(b"")


def lines(name: str, values: Iterable[str]) -> str:
    """A header line for each value."""
    return "\n".join(f"{name}: {value}" for value in values)


def quoted(value: str) -> str:
    """As Go's url.Values writes a value into a query."""
    return urlencode({"": value})[1:]


@dataclass
class Replay:
    """One client's conversation over one connection, or over one per request where it says `Connection: close`.

    `fields` are filled into every template, beside `host` and, as `length`, the size of the body. Where `parsed`
    is given the client sends a byte at a time, the next once it tells that the registry has parsed a piece of
    one byte: a send by itself would not keep bytes apart.
    """

    registry: FakeRegistry
    parsed: SimpleQueue[int] | None = None
    fields: dict[str, str] = field(default_factory=dict)
    _connection: Raw | None = None
    _others: list[Replay] = field(default_factory=list)
    _method: str = ""
    _is_last: bool = False

    def says(self, **fields: str) -> Replay:
        """Set what this client puts into its templates."""
        self.fields |= fields
        return self

    def beside(self) -> Replay:
        """Another connection of the same client."""
        self._others.append(Replay(self.registry, self.parsed, dict(self.fields)))
        return self._others[-1]

    def at_once(self) -> Replay:
        """The same over another connection in whole requests, for what only prepares a test."""
        other = self.beside()
        other.parsed = None
        return other

    @property
    def bytewise(self) -> bool:
        return self.parsed is not None

    def __call__(self, template: str, body: bytes = b"", **fields: str) -> Answer:
        """Send a request, the body framed as its head says, and read the answer."""
        self.send(self.head(template, len(body), **fields) + body)
        return self.answer()

    def head(self, template: str, length: int = 0, **fields: str) -> bytes:
        """Begin a request: the bytes of its head, still to be sent."""
        head = fill(template, **{"host": self.registry.host, "length": length, **self.fields, **fields})
        self._method = head.partition(b" ")[0].decode()
        self._is_last = b"\r\nConnection: close\r\n" in head
        return head

    def send(self, data: bytes) -> None:
        connection = self._connected()
        if self.parsed is None:
            connection.send(data)
            return
        while not self.parsed.empty():  # what was sent at once before
            self.parsed.get()
        for at in range(len(data)):
            connection.send(data[at : at + 1])
            assert self.parsed.get(timeout=PATIENCE) == 1

    def answer(self) -> Answer:
        """Read the answer to what was sent; a connection that the client wants closed is closed after it."""
        connection = self._connected()
        answer = connection.answer(self._method)
        if self._is_last:
            assert answer.headers["Connection"] == "close", answer
            assert connection.is_closed()
            self.close()
        else:
            assert answer.headers.get("Connection") in (None, "keep-alive"), answer
        return answer

    def cut(self, template: str, keep: int, **fields: str) -> bytes:
        """Send a request and lose the connection after so many bytes of the answer's body; those bytes."""
        self.send(self.head(template, **fields))
        connection = self._connected()
        status, _ = connection.head()
        assert status in (200, 206)
        while len(connection._buffer) < keep:
            connection._receive()
        kept = connection._buffer[:keep]
        connection.reset()
        self._connection = None
        return kept

    def close(self) -> None:
        for one in self._others:
            one.close()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> Raw:
        if self._connection is None:
            self._connection = Raw(self.registry)
        return self._connection

    # What clients read in answers

    def target(self, answer: Answer) -> str:
        """Path and query of a Location, which must be absolute and on the host that the client used."""
        parts = urlsplit(answer.headers["Location"])
        assert (parts.scheme, parts.netloc) == ("http", self.registry.host), answer
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def closing_target(self, answer: Answer, digest: str) -> str:
        """The same with the digest in the query, which Go parses and writes anew, sorted and quoted."""
        path, _, query = self.target(answer).partition("?")
        return f"{path}?{urlencode(sorted([*parse_qsl(query), ('digest', digest)]))}"

    @property
    def journal(self) -> list[str]:
        """What the registry saw: `head_blob 404`, a line per request."""
        return [f"{entry.endpoint} {entry.status}" for entry in self.registry.journal]


def session_of(answer: Answer) -> str:
    """The id of an upload session, which stands in a header and at the end of the Location."""
    session = answer.headers["Docker-Upload-UUID"]
    assert answer.headers["Location"].partition("?")[0].endswith(f"/{session}")
    return session


def end_of(answer: Answer) -> int:
    """How many bytes an upload holds, as clients read it from `Range: 0-N`, where N is the last of them."""
    match = re.fullmatch(r"0-(\d+)", answer.headers["Range"])
    assert match, answer
    return int(match.group(1)) + 1


def appended(kept: bytes, answer: Answer, size: int) -> bytes:
    """What was kept and the 206 that goes on from there to the very end, checked for being just that."""
    assert answer.status == 206, answer
    assert answer.headers["Content-Range"] == f"bytes {len(kept)}-{size - 1}/{size}"
    assert int(answer.headers["Content-Length"]) == len(answer.body) == size - len(kept)
    return kept + answer.body


def check_blob(answer: Answer, digest: str, size: int) -> None:
    """A whole blob, or its HEAD: clients count on the length, hash what they get, and want it unpacked by nobody."""
    assert answer.status == 200, answer
    assert answer.headers["Content-Length"] == str(size)
    assert answer.headers["Docker-Content-Digest"] == digest
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert "Content-Encoding" not in answer.headers
    assert "Transfer-Encoding" not in answer.headers
    assert answer.body == b"" or sha256(answer.body) == digest
