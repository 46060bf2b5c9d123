"""Nothing that a client sends makes the registry fail, hang, log, or forget what it holds."""

from __future__ import annotations

import json
import re

import pytest
from api import IMAGE, encode, image, sha256
from hostile import requests
from raw_client import Raw, start_upload

from fakereg import FakeRegistry

STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3}) [^\r\n]*\r\n")
CONTENT = b"kept"
MANIFEST = encode(image(config=CONTENT))


def exchange(registry: FakeRegistry, request: bytes, *, in_parts: bool = False) -> bytes:
    """Everything that comes back until the registry closes; raises TimeoutError where it does not."""
    with Raw(registry) as client:
        received = b""
        try:
            half = request.find(b"\r\n\r\n") + 4 if in_parts else 0
            client.send(request[:half]).send(request[half:]).half_close()
            while data := client.socket.recv(256 * 1024):
                received += data
        except (ConnectionError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise
        return received


def verdict(request: bytes, answer: bytes) -> str | None:
    """What is wrong with this answer."""
    statuses = [int(status) for status in STATUS.findall(answer)]
    if answer and not STATUS.match(answer):
        return "no HTTP"
    if any(status >= 500 for status in statuses):
        return f"fails with {statuses}"
    head, _, body = answer.partition(b"\r\n\r\n")
    if len(statuses) != 1 or statuses[0] < 400 or not body:
        return None
    if b"Content-Type: application/json" not in head:
        return "an error that is not JSON"
    errors = json.loads(body)["errors"]
    return (
        None if errors and all(error["code"] and error["message"] for error in errors) else "an error without a reason"
    )


def storm(seed: int, count: int) -> None:
    with FakeRegistry() as registry:
        with Raw(registry) as client:
            start_upload(client)  # the session that the requests mean
            kept = f"/v2/kept/app/blobs/uploads/?digest={sha256(CONTENT)}"
            assert client.request("POST", kept, CONTENT).status == 201
            assert client.request("PUT", "/v2/kept/app/manifests/v1", MANIFEST, Content_Type=IMAGE).status == 201
        wrong = []
        for number, request in enumerate(requests(seed, count)):
            answer = exchange(registry, request, in_parts=number % 2 == 0)
            if found := verdict(request, answer):
                wrong.append((number, found, request[:500], answer[:500]))

        assert wrong == []
        with Raw(registry) as client:
            assert client.request("GET", "/v2/").status == 200
            assert client.request("GET", "/v2/kept/app/manifests/v1").body == MANIFEST
        view = registry.repository("kept/app")
        assert (view.tags, view.blobs, view.blob(sha256(CONTENT))) == (["v1"], [sha256(CONTENT)], CONTENT)


@pytest.mark.parametrize("seed", range(3))
def test_storm(seed: int) -> None:
    """A thousand hostile requests: every answer is a good one, and the content stays."""
    storm(seed, 1_000)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 110))
def test_long_storm(seed: int) -> None:
    """The same with many more."""
    storm(seed, 5_000)
