"""Waiting for requests of a client that works in the background."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
import trio
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from api import Api
from raw_client import Raw

from fakereg import FakeRegistry
from fakereg.double.journal import Entry, Journal, WaitTimeoutError
from fakereg.http.background import background
from fakereg.registry.messages import Request

# As long as a busy machine may need; nothing here takes that long unless it fails.
PATIENCE = 30.0

Aside = Callable[..., Future[list[Entry]]]


@pytest.fixture
def aside() -> Iterator[Aside]:
    """Runs something in another thread."""
    with ThreadPoolExecutor() as pool:
        yield pool.submit


def listening(journal: Journal, count: int = 1) -> None:
    """Return once so many wait: from here on nothing is seen by looking back."""
    deadline = threading.Event()
    for _ in range(10_000):
        if len(journal._subscribers) >= count:
            return
        deadline.wait(0.001)
    raise AssertionError("nobody waits")


def ask(registry: FakeRegistry, target: str = "/v2/") -> None:
    with Raw(registry) as client:
        client.request("GET", target)


class TestInAThread:
    def test_what_was_asked_before_counts(self, api: Api, journal: Journal) -> None:
        """Nothing is waited for if it was there already."""
        api("GET", "/v2/")

        assert journal.wait_for("GET", "/v2/", timeout=0) == [journal[0]]

    def test_woken_by_the_request(self, registry: FakeRegistry, aside: Aside) -> None:
        """Whoever waits returns with the request that came."""
        journal = registry.journal
        waiting = aside(journal.wait_for, "GET", "/v2/_catalog", timeout=PATIENCE)
        listening(journal)
        ask(registry)
        ask(registry, "/v2/_catalog")

        (entry,) = waiting.result(PATIENCE)
        assert (entry.endpoint, entry.has_ended) == ("catalog", True)
        assert entry.seconds > 0

    def test_several_times(self, registry: FakeRegistry, aside: Aside) -> None:
        """Earlier and later ones are counted together, each once."""
        journal = registry.journal
        ask(registry)
        waiting = aside(journal.wait_for, endpoint="ping", times=3, timeout=PATIENCE)
        listening(journal)
        ask(registry)
        assert not waiting.done()
        ask(registry)

        assert [entry.number for entry in waiting.result(PATIENCE)] == [1, 2, 3]

    def test_after(self, registry: FakeRegistry, aside: Aside) -> None:
        """From a number on: what came before does not count."""
        journal = registry.journal
        ask(registry)
        waiting = aside(journal.wait_for, "GET", after=len(journal), timeout=PATIENCE)
        listening(journal)
        assert not waiting.done()
        ask(registry)

        assert [entry.number for entry in waiting.result(PATIENCE)] == [2]

    def test_only_what_has_ended(self, api: Api, journal: Journal, aside: Aside) -> None:
        """A request whose body is still on its way does not count, and one whose client vanished does."""
        upload = api.start_upload("team/app")
        begun = api.begin("PATCH", upload.path)
        with pytest.raises(WaitTimeoutError, match="PATCH arrived and is not answered yet"):
            journal.wait_for("PATCH", timeout=0)
        waiting = aside(journal.wait_for, "PATCH", timeout=PATIENCE)
        listening(journal)
        begun.break_off()
        begun.exchange.entry.end()

        (entry,) = waiting.result(PATIENCE)
        assert entry.status is None

    def test_many_wait(self, registry: FakeRegistry, aside: Aside) -> None:
        """Each gets its own, and afterwards nobody listens any more."""
        journal = registry.journal
        paths = [f"/v2/team/{number}/tags/list" for number in range(4)]
        waiting = [aside(journal.wait_for, "GET", path, timeout=PATIENCE) for path in paths]
        listening(journal, 4)
        for path in reversed(paths):
            ask(registry, path)

        assert [[entry.target for entry in each.result(PATIENCE)] for each in waiting] == [[path] for path in paths]
        assert journal._subscribers == []

    def test_no_wakeup_is_lost(self, registry: FakeRegistry, aside: Aside) -> None:
        """Whether a request ends before, while or after somebody begins to wait makes no difference."""
        journal = registry.journal
        for number in range(300):
            waiting = aside(journal.wait_for, after=number, timeout=PATIENCE)
            registry.handle(Request("GET", "/v2/"))

            assert [entry.number for entry in waiting.result(PATIENCE)] == [number + 1]


class TestTooLate:
    def test_nearest(self, api: Api, journal: Journal) -> None:
        """It is told what came instead, by an error that is both a timeout and a failed assertion."""
        api("GET", "/v2/team/app/manifests/v1")

        with pytest.raises(TimeoutError) as caught:
            journal.wait_for("GET", "/v2/team/app/manifests/v2", timeout=0)

        first, second, *_ = str(caught.value).splitlines()
        assert isinstance(caught.value, AssertionError)
        assert first == "after 0 s: no GET /v2/team/app/manifests/v2 was seen; the nearest of 1 request:"
        assert second.endswith("reference differs: wanted v2, got v1")
        assert journal._subscribers == []

    def test_too_few(self, api: Api, journal: Journal) -> None:
        """Of several the ones that came are listed."""
        api("GET", "/v2/")

        with pytest.raises(WaitTimeoutError, match=r"after 0.01 s: GET /v2/ was seen once, wanted 2:\n   1  GET /v2/"):
            journal.wait_for("GET", "/v2/", times=2, timeout=0.01)

    def test_a_function_that_raises(self, registry: FakeRegistry, aside: Aside) -> None:
        """What a test's function raises is raised where the test waits, and the client has its answer."""

        def divide(entry: Entry) -> float:
            return entry.sent / 0

        waiting = aside(registry.journal.wait_for, where=divide, timeout=PATIENCE)
        listening(registry.journal)
        ask(registry)

        with pytest.raises(ZeroDivisionError):
            waiting.result(PATIENCE)
        assert registry.journal[0].status == 200

    @pytest.mark.parametrize("wrong", [{"times": 0}, {"timeout": -1}, {"timeout": float("nan")}])
    def test_what_makes_no_sense(self, journal: Journal, wrong: dict[str, float]) -> None:
        """Numbers that no wait can have are a mistake in the test."""
        with pytest.raises(ValueError, match=r"wait for one request or more|number of seconds"):
            journal.wait_for("GET", **wrong)


class TestInALoop:
    def test_its_own(self) -> None:
        """In the event loop that serves."""

        async def main() -> list[Entry]:
            async with FakeRegistry() as registry, ClientSession(registry.url) as client:
                waiting = asyncio.create_task(registry.journal.wait_for_async("GET", "/v2/", timeout=PATIENCE))
                await asyncio.sleep(0)
                async with client.get("/v2/"):
                    pass
                return await waiting

        (entry,) = asyncio.run(main())
        assert entry.endpoint == "ping"

    def test_another(self, registry: FakeRegistry, aside: Aside) -> None:
        """In an event loop of the test's, while the registry serves in its thread."""

        async def main() -> list[Entry]:
            waiting = asyncio.create_task(registry.journal.wait_for_async(endpoint="ping", times=2, timeout=PATIENCE))
            await asyncio.sleep(0)
            aside(ask, registry)
            aside(ask, registry)
            return await waiting

        assert len(asyncio.run(main())) == 2
        assert registry.journal._subscribers == []

    def test_too_late_and_cancelled(self, registry: FakeRegistry) -> None:
        """However a wait ends, nobody listens afterwards."""

        async def main() -> None:
            with pytest.raises(WaitTimeoutError, match="no request arrived at all"):
                await registry.journal.wait_for_async("GET", timeout=0.01)
            waiting = asyncio.create_task(registry.journal.wait_for_async("GET", timeout=PATIENCE))
            await asyncio.sleep(0)
            assert len(registry.journal._subscribers) == 1
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

        asyncio.run(main())
        assert registry.journal._subscribers == []

    def test_blocking_there_is_refused(self, registry: FakeRegistry) -> None:
        """The thread that serves cannot wait for what it has to serve itself."""

        async def block() -> None:
            registry.journal.wait_for("GET")

        with pytest.raises(RuntimeError, match="use `await wait_for_async"):
            background().run(block())

        async def own() -> None:
            async with FakeRegistry() as other:
                other.journal.wait_for("GET")

        with pytest.raises(RuntimeError, match="this thread serves the registry"):
            asyncio.run(own())

    def test_blocking_elsewhere_is_allowed(self, registry: FakeRegistry) -> None:
        """A loop that does not serve may block, if its author thinks so."""
        ask(registry)

        async def main() -> list[Entry]:
            return registry.journal.wait_for("GET", timeout=PATIENCE)

        assert len(asyncio.run(main())) == 1

    def test_in_an_application(self) -> None:
        """Nor may it block where the registry is part of an application."""
        registry = FakeRegistry()

        async def main() -> None:
            app = web.Application()
            registry.add_to(app)
            async with TestClient(TestServer(app)) as client:
                with pytest.raises(RuntimeError, match="this thread serves"):
                    registry.journal.wait_for("GET")
                async with client.get("/v2/"):
                    pass
                await registry.journal.wait_for_async("GET", timeout=PATIENCE)

        asyncio.run(main())

    def test_without_a_registry(self, journal: Journal) -> None:
        """A journal alone, without any network, knows of no loop."""
        with pytest.raises(RuntimeError, match="use wait_for"):
            asyncio.run(journal.wait_for_async("GET"))


class TestInTrio:
    def test_in_a_thread(self, registry: FakeRegistry) -> None:
        """A thread of trio's waits."""

        found: list[Entry] = []

        def wait() -> None:
            found.extend(registry.journal.wait_for("GET", timeout=PATIENCE))

        async def main() -> None:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.to_thread.run_sync, wait)
                nursery.start_soon(trio.to_thread.run_sync, ask, registry)

        trio.run(main)

        assert found == list(registry.journal)

    def test_asyncio_only(self, registry: FakeRegistry) -> None:
        """The other way is told where asyncio does not run."""

        async def main() -> None:
            await registry.journal.wait_for_async("GET")

        with pytest.raises(RuntimeError, match=r"trio\.to_thread\.run_sync"):
            trio.run(main)


def test_an_isolated_registry(registry: FakeRegistry, aside: Aside) -> None:
    """What begins with isolated() has a journal to wait on of its own."""
    ask(registry)
    with registry.isolated() as inside:
        waiting = aside(inside.journal.wait_for, "GET", timeout=PATIENCE)
        listening(inside.journal)
        ask(inside)

        assert [entry.number for entry in waiting.result(PATIENCE)] == [1]
