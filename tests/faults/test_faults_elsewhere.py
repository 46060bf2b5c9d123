"""Faults where the rest is unusual: other servers, other clients, long bodies, and ends in the middle."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from on_the_wire import BLOB, BLOB_PATH, MANIFEST, TAG, UPLOADS, Line, ask, request, seeded
from raw_client import PROMPT, eventually
from unplugged import send

from fakereg import FakeRegistry, faults
from fakereg.http import delivering
from fakereg.registry.delivery import PLAIN, Delivery, Ending
from fakereg.registry.messages import NO_ANSWER

LONG = bytes(range(256)) * 12 * 1024  # 3 MiB, more than what takes the way through aiohttp's buffers
Conversation = Callable[[int], Awaitable[None]]


def in_an_application(registry: FakeRegistry, conversation: Conversation) -> None:
    """Talk to an aiohttp application that a registry was added to, on its port."""

    async def main() -> None:
        app = web.Application()
        registry.add_to(app)
        runner = web.AppRunner(app, auto_decompress=False, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            await conversation(runner.addresses[0][1])
        finally:
            await runner.cleanup()

    asyncio.run(main())


class TestInAnApplication:
    """FakeRegistry.add_to(app): the connections are aiohttp's own."""

    @pytest.mark.parametrize(
        ("fault", "status", "body", "end"),
        [
            (faults.Respond(503, body="busy"), 503, b"busy", "kept"),
            (faults.Reset(), None, b"", "reset"),
            (faults.Reset("within", after=7), 200, BLOB[:7], "reset"),
            (faults.Reset("after"), 200, BLOB, "reset"),
            (faults.EmptyAnswer(), None, b"", "closed"),
            (faults.LoseAnswer(), None, b"", "reset"),
            (faults.Truncate(7), 200, BLOB[:7], "closed"),
            (faults.Truncate(7, honest=True), 200, BLOB[:7], "kept"),
            (faults.ChunkedEncoding(), 200, BLOB, "kept"),
            (faults.DropHeader("Content-Type"), 200, BLOB, "kept"),
            (faults.SetHeader("Content-Length", "5"), 200, BLOB, "closed"),
            (faults.Stall(9, seconds=0.01), 200, BLOB, "kept"),
            (faults.Throttle(5000), 200, BLOB, "kept"),
        ],
        ids=str,
    )
    def test_answers(self, fault: faults.Fault, status: int | None, body: bytes, end: str) -> None:
        """What a fault does to an answer it does here as well."""
        registry = seeded(FakeRegistry())

        async def conversation(port: int) -> None:
            with registry.fault(fault, on="get_blob"):
                seen = await asyncio.to_thread(Line(port).ask, "GET", BLOB_PATH)
            assert (seen.status, seen.body, seen.end) == (status, body, end)
            if isinstance(fault, faults.DropHeader):
                assert "Content-Type" not in seen.headers

        in_an_application(registry, conversation)

    def test_a_body_that_is_cut(self) -> None:
        """A reset within a long upload keeps what arrived."""
        registry = FakeRegistry()

        async def conversation(port: int) -> None:
            location = send(registry, "POST", UPLOADS).headers["Location"].partition("5000")[2]
            with registry.fault(faults.Reset("upload", after=1_500_001)):
                seen = await asyncio.to_thread(Line(port).ask, "PATCH", location, LONG)
            assert (seen.raw, seen.end) == (b"", "reset")
            assert send(registry, "GET", location).headers["Range"] == "0-1500000"

        in_an_application(registry, conversation)

    def test_a_client_that_hangs_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A stall for ever ends soon after its client has gone, though aiohttp does not end it."""
        monkeypatch.setattr(delivering, "GLANCE", 0.02)
        registry = seeded(FakeRegistry())

        async def conversation(port: int) -> None:
            loop, before = asyncio.get_running_loop(), asyncio.all_tasks()
            with registry.fault(faults.Stall(9), on="get_blob"):
                line = Line(port)
                line.send(request(port, "GET", BLOB_PATH))
                await asyncio.to_thread(line.socket.recv, 1)
                line.close()
                await asyncio.to_thread(eventually, lambda: registry.journal[-1].has_ended)
            await asyncio.to_thread(eventually, lambda: len(asyncio.all_tasks(loop)) <= len(before) + 1)

        in_an_application(registry, conversation)

    def test_connections_are_not_ours(self) -> None:
        """What happens before a request never fires here, and says so."""
        registry = FakeRegistry()

        async def conversation(port: int) -> None:
            with pytest.raises(AssertionError) as caught, registry.fault(faults.Reset(), on="connect"):
                await asyncio.to_thread(Line(port).ask, "GET", "/v2/")
            assert str(caught.value).startswith("the fault never fired: Reset() on connect, as none fitted")
            assert "on='connect' is for connections that begin" in str(caught.value)

        in_an_application(registry, conversation)


class TestInThisLoop:
    def test_async_with(self) -> None:
        """Faults are armed and met in one event loop, and a delay does not hold up the others."""

        async def main() -> None:
            async with FakeRegistry() as registry:
                seeded(registry)
                with registry.fault(faults.Delay(0.15), on="get_blob") as fault:
                    slow = asyncio.create_task(asyncio.to_thread(ask, registry, "GET", BLOB_PATH))
                    quick = await asyncio.to_thread(ask, registry, "GET", TAG)
                    assert not slow.done()
                    assert (quick.body, (await slow).body) == (MANIFEST, BLOB)
                assert fault.fired == 1

        asyncio.run(main())

    def test_the_end_of_the_block_ends_a_stall(self) -> None:
        """Nobody waits for a client that waits for us."""

        async def main() -> float:
            async with FakeRegistry() as registry:
                registry.fault(faults.Stall())
                line = Line(registry.port).send(request(registry.port, "GET", "/v2/"))
                await asyncio.to_thread(eventually, lambda: len(registry.journal) == 1)
                began = time.monotonic()
            line.close()
            return time.monotonic() - began

        assert asyncio.run(main()) < PROMPT


class TestWithoutANetwork:
    def test_the_delivery_is_shown(self) -> None:
        """registry.handle does not wait or break anything: it shows how the answer would go out."""
        registry = seeded(FakeRegistry())
        registry.fault(faults.Stall(5), faults.Truncate(7), on="get_blob")
        answer = send(registry, "GET", BLOB_PATH)

        assert bytes(answer.body) == BLOB
        assert answer.delivery.body_bytes == 7
        assert answer.delivery.ending is Ending.CLOSE
        assert send(registry, "GET", TAG).delivery == PLAIN

    def test_no_answer(self) -> None:
        """What has no answer has a status of its own."""
        registry = seeded(FakeRegistry())
        registry.fault(faults.Reset(), on="ping")
        answer = send(registry, "GET", "/v2/")

        assert answer.status == NO_ANSWER
        assert answer.delivery == Delivery(ending=Ending.RESET, head_bytes=0)

    def test_a_body_that_is_cut(self) -> None:
        """An upload is interrupted at the byte, in whatever pieces it comes."""
        registry = FakeRegistry()
        location = send(registry, "POST", UPLOADS).headers["Location"].partition("5000")[2]
        with registry.fault(faults.Reset("upload", after=4), times=1):
            answer = send(registry, "PATCH", location, b"0123456789")

        assert answer.delivery.ending is Ending.RESET
        assert send(registry, "GET", location).headers["Range"] == "0-3"
        assert registry.journal[1].received == 10


class TestOldClients:
    """HTTP/1.0: no chunks, and a connection for each request unless the client asks to keep it."""

    def test_chunks_are_not_understood(self, registry: FakeRegistry) -> None:
        """The body ends with the connection."""
        with registry.fault(faults.ChunkedEncoding(), on="get_blob"):
            seen = ask(registry, "GET", BLOB_PATH, version="1.0")

        assert seen.raw.startswith(b"HTTP/1.0 200 OK\r\n")
        assert "Transfer-Encoding" not in seen.headers
        assert (seen.body, seen.end) == (BLOB, "closed")

    @pytest.mark.parametrize(
        ("fault", "body", "end"),
        [
            (faults.Delay(0.01), BLOB, "closed"),
            (faults.Truncate(7), BLOB[:7], "closed"),
            (faults.Reset("within", after=7), BLOB[:7], "reset"),
            (faults.DropHeader("Content-Length"), BLOB, "closed"),
            (faults.Throttle(5000), BLOB, "closed"),
        ],
        ids=str,
    )
    def test_all_else(self, registry: FakeRegistry, fault: faults.Fault, body: bytes, end: str) -> None:
        """Comes in their version."""
        with registry.fault(fault, on="get_blob"):
            seen = ask(registry, "GET", BLOB_PATH, version="1.0")

        assert seen.raw.startswith(b"HTTP/1.0 200 OK\r\n")
        assert (seen.body, seen.end) == (body, end)


class TestPipelining:
    def test_a_late_answer_keeps_the_order(self, registry: FakeRegistry) -> None:
        """Requests that follow without waiting are answered after it, each with its own."""
        port = registry.port
        with registry.fault(faults.Delay(0.05), on="get_blob"), Line(port) as line:
            line.send(b"".join(request(port, "GET", path) for path in (BLOB_PATH, "/v2/", BLOB_PATH, TAG)))
            data = line.until(MANIFEST)

        answers = data.split(b"HTTP/1.1 ")[1:]
        assert [one.partition(b"\r\n\r\n")[2] for one in answers] == [BLOB, b"{}", BLOB, MANIFEST]

    @pytest.mark.parametrize(
        ("fault", "end"), [(faults.Reset("after"), "reset"), (faults.Truncate(7), "closed")], ids=str
    )
    def test_an_end_is_the_end(self, registry: FakeRegistry, fault: faults.Fault, end: str) -> None:
        """What was sent behind a request whose answer ends the connection is not answered."""
        port = registry.port
        with registry.fault(fault, on="get_blob"), Line(port) as line:
            line.send(b"".join(request(port, "GET", path) for path in ("/v2/", BLOB_PATH, TAG)))
            data, how = line.rest()

        assert data.count(b"HTTP/1.1 ") == 2
        assert how == end
        assert MANIFEST not in data
