"""The line per request."""

from __future__ import annotations

import hashlib
import http.client
import io
import re

import pytest

from fakereg import FakeRegistry
from fakereg.cli import prepare
from fakereg.cli.log import RequestLog, size
from fakereg.cli.terminal import Terminal
from fakereg.double.journal import Entry, Journal
from fakereg.registry.messages import Request


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def line(stream: io.StringIO | None = None, *, method: str = "GET", target: str = "/v2/", **parts: object) -> str:
    stream = stream or io.StringIO()
    RequestLog(Terminal(stream))(Entry(1, Request(method, target), **{"status": 200, **parts}))
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

    @pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
    def test_digests(self, monkeypatch, algorithm):
        """A terminal gets the first digits of a digest, and everything else all of them."""
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setenv("COLUMNS", "100")
        digest = f"{algorithm}:{hashlib.new(algorithm).hexdigest()}"
        parts = {"target": f"/v2/a/blobs/{digest}", "status": 404, "error": f"BLOB_UNKNOWN: {digest}"}
        short = digest[: len(algorithm) + 9]

        assert line(**parts) == f"404  GET    /v2/a/blobs/{digest}  0.0 ms  BLOB_UNKNOWN: {digest}\n"
        assert line(Screen(), **parts) == f"404  GET    /v2/a/blobs/{short}..  0.0 ms  BLOB_UNKNOWN: {short}..\n"

    def test_fits_the_terminal(self, monkeypatch):
        """On a terminal a long path loses its middle, and a refusal that does not fit has lines of its own."""
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setenv("COLUMNS", "60")
        shown = line(Screen(), target=f"/v2/{'team/' * 20}tags/list", status=404, error="NAME_UNKNOWN: " + "no " * 20)

        first, *rest = shown.splitlines()
        assert re.fullmatch(r"404  GET    /v2/team/[team/]+\.\.[team/]+/tags/list  0\.0 ms", first)
        assert len(first) == 60
        assert " ".join(one.strip() for one in rest) == f"NAME_UNKNOWN: {'no ' * 20}".strip()
        assert all(one.startswith(" " * 12) and len(one) <= 60 for one in rest)

    def test_colour_takes_no_room(self, monkeypatch):
        """What colours a line does not count as its length."""
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "40")

        shown = line(Screen(), status=404, error="NAME_UNKNOWN")

        assert re.sub(r"\x1b\[\d+m", "", shown) == "404  GET    /v2/  0.0 ms  NAME_UNKNOWN\n"

    @pytest.mark.parametrize("columns", ["", "0", "-1", "wide"])
    def test_terminal_without_a_width(self, monkeypatch, columns):
        """One that does not tell how wide it is has 80 columns; what is no terminal has no width."""
        monkeypatch.setenv("COLUMNS", columns)

        assert Terminal(Screen()).width == 80
        assert Terminal(io.StringIO()).width is None
        assert Terminal(None).width is None

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

    def test_an_entry_is_one_request(self):
        """Two of the same are two, and can be gathered in a set."""
        journal, request = Journal(), Request("GET", "/v2/")
        entries = {journal.open(request), journal.open(request)}

        assert len(entries) == 2
        assert set(journal) == entries
