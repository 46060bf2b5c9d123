from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from fakereg import FakeRegistry


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a test sends, nothing of it reaches a log: neither ours, nor aiohttp's, nor asyncio's."""
    caplog.set_level(logging.DEBUG)
    yield
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    loud = [record for record in records if record.levelno >= logging.WARNING or _is_ours(record)]

    assert [(record.name, record.getMessage(), record.exc_text) for record in loud] == []


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether we or aiohttp wrote this; the access log of an application is its own."""
    return record.name.startswith(("fakereg", "aiohttp")) and record.name != "aiohttp.access"


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """A registry that serves on a port of its own."""
    with FakeRegistry() as registry:
        yield registry
