"""Bodies on their way in: invited, refused early, broken off, taken over, in every framing."""

from __future__ import annotations

import gzip
import random
import threading
import time
import tracemalloc
from collections.abc import Iterator

import pytest
from api import sha256
from raw_client import PATIENCE, PROMPT, Raw, chunk, eventually, has_arrived, start_upload

from fakereg import FakeRegistry

CONTENT = bytes(range(256)) * 1024  # 256 KiB
DIGEST = sha256(CONTENT)
MIB = 1024 * 1024


def head(client: Raw, method: str, target: str, headers: str, version: str = "1.1") -> bytes:
    return f"{method} {target} HTTP/{version}\r\nHost: {client.host}\r\n{headers}\r\n".encode()


class TestContinue:
    INVITED = "Expect: 100-continue\r\nContent-Length: 5\r\n"

    def test_body_is_invited(self, registry: FakeRegistry) -> None:
        """A client that waits is told to go on before it sends anything, and answered after."""
        with Raw(registry) as client:
            path = start_upload(client)
            interim = client.send(head(client, "PATCH", path, self.INVITED)).head()[0]
            answer = client.send(b"hello").answer()

            assert (interim, answer.status, answer.headers["Range"]) == (100, 202, "0-4")
            assert client.request("GET", "/v2/").status == 200

    def test_expectation_in_any_case(self, registry: FakeRegistry) -> None:
        """The expectation's name has no case."""
        with Raw(registry) as client:
            client.send(head(client, "PATCH", start_upload(client), self.INVITED.replace("continue", "Continue")))

            assert client.head()[0] == 100

    def test_once_for_a_chunked_body(self, registry: FakeRegistry) -> None:
        """One invitation, however the body is framed."""
        with Raw(registry) as client:
            headers = "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n"
            client.send(head(client, "PATCH", start_upload(client), headers))
            interim = client.head()[0]
            answer = client.send(chunk(b"hel") + chunk(b"lo") + chunk(b"")).answer()

        assert (interim, answer.status, answer.headers["Range"]) == (100, 202, "0-4")

    @pytest.mark.parametrize(
        ("target", "status"),
        [
            ("/v2/team/app/blobs/uploads/unknown", 404),
            ("/v2/Team/app/blobs/uploads/unknown", 400),
            ("/v2/team/app/manifests/v1", 405),
            ("/v1/", 404),
        ],
    )
    def test_refusal_comes_instead(self, registry: FakeRegistry, target: str, status: int) -> None:
        """Where the request is refused anyway, the answer comes at once, and the connection ends at once."""
        with Raw(registry) as client:
            start_upload(client)
            began = time.monotonic()
            answer = client.send(head(client, "PATCH", target, self.INVITED)).answer()

            assert (answer.status, answer.headers["Connection"]) == (status, "close")
            assert client.is_closed()
            assert time.monotonic() - began < PROMPT

    def test_too_long_a_body_is_not_invited(self) -> None:
        """A body whose announced length exceeds a limit is 413, unsent."""
        with FakeRegistry(blob_limit=4) as registry, Raw(registry) as client:
            answer = client.send(head(client, "PATCH", start_upload(client), self.INVITED)).answer()

            assert (answer.status, answer.error["code"]) == (413, "SIZE_INVALID")
            assert client.is_closed()

    @pytest.mark.parametrize(
        ("headers", "version"), [("Content-Length: 0\r\n", "1.1"), ("Content-Length: 5\r\n", "1.0")]
    )
    def test_not_where_nothing_waits(self, registry: FakeRegistry, headers: str, version: str) -> None:
        """No body, or HTTP/1.0 that knows no interim answers: no invitation."""
        with Raw(registry) as client:
            path = start_upload(client)
            client.send(head(client, "PATCH", path, f"Expect: 100-continue\r\n{headers}", version))
            answer = client.send(b"hello" if version == "1.0" else b"").answer()

        assert answer.status == 202


class TestEncodings:
    def test_content_encoding_is_part_of_the_content(self, registry: FakeRegistry) -> None:
        """A blob that is gzip stays gzip, whatever Content-Encoding says."""
        packed = gzip.compress(b"hello" * 100)
        with Raw(registry) as client:
            target = f"/v2/team/app/blobs/uploads/?digest={sha256(packed)}"
            answer = client.request("POST", target, packed, Content_Encoding="gzip")
            pulled = client.request("GET", f"/v2/team/app/blobs/{sha256(packed)}", Accept_Encoding="gzip")

        assert answer.status == 201
        assert (pulled.body, pulled.headers.get("Content-Encoding")) == (packed, None)

    @pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
    def test_content_encoding_is_not_believed(self, registry: FakeRegistry, encoding: str) -> None:
        """What says that it is encoded and is not is stored as it came."""
        with Raw(registry) as client:
            path = start_upload(client)
            client.request("PATCH", path, CONTENT, Content_Encoding=encoding)
            answer = client.request("PUT", f"{path}?digest={DIGEST}", Content_Encoding=encoding)

        assert answer.status == 201
        assert registry.repository("team/app").blob(DIGEST) == CONTENT

    def test_extensions_and_trailers(self, registry: FakeRegistry) -> None:
        """Chunk extensions and trailers are read over."""
        body = b'3;name="value";other\r\nhel\r\n2\r\nlo\r\n0\r\nX-Checksum: 1\r\nRange: 0-99\r\n\r\n'
        with Raw(registry) as client:
            target = f"/v2/team/app/blobs/uploads/?digest={sha256(b'hello')}"
            client.send(head(client, "POST", target, "Transfer-Encoding: chunked\r\n") + body)

            assert client.answer().status == 201
            assert client.request("GET", "/v2/").status == 200

    def test_chunks_of_one_byte(self, registry: FakeRegistry) -> None:
        """A hundred thousand chunks of one byte are one body, and cost no object each."""
        content = CONTENT[:100_000]
        with Raw(registry) as client:
            path = start_upload(client)
            client.send(head(client, "PATCH", path, "Transfer-Encoding: chunked\r\n"))
            client.send(b"".join(map(chunk, (content[i : i + 1] for i in range(len(content))))) + chunk(b""))
            answer = client.answer()
            closed = client.request("PUT", f"{path}?digest={sha256(content)}")

        assert (answer.status, answer.headers["Range"]) == (202, "0-99999")
        assert closed.status == 201

    def test_http_1_0(self, registry: FakeRegistry) -> None:
        """A body of an HTTP/1.0 client ends where Content-Length says."""
        with Raw(registry) as client:
            target = f"/v2/team/app/blobs/uploads/?digest={sha256(b'hello')}"
            answer = client.send(head(client, "POST", target, "Content-Length: 5\r\n", "1.0") + b"hello").answer()

            assert answer.status == 201
            assert client.is_closed()


class TestDroppedUpload:
    """A client that vanishes leaves what it sent; another goes on from there."""

    KEPT = 100_000

    @pytest.mark.parametrize("vanish", ["close", "reset", "half_close"])
    @pytest.mark.parametrize("framing", ["length", "chunked"])
    @pytest.mark.parametrize("method", ["PATCH", "PUT"])
    def test_resumes_from_its_true_offset(self, registry: FakeRegistry, method: str, framing: str, vanish: str) -> None:
        """The status shows how far the session got; the rest completes it to the right digest."""
        part = CONTENT[: self.KEPT]
        with Raw(registry) as client:
            path = start_upload(client)
            with Raw(registry) as dropped:
                target = f"{path}?digest={DIGEST}" if method == "PUT" else path
                if framing == "length":
                    dropped.send(head(dropped, method, target, f"Content-Length: {len(CONTENT)}\r\n") + part)
                else:
                    dropped.send(head(dropped, method, target, "Transfer-Encoding: chunked\r\n") + chunk(part))
                eventually(lambda: has_arrived(registry, self.KEPT))
                getattr(dropped, vanish)()
                eventually(lambda: client.request("GET", path).headers["Range"] == f"0-{self.KEPT - 1}")

            rest = CONTENT[self.KEPT :]
            span = f"{self.KEPT}-{len(CONTENT) - 1}"
            assert client.request("PATCH", path, rest, Content_Range=span).status == 202
            assert client.request("PUT", f"{path}?digest={DIGEST}").status == 201
            assert client.request("GET", f"/v2/team/app/blobs/{DIGEST}").body == CONTENT
            assert client.request("GET", path).status == 404

    def test_dropped_single_post_leaves_nothing(self, registry: FakeRegistry) -> None:
        """A whole blob in one POST has a session that nobody knows: broken off, it is gone."""
        with Raw(registry) as client:
            client.send(head(client, "POST", f"/v2/team/app/blobs/uploads/?digest={DIGEST}", "Content-Length: 9\r\n"))
            client.send(b"hello")
            eventually(lambda: has_arrived(registry, 5))
            assert len(registry.repository("team/app").uploads) <= 1
        eventually(lambda: registry.journal.since(0)[-1].seconds)

        assert registry.repository("team/app").blobs == []

    def test_dropped_manifest_is_not_stored(self, registry: FakeRegistry) -> None:
        """Half a manifest is none."""
        with Raw(registry) as client:
            client.send(head(client, "PUT", "/v2/team/app/manifests/v1", "Content-Length: 20\r\n") + b'{"schema')
            eventually(lambda: has_arrived(registry, 8))
        eventually(lambda: registry.journal.since(0)[-1].seconds)

        assert registry.repository("team/app").tags == []
        assert registry.journal.since(0)[-1].status is None


class TestTakeover:
    def test_newer_request_takes_over(self, registry: FakeRegistry) -> None:
        """When a client comes back before its dead connection was noticed, the newer request wins."""
        with Raw(registry) as older, Raw(registry) as newer:
            path = start_upload(newer)
            older.send(head(older, "PATCH", path, f"Content-Length: {len(CONTENT)}\r\n") + CONTENT[:100_000])
            eventually(lambda: has_arrived(registry, 100_000))
            offset = int(newer.request("GET", path).headers["Range"].partition("-")[2]) + 1
            taken = newer.request("PATCH", path, CONTENT[offset:], Content_Range=f"{offset}-{len(CONTENT) - 1}")
            closed = newer.request("PUT", f"{path}?digest={DIGEST}")
            answer = older.send(CONTENT[100_000:]).answer()

            assert (taken.status, closed.status) == (202, 201)
            assert 400 <= answer.status < 500
            assert answer.error["code"] in ("BLOB_UPLOAD_INVALID", "BLOB_UPLOAD_UNKNOWN")
        assert registry.repository("team/app").blob(DIGEST) == CONTENT

    def test_older_request_stalls_for_good(self, registry: FakeRegistry) -> None:
        """The older connection need not do anything for the newer one to finish."""
        with Raw(registry) as older, Raw(registry) as newer:
            path = start_upload(newer)
            older.send(head(older, "PATCH", path, "Transfer-Encoding: chunked\r\n") + chunk(CONTENT[:70_000]))
            eventually(lambda: has_arrived(registry, 70_000))
            offset = int(newer.request("GET", path).headers["Range"].partition("-")[2]) + 1
            answer = newer.request("PUT", f"{path}?digest={DIGEST}", CONTENT[offset:])

        assert answer.status == 201

    def test_uploads_side_by_side(self, registry: FakeRegistry) -> None:
        """Uploads to sessions of their own, each in small pieces from its own thread, do not mix."""
        contents = [random.Random(seed).randbytes(300_000) for seed in range(8)]
        failures: list[object] = []

        def upload(content: bytes) -> None:
            with Raw(registry) as client:
                path = start_upload(client)
                client.send(head(client, "PATCH", path, f"Content-Length: {len(content)}\r\n"))
                for start in range(0, len(content), 7_000):
                    client.send(content[start : start + 7_000])
                answers = [client.answer(), client.request("PUT", f"{path}?digest={sha256(content)}")]
            failures.extend(answer for answer in answers if answer.status not in (201, 202))

        threads = [threading.Thread(target=upload, args=(content,)) for content in contents]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)

        assert failures == []
        assert {bytes(registry.repository("team/app").blob(sha256(content))) for content in contents} == set(contents)


class TestEarlyRefusal:
    """A body that nobody wants: the client reads why, and never waits for the server to read it."""

    @pytest.mark.parametrize("framing", ["length", "chunked"])
    def test_answer_reaches_a_client_that_still_sends(self, registry: FakeRegistry, framing: str) -> None:
        """A client that sends 32 MiB before it reads finds its 404, not a reset."""
        with Raw(registry) as client:
            start_upload(client)
            headers = f"Content-Length: {32 * MIB}\r\n" if framing == "length" else "Transfer-Encoding: chunked\r\n"
            client.send(head(client, "PATCH", "/v2/team/app/blobs/uploads/unknown", headers))
            piece = bytes(MIB) if framing == "length" else chunk(bytes(MIB))
            for _ in range(32):
                client.send(piece)
            answer = client.answer()

            assert (answer.status, answer.error["code"]) == (404, "BLOB_UPLOAD_UNKNOWN")
            assert answer.headers["Connection"] == "close"
            assert client.is_closed()

    def test_in_the_middle_of_the_body(self) -> None:
        """A body of unknown length that grows beyond a limit is 413 as soon as it does, and nothing is kept."""
        with FakeRegistry(blob_limit=MIB) as registry, Raw(registry) as client, Raw(registry) as other:
            path = start_upload(other)
            client.send(head(client, "PATCH", path, "Transfer-Encoding: chunked\r\n"))
            for _ in range(8):
                client.send(chunk(bytes(MIB)))
            answer = client.answer()

            assert answer.status == 413
            assert client.is_closed()
            assert other.request("GET", path).headers["Range"] == "0-0"

    def test_no_waiting_for_a_body_that_does_not_come(self, registry: FakeRegistry) -> None:
        """A refused client that stops sending sees the connection end at once."""
        with Raw(registry) as client:
            began = time.monotonic()
            headers = f"Content-Length: {MIB}\r\n"
            answer = client.send(head(client, "PATCH", "/v2/team/app/blobs/uploads/unknown", headers)).answer()

            assert answer.status == 404
            assert client.is_closed()
            assert time.monotonic() - began < PROMPT

    def test_unread_body_that_breaks(self, registry: FakeRegistry) -> None:
        """A body that nobody reads may be broken, too: the answer stands, and the connection ends."""
        with Raw(registry) as client:
            assert client.send(head(client, "GET", "/v2/", "Transfer-Encoding: chunked\r\n")).answer().status == 200
            assert client.send(b"zz\r\n").answer().status == 400
            assert client.is_closed()

    def test_small_body_keeps_the_connection(self, registry: FakeRegistry) -> None:
        """A short body is read over instead, and the connection goes on."""
        with Raw(registry) as client:
            target = "/v2/team/app/blobs/uploads/unknown"
            answer = client.send(head(client, "PATCH", target, "Content-Length: 5\r\n")).answer()
            client.send(b"hello")

            assert answer.status == 404
            assert client.request("GET", "/v2/").status == 200


@pytest.fixture
def _traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("_traced")
class TestMemory:
    @pytest.mark.parametrize("framing", ["length", "chunked"])
    def test_a_blob_is_held_once(self, registry: FakeRegistry, framing: str) -> None:
        """64 MiB on their way in, and in the store, take little more than 64 MiB."""
        size, piece = 64 * MIB, random.Random(7).randbytes(MIB)
        digest = sha256(piece * 64)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        with Raw(registry) as client:
            target = f"/v2/team/app/blobs/uploads/?digest={digest}"
            headers = f"Content-Length: {size}\r\n" if framing == "length" else "Transfer-Encoding: chunked\r\n"
            client.send(head(client, "POST", target, headers))
            for _ in range(64):
                client.send(piece if framing == "length" else chunk(piece))
            answer = client.send(b"" if framing == "length" else chunk(b"")).answer()
        held, peak = tracemalloc.get_traced_memory()

        assert answer.status == 201
        assert held - before < 1.1 * size
        assert peak - before < 1.3 * size
