"""Every failure that authors of clients rehearse by hand: one expression each, and what a client sees of it."""

from __future__ import annotations

import re
import time
from collections import Counter
from contextlib import ExitStack

import failures_pulling
import failures_pushing
import failures_the_rest
import pytest
from failures import (
    Look,
    Row,
    faults,
)
from on_the_wire import (
    BLOB,
    BLOB_PATH,
    Line,
    Seen,
    ask,
    request,
    seeded,
    session,
)

from fakereg import FakeRegistry

# What authors of clients rehearse, a line each as they group it.
ITEMS: dict[str, tuple[str, ...]] = {
    "status N times, then fine": ("408", "429", "499", "500", "502", "503", "504", "522"),
    "429": (
        "without Retry-After",
        "Retry-After in seconds",
        "Retry-After as HTTP date",
        "Retry-After garbage",
        "Retry-After in the past",
    ),
    "download": (
        "short body, then resume",
        "two short reads in a row",
        "Range ignored",
        "wrong Content-Range",
        "missing Content-Range",
        "206 that ends early",
        "stall mid-body",
        "Content-Encoding on a blob",
        "multipart byteranges",
        "200 for a range",
        "bytes that do not match the digest",
    ),
    "digest header": tuple(
        f"{by}, {how}, {method}"
        for by in ("tag", "digest")
        for how in ("missing", "right", "wrong")
        for method in ("HEAD", "GET")
    ),
    "length and type": (
        "Content-Length missing, GET",
        "Content-Length missing, HEAD",
        "Content-Length wrong, GET",
        "Content-Length wrong, HEAD",
        "Content-Type missing",
        "Content-Type wrong",
        "Content-Type with parameters",
    ),
    "upload": (
        "PATCH fails, then status GET",
        "4xx with Location and Range",
        "part of a chunk accepted",
        "reset mid-body",
        "session forgotten",
        "stale Location",
        "Location relative",
        "Location absolute",
        "Location with query",
        "Location on another host",
        "Location without port",
        "OCI-Chunk-Min-Length",
        "PUT fails after the commit",
    ),
    "mount": ("201", "202", "an error", "401"),
    "auth": (
        "token expiry",
        "expiry mid-push",
        "scope mismatch",
        "scheme that changes",
        "bad token",
        "POST disabled",
        "POST 404",
        "several challenges",
        "unsupported challenge",
        "missing realm",
        "insufficient_scope, then fine",
    ),  # and credentials leaked to another host, which needs two registries: TestLeaks
    "referrers": (
        "404",
        "401",
        "wrong Content-Type",
        "NAME_UNKNOWN",
        "paged",
        "filter ignored",
        "stale fallback index",
        "endless pages",
    ),
    "HEAD": ("disabled (405)", "403 that needs a GET for its body"),
    "redirect": ("307", "another host", "loop"),
    "transport": (
        "slow handshake",
        "slow drip",
        "reset before the answer",
        "reset within the answer",
        "reset after the answer",
        "empty answer",
    ),  # and HTTP spoken where TLS is expected, which needs no fault: TestTls
    "consistency": ("tag that reads stale N times", "list that lags"),
    "other": (
        'Warning: 299 - "..."',
        "oversized manifest",
        "error that is not JSON",
        "empty list",
        "malformed list",
    ),
}

ROWS: list[Row] = [*failures_pulling.ROWS, *failures_pushing.ROWS, *failures_the_rest.ROWS]


@pytest.mark.parametrize("one", [pytest.param(one, id=one.item) for one in ROWS])
def test_failure(one: Row) -> None:
    """It is one expression, it fires, and a client sees exactly what the row says."""
    with FakeRegistry(**one.settings) as registry, ExitStack() as active:
        seeded(registry)
        path = session(registry, b"0123")
        for each in one.armed:
            active.enter_context(registry.fault(*each.faults, **each.options))
        one.meanwhile(registry)

        for look in one.see:
            _check(registry, look, path)


def _check(registry: FakeRegistry, look: Look, path: str) -> None:
    target = look.ask.target.replace("{session}", path)
    seen = _seen(registry, look, target)
    text, boundary = seen.body, re.search(r"boundary=(\w+)", str(seen.headers.get("Content-Type")))
    if boundary:
        text = text.replace(boundary[1].encode(), b"BOUNDARY")

    assert (seen.status, seen.end) == (look.status, look.end)
    for name, value in look.headers.items():
        assert _shown(seen.headers.getall(name, []), registry, boundary) == _expected(value, path)
    if isinstance(look.body, re.Pattern):
        assert look.body.fullmatch(text)
    else:
        assert look.body in (None, text)
    assert seen.seconds >= look.least


def _seen(registry: FakeRegistry, look: Look, target: str) -> Seen:
    if look.end != "nothing":
        return ask(registry, look.ask.method, target, look.ask.body, **look.ask.headers)
    assert isinstance(look.body, bytes)
    with Line(registry.port) as line:
        line.send(request(registry.port, look.ask.method, target, look.ask.body, **look.ask.headers))
        seen = Seen(line.until(b"\r\n\r\n" + look.body))
        more, seen.end = line.rest()
    seen.raw += more
    seen.parse()
    return seen


def _shown(values: list[str], registry: FakeRegistry, boundary: re.Match[str] | None) -> str | None:
    """The values of a header, without what differs from run to run."""
    text = " | ".join(values).replace(registry.url, "URL")
    text = re.sub(r"last=sha256%3A[0-9a-f]{64}", "last=DIGEST", text)
    return (text.replace(boundary[1], "BOUNDARY") if boundary else text) or None


def _expected(value: str | None, path: str) -> str | None:
    return None if value is None else value.replace("{session}", path)


class TestTable:
    def test_every_item_has_a_row(self) -> None:
        """No failure that authors of clients rehearse was forgotten, and no row stands for something else."""
        items = {f"{line}: {item}" for line, items in ITEMS.items() for item in items}

        assert {one.item for one in ROWS} == items

    def test_the_items_are_all_of_them(self) -> None:
        """Each line of the list has as many items as it names."""
        counted = Counter({line: len(items) for line, items in ITEMS.items()})

        assert counted == {
            "status N times, then fine": 8,
            "429": 5,
            "download": 11,
            "digest header": 12,
            "length and type": 7,
            "upload": 13,
            "mount": 4,
            "auth": 11,
            "referrers": 8,
            "HEAD": 2,
            "redirect": 3,
            "transport": 6,
            "consistency": 2,
            "other": 5,
        }


class TestLeaks:
    def test_credentials_that_follow_a_redirect_are_seen(self, registry: FakeRegistry) -> None:
        """A client that takes its Authorization to another host is found out by that host's journal."""
        with FakeRegistry() as other:
            seeded(other)
            with registry.fault(faults.Redirect(host=other.host), on="get_blob"):
                first = ask(registry, "GET", BLOB_PATH, Authorization="Bearer s3cret")
            location = first.headers["Location"]
            assert location == f"{other.url}{BLOB_PATH}"
            second = ask(other, "GET", location.removeprefix(other.url), Authorization="Bearer s3cret")

            entry = next(entry for entry in other.journal if entry.endpoint == "get_blob")
            assert second.body == BLOB
            assert entry.request_headers["Authorization"] == "Bearer REDACTED"
            assert "s3cret" not in other.journal.report()


class TestTls:
    def test_a_client_that_speaks_tls_is_answered_in_http(self, registry: FakeRegistry) -> None:
        """A TLS hello to the plain port gets bytes that no TLS client takes for a handshake, and then the end."""
        hello = bytes.fromhex("16030100310100002d0303") + bytes(32) + bytes.fromhex("000002130101000002000000")
        with Line(registry.port) as line:
            data, end = line.send(hello).rest()

        assert data.startswith(b"HTTP/1.0 400 Bad Request\r\n")
        assert end == "closed"

    def test_a_slow_handshake(self, registry: FakeRegistry) -> None:
        """The same hello waits for its answer as long as the handshake is to be slow."""
        began = time.monotonic()
        with registry.fault(faults.SlowTls(0.1)), Line(registry.port) as line:
            data, end = line.send(b"\x16\x03\x01\x00\x00").rest()

        assert data.startswith(b"HTTP/1.0 400 Bad Request\r\n")
        assert end == "closed"
        assert time.monotonic() - began >= 0.1
