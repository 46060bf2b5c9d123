"""Bodies that are long enough to be received into memory of their own, and hashed by another thread."""

from __future__ import annotations

import asyncio
import hashlib
import io
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from api import path_of, sha256
from raw_client import PATIENCE, Raw, chunk, eventually, start_upload

from fakereg import FakeRegistry
from fakereg.http.feeding import MOST_WAITING, Feeding
from fakereg.http.intake import LONG, PIECE, SEGMENT, Intake
from fakereg.http.workers import workers
from fakereg.oci.digest import Digest
from fakereg.registry.operations.upload_body import UploadBody

PATTERN = bytes(range(251))  # of a length that no boundary is a multiple of


def long_content(size: int, first: bytes = b"") -> bytes:
    return (first + PATTERN * (size // len(PATTERN) + 1))[:size]


@pytest.fixture
def intakes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each intake was asked for."""
    asked: list[int] = []
    receive = Intake.receive

    async def noted(intake: Intake) -> None:
        asked.append(intake.left)
        await receive(intake)

    monkeypatch.setattr(Intake, "receive", noted)
    return asked


def put(client: Raw, target: str, content: bytes, digest: str | None = None) -> bytes:
    """A PUT of a whole blob, as bytes."""
    head = f"PUT {target}?digest={digest or sha256(content)} HTTP/1.1\r\nHost: {client.host}\r\n"
    return head.encode() + f"Content-Length: {len(content)}\r\n\r\n".encode() + content


def patch(client: Raw, target: str, size: int) -> bytes:
    """The head of a PATCH that announces so many bytes."""
    return f"PATCH {target} HTTP/1.1\r\nHost: {client.host}\r\nContent-Length: {size}\r\n\r\n".encode()


@pytest.mark.parametrize("size", [LONG - 1, LONG, LONG + 1, 2 * LONG, SEGMENT, SEGMENT + 1, 2 * SEGMENT + LONG + 17])
def test_every_byte_is_kept(registry: FakeRegistry, size: int) -> None:
    """A long blob is kept as it was sent, and the connection goes on."""
    content = long_content(size)
    with Raw(registry) as client:
        created = client.send(put(client, start_upload(client), content)).answer()
        fetched = client.request("GET", f"/v2/team/app/blobs/{sha256(content)}")
        part = client.request("GET", f"/v2/team/app/blobs/{sha256(content)}", Range=f"bytes={size - 9}-")

    assert created.status == 201
    assert created.headers["Docker-Content-Digest"] == sha256(content)
    assert fetched.body == content
    assert part.body == content[-9:]
    assert registry.journal[1].received == size


def test_it_is_received_aside(registry: FakeRegistry, intakes: list[int]) -> None:
    """Most of a long body never reaches the parser; that of a short one does."""
    long, short = long_content(4 * LONG), long_content(LONG // 2)
    with Raw(registry) as client:
        for content in (long, short):
            assert client.send(put(client, start_upload(client), content)).answer().status == 201

    (aside,) = intakes
    assert 3 * LONG <= aside <= 4 * LONG


def test_what_follows_is_another_request(registry: FakeRegistry, intakes: list[int]) -> None:
    """Requests that were sent right behind a long body, before it was answered, are answered in order."""
    first, second = long_content(3 * LONG, b"1"), long_content(3 * LONG, b"2")
    with Raw(registry) as client:
        one, other = start_upload(client), start_upload(client)
        ping = f"GET /v2/ HTTP/1.1\r\nHost: {client.host}\r\n\r\n".encode()
        sender = threading.Thread(
            target=client.send, args=[put(client, one, first) + ping + put(client, other, second) + ping * 3]
        )
        sender.start()
        answers = [client.answer() for _ in range(6)]
        sender.join()

    repository = registry.repository("team/app")
    assert [answer.status for answer in answers] == [201, 200, 201, 200, 200, 200]
    assert repository.blob(sha256(first)) == first
    assert repository.blob(sha256(second)) == second
    assert len(intakes) == 2


def test_several_chunks(registry: FakeRegistry, intakes: list[int]) -> None:
    """Chunks that are long themselves come one after the other in one session."""
    content = long_content(6 * LONG)
    with Raw(registry) as client:
        target = start_upload(client)
        for start in (0, 3 * LONG):
            piece = content[start : start + 3 * LONG]
            stop = start + len(piece) - 1
            answer = client.request("PATCH", target, piece, Content_Range=f"{start}-{stop}")
            assert (answer.status, answer.headers["Range"]) == (202, f"0-{stop}")
            target = path_of(answer.headers["Location"])
        created = client.request("PUT", f"{target}?digest={sha256(content)}")

    assert created.status == 201
    assert registry.repository("team/app").blob(sha256(content)) == content
    assert len(intakes) == 2


def test_chunked_encoding(registry: FakeRegistry, intakes: list[int]) -> None:
    """A long body of unknown length is kept too; it needs the parser to its end."""
    content = long_content(5 * LONG)
    with Raw(registry) as client:
        target = start_upload(client)
        client.send(f"PATCH {target} HTTP/1.1\r\nHost: {client.host}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        for start in range(0, len(content), 300_000):
            client.send(chunk(content[start : start + 300_000]))
        patched = client.send(chunk(b"")).answer()
        created = client.request("PUT", f"{path_of(patched.headers['Location'])}?digest={sha256(content)}")

    assert (patched.status, created.status) == (202, 201)
    assert registry.repository("team/app").blob(sha256(content)) == content
    assert intakes == []


def test_an_invited_body(registry: FakeRegistry, intakes: list[int]) -> None:
    """A long body that waits to be invited is received aside from its first byte on."""
    content = long_content(3 * LONG)
    with Raw(registry) as client:
        whole = put(client, start_upload(client), content)
        head, _, body = whole.partition(b"\r\n\r\n")
        client.send(head + b"\r\nExpect: 100-continue\r\n\r\n")
        assert client.head()[0] == 100
        created = client.send(body).answer()

    assert created.status == 201
    assert registry.repository("team/app").blob(sha256(content)) == content
    assert len(intakes) == 1


def test_a_wrong_digest(registry: FakeRegistry) -> None:
    """Of a long body that is not what it should be nothing is kept, and the connection and the session go on."""
    content = long_content(3 * LONG)
    with Raw(registry) as client:
        target = start_upload(client)
        refused = client.send(put(client, target, content, sha256(b"another"))).answer()
        status = client.request("GET", target)
        created = client.send(put(client, target, content)).answer()

    assert (refused.status, refused.error["code"]) == (400, "DIGEST_INVALID")
    assert status.headers["Range"] == "0-0"
    assert created.status == 201


def test_a_client_that_vanishes(registry: FakeRegistry) -> None:
    """What came before the end is kept, to its last byte, and the session goes on from there."""
    content, sent = long_content(8 * LONG), 5 * LONG + 3
    with Raw(registry) as client:
        target = start_upload(client)
        client.send(patch(client, target, len(content)) + content[:sent])
    eventually(lambda: registry.journal[1].seconds > 0)

    with Raw(registry) as client:
        status = client.request("GET", target)
        rest = client.request("PATCH", target, content[sent:], Content_Range=f"{sent}-{len(content) - 1}")
        created = client.request("PUT", f"{path_of(rest.headers['Location'])}?digest={sha256(content)}")

    assert registry.journal[1].status is None
    assert registry.journal[1].received == sent
    assert status.headers["Range"] == f"0-{sent - 1}"
    assert created.status == 201
    assert registry.repository("team/app").blob(sha256(content)) == content


def test_a_body_that_is_not_wanted_any_more(registry: FakeRegistry) -> None:
    """A newer request takes the session over: the older one is refused before its end, and its connection closes."""
    older, newer = long_content(64 * LONG), b"newer"
    with Raw(registry) as first, Raw(registry) as second:
        target = start_upload(first)
        first.send(patch(first, target, len(older)) + older[: 4 * LONG])
        eventually(lambda: registry.journal[1].received >= 3 * LONG)
        taken = second.request("PATCH", target, newer)
        first.send(older[4 * LONG : 6 * LONG])
        refused = first.answer()

        assert taken.status == 202
        assert refused.status == 400
        assert refused.error["code"] == "BLOB_UPLOAD_INVALID"
        assert first.is_closed()
    size = int(taken.headers["Range"].partition("-")[2]) + 1
    status = registry.repository("team/app")._repository.uploads()[0]
    assert status.size == size


def test_a_stop_within_a_long_body() -> None:
    """A registry stops at once, whatever is being received, and keeps what came."""
    registry = FakeRegistry().start()
    with Raw(registry) as client:
        client.send(patch(client, start_upload(client), 64 * LONG) + long_content(4 * LONG))
        eventually(lambda: registry.journal[1].received >= 3 * LONG)
        registry.stop()

    (upload,) = registry.repository("team/app")._repository.uploads()
    assert 3 * LONG <= upload.size <= 4 * LONG


class TestWorkers:
    """The thread that feeds what is received aside."""

    @pytest.mark.parametrize("failures", [1, 1000])
    def test_our_own_failure(
        self, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, failures: int
    ) -> None:
        """Where our own code fails, once or always, the answer is a 500, and the connection closes."""
        left = [ZeroDivisionError] * failures
        feed = UploadBody.feed

        def fail(body: UploadBody, data: bytes) -> None:
            if left and threading.current_thread().name.startswith("fakereg-worker"):
                raise left.pop()
            feed(body, data)

        monkeypatch.setattr(UploadBody, "feed", fail)
        content = long_content(8 * LONG)
        with Raw(registry) as client:
            answer = client.send(patch(client, start_upload(client), len(content)) + content).answer()

            assert answer.status == 500
            assert client.is_closed()
        assert caplog.records[0].exc_info[0] is ZeroDivisionError
        caplog.clear()

    def test_clients_fill_the_loops_own_threads(self) -> None:
        """Clients that fill the event loop's default executor, waiting for us, do not keep us from answering."""
        content = long_content(4 * LONG)

        def push(registry: FakeRegistry) -> int:
            with Raw(registry) as client:
                return client.send(put(client, start_upload(client), content)).answer().status

        async def main() -> list[int]:
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2))
            async with FakeRegistry() as registry:
                return await asyncio.gather(*(asyncio.to_thread(push, registry) for _ in range(4)))

        assert asyncio.run(main()) == [201] * 4

    def test_no_thread_begins_any_more(self, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
        """In a process that ends, what is still asked is answered without other threads."""

        def refuse(_: object) -> None:
            raise RuntimeError("cannot schedule new futures after shutdown")

        monkeypatch.setattr(workers, "submit", refuse)
        content = long_content(4 * LONG)
        with Raw(registry) as client:
            created = client.send(put(client, start_upload(client), content)).answer()
            digest = f"sha512:{hashlib.sha512(content).hexdigest()}"
            hashed_anew = client.send(put(client, start_upload(client), content, digest)).answer()

        assert (created.status, hashed_anew.status) == (201, 201)
        assert registry.repository("team/app").blob(digest) == content

    def test_a_client_that_vanishes_while_all_are_busy(
        self, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What came is kept, and nobody waits for a thread to become free."""
        asked: list[Future[None]] = []
        monkeypatch.setattr(workers, "submit", lambda _: asked.append(Future()) or asked[-1])
        sent = 5 * LONG + 3
        with Raw(registry) as client:
            target = start_upload(client)
            client.send(patch(client, target, 8 * LONG) + long_content(sent))
        eventually(lambda: registry.journal[1].seconds > 0)

        with Raw(registry) as client:
            status = client.request("GET", target)

        assert status.headers["Range"] == f"0-{sent - 1}"
        assert [work.cancelled() for work in asked] == [True]


def test_small_pieces_are_kept_as_large_ones(registry: FakeRegistry) -> None:
    """A client that sends in small and uneven pieces costs no more memory than one that sends at once."""
    content = long_content(8 * LONG)
    with Raw(registry) as client:
        whole = put(client, start_upload(client), content)
        for start in range(0, len(whole), 50_000):
            client.send(whole[start : start + 50_000])
        assert client.answer().status == 201

    segments = registry.repository("team/app")._repository.blob(Digest(sha256(content))).content.segments
    assert sum(map(len, segments)) == len(content)
    assert len(segments) <= 4 + len(content) // PIECE + len(content) // SEGMENT


@pytest.mark.fake_registry(blob_limit=LONG)
def test_a_refused_client_that_resets(fake_registry: FakeRegistry) -> None:
    """A client that announces too much and resets the connection leaves no trace in the log."""
    for _ in range(50):
        with Raw(fake_registry) as client:
            client.send(
                f"POST /v2/team/app/blobs/uploads/?digest={sha256(b'')} HTTP/1.1\r\n"
                f"Host: {client.host}\r\nContent-Length: {8 * LONG}\r\n\r\n".encode()
            )
            client.reset()
    eventually(lambda: len(fake_registry.journal) > 0 and all(entry.seconds > 0 for entry in fake_registry.journal))

    assert {entry.status for entry in fake_registry.journal} <= {413, None}


def test_more_than_may_wait(registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that sends faster than we hash waits, and no more is taken in than the limit and one segment."""
    content = long_content(MOST_WAITING + 4 * SEGMENT)
    go_on, feedings, feed, begin = threading.Event(), [], UploadBody.feed, Feeding.__init__

    def wait_and_feed(body: UploadBody, data: bytes) -> None:
        if threading.current_thread().name.startswith("fakereg-worker"):
            assert go_on.wait(PATIENCE)
        feed(body, data)

    def noted(feeding: Feeding, *arguments: object, **more: object) -> None:
        begin(feeding, *arguments, **more)
        feedings.append(feeding)

    monkeypatch.setattr(UploadBody, "feed", wait_and_feed)
    monkeypatch.setattr(Feeding, "__init__", noted)
    with Raw(registry) as client:
        sender = threading.Thread(target=client.send, args=[put(client, start_upload(client), content)])
        sender.start()
        eventually(lambda: feedings and feedings[-1].is_full)
        waiting = feedings[-1]._size
        go_on.set()
        created = client.answer()
        sender.join()

    assert waiting <= MOST_WAITING + SEGMENT
    assert created.status == 201
    assert registry.repository("team/app").blob(sha256(content)) == content


def test_in_an_application_of_somebody_else() -> None:
    """There, too, a long blob is kept as it was sent."""
    registry, content, app = FakeRegistry(), long_content(5 * LONG), web.Application(client_max_size=1)
    registry.add_to(app)

    async def push() -> int:
        async with TestClient(TestServer(app)) as client:
            answer = await client.post(
                f"/v2/team/app/blobs/uploads/?digest={sha256(content)}", data=io.BytesIO(content)
            )
            return answer.status

    assert asyncio.run(push()) == 201
    assert registry.repository("team/app").blob(sha256(content)) == content
