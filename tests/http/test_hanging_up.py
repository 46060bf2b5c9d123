"""Clients that hang up, or ask to be invited, at the moments where that is awkward."""

from __future__ import annotations

import threading

import pytest
from api import sha256, sha512
from raw_client import Raw, eventually

from fakereg import FakeRegistry, Request, Response
from fakereg.double.exchange import Exchange

CONTENT = b"x" * 60_000


class TestWhileTheDigestIsComputed:
    def test_a_complete_upload_is_committed(self, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
        """All bytes had arrived, so the blob is there, whether or not its client waited for the answer."""
        computing, noticed = threading.Event(), threading.Event()
        finish = Exchange.finish

        def slowly(exchange: Exchange) -> Response:
            if exchange.is_slow:
                computing.set()
                assert noticed.wait(10)
            return finish(exchange)

        monkeypatch.setattr(Exchange, "finish", slowly)
        with Raw(registry) as client:
            location = client.request("POST", "/v2/team/app/blobs/uploads/").headers["Location"]
            path = location.removeprefix(registry.url)
            head = f"PUT {path}?digest={sha512(CONTENT)} HTTP/1.1\r\nHost: {registry.host}\r\n"
            client.send(head.encode() + b"Content-Length: 60000\r\n\r\n" + CONTENT)
            assert computing.wait(10)

        eventually(lambda: not registry._listener._connections.connections)
        noticed.set()

        repository = registry.repository("team/app")
        eventually(lambda: repository.blobs == [sha512(CONTENT)])
        assert repository.blob(sha512(CONTENT)) == CONTENT
        assert repository.uploads == []
        eventually(lambda: registry.journal[-1].status == 201)


class TestInvitation:
    def test_a_success_that_needs_no_body_closes(self, registry: FakeRegistry) -> None:
        """Whoever waits to be invited and is answered at once may send the body or not, so nothing can follow it."""
        with Raw(registry) as client:
            head = f"POST /v2/team/app/blobs/uploads/ HTTP/1.1\r\nHost: {registry.host}\r\n"
            answer = client.send(head.encode() + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n").answer()

            assert answer.status == 202
            assert answer.headers["Connection"] == "close"

    def test_an_invited_body_that_is_refused_keeps_the_connection(self, registry: FakeRegistry) -> None:
        """Once the body was read to its end, the next request is read for what it is."""
        with Raw(registry) as client:
            head = f"POST /v2/team/app/blobs/uploads/?digest={sha256(b'other')} HTTP/1.1\r\nHost: {registry.host}\r\n"
            client.send(head.encode() + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
            assert client.answer().status == 100
            refused = client.send(b"hello").answer()
            next_one = client.request("GET", "/v2/")

            assert (refused.status, refused.error["code"]) == (400, "DIGEST_INVALID")
            assert next_one.status == 200


def test_a_body_that_raises_is_a_client_that_vanishes() -> None:
    """Without a network too, an upload whose body breaks off keeps what came, and expires in time."""
    registry = FakeRegistry(upload_expiry=60)
    start = Request("POST", "/v2/team/app/blobs/uploads/")
    location = registry.handle(start).headers["Location"]

    def body():
        yield b"abc"
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        registry.handle(Request("PATCH", location), body())

    assert registry.handle(Request("GET", location)).headers["Range"] == "0-2"
    registry.clock.advance(61)
    registry.handle(start)
    assert registry.handle(Request("GET", location)).status == 404
