from __future__ import annotations

from collections.abc import Iterator
from queue import SimpleQueue

import pytest
from replay import Replay

from fakereg import FakeRegistry
from fakereg.http.connection import Connection


@pytest.fixture(params=["at-once", "bytewise"])
def replay(
    request: pytest.FixtureRequest, fake_registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Replay]:
    """A conversation with a fresh registry: once in whole requests, once byte by byte."""
    conversation = Replay(fake_registry)
    if request.param == "bytewise":
        conversation.parsed = _watch(monkeypatch)
    yield conversation
    conversation.close()


def _watch(monkeypatch: pytest.MonkeyPatch) -> SimpleQueue[int]:
    """The sizes of the pieces in which requests reach the parser, each once it was parsed."""
    parsed: SimpleQueue[int] = SimpleQueue()
    parse = Connection.data_received

    def data_received(connection: Connection, data: bytes) -> None:
        parse(connection, data)
        if data:  # aiohttp calls this without any, too, to go on with what it holds
            parsed.put(len(data))

    monkeypatch.setattr(Connection, "data_received", data_received)
    return parsed
