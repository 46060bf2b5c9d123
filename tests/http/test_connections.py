"""What happens on a connection from one request to the next, and what a client gets to read."""

from __future__ import annotations

import hashlib
import http.client
import time

import pytest
from api import IMAGE, encode, image, path_of, sha256
from raw_client import Raw, eventually, start_upload

from fakereg import FakeRegistry

MIB = 1024 * 1024
PING = b"GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n"


def push(registry: FakeRegistry, content: bytes, name: str = "team/app") -> str:
    with Raw(registry) as client:
        answer = client.request("POST", f"/v2/{name}/blobs/uploads/?digest={sha256(content)}", content)
    assert answer.status == 201
    return f"/v2/{name}/blobs/{sha256(content)}"


class TestKeepAlive:
    def test_http_1_1_goes_on(self, registry: FakeRegistry) -> None:
        """Many requests use one connection."""
        with Raw(registry) as client:
            assert [client.request("GET", "/v2/").status for _ in range(50)] == [200] * 50

    def test_close_is_done(self, registry: FakeRegistry) -> None:
        """`Connection: close` is answered alike, and done."""
        with Raw(registry) as client:
            answer = client.request("GET", "/v2/", Connection="close")

            assert (answer.status, answer.headers["Connection"]) == (200, "close")
            assert client.is_closed()

    def test_http_1_0_closes(self, registry: FakeRegistry) -> None:
        """An HTTP/1.0 client that asks for nothing gets one answer."""
        with Raw(registry) as client:
            assert client.send(b"GET /v2/ HTTP/1.0\r\n\r\n").answer().status == 200
            assert client.is_closed()

    def test_http_1_0_goes_on_if_asked(self, registry: FakeRegistry) -> None:
        """`Connection: keep-alive` keeps an HTTP/1.0 connection."""
        with Raw(registry) as client:
            for _ in range(3):
                answer = client.send(b"GET /v2/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").answer()

                assert (answer.status, answer.headers["Connection"]) == (200, "keep-alive")

    def test_refusals_keep_it(self, registry: FakeRegistry) -> None:
        """A refusal is an answer like others."""
        with Raw(registry) as client:
            answers = [client.request("GET", "/v2/none/tags/list").status for _ in range(5)]

        assert answers == [404] * 5

    def test_empty_lines_in_front(self, registry: FakeRegistry) -> None:
        """Empty lines before a request are read over (RFC 9112, 2.2)."""
        with Raw(registry) as client:
            assert client.send(b"\r\n\r\n" + PING).answer().status == 200

    def test_one_byte_at_a_time(self, registry: FakeRegistry) -> None:
        """A request may come in as many pieces as it has bytes."""
        with Raw(registry) as client:
            for byte in PING:
                client.send(bytes([byte]))

            assert client.answer().status == 200

    @pytest.mark.parametrize("protocol", ["websocket", "h2c", "TLS/1.2"])
    def test_upgrade_is_ignored(self, registry: FakeRegistry, protocol: str) -> None:
        """An offer of another protocol is not taken; the connection goes on in HTTP/1.1."""
        with Raw(registry) as client:
            for _ in range(3):
                answer = client.request("GET", "/v2/", Upgrade=protocol, Connection="Upgrade")

                assert answer.status == 200


class TestPipelining:
    def test_answers_come_in_order(self, registry: FakeRegistry) -> None:
        """Requests that are sent together, one of them with a body, are answered one after the other."""
        content = b"hello"
        target = f"/v2/team/app/blobs/uploads/?digest={sha256(content)}"
        post = f"POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n".encode() + content
        pull = f"GET /v2/team/app/blobs/{sha256(content)} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        with Raw(registry) as client:
            client.send(PING + post + pull + PING)
            answers = [client.answer() for _ in range(4)]

        assert [answer.status for answer in answers] == [200, 201, 200, 200]
        assert answers[2].body == content

    def test_many(self, registry: FakeRegistry) -> None:
        """Two hundred at once are more than are held ready, and all are answered."""
        with Raw(registry) as client:
            client.send(PING * 200)

            assert [client.answer().status for _ in range(200)] == [200] * 200

    def test_after_a_chunked_body(self, registry: FakeRegistry) -> None:
        """The request after a chunked body begins where that ends."""
        with Raw(registry) as client:
            path = start_upload(client)
            patch = f"PATCH {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
            client.send(patch.encode() + PING)

            assert [client.answer().status, client.answer().status] == [202, 200]

    def test_unread_body_is_no_request(self, registry: FakeRegistry) -> None:
        """The body of a request that wants none is read over, even if it looks like a request."""
        smuggled = b"DELETE /v2/team/app/manifests/v1 HTTP/1.1\r\nHost: a\r\n\r\n"
        head = f"GET /v2/ HTTP/1.1\r\nHost: a\r\nContent-Length: {len(smuggled)}\r\n\r\n".encode()
        with Raw(registry) as client:
            client.send(head + smuggled + PING)
            answers = [client.answer().status, client.answer().status]

        assert answers == [200, 200]
        assert [entry.method for entry in registry.journal] == ["GET", "GET"]


class TestHalfClosed:
    """A client may close its side after its request and still read the answers, as `nc -N` does."""

    def test_one_request(self, registry: FakeRegistry) -> None:
        """The answer comes, then the connection ends."""
        with Raw(registry) as client:
            assert client.send(PING).half_close().answer().status == 200
            assert client.is_closed()

    def test_pipelined_requests(self, registry: FakeRegistry) -> None:
        """Every request that was sent to its end is answered."""
        with Raw(registry) as client:
            client.send(PING * 100).half_close()

            assert [client.answer().status for _ in range(100)] == [200] * 100
            assert client.is_closed()

    def test_upload_and_download(self, registry: FakeRegistry) -> None:
        """So are long ones."""
        content = bytes(8 * MIB)
        with Raw(registry) as client:
            target = f"/v2/team/app/blobs/uploads/?digest={sha256(content)}"
            head = f"POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(content)}\r\n\r\n".encode()
            assert client.send(head + content).half_close().answer().status == 201
        with Raw(registry) as client:
            pull = f"GET /v2/team/app/blobs/{sha256(content)} HTTP/1.1\r\nHost: a\r\n\r\n".encode()

            assert client.send(pull).half_close().answer().body == content
            assert client.is_closed()

    @pytest.mark.parametrize("data", [b"", b"GET /v2/ HT", b"GET /v2/ HTTP/1.1\r\nHost: a\r\nX", b"GET /v2/\r\n"])
    def test_half_a_request(self, registry: FakeRegistry, data: bytes) -> None:
        """What was not sent to its end ends the connection, without a word."""
        with Raw(registry) as client:
            assert client.send(data).half_close().is_closed()
        with Raw(registry) as client:
            assert client.request("GET", "/v2/").status == 200


class TestBodies:
    def test_head_says_what_get_would(self, registry: FakeRegistry) -> None:
        """HEAD has the headers of GET, Content-Length among them, and no body."""
        target = push(registry, b"x" * 300_000)
        with Raw(registry) as client:
            got, asked = client.request("GET", target), client.request("HEAD", target)

            assert asked.status == 200
            assert asked.headers["Content-Length"] == "300000"
            ignored = ("Date",)
            assert [pair for pair in asked.headers if pair[0] not in ignored] == [
                pair for pair in got.headers if pair[0] not in ignored
            ]
            assert client.request("GET", "/v2/").status == 200

    def test_head_of_an_error(self, registry: FakeRegistry) -> None:
        """A refused HEAD has the length of the error that a GET would get."""
        with Raw(registry) as client:
            got, asked = (client.request(method, "/v2/none/manifests/v1") for method in ("GET", "HEAD"))

            assert (asked.status, asked.headers["Content-Length"]) == (404, str(len(got.body)))
            assert client.request("GET", "/v2/").status == 200

    def test_not_modified_has_no_body(self, registry: FakeRegistry) -> None:
        """A 304 ends with its head."""
        content = b"hello"
        target = push(registry, content)
        with Raw(registry) as client:
            answer = client.request("GET", target, If_None_Match=f'"{sha256(content)}"')

            assert (answer.status, answer.headers.get("Content-Length")) == (304, None)
            assert client.request("GET", "/v2/").status == 200

    def test_no_content_has_no_length(self, registry: FakeRegistry) -> None:
        """A 204 has neither a body nor a Content-Length (RFC 9110, 8.6)."""
        with Raw(registry) as client:
            answer = client.request("GET", start_upload(client))

            assert (answer.status, answer.headers.get("Content-Length")) == (204, None)
            assert answer.headers.get("Transfer-Encoding") is None
            assert client.request("GET", "/v2/").status == 200

    def test_empty_answers_say_so(self, registry: FakeRegistry) -> None:
        """A 201 or 202 without a body has the Content-Length 0: clients wait for the end otherwise."""
        with Raw(registry) as client:
            answer = client.request("POST", "/v2/team/app/blobs/uploads/")

        assert (answer.status, answer.headers["Content-Length"]) == (202, "0")

    @pytest.mark.parametrize("size", [0, 1, 256 * 1024, 256 * 1024 + 1, 5 * MIB])
    def test_download_of_any_size(self, registry: FakeRegistry, size: int) -> None:
        """What was pushed comes back, byte for byte."""
        content = (bytes(range(251)) * (size // 251 + 1))[:size]
        target = push(registry, content)
        with Raw(registry) as client:
            assert client.request("GET", target).body == content
            assert client.request("GET", target).body == content

    def test_ranges_of_a_large_blob(self, registry: FakeRegistry) -> None:
        """One range is a part of the blob, several are a multipart of them."""
        content = bytes(range(256)) * 4 * 4096  # 4 MiB
        target = push(registry, content)
        with Raw(registry) as client:
            part = client.request("GET", target, Range="bytes=1000001-3000000")
            parts = client.request("GET", target, Range="bytes=0-9,1000000-1999999,-10")

        assert (part.status, part.headers["Content-Range"]) == (206, f"bytes 1000001-3000000/{len(content)}")
        assert part.body == content[1000001:3000001]
        boundary = parts.headers["Content-Type"].partition("boundary=")[2].encode()
        pieces = [piece.partition(b"\r\n\r\n")[2] for piece in parts.body.split(b"\r\n--" + boundary)]
        assert [hashlib.sha256(piece).digest() for piece in pieces[1:4]] == [
            hashlib.sha256(piece).digest() for piece in (content[:10], content[1000000:2000000], content[-10:])
        ]

    def test_client_that_vanishes_while_it_downloads(self, registry: FakeRegistry) -> None:
        """A download that nobody reads any more ends, and its entry tells how far it got."""
        content = bytes(64 * MIB)
        target = push(registry, content)
        for vanish in (Raw.close, Raw.reset):
            with Raw(registry, receive_buffer=64 * 1024) as client:
                client.send(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode()).head()
                vanish(client)
            eventually(lambda: registry.journal.since(0)[-1].seconds)

            entry = registry.journal.since(0)[-1]
            assert (entry.method, entry.status) == ("GET", 200)
            assert entry.sent < len(content)

    def test_client_that_vanishes_in_the_head(self, registry: FakeRegistry) -> None:
        """A head that is broken off is no request."""
        for vanish in (Raw.close, Raw.reset):
            vanish(Raw(registry).send(b"GET /v2/ HTTP/1.1\r\nHost: "))
        with Raw(registry) as client:
            assert client.request("GET", "/v2/").status == 200
        assert [entry.target for entry in registry.journal] == ["/v2/"]


class TestOrigin:
    @pytest.mark.parametrize(
        "host", ["localhost:5000", "127.0.0.1:9", "registry.example", "[::1]:5000", "REGISTRY.example:443", "a:"]
    )
    def test_urls_are_built_from_host(self, registry: FakeRegistry, host: str) -> None:
        """A Location is on the host that the client spoke to, as it spelled it."""
        with Raw(registry) as client:
            start = client.request("POST", "/v2/team/app/blobs/uploads/", Host=host)
            path = path_of(start.headers["Location"])
            patch = client.request("PATCH", path, b"{}", Host=host)
            status = client.request("GET", path, Host=host)
            put = client.request("PUT", f"{path}?digest={sha256(b'{}')}", Host=host)
            manifest = client.request(
                "PUT", "/v2/team/app/manifests/v1", encode(image()), Host=host, Content_Type=IMAGE
            )

        for answer in (start, patch, status, put, manifest):
            assert answer.headers["Location"].startswith(f"http://{host}/v2/team/app/")

    def test_absolute_form_brings_its_own_host(self, registry: FakeRegistry) -> None:
        """A request as to a proxy is about the host in its target, not about Host (RFC 9112, 3.2.2)."""
        target = "http://registry.example:5000/v2/team/app/blobs/uploads/"
        with Raw(registry) as client:
            answer = client.request("POST", target)
            ping = client.request("GET", "HTTP://registry.example")

        assert answer.headers["Location"].startswith(target)
        assert ping.status == 404  # of `/`, which is no endpoint
        assert [entry.target for entry in registry.journal] == ["/v2/team/app/blobs/uploads/", "/"]

    def test_credentials_in_the_target_are_no_host(self, registry: FakeRegistry) -> None:
        """User and password never stand in front of a host in a Location."""
        with Raw(registry) as client:
            answer = client.request("POST", "http://user:secret@registry.example/v2/team/app/blobs/uploads/")

        assert answer.status == 400


class TestUsualClient:
    def test_http_client(self, registry: FakeRegistry) -> None:
        """Python's own client pushes and pulls over one connection."""
        content = bytes(range(256)) * 4096
        connection = http.client.HTTPConnection("127.0.0.1", registry.port, timeout=10)
        connection.request(
            "POST", f"/v2/team/app/blobs/uploads/?digest={sha256(content)}", iter([content, content[:0]])
        )
        pushed = connection.getresponse()
        assert (pushed.status, pushed.read()) == (201, b"")
        connection.request("GET", f"/v2/team/app/blobs/{sha256(content)}")
        pulled = connection.getresponse()

        assert (pulled.status, pulled.read()) == (200, content)
        connection.close()

    def test_an_answer_is_quick(self, registry: FakeRegistry) -> None:
        """No delayed acknowledgement, no lingering: 200 answers take less than 200 delays of 40 ms."""
        with Raw(registry) as client:
            began = time.monotonic()
            for _ in range(200):
                client.request("POST", "/v2/team/app/blobs/uploads/", b"")

        assert time.monotonic() - began < 5
