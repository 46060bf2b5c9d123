from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from on_the_wire import seeded

from fakereg import FakeRegistry


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever goes wrong on cue, nothing of it reaches a log: neither ours, nor aiohttp's, nor asyncio's."""
    caplog.set_level(logging.DEBUG)
    yield
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    loud = [one for one in records if one.levelno >= logging.WARNING or one.name.startswith("fakereg")]

    assert [(record.name, record.getMessage(), record.exc_text) for record in loud] == []


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """A registry that serves `team/app:v1` on a port of its own."""
    with FakeRegistry() as registry:
        seeded(registry)
        yield registry


@pytest.fixture
def offline() -> FakeRegistry:
    """The same without any network: it is asked by `handle`."""
    return seeded(FakeRegistry())
