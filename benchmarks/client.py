"""A client that costs little: raw sockets, one prepared body, one buffer that is read into again and again."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

Body = bytes | memoryview

PATIENCE = 120.0  # seconds that a peer may stay silent
PIECE = 1024 * 1024
SMALL = 64 * 1024  # bytes of a body that go out in one piece with the head


class PeerError(Exception):
    """A peer did not do what was asked; the message is for people."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    def expect(self, *statuses: int) -> Self:
        """Raises PeerError for any other status."""
        if self.status not in statuses:
            raise PeerError(f"answered {self.status} where {statuses} was expected: {self.body[:200]!r}")
        return self

    def entries(self, key: str) -> list[Any]:
        """The list under a key of a JSON document. Raises PeerError where there is none."""
        try:
            return list(json.loads(self.body)[key])
        except (ValueError, LookupError, TypeError) as error:
            raise PeerError(f"answered no list of {key}: {self.body[:100]!r}") from error

    @property
    def location(self) -> str:
        """The path and query of the Location header. Raises PeerError where there is none."""
        if "location" not in self.headers:
            raise PeerError(f"answered {self.status} without Location")
        try:
            parts = urlsplit(self.headers["location"])
        except ValueError as error:
            raise PeerError(f"answered the Location {self.headers['location']!r}") from error
        return f"{parts.path}?{parts.query}" if parts.query else parts.path


class Connection:
    """One connection that is kept alive. Any call may raise PeerError or OSError."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._read = b""  # what came and was not taken yet
        self._buffer = memoryview(bytearray(PIECE))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def ask(self, method: str, target: str, headers: Mapping[str, str] | None = None, body: Body = b"") -> Answer:
        """Send a request and read the whole answer."""
        self.send(request(method, target, headers, length=len(body)), body)
        status, found = self._head()
        return Answer(status, found, b"" if method == "HEAD" else self._body(status, found))

    def send(self, head: bytes, body: Body = b"") -> None:
        if len(body) <= SMALL:
            self._socket.sendall(head + bytes(body))
        else:
            self._socket.sendall(head)
            self._socket.sendall(body)

    def drain(self, target: str) -> int:
        """GET a body and drop it; its length. It must have a Content-Length, as a blob has."""
        self.send(request("GET", target))
        status, headers = self._head()
        if status != 200:  # noqa: PLR2004 - it is the one that means success
            raise PeerError(f"GET {target} answered {status}")
        length = _length(headers)
        left = length - len(self._read)
        self._read = b""
        while left > 0:
            left -= self._receive(min(left, PIECE))
        return length

    def empty_answers(self, count: int) -> bytes:
        """The heads of `count` answers to pipelined requests, none of which has a body."""
        while self._read.count(b"HTTP/1.1 ") < count or not self._read.endswith(b"\r\n\r\n"):
            self._more()
        answers, self._read = self._read, b""
        return answers

    def _head(self) -> tuple[int, dict[str, str]]:
        while (end := self._read.find(b"\r\n\r\n")) < 0:
            self._more()
        first, *lines = self._read[:end].decode("latin-1").split("\r\n")
        self._read = self._read[end + 4 :]
        pairs = (line.partition(":") for line in lines)
        return _status(first), {name.lower(): value.strip() for name, _, value in pairs}

    def _body(self, status: int, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return b"".join(iter(self._chunk, b""))
        return b"" if status in (204, 304) else self._take(_length(headers))

    def _chunk(self) -> bytes:
        while (end := self._read.find(b"\r\n")) < 0:
            self._more()
        size = _chunk_size(self._read[:end])
        self._take(end + 2)
        return self._take(size + 2)[:-2]

    def _take(self, size: int) -> bytes:
        if len(self._read) < size:
            gathered = bytearray(self._read)
            while len(gathered) < size:
                gathered += self._buffer[: self._receive(PIECE)]
            self._read = bytes(gathered)
        taken, self._read = self._read[:size], self._read[size:]
        return taken

    def _more(self) -> None:
        self._read += self._buffer[: self._receive(PIECE)]

    def _receive(self, size: int) -> int:
        received = self._socket.recv_into(self._buffer, size)
        if not received:
            raise PeerError("closed the connection before its answer was complete")
        return received


def request(method: str, target: str, headers: Mapping[str, str] | None = None, *, length: int = 0) -> bytes:
    """The head of a request; `length` is that of the body to follow."""
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if length or method not in ("GET", "HEAD"):
        lines.append(f"Content-Length: {length}")
    return "\r\n".join([*lines, "", ""]).encode()


def _status(line: str) -> int:
    """The number in the first line of an answer. Raises PeerError where there is none."""
    found = re.match(r"HTTP/1\.[01] (\d{3})(?!\S)", line)
    if found is None:
        raise PeerError(f"answered no HTTP: {line[:100]!r}")
    return int(found.group(1))


def _length(headers: Mapping[str, str]) -> int:
    """Bytes of the body. Raises PeerError where they are not told; nothing here waits for a connection to end."""
    text = headers.get("content-length", "")
    if not re.fullmatch(r"[0-9]+", text):
        raise PeerError(f"answered with the Content-Length {text!r}" if text else "answered without Content-Length")
    return int(text)


def _chunk_size(line: bytes) -> int:
    """Raises PeerError for anything but a number in hexadecimal, with or without an extension."""
    found = re.match(rb"[0-9A-Fa-f]+(?=\s*(;|$))", line)
    if found is None:
        raise PeerError(f"answered a chunk that begins with {line[:100]!r}")
    return int(found.group(), 16)
