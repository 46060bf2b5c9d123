"""A client that sends exactly the bytes it is given; it helps nobody to be well-formed."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from api import path_of

from fakereg import FakeRegistry
from fakereg.http.connection import LINGER
from fakereg.registry.headers import Headers

# No answer in this time, in seconds, is a hang; a test that needs it has failed.
PATIENCE = 10.0

# "At once", in seconds: as long as a busy machine may need, and shorter than to linger would take.
PROMPT = 0.75 * LINGER


@dataclass
class Answer:
    """One answer: status, headers in any case, body."""

    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """The only entry of an error body, which must be in the specification's form."""
        assert self.headers["Content-Type"] == "application/json", self
        (entry,) = self.json["errors"]
        assert isinstance(entry["message"], str)
        assert entry["message"]
        return entry


class Raw:
    """One connection to a registry."""

    def __init__(self, registry: FakeRegistry, *, receive_buffer: int | None = None) -> None:
        self.host = registry.host
        family = socket.AF_INET6 if registry.host.startswith("[") else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect((registry.host.rpartition(":")[0].strip("[]"), registry.port))
        self._buffer = b""

    def send(self, data: bytes) -> Self:
        self.socket.sendall(data)
        return self

    def request(self, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
        """Send a well-formed request, underscores in header names as dashes, and read its answer."""
        lines = {"Host": self.host, "Content-Length": str(len(body)), **headers}
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
        self.send(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + body)
        return self.answer(method)

    def head(self) -> tuple[int, Headers]:
        """Read up to the empty line after the next head, an interim answer's too."""
        while b"\r\n\r\n" not in self._buffer:
            self._receive()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        version, number, _ = status.split(" ", 2)
        assert version in ("HTTP/1.1", "HTTP/1.0"), status
        pairs = [line.partition(":") for line in lines]
        return int(number), Headers([(name, value.strip()) for name, _, value in pairs])

    def answer(self, method: str = "GET") -> Answer:
        """Read one whole answer, to a request of this method; every one of ours has a Content-Length."""
        status, headers = self.head()
        if method == "HEAD" or status in (100, 204, 304):
            return Answer(status, headers, b"")
        length = int(headers["Content-Length"])
        while len(self._buffer) < length:
            self._receive()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return Answer(status, headers, body)

    def is_closed(self) -> bool:
        """Wait until the registry closes the connection; False if it says something instead."""
        if self._buffer:
            return False
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def half_close(self) -> Self:
        """Say that nothing more will be sent."""
        self.socket.shutdown(socket.SHUT_WR)
        return self

    def reset(self) -> None:
        """Vanish without a farewell: the registry sees a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.close()

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _receive(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError(f"closed in the middle of an answer, after {self._buffer[:200]!r}")
        self._buffer += data


def start_upload(connection: Raw, name: str = "team/app") -> str:
    """Open a session; the path to send the blob to."""
    answer = connection.request("POST", f"/v2/{name}/blobs/uploads/")
    assert answer.status == 202, answer
    return path_of(answer.headers["Location"])


def chunk(data: bytes) -> bytes:
    """One chunk of a body in chunked transfer encoding; the one of no bytes ends the body."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def eventually(condition: Callable[[], object]) -> None:
    """Wait until the condition holds; it is looked at again and again, as nobody tells when it changes."""
    deadline, pause = time.monotonic() + PATIENCE, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        pause.wait(0.001)


def has_arrived(registry: FakeRegistry, size: int) -> bool:
    """Whether a request that is still under way has brought so many bytes of its body."""
    return any(entry.seconds == 0 and entry.received >= size for entry in registry.journal)
