"""How containerd pushes and pulls, and with it ctr, nerdctl, Kubernetes and docker's containerd image store.

Read in core/remotes/docker (pusher.go, fetcher.go, resolver.go, httpreadseeker.go) of containerd 2.3.4, whose
parallel download is the one of 2.1 and later. It never sends PATCH.
"""

from __future__ import annotations

import pytest
from api import sha256
from containerd_requests import (
    FETCH,
    HEAD_BLOB,
    HEAD_MANIFEST,
    PUT_BLOB,
    PUT_MANIFEST,
    RESOLVE,
    START,
    upload,
)
from pieces import Piece, Pieces, noise, oci_image
from raw_client import eventually, has_arrived
from replay import Replay, appended, check_blob

from fakereg import FakeRegistry

CONTAINERD = {"agent": "containerd/v2.3.4"}


@pytest.fixture
def containerd(replay: Replay) -> Replay:
    return replay.says(**CONTAINERD)


@pytest.fixture
def image(replay: Replay) -> Pieces:
    """Large, where sending it takes no send per byte."""
    return oci_image(size=30 if replay.bytewise else 300_000)


def push(containerd: Replay, image: Pieces, tag: str = "v1") -> None:
    for piece in image.blobs:
        assert containerd(HEAD_BLOB, digest=piece.digest, kind=piece.media_type).status == 404
        upload(containerd, piece, containerd(START, query=""))
    manifest = image.manifest
    containerd(HEAD_MANIFEST, reference=tag, kind=manifest.media_type)
    answer = containerd(PUT_MANIFEST, manifest.content, reference=tag, kind=manifest.media_type)
    assert (answer.status, answer.headers["Docker-Content-Digest"]) == (201, manifest.digest)


def vanish(containerd: Replay, target: str, piece: Piece, sent: int = 0) -> None:
    """Begin to put a blob, and lose the connection after so many of its bytes."""
    broken = containerd.beside()
    broken.send(broken.head(PUT_BLOB, piece.size, target=target) + piece.content[:sent])
    eventually(lambda: has_arrived(broken.registry, sent))
    broken.close()
    eventually(lambda: broken.registry.journal[-1].seconds)


class TestPush:
    def test_new_image(self, containerd: Replay, fake_registry: FakeRegistry, image: Pieces) -> None:
        """Every blob is asked for, then put in one request; the manifest follows under its tag."""
        push(containerd, image)

        repository = fake_registry.repository("team/app")
        blob = ["head_blob 404", "start_upload 202", "put_upload 201"]
        assert containerd.journal == [*blob * 3, "head_manifest 404", "put_manifest 201"]
        assert [repository.blob(piece.digest) for piece in image.blobs] == [piece.content for piece in image.blobs]
        assert repository.manifest("v1").body == image.manifest.content
        assert repository.uploads == []

    def test_again(self, containerd: Replay, fake_registry: FakeRegistry, image: Pieces) -> None:
        """What HEAD finds is not pushed; of the tag it must tell the digest that it now has."""
        push(containerd.at_once(), image)
        seen = len(fake_registry.journal)
        for piece in image.blobs:
            check_blob(containerd(HEAD_BLOB, digest=piece.digest, kind=piece.media_type), piece.digest, piece.size)
        answer = containerd(HEAD_MANIFEST, reference="v1", kind=image.manifest.media_type)

        assert (answer.status, answer.headers["Docker-Content-Digest"]) == (200, image.manifest.digest)
        assert containerd.journal[seen:] == [*["head_blob 200"] * 3, "head_manifest 200"]

    def test_tag_that_moves(self, containerd: Replay, fake_registry: FakeRegistry, image: Pieces) -> None:
        """A tag that has another digest by HEAD is put anew, and moves."""
        older = fake_registry.seed("team/app:v1")
        before = containerd(HEAD_MANIFEST, reference="v1", kind=image.manifest.media_type)
        push(containerd.at_once(), image)
        after = containerd(HEAD_MANIFEST, reference="v1", kind=image.manifest.media_type)

        assert (before.status, before.headers["Docker-Content-Digest"]) == (200, older.digest)
        assert (after.status, after.headers["Docker-Content-Digest"]) == (200, image.manifest.digest)
        assert fake_registry.repository("team/app").tags == ["v1"]

    def test_mount(self, containerd: Replay, fake_registry: FakeRegistry) -> None:
        """A layer is mounted by `mount` before `from`, both as they are, and needs nothing more."""
        base = fake_registry.seed("team/base:v1", layers=[noise(500)])
        digest = base.layers[0]
        answer = containerd(START, query=f"?mount={digest}&from=team/base")

        assert answer.status == 201
        assert containerd.target(answer) == f"/v2/team/app/blobs/{digest}"
        assert containerd.journal == ["mount_blob 201"]
        assert fake_registry.repository("team/app").blobs == [digest]

    def test_mount_that_finds_nothing(self, containerd: Replay, fake_registry: FakeRegistry, image: Pieces) -> None:
        """The session that a vain mount opens takes the blob."""
        layer = image.layers[0]
        upload(containerd, layer, containerd(START, query=f"?mount={layer.digest}&from=team/base"))

        assert containerd.journal == ["mount_blob 202", "put_upload 201"]
        assert fake_registry.repository("team/app").blob(layer.digest) == layer.content

    def test_put_that_is_sent_again(self, containerd: Replay, fake_registry: FakeRegistry, image: Pieces) -> None:
        """A put that ended without an answer is sent again to the same place, which is right while nothing came."""
        layer = image.layers[0]
        target = containerd.closing_target(containerd(START, query=""), layer.digest)
        vanish(containerd, target, layer)
        answer = containerd(PUT_BLOB, layer.content, target=target)

        assert (answer.status, answer.headers["Docker-Content-Digest"]) == (201, layer.digest)
        assert fake_registry.repository("team/app").blob(layer.digest) == layer.content

    def test_put_that_is_sent_again_too_late(
        self, containerd: Replay, fake_registry: FakeRegistry, image: Pieces
    ) -> None:
        """After bytes that were kept it is refused, as by distribution 2.8.2; the next push begins anew, and is whole.

        containerd says neither where it begins nor that it begins anew: to the registry it goes on.
        """
        layer = image.layers[0]
        target = containerd.closing_target(containerd(START, query=""), layer.digest)
        vanish(containerd, target, layer, sent=20)
        refused = containerd(PUT_BLOB, layer.content, target=target)

        assert (refused.status, refused.error["code"]) == (400, "DIGEST_INVALID")
        assert fake_registry.repository("team/app").blobs == []
        upload(containerd, layer, containerd(START, query=""))
        assert fake_registry.repository("team/app").blob(layer.digest) == layer.content


class TestPull:
    @pytest.fixture(autouse=True)
    def _pushed(self, containerd: Replay, image: Pieces) -> None:
        push(containerd.at_once(), image)

    def test_by_tag(self, containerd: Replay, image: Pieces) -> None:
        """A tag is resolved by HEAD; manifest and blobs are then fetched by digest, and nothing comes compressed."""
        resolved = containerd(RESOLVE, reference="v1")
        digest, kind = resolved.headers["Docker-Content-Digest"], resolved.headers["Content-Type"]
        manifest = containerd(FETCH, what="manifests", digest=digest, kind=kind, range="")
        for piece in image.blobs:
            answer = containerd(FETCH, what="blobs", digest=piece.digest, kind=piece.media_type, range="")
            check_blob(answer, piece.digest, piece.size)
            assert answer.body == piece.content

        assert (digest, kind) == (image.manifest.digest, image.manifest.media_type)
        assert resolved.headers["Content-Length"] == str(image.manifest.size)
        assert manifest.body == image.manifest.content
        assert "Content-Encoding" not in manifest.headers

    def test_unknown_digest(self, containerd: Replay) -> None:
        """A digest that is no manifest is looked for among the blobs, and a plain 404 ends the search."""
        digest = sha256(b"nobody pushed this")
        manifest = containerd(RESOLVE, reference=digest)
        blob = containerd(RESOLVE.replace("manifests", "blobs"), reference=digest)

        assert (manifest.status, blob.status) == (404, 404)
        assert containerd.journal[-2:] == ["head_manifest 404", "head_blob 404"]

    def test_cut_download(self, containerd: Replay, image: Pieces) -> None:
        """A download goes on where it broke off, with an open range beside the same Accept-Encoding."""
        layer = image.layers[0]
        fields = {"what": "blobs", "digest": layer.digest, "kind": layer.media_type}
        kept = containerd.cut(FETCH, layer.size // 2, **fields, range="")
        answer = containerd(FETCH, **fields, range=f"Range: bytes={len(kept)}-")

        assert "Content-Encoding" not in answer.headers
        assert sha256(appended(kept, answer, layer.size)) == layer.digest

    def test_parallel_download(self, containerd: Replay, image: Pieces) -> None:
        """Each connection asks from its chunk to the end, the first for all, and hangs up after its chunk."""
        layer = image.layers[0]
        fields = {"what": "blobs", "digest": layer.digest, "kind": layer.media_type}
        step = -(-layer.size // 4)
        chunks = [
            containerd.beside().cut(FETCH, min(step, layer.size - at), **fields, range=f"Range: bytes={at}-")
            for at in range(0, layer.size, step)
        ]
        whole = containerd(FETCH, **fields, range="Range: bytes=0-")

        assert appended(b"", whole, layer.size) == layer.content
        assert b"".join(chunks) == layer.content
