"""The registry in an aiohttp application of somebody else's, and driven by aiohttp's own client."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from api import sha256
from raw_client import PATIENCE, eventually, has_arrived

from fakereg import FakeRegistry

CONTENT = bytes(range(256)) * 4096  # 1 MiB
UPLOADS = "/v2/team/app/blobs/uploads/"
Talk = Callable[["TestClient[web.Request, web.Application]"], Awaitable[None]]


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """A registry that serves nowhere itself."""
    return FakeRegistry()


async def hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")


@asynccontextmanager
async def _client(registry: FakeRegistry, **options: object) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application()
    app.router.add_get("/", hello)
    app.router.add_get("/v2/own/page", hello)
    registry.add_to(app)
    app.router.add_get("/v3/", hello)
    server = TestServer(app)
    await server.start_server(**options)
    async with TestClient(server) as client:
        yield client


def talk(registry: FakeRegistry, conversation: Talk, **options: object) -> None:
    """Have a conversation with an application that the registry was added to."""

    async def main() -> None:
        async with _client(registry, **options) as client:
            await conversation(client)

    asyncio.run(main())


class TestAddTo:
    def test_push_and_pull(self, registry: FakeRegistry) -> None:
        """The registry answers under /v2, on the application's host and port."""

        async def conversation(client: TestClient[web.Request, web.Application]) -> None:
            started = await client.post(UPLOADS)
            location = started.headers["Location"]
            assert location.startswith(str(client.make_url(UPLOADS)))
            patched = await client.session.patch(location, data=CONTENT)
            closed = await client.session.put(location, params={"digest": sha256(CONTENT)})
            pulled = await client.get(f"/v2/team/app/blobs/{sha256(CONTENT)}")
            assert [started.status, patched.status, closed.status, pulled.status] == [202, 202, 201, 200]
            assert await pulled.read() == CONTENT
            head = await client.head(f"/v2/team/app/blobs/{sha256(CONTENT)}")
            assert (head.status, head.content_length) == (200, len(CONTENT))

        talk(registry, conversation)
        assert registry.repository("team/app").blob(sha256(CONTENT)) == CONTENT

    def test_other_routes_stay(self, registry: FakeRegistry) -> None:
        """What the application had before keeps precedence, and what lies elsewhere is not touched."""

        async def conversation(client: TestClient[web.Request, web.Application]) -> None:
            texts = [await (await client.get(path)).text() for path in ("/", "/v2/own/page", "/v3/", "/v2/", "/v2")]
            assert texts == ["hello", "hello", "hello", "{}", "{}"]
            assert (await client.get("/v4/")).status == 404
            refused = await client.get("/v2/unknown")
            assert (refused.status, (await refused.json())["errors"][0]["code"]) == (404, "UNSUPPORTED")

        talk(registry, conversation)
        assert [entry.target for entry in registry.journal] == ["/v2/", "/v2", "/v2/unknown"]

    def test_escaped_slash(self, registry: FakeRegistry) -> None:
        """The application's router decodes paths; the registry takes them as they came."""

        async def conversation(client: TestClient[web.Request, web.Application]) -> None:
            await client.post(f"{UPLOADS}?digest={sha256(CONTENT)}", data=CONTENT)
            url = client.make_url("/").with_path("/v2/team%2Fapp/tags/list", encoded=True)
            answer = await client.session.get(url)
            assert await answer.json() == {"name": "team/app", "tags": []}

        talk(registry, conversation)

    def test_continue(self, registry: FakeRegistry) -> None:
        """A body that waits is invited once, and not when it is refused."""
        seen: list[bytes] = []

        async def exchange(client: TestClient[web.Request, web.Application], target: str, body: bytes) -> None:
            reader, writer = await asyncio.open_connection(client.host, client.port)
            head = f"POST {target} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode())
            seen.append((await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")[0])
            if b"100" in seen[-1]:
                writer.write(body)
                seen.append((await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")[0])
            writer.close()
            await writer.wait_closed()

        async def conversation(client: TestClient[web.Request, web.Application]) -> None:
            await exchange(client, f"{UPLOADS}?digest={sha256(CONTENT)}", CONTENT)
            await exchange(client, f"{UPLOADS}?digest=wrong", CONTENT)

        talk(registry, conversation)
        assert seen == [b"HTTP/1.1 100 Continue", b"HTTP/1.1 201 Created", b"HTTP/1.1 400 Bad Request"]

    def test_body_that_the_application_unpacked(self, registry: FakeRegistry) -> None:
        """aiohttp unpacks `Content-Encoding: gzip` before we see it: refused, as it is not what was sent."""
        packed = gzip.compress(CONTENT)

        async def conversation(client: TestClient[web.Request, web.Application]) -> None:
            headers = {"Content-Encoding": "gzip"}
            answer = await client.post(f"{UPLOADS}?digest={sha256(packed)}", data=packed, headers=headers)
            assert (answer.status, (await answer.json())["errors"][0]["code"]) == (400, "SIZE_INVALID")
            assert "auto_decompress=False" in (await answer.json())["errors"][0]["message"]

        talk(registry, conversation)
        assert registry.repository("team/app").blobs == []

    def test_application_that_does_not_unpack(self, registry: FakeRegistry) -> None:
        """An application that is served with `auto_decompress=False` takes it as it came."""
        packed = gzip.compress(CONTENT)

        async def conversation(client: TestClient[web.Request, web.Application]) -> None:
            headers = {"Content-Encoding": "gzip"}
            answer = await client.post(f"{UPLOADS}?digest={sha256(packed)}", data=packed, headers=headers)
            assert answer.status == 201

        talk(registry, conversation, auto_decompress=False)
        assert registry.repository("team/app").blob(sha256(packed)) == packed

    def test_dropped_upload(self, registry: FakeRegistry) -> None:
        """Here too a client that vanishes leaves what it sent, and no line in the log."""

        async def conversation(client: TestClient[web.Request, web.Application]) -> None:
            path = (await client.post(UPLOADS)).headers["Location"].partition(f":{client.port}")[2]
            for part in (CONTENT[:1000], CONTENT[1000:3000]):
                _, writer = await asyncio.open_connection(client.host, client.port)
                head = f"PATCH {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
                writer.write(head.encode() + part)
                await asyncio.to_thread(eventually, partial(has_arrived, registry, len(part)))
                writer.close()
                await writer.wait_closed()
                await asyncio.to_thread(eventually, lambda: not has_arrived(registry, 1))
            status = await client.get(path)
            assert status.headers["Range"] == "0-2999"
            closed = await client.put(f"{path}?digest={sha256(CONTENT)}", data=CONTENT[3000:])
            assert closed.status == 201

        talk(registry, conversation)

    def test_beside_its_own_server(self) -> None:
        """The same registry may serve on its own and in an application: both show the same content."""

        async def conversation(client: TestClient[web.Request, web.Application]) -> None:
            await client.post(f"{UPLOADS}?digest={sha256(CONTENT)}", data=CONTENT)
            answer = await client.session.get(f"{registry.url}/v2/team/app/blobs/{sha256(CONTENT)}")
            assert await answer.read() == CONTENT

        with FakeRegistry() as registry:
            talk(registry, conversation)


class TestClientOfAiohttp:
    def test_conversation(self) -> None:
        """A client in the same event loop as the registry pushes in a stream, pulls, and closes; nothing is left."""

        async def stream() -> AsyncIterator[bytes]:
            for start in range(0, len(CONTENT), 100_000):
                yield CONTENT[start : start + 100_000]

        async def main() -> None:
            # Debug mode logs what takes longer, which on a busy machine is anything.
            asyncio.get_running_loop().slow_callback_duration = PATIENCE
            async with FakeRegistry() as registry, aiohttp.ClientSession() as session:
                async with session.post(registry.url + UPLOADS) as started:
                    location = started.headers["Location"]
                async with session.patch(location, data=stream(), expect100=True) as patched:
                    assert (patched.status, patched.headers["Range"]) == (202, f"0-{len(CONTENT) - 1}")
                async with session.put(location, params={"digest": sha256(CONTENT)}) as closed:
                    assert closed.status == 201
                async with session.get(closed.headers["Location"]) as pulled:
                    assert await pulled.read() == CONTENT
                pulls = [_pull(session, closed.headers["Location"]) for _ in range(20)]
                assert await asyncio.gather(*pulls) == [CONTENT] * 20

        asyncio.run(main(), debug=True)


async def _pull(session: aiohttp.ClientSession, url: str) -> bytes:
    async with session.get(url) as answer:
        return await answer.read()
