"""What the journal says of requests that came over the network."""

from __future__ import annotations

import pytest
from api import sha256
from raw_client import Raw, eventually, has_arrived

from fakereg import FakeRegistry

CONTENT = b"x" * 1_000_000


def test_bytes_are_counted_as_they_stand_on_the_wire(registry: FakeRegistry) -> None:
    """The counts are those of the bodies, without head and framing; a HEAD sends none."""
    target = f"/v2/team/app/blobs/{sha256(CONTENT)}"
    with Raw(registry) as client:
        client.request("POST", f"/v2/team/app/blobs/uploads/?digest={sha256(CONTENT)}", CONTENT)
        client.request("GET", target)
        client.request("HEAD", target)
        client.request("GET", target, Range="bytes=0-9")

    counts = [(entry.endpoint, entry.status, entry.received, entry.sent) for entry in registry.journal]
    assert counts == [
        ("push_blob", 201, 1_000_000, 0),
        ("get_blob", 200, 0, 1_000_000),
        ("head_blob", 200, 0, 0),
        ("get_blob", 206, 0, 10),
    ]


def test_target_stands_as_it_came(registry: FakeRegistry) -> None:
    """Escapes and query are not touched, and a path of no endpoint is noted too."""
    with Raw(registry) as client:
        client.request("GET", "/v2/team%2Fapp/tags/list?n=%31")
        client.request("GET", "/else?x")

    assert [(entry.target, entry.endpoint) for entry in registry.journal] == [
        ("/v2/team%2Fapp/tags/list?n=%31", "list_tags_page"),
        ("/else?x", None),
    ]


def test_answer_is_noted_before_the_client_has_it(registry: FakeRegistry) -> None:
    """Whoever has read an answer finds it in the journal."""
    with Raw(registry) as client:
        for number in range(1, 101):
            client.request("GET", "/v2/")

            assert [entry.status for entry in registry.journal] == [200] * number


def test_client_that_vanished(registry: FakeRegistry) -> None:
    """A request whose client hung up has no status, and counts what arrived."""
    with Raw(registry) as client:
        head = f"PUT /v2/team/app/manifests/v1 HTTP/1.1\r\nHost: a\r\nContent-Length: {len(CONTENT)}\r\n\r\n"
        client.send(head.encode() + CONTENT[:1000])
        eventually(lambda: has_arrived(registry, 1000))
    eventually(lambda: registry.journal.since(0)[-1].seconds)

    (entry,) = registry.journal
    assert (entry.endpoint, entry.status, entry.received) == ("put_manifest", None, 1000)


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        (b"garbage\r\n\r\n", 400, ""),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400, "TLS"),
        (b"GET /v2/ HTTP/1.1\r\n\r\n", 400, "Host"),
        (b"GET /v2/ HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", 431, "longer than 65536 bytes"),
    ],
    ids=["garbage", "TLS", "no Host", "long header"],
)
def test_what_cannot_be_read_is_noted_too(registry: FakeRegistry, sent: bytes, status: int, words: str) -> None:
    """What never became a request stands in the journal with the reason: it is what the client did."""
    with Raw(registry) as client:
        answer = client.send(sent).answer()

    (entry,) = registry.journal
    assert entry.status == answer.status == status
    assert entry.error.startswith("UNSUPPORTED: ")
    assert words in entry.error
    assert entry.sent == len(answer.body)
