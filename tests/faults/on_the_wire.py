"""What a client sees of an answer, read from a bare socket: every byte, and how the connection goes on."""

from __future__ import annotations

import errno
import socket
import time
from dataclasses import dataclass, field
from typing import Literal, Self

from fakereg import FakeRegistry
from fakereg.registry.headers import Headers

NAME = "team/app"
BLOB = b"0123456789" * 10

# Longer than a busy machine needs for anything that comes; only where nothing comes is it waited for.
PATIENCE = 10.0

# So long nothing comes where nothing is to come.
QUIET = 0.1

End = Literal["kept", "closed", "reset", "nothing"]


def seeded(registry: FakeRegistry) -> FakeRegistry:
    registry.seed(f"{NAME}:v1", layers=[BLOB])
    return registry


IMAGE = FakeRegistry().seed(f"{NAME}:v1", layers=[BLOB])
MANIFEST_DIGEST, BLOB_DIGEST = IMAGE.digest, IMAGE.layers[0]

TAG = f"/v2/{NAME}/manifests/v1"
BY_DIGEST = f"/v2/{NAME}/manifests/{MANIFEST_DIGEST}"
BLOB_PATH = f"/v2/{NAME}/blobs/{BLOB_DIGEST}"
UPLOADS = f"/v2/{NAME}/blobs/uploads/"
TAGS = f"/v2/{NAME}/tags/list"
REFERRERS = f"/v2/{NAME}/referrers/{MANIFEST_DIGEST}"
MANIFEST = seeded(FakeRegistry()).repository(NAME).manifest("v1").body


@dataclass
class Seen:
    """One answer; `end` is how the connection went on: "kept" if the next request on it was answered too."""

    raw: bytes = b""
    end: End = "nothing"
    seconds: float = 0.0
    status: int | None = None
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    def parse(self) -> None:
        """Split what came; a chunked body is put together, and must end as one."""
        head, _, self.body = self.raw.partition(b"\r\n\r\n")
        if not head:
            return
        start, *lines = head.decode().split("\r\n")
        self.status = int(start.split(" ")[1])
        self.headers = Headers([(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)])
        if self.headers.get("Transfer-Encoding") == "chunked":
            self.body = _unchunked(self.body)


def _unchunked(data: bytes) -> bytes:
    """What a chunked body holds, as far as it came."""
    body = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        body, data = body + data[:length], data[length:].removeprefix(b"\r\n")
    return body


class Line:
    """One connection, with nothing between the test and its bytes."""

    def __init__(self, port: int, *, patience: float = PATIENCE) -> None:
        self.port = port
        self.socket = socket.socket()
        self.socket.settimeout(patience)
        # Reset as soon as it was there: the socket may tell it here already, and only once.
        self._is_reset = self.socket.connect_ex(("127.0.0.1", port)) == errno.ECONNRESET

    def send(self, data: bytes) -> Line:
        self.socket.sendall(data)
        return self

    def ask(self, method: str, target: str, body: bytes | None = None, *, version: str = "1.1", **headers: str) -> Seen:
        """Send a request, underscores in header names as dashes, read its answer, and try whether a next one comes."""
        began = time.monotonic()
        self._try(request(self.port, method, target, body, version=version, **headers))
        seen = self.answer(method)
        seen.seconds = time.monotonic() - began
        if seen.end == "nothing" and seen.status is not None and self._is_whole(seen.raw, method):
            seen.end = self._next()
        self.socket.close()
        return seen

    def answer(self, method: str = "GET") -> Seen:
        """Read until the answer is whole, or nothing more comes of it."""
        seen = Seen()
        while not self._is_whole(seen.raw, method):
            end, data = self._receive()
            seen.raw += data
            if end is not None:
                seen.end = end
                break
        seen.parse()
        return seen

    def until(self, last: bytes) -> bytes:
        """What comes up to these bytes, however long that takes; afterwards nothing is waited for any longer."""
        data = b""
        while not data.endswith(last):
            end, more = self._receive()
            assert end is None, (end, data)
            data += more
        self.socket.settimeout(QUIET)
        return data

    def rest(self) -> tuple[bytes, End]:
        """All that still comes, and how it ends."""
        data = b""
        while True:
            end, more = self._receive()
            data += more
            if end is not None:
                return data, end

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _next(self) -> End:
        """Only a real answer counts: what is left of the one before would stand in its place."""
        self._try(request(self.port, "GET", "/after"))
        end, data = self._receive()
        return end or ("kept" if data.startswith(b"HTTP/1.1 ") else "nothing")

    def _try(self, data: bytes) -> None:
        try:
            self.socket.sendall(data)
        except ConnectionResetError:
            self._is_reset = True  # told here, and to no recv after it
        except BrokenPipeError:
            pass  # recv tells why

    def _receive(self) -> tuple[End | None, bytes]:
        if self._is_reset:
            return "reset", b""
        try:
            data = self.socket.recv(1 << 20)
        except ConnectionResetError:
            return "reset", b""
        except TimeoutError:
            return "nothing", b""
        return (None, data) if data else ("closed", b"")

    @staticmethod
    def _is_whole(raw: bytes, method: str) -> bool:
        """Whether nothing more belongs to it, as far as it says so; what announces the end is read up to there."""
        head, mark, body = raw.partition(b"\r\n\r\n")
        lines = head.decode().lower().split("\r\n")
        if not mark or "connection: close" in lines:
            return False
        if method == "HEAD" or raw[9:12] in (b"204", b"304"):
            return True
        if "transfer-encoding: chunked" in lines:
            return body.endswith(b"0\r\n\r\n")
        lengths = [line.partition(":")[2] for line in lines if line.startswith("content-length:")]
        return bool(lengths) and len(body) >= int(lengths[0])


def request(
    port: int, method: str, target: str, body: bytes | None = None, *, version: str = "1.1", **headers: str
) -> bytes:
    """The bytes of a well-formed request."""
    length = {} if body is None else {"Content-Length": str(len(body))}
    lines = {
        "Host": f"127.0.0.1:{port}",
        **length,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {target} HTTP/{version}\r\n{head}\r\n".encode() + (body or b"")


def ask(
    registry: FakeRegistry,
    method: str,
    target: str,
    body: bytes | None = None,
    *,
    version: str = "1.1",
    **headers: str,
) -> Seen:
    """One request on a connection of its own."""
    return Line(registry.port).ask(method, target, body, version=version, **headers)


def session(registry: FakeRegistry, held: bytes = b"") -> str:
    """The path of an upload session that holds these bytes."""
    location = ask(registry, "POST", UPLOADS, b"").headers["Location"].removeprefix(registry.url)
    if held:
        assert ask(registry, "PATCH", location, held).status == 202
    return location
