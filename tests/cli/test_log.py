"""The line per request."""

from __future__ import annotations

import http.client
import io

import pytest

from fakereg import FakeRegistry
from fakereg.cli import prepare
from fakereg.cli.log import RequestLog, size
from fakereg.cli.terminal import Terminal
from fakereg.double.journal import Entry, Journal


def line(**parts: object) -> str:
    stream = io.StringIO()
    RequestLog(Terminal(stream))(Entry(1, "GET", **{"target": "/v2/", "status": 200, **parts}))
    return stream.getvalue()


class TestRequestLog:
    def test_bodies_are_measured(self):
        """What came in and what went out stand in the line, unless there was nothing."""
        assert line(received=1500, sent=20, seconds=0.00123) == "200  GET    /v2/  in 1.5 kB  out 20 B  1.2 ms\n"
        assert line(seconds=2) == "200  GET    /v2/  2000.0 ms\n"

    def test_refusal(self):
        """A refusal shows its code and message in the same line."""
        assert line(status=404, error="NAME_UNKNOWN: no team/app").endswith("0.0 ms  NAME_UNKNOWN: no team/app\n")

    def test_terminal_is_safe_from_clients(self):
        """What a client sends cannot move the cursor or forge a line."""
        assert "/v2/\\x1b[2J\\n\\udcff  0.0 ms\n" in line(target="/v2/\x1b[2J\n\udcff")

    @pytest.mark.parametrize(
        ("count", "text"),
        [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (20_100_000, "20.1 MB"), (3_000_000_000, "3.0 GB")],
    )
    def test_size(self, count, text):
        """Bytes are told in steps of a thousand."""
        assert size(count) == text


class TestSubscription:
    def test_once_per_request_also_after_a_reset(self):
        """A log sees every request that came over the network once, complete, whatever is reset in between."""
        seen: list[Entry] = []
        with FakeRegistry() as registry:
            prepare.subscribe(registry, seen.append)
            for target in ("/v2/", "/v2/_catalog"):
                connection = http.client.HTTPConnection(registry.host, timeout=10)
                connection.request("GET", target)
                connection.getresponse().read()
                connection.close()
                registry.reset()

        assert [(entry.target, entry.status) for entry in seen] == [("/v2/", 200), ("/v2/_catalog", 200)]
        assert all(entry.seconds > 0 for entry in seen)

    def test_entries_are_compared_by_what_was_asked_and_answered(self):
        """Who listens, and when a request arrived, make no difference between two entries."""
        one, other = Journal(), Journal()
        one.subscribe(print)

        assert one.open("GET", "/v2/") == other.open("GET", "/v2/")
