"""The line that breaks leaves nothing behind."""

from __future__ import annotations

import socket
import threading

import pytest
from cutting import CutLine


def connected(line: CutLine) -> socket.socket:
    host, _, port = line.host.partition(":")
    return socket.create_connection((host, int(port)), timeout=5)


def test_a_refused_connection_is_closed() -> None:
    """Where nobody listens the client is told so by an end, and the next connection is taken too."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with CutLine(port) as line:
        for _ in range(2):
            with connected(line) as client:
                assert client.recv(1) == b""


@pytest.mark.parametrize("sent", [b"", b"x" * 64 * 1024 * 1024], ids=["idle", "sending"])
def test_its_end_ends_all(sent: bytes) -> None:
    """A connection that is idle, or whose other side never reads, holds nobody up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        before = threading.active_count()
        with CutLine(server.getsockname()[1]) as line, connected(line) as client:
            client.settimeout(0.5)
            peer, _ = server.accept()
            if sent:
                with pytest.raises(TimeoutError):
                    client.sendall(sent)

        assert threading.active_count() == before
        peer.close()
