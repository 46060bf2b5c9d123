"""What a journal says once another one took its place, and of subscribers that fail."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from api import Api
from raw_client import Raw

from fakereg import FakeRegistry
from fakereg.double.journal import KEPT, Entry, Journal, WaitTimeoutError
from fakereg.registry.messages import Request

PATIENCE = 30.0

Aside = Callable[..., Future[list[Entry]]]


@pytest.fixture
def aside() -> Iterator[Aside]:
    """Runs something in another thread."""
    with ThreadPoolExecutor() as pool:
        yield pool.submit


def listening(journal: Journal) -> None:
    """Return once somebody waits."""
    while not journal._at_end:
        pass


class TestEnded:
    def test_by_reset(self, registry: FakeRegistry, aside: Aside) -> None:
        """Whoever waits is woken at once, and told to ask for the other journal."""
        waiting = aside(registry.journal.wait_for, "GET", timeout=PATIENCE)
        listening(registry.journal)
        registry.reset()

        with pytest.raises(WaitTimeoutError, match=r"^this journal ended with reset\(\); ask registry.journal again\n"):
            waiting.result(PATIENCE)

    def test_in_a_loop(self, registry: FakeRegistry) -> None:
        """As well in an event loop."""

        async def main() -> None:
            waiting = asyncio.create_task(registry.journal.wait_for_async("GET", timeout=PATIENCE))
            await asyncio.sleep(0)
            registry.reset()
            await waiting

        with pytest.raises(WaitTimeoutError, match=r"ended with reset\(\)"):
            asyncio.run(main())

    def test_what_it_has_counts(self, registry: FakeRegistry) -> None:
        """It can still be read, asserted on, and waited for where nothing is to be waited for."""
        journal = registry.journal
        registry.handle(Request("GET", "/v2/"))
        registry.reset()

        journal.assert_requested("GET", "/v2/", times=1)
        assert journal.wait_for("GET") == list(journal)
        assert len(registry.journal) == 0

    def test_assertions(self, registry: FakeRegistry, failure: Callable[..., str]) -> None:
        """One that fails says that the journal is not the registry's any more."""
        journal = registry.journal
        registry.reset()
        registry.handle(Request("GET", "/v2/"))

        hint = "\nhint: this journal ended with reset(); ask registry.journal again"
        for call in (
            lambda: journal.assert_requested("GET", "/v2/"),
            lambda: journal.assert_pushed("team/app:v1"),
            lambda: journal.assert_order("ping"),
        ):
            assert failure(call).endswith(hint)
        registry.journal.assert_requested("GET", "/v2/")

    def test_isolated(self, registry: FakeRegistry, aside: Aside) -> None:
        """The inner one ends with its block, that of before waits on; and so does a reset within."""
        outer = registry.journal
        waiting = aside(outer.wait_for, "GET", timeout=PATIENCE)
        listening(outer)
        with registry.isolated():
            first = registry.journal
            registry.reset()
            second = registry.journal

        assert (first.ended[:31], second.ended[:34]) == (
            "this journal ended with reset()",
            "this journal ended with isolated()",
        )
        assert (registry.journal, outer.ended) == (outer, "")
        with Raw(registry) as client:
            client.request("GET", "/v2/")
        assert len(waiting.result(PATIENCE)) == 1

    def test_restore(self, registry: FakeRegistry) -> None:
        """The journal goes on."""
        journal = registry.journal
        registry.restore(registry.snapshot())

        assert (registry.journal, journal.ended) == (journal, "")


class TestWaiting:
    def test_the_first(self, api: Api, journal: Journal) -> None:
        """Of more than were wanted the first are given."""
        for _ in range(3):
            api("GET", "/v2/")

        assert [entry.number for entry in journal.wait_for("GET", times=2)] == [1, 2]

    def test_after(self, api: Api, journal: Journal) -> None:
        """It is not said that nothing came at all where something came before."""
        api("GET", "/v2/")

        with pytest.raises(WaitTimeoutError, match=r"no GET was seen: no request came after number 1$"):
            journal.wait_for("GET", after=1, timeout=0)
        with pytest.raises(WaitTimeoutError, match=r"no request came after number 9; there are only 1 so far$"):
            journal.wait_for("GET", after=9, timeout=0)

    def test_blocking_an_event_loop(self, registry: FakeRegistry) -> None:
        """In a loop that does not serve either, the client that is waited for may have to run."""

        async def main() -> None:
            registry.journal.wait_for("GET", timeout=PATIENCE)

        with pytest.raises(RuntimeError, match="use `await wait_for_async"):
            asyncio.run(main())
        assert registry.journal._subscribers == []

    @pytest.mark.parametrize("timeout", [None, "1"])
    def test_no_number(self, journal: Journal, timeout: object) -> None:
        """A wait without end is none that a test should have."""
        with pytest.raises(TypeError, match="timeout is a number of seconds, got"):
            journal.wait_for("GET", timeout=timeout)

    def test_for_ever(self, journal: Journal) -> None:
        """Nor is an infinite one."""
        with pytest.raises(ValueError, match="from 0 to 86400, got inf"):
            journal.wait_for("GET", timeout=float("inf"))


class TestSubscribers:
    def test_one_that_raises(self, registry: FakeRegistry, caplog: pytest.LogCaptureFixture) -> None:
        """It harms neither the client nor other subscribers, and is logged once."""
        seen: list[Entry] = []

        def fail(entry: Entry) -> None:
            raise ValueError("mine")

        registry.journal.subscribe(fail)
        registry.journal.subscribe(seen.append)
        with caplog.at_level(logging.ERROR, "fakereg"), Raw(registry) as client:
            statuses = [client.request("GET", "/v2/").status for _ in range(2)]

        assert statuses == [200, 200]
        assert seen == list(registry.journal)
        (record,) = caplog.records
        assert "a subscriber of the journal failed" in record.getMessage()
        assert str(record.exc_info[1]) == "mine"

    def test_leaving(self, journal: Journal) -> None:
        """A method of an object is found again; one that never came may go."""
        seen: list[Entry] = []
        journal.subscribe(seen.append)
        journal.unsubscribe(seen.append)
        journal.unsubscribe(print)

        assert journal._subscribers == []


def test_backwards(journal: Journal) -> None:
    """The latest first, also beyond what is kept."""
    for _ in range(KEPT + 3):
        journal.open(Request("GET", "/v2/"))

    numbers = [entry.number for entry in reversed(journal)]
    assert (numbers[0], numbers[-1], len(numbers)) == (KEPT + 3, 4, KEPT)
