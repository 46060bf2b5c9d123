"""How the resumable download of a fork of oras-go goes on with a partial file, request by request.

Read in registry/remote/repository.go (Fetch and FetchHead of its blob store) of
github.com/dtroyer-salad/og2/v2 v2.0.0-20240412154159-c47231610877. It asks by HEAD whether the registry knows
ranges, then for the rest by a range with both ends. Upstream oras-go asks for such a range where its caller seeks.
"""

from __future__ import annotations

import pytest
from api import sha256
from pieces import noise
from replay import Replay, appended, check_blob

from fakereg import FakeRegistry

HEAD_BLOB = """
HEAD /v2/team/app/blobs/{digest} HTTP/1.1
Host: {host}
User-Agent: oras-go
"""
GET_BLOB = """
GET /v2/team/app/blobs/{digest} HTTP/1.1
Host: {host}
User-Agent: oras-go
Accept-Encoding: gzip
"""
GET_REST = """
GET /v2/team/app/blobs/{digest} HTTP/1.1
Host: {host}
User-Agent: oras-go
Range: bytes={first}-{last}
"""

CONTENT = noise(200_000)
SIZE = len(CONTENT)
DIGEST = sha256(CONTENT)
NEVER_PUSHED = sha256(b"nobody pushed this")


@pytest.fixture
def oras(replay: Replay, fake_registry: FakeRegistry) -> Replay:
    fake_registry.seed("team/app:v1", layers=[CONTENT])
    return replay


def rest(start: int, size: int = SIZE, digest: str = DIGEST) -> dict[str, str]:
    """From this byte to the last, which is one less than the size."""
    return {"digest": digest, "first": str(start), "last": str(size - 1)}


class TestResume:
    @pytest.mark.parametrize("offset", [0, 1, 2, 4095, 65_536, SIZE // 2, SIZE - 2, SIZE - 1])
    def test_partial_file(self, oras: Replay, offset: int) -> None:
        """After a HEAD that promises ranges the 206 brings just what is missing, and the whole has its digest."""
        known = oras(HEAD_BLOB, digest=DIGEST)
        answer = oras(GET_REST, **rest(offset))

        check_blob(known, DIGEST, SIZE)
        assert sha256(appended(CONTENT[:offset], answer, SIZE)) == DIGEST
        assert oras.journal == ["head_blob 200", "get_blob 206"]

    def test_broken_off_and_resumed(self, oras: Replay) -> None:
        """A download that breaks off again and again arrives in the end, each time asked for by HEAD first."""
        kept = oras.cut(GET_BLOB, 50_000, digest=DIGEST)
        for size in (1, 49_999, 60_000):
            check_blob(oras(HEAD_BLOB, digest=DIGEST), DIGEST, SIZE)
            kept += oras.cut(GET_REST, size, **rest(len(kept)))
        check_blob(oras(HEAD_BLOB, digest=DIGEST), DIGEST, SIZE)
        answer = oras(GET_REST, **rest(len(kept)))

        assert len(kept) == 160_000
        assert sha256(appended(kept, answer, SIZE)) == DIGEST

    def test_file_that_is_whole(self, oras: Replay) -> None:
        """With nothing missing the client asks by HEAD all the same, then without a range: the whole blob comes."""
        known = oras(HEAD_BLOB, digest=DIGEST)
        answer = oras(GET_BLOB, digest=DIGEST)

        check_blob(known, DIGEST, SIZE)
        check_blob(answer, DIGEST, SIZE)
        assert answer.body == CONTENT
        assert oras.journal == ["head_blob 200", "get_blob 200"]

    def test_blob_of_one_byte(self, oras: Replay, fake_registry: FakeRegistry) -> None:
        """The range of a blob of one byte begins and ends at 0."""
        fake_registry.seed("team/app:v2", layers=[b"x"])
        digest = sha256(b"x")
        check_blob(oras(HEAD_BLOB, digest=digest), digest, 1)
        answer = oras(GET_REST, **rest(0, 1, digest))

        assert appended(b"", answer, 1) == b"x"

    def test_descriptor_that_is_too_large(self, oras: Replay) -> None:
        """A range whose end lies behind the blob's is clamped; its length then tells the client that it was misled."""
        answer = oras(GET_REST, **rest(SIZE - 10, SIZE + 5))

        assert answer.status == 206
        assert answer.headers["Content-Range"] == f"bytes {SIZE - 10}-{SIZE - 1}/{SIZE}"
        assert answer.headers["Content-Length"] == "10"

    def test_blob_that_is_gone(self, oras: Replay, fake_registry: FakeRegistry) -> None:
        """A HEAD that fails does not keep the client from its range, and the 404 to that counts: nothing is found."""
        head = oras(HEAD_BLOB, digest=NEVER_PUSHED)
        answer = oras(GET_REST, **rest(10, digest=NEVER_PUSHED))

        assert (head.status, answer.status) == (404, 404)
        assert answer.error["code"] == "BLOB_UNKNOWN"
        assert "Content-Range" not in answer.headers
        assert fake_registry.repository("team/app").tags == ["v1"]


class TestSeek:
    @pytest.mark.parametrize("offset", [1, SIZE - 1])
    def test_after_a_whole_answer(self, oras: Replay, offset: int) -> None:
        """A whole answer that promises ranges lets the caller seek: the same range, without a HEAD."""
        whole = oras(GET_BLOB, digest=DIGEST)
        answer = oras(GET_REST, **rest(offset))

        check_blob(whole, DIGEST, SIZE)
        assert appended(whole.body[:offset], answer, SIZE) == CONTENT
        assert oras.journal == ["get_blob 200", "get_blob 206"]
