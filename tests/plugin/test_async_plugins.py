"""The fixtures are plain ones over a thread of fakereg's own: any plugin for asynchronous tests goes with them."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator
from contextlib import suppress

import pytest
import trio  # noqa: F401 - an inner run drops the modules that it imported itself
from inner_run import InnerRun, requests_in

SCOPE = "asyncio_default_fixture_loop_scope = function"


@pytest.fixture(autouse=True)
def leftover_loop() -> Iterator[None]:
    """pytest-asyncio ends by setting a fresh event loop, which in a run inside another nobody would close."""
    yield
    with warnings.catch_warnings(action="ignore"), suppress(RuntimeError):
        asyncio.get_event_loop().close()
    asyncio.set_event_loop(None)


class TestPytestAsyncio:
    @pytest.mark.parametrize("mode", ["strict", "auto"])
    def test_functions_and_fixtures(self, inner: InnerRun, mode: str) -> None:
        """Tests and fixtures are coroutines, on a loop of any scope, and a failure shows the journal."""
        run = inner(
            """
            import aiohttp
            import pytest
            import pytest_asyncio

            async def ask(registry):
                async with aiohttp.ClientSession() as session, session.get(f"{registry.url}/v2/") as answer:
                    return answer.status

            @pytest_asyncio.fixture
            async def status(fake_registry):
                return await ask(fake_registry)

            @pytest.mark.asyncio
            async def test_function(fake_registry, status):
                assert status == await ask(fake_registry) == 200
                assert len(fake_registry.journal) == 2

            @pytest.mark.asyncio(loop_scope="module")
            @pytest.mark.parametrize("number", [1, 2])
            async def test_module(fake_registry, fake_registry_session, number):
                assert await ask(fake_registry) == await ask(fake_registry_session) == 200
                assert [len(fake_registry.journal), len(fake_registry_session.journal)] == [1, number]

            @pytest.mark.asyncio
            async def test_factory(make_fake_registry):
                registry = make_fake_registry()
                assert await ask(registry) == 200
                registry.stop()

            @pytest.mark.asyncio
            async def test_fails(fake_registry):
                assert await ask(fake_registry) == 404
            """,
            ini=f"asyncio_mode = {mode}\n{SCOPE}",
            plugins=("asyncio",),
        )

        assert run.outcomes == {"passed": 4, "failed": 1}
        assert requests_in(run.sections("test_fails")["fakereg journal"]) == ["GET /v2/"]

    def test_without_a_mark(self, inner: InnerRun) -> None:
        """In auto mode a coroutine is a test as it stands."""
        run = inner(
            """
            import asyncio

            async def test_it(fake_registry):
                reader, writer = await asyncio.open_connection("127.0.0.1", fake_registry.port)
                writer.write(b"GET /v2/ HTTP/1.0\\r\\n\\r\\n")
                assert (await reader.readline()).split()[1] == b"200"
                writer.close()
                await writer.wait_closed()
            """,
            ini=f"asyncio_mode = auto\n{SCOPE}",
            plugins=("asyncio",),
        )

        assert run.outcomes == {"passed": 1}


def test_pytest_aiohttp(inner: InnerRun) -> None:
    """An application of the user's, with the registry mounted in it, is served by aiohttp_client on the test's loop."""
    run = inner(
        """
        import pytest
        from aiohttp import web

        @pytest.fixture
        def app(fake_registry):
            app = web.Application()
            fake_registry.add_to(app)
            return app

        async def test_passes(aiohttp_client, app, fake_registry):
            client = await aiohttp_client(app)
            async with client.get("/v2/") as mounted:
                assert mounted.status == 200
            async with client.session.get(f"{fake_registry.url}/v2/_catalog") as own:
                assert own.status == 200
            assert [entry.target for entry in fake_registry.journal] == ["/v2/", "/v2/_catalog"]

        async def test_fails(aiohttp_client, app):
            client = await aiohttp_client(app)
            async with client.get("/v2/team/app/tags/list") as answer:
                assert answer.status == 200
        """,
        ini=f"asyncio_mode = auto\n{SCOPE}",
        plugins=("asyncio", "aiohttp"),
    )

    assert run.outcomes == {"passed": 1, "failed": 1}
    assert requests_in(run.sections("test_fails")["fakereg journal"]) == ["GET /v2/team/app/tags/list"]


def test_anyio(inner: InnerRun) -> None:
    """anyio's tests run on asyncio and on trio, against the same kind of registry."""
    run = inner(
        """
        import anyio
        import pytest

        pytestmark = pytest.mark.anyio

        @pytest.fixture(params=["asyncio", "trio"])
        def anyio_backend(request):
            return request.param

        @pytest.fixture
        async def status(fake_registry):
            async with await anyio.connect_tcp("127.0.0.1", fake_registry.port) as stream:
                await stream.send(b"GET /v2/ HTTP/1.0\\r\\n\\r\\n")
                return (await stream.receive()).split()[1]

        async def test_passes(status, fake_registry_session):
            with fake_registry_session.isolated() as registry:
                assert len(registry.journal) == 0
            assert status == b"200"

        async def test_fails(status):
            assert status == b"404"
        """,
        plugins=("anyio",),
    )

    assert run.outcomes == {"passed": 2, "failed": 2}
    for backend in ("asyncio", "trio"):
        assert requests_in(run.sections(f"test_fails[{backend}]")["fakereg journal"]) == ["GET /v2/"]
