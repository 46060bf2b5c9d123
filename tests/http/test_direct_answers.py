"""Small answers are given without a task; nobody but a stopwatch may notice."""

from __future__ import annotations

import pytest
from raw_client import Answer, Raw, eventually

from fakereg import FakeRegistry, Image
from fakereg.double.pipeline import Pipeline
from fakereg.http import direct
from fakereg.http.wire import SLICE, Wire

LARGE = b"large" * SLICE


@pytest.fixture
def image(registry: FakeRegistry) -> Image:
    return registry.seed("team/app:v1", layers=[b"small", LARGE])


def asked(registry: FakeRegistry, *requests: str) -> list[Answer]:
    """The answers to requests that are sent all at once on one connection."""
    with Raw(registry) as connection:
        for request in requests:
            head, *more = request.split("\n")
            lines = [f"{head} HTTP/1.1", f"Host: {registry.host}", *more, "", ""]
            connection.send("\r\n".join(lines).encode())
        return [connection.answer(request.partition(" ")[0]) for request in requests]


def comparable(answer: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    return answer.status, [line for line in answer.headers if line[0] != "Date"], answer.body


@pytest.mark.parametrize(
    "request_line",
    [
        "GET /v2/",
        "HEAD /v2/",
        "GET /v2/team/app/manifests/v1",
        "HEAD /v2/team/app/manifests/v1",
        "GET /v2/team/app/manifests/v1\nIf-None-Match: *",
        "GET /v2/team/app/manifests/v2",
        "GET /v2/team/app/blobs/{small}",
        "GET /v2/team/app/blobs/{small}\nRange: bytes=1-3",
        "GET /v2/team/app/blobs/{small}\nRange: bytes=9-",
        "GET /v2/team/app/tags/list",
        "GET /v2/team/app/referrers/{small}",
        "GET /v2/_catalog?n=x",
        "GET /elsewhere",
        "HEAD /v2/team/app/blobs/{large}",
        "GET /v2/team/app/blobs/{small}\nContent-Length: 0",
    ],
)
def test_same_answer(registry: FakeRegistry, image: Image, monkeypatch: pytest.MonkeyPatch, request_line: str) -> None:
    """An answer that was given directly has the status, headers and body of one that had a task."""
    small, large = image.layers
    line = request_line.format(small=small, large=large)
    (given,) = asked(registry, line)
    monkeypatch.setattr(direct, "suits", lambda *_: False)
    (wanted,) = asked(registry, line)

    assert comparable(given) == comparable(wanted)
    assert "Date" in given.headers
    assert [entry.status for entry in registry.journal] == [given.status] * 2


def test_no_task(registry: FakeRegistry, image: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is small never reaches the part that needs a task."""
    monkeypatch.delattr(Wire, "handle")

    answers = asked(registry, "GET /v2/team/app/manifests/v1", "HEAD /v2/team/app/manifests/v1")

    assert answers[0].body == image.body
    assert answers[1].headers["Content-Length"] == str(len(image.body))


def test_order_is_kept(registry: FakeRegistry, image: Image) -> None:
    """Of requests that were sent all at once a large answer in the middle holds the later ones up."""
    small, large = (f"GET /v2/team/app/blobs/{digest}" for digest in image.layers)

    answers = asked(registry, small, large, small, "POST /v2/team/app/blobs/uploads/", small, large)

    assert [answer.body for answer in answers] == [b"small", LARGE, b"small", b"", b"small", LARGE]
    assert [entry.number for entry in registry.journal] == [1, 2, 3, 4, 5, 6]
    assert [entry.sent for entry in registry.journal] == [len(answer.body) for answer in answers]


def test_a_slow_reader_is_waited_for(registry: FakeRegistry) -> None:
    """A client that asks and does not read is answered no further than the line holds; then it gets all."""
    content = b"x" * SLICE
    digest = registry.seed("team/app:v1", layers=[content]).layers[0]
    request = f"GET /v2/team/app/blobs/{digest} HTTP/1.1\r\nHost: {registry.host}\r\n\r\n".encode()
    with Raw(registry, receive_buffer=4096) as connection:
        connection.send(request * 200)
        eventually(lambda: registry.journal and registry._listener._connections.connections[0].writing_paused)
        begun = len(registry.journal)
        bodies = [connection.answer().body for _ in range(200)]

    assert begun < 100
    assert bodies == [content] * 200


def test_our_own_failure(
    registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where our own code fails the answer is a 500 and the connection closes, as with a task."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Pipeline, "open", fail)
    with Raw(registry) as connection:
        answer = connection.request("GET", "/v2/")

        assert answer.status == 500
        assert connection.is_closed()
    assert caplog.records[0].exc_info[0] is ZeroDivisionError
    caplog.clear()


def test_a_header_of_two_lines_is_never_sent(registry: FakeRegistry, caplog: pytest.LogCaptureFixture) -> None:
    """An answer whose header would hold a line break is a failure of ours, and not a second header."""
    registry._pipeline.warnings._texts.append(("one\r\nX-Two: two", None))
    with Raw(registry) as connection:
        answer = connection.request("GET", "/v2/")

    assert answer.status == 500
    assert "X-Two" not in answer.headers
    assert "more than one line" in str(caplog.records[0].exc_info[1])
    caplog.clear()


def test_begun_and_lost(registry: FakeRegistry, image: Image) -> None:
    """A large answer whose client vanishes at once still ends in the journal."""
    ended = []
    registry.journal.subscribe(ended.append)
    for _ in range(20):
        with Raw(registry) as connection:
            line = f"GET /v2/team/app/blobs/{image.layers[1]} HTTP/1.1\r\nHost: {registry.host}\r\n\r\n"
            connection.send(line.encode())
            connection.reset()

    eventually(lambda: len(ended) == len(registry.journal))
    assert [entry.endpoint for entry in ended] == ["get_blob"] * len(ended)
