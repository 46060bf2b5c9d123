"""How buildkit pushes what it built: over several connections, with an index that holds attestations.

Read in util/push/push.go, util/resolver and exporter/containerimage/writer.go of buildkit 0.32.2, which drives
containerd 2.3's registry client. It pushes at most four blobs at a time, and one more that is JSON. Manifests
follow one by one, children first, the index last and under the tag. In a build that is traced, as by buildx,
its requests carry the trace.
"""

from __future__ import annotations

import json

import pytest
from api import CONFIG, EMPTY, IMAGE, INDEX, sha256
from containerd_requests import HEAD_BLOB, HEAD_MANIFEST, PUT_BLOB, PUT_MANIFEST, RESOLVE, START, upload
from pieces import Piece, Pieces, document, noise, oci_image
from replay import Replay, check_blob

from fakereg import FakeRegistry

IN_TOTO = "application/vnd.in-toto+json"
ATTESTATION = "application/vnd.docker.attestation.manifest.v1+json"
UNKNOWN = {"architecture": "unknown", "os": "unknown"}

AGENT = "buildkit/v0.32"
TRACE = "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

STATEMENT = Piece(
    json.dumps(
        {"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://slsa.dev/provenance/v1"}
    ).encode(),
    IN_TOTO,
)


def traced(template: str) -> str:
    """With the trace, which net/http sorts among the other headers, before what the transport adds."""
    head, added, rest = template.partition("Accept-Encoding: gzip\n")
    return f"{head.rstrip()}\n{TRACE}\n{added}{rest}"


@pytest.fixture
def buildkit(replay: Replay) -> Replay:
    return replay.says(agent=AGENT)


@pytest.fixture
def image(replay: Replay) -> Pieces:
    return oci_image(size=30 if replay.bytewise else 300_000)


def attestation_of(image: Pieces, *, is_artifact: bool) -> Pieces:
    """What the build says of itself: an image of no platform, or since 0.31 an artifact with a subject."""
    layer = STATEMENT.descriptor(annotations={"in-toto.io/predicate-type": "https://slsa.dev/provenance/v1"})
    rootfs = {"type": "layers", "diff_ids": [STATEMENT.digest]}
    config = Piece(json.dumps({**UNKNOWN, "config": {}, "rootfs": rootfs}).encode(), CONFIG)
    extra = {}
    if is_artifact:
        config = Piece(b"{}", EMPTY)
        extra = {"artifactType": ATTESTATION, "subject": image.manifest.descriptor()}
    described = config.descriptor(data="e30=") if is_artifact else config.descriptor()
    manifest = {"schemaVersion": 2, "mediaType": IMAGE, "config": described, "layers": [layer], **extra}
    return Pieces(config, (STATEMENT,), document(manifest, IMAGE))


def index_of(image: Pieces, attestation: Pieces) -> Piece:
    """The image with its platform, and the attestation with none, annotated with what it is and of which image."""
    annotations = {
        "vnd.docker.reference.digest": image.manifest.digest,
        "vnd.docker.reference.type": "attestation-manifest",
    }
    manifests = [
        image.manifest.descriptor(platform={"architecture": "amd64", "os": "linux"}),
        attestation.manifest.descriptor(annotations=annotations, platform=UNKNOWN),
    ]
    return document({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}, INDEX)


def push_side_by_side(buildkit: Replay, pieces: list[Piece]) -> None:
    """Push each blob over a connection of its own, all at the same stage, their bodies sent by halves in turn."""
    pushes = [(buildkit.beside(), piece) for piece in pieces]
    for connection, piece in pushes:
        connection.send(connection.head(traced(HEAD_BLOB), digest=piece.digest, kind=piece.media_type))
    assert [connection.answer().status for connection, _ in pushes] == [404] * len(pieces)
    for connection, _ in pushes:
        connection.send(connection.head(traced(START), query=""))
    targets = [connection.closing_target(connection.answer(), piece.digest) for connection, piece in pushes]
    for target, (connection, piece) in zip(targets, pushes, strict=True):
        head = connection.head(traced(PUT_BLOB), piece.size, target=target)
        connection.send(head + piece.content[: piece.size // 2])
    for connection, piece in pushes:
        connection.send(piece.content[piece.size // 2 :])
    for connection, piece in reversed(pushes):
        answer = connection.answer()
        assert (answer.status, answer.headers["Docker-Content-Digest"]) == (201, piece.digest)


def put_manifest(buildkit: Replay, piece: Piece, reference: str) -> None:
    """A manifest is asked for, then put, under its digest or, the root, under the tag."""
    fields = {"reference": reference, "kind": piece.media_type}
    assert buildkit(traced(HEAD_MANIFEST), **fields).status == 404
    answer = buildkit(traced(PUT_MANIFEST), piece.content, **fields)
    assert (answer.status, answer.headers["Docker-Content-Digest"]) == (201, piece.digest)


class TestPush:
    def test_blobs_side_by_side(self, buildkit: Replay, fake_registry: FakeRegistry, image: Pieces) -> None:
        """Four layers and a config that arrive at the same time, each on its connection, do not mix."""
        more = [Piece(noise(image.layers[0].size, seed), image.layers[0].media_type) for seed in (3, 4)]
        pieces = [*image.blobs, *more]
        push_side_by_side(buildkit, pieces)

        repository = fake_registry.repository("team/app")
        assert {digest: repository.blob(digest) for digest in repository.blobs} == {
            piece.digest: piece.content for piece in pieces
        }
        assert buildkit.journal == [*["head_blob 404"] * 5, *["start_upload 202"] * 5, *["put_upload 201"] * 5]
        assert repository.uploads == []

    @pytest.mark.parametrize("is_artifact", [False, True], ids=["image", "artifact"])
    def test_index_with_attestation(
        self, buildkit: Replay, fake_registry: FakeRegistry, image: Pieces, *, is_artifact: bool
    ) -> None:
        """An index keeps its attestation's annotations and unknown platform; all children stand before it is put."""
        attestation = attestation_of(image, is_artifact=is_artifact)
        index = index_of(image, attestation)
        push_side_by_side(buildkit, [*image.blobs, *attestation.blobs])
        put_manifest(buildkit, attestation.manifest, attestation.manifest.digest)
        put_manifest(buildkit, image.manifest, image.manifest.digest)
        put_manifest(buildkit, index, "v1")
        resolved = buildkit(RESOLVE, reference="v1")

        repository = fake_registry.repository("team/app")
        assert resolved.headers["Docker-Content-Digest"] == index.digest
        assert resolved.headers["Content-Type"] == INDEX
        assert repository.manifest("v1").body == index.content
        described = repository.manifest("v1").manifests[1]
        assert described.platform == UNKNOWN
        assert described.annotations == json.loads(index.content)["manifests"][1]["annotations"]
        assert repository.manifest(described.digest).body == attestation.manifest.content
        assert repository.blob(STATEMENT.digest) == STATEMENT.content
        referrers = [one.digest for one in repository.referrers(image.manifest.digest)]
        assert referrers == ([attestation.manifest.digest] if is_artifact else [])

    def test_second_push_by_tag(self, buildkit: Replay, fake_registry: FakeRegistry, image: Pieces) -> None:
        """An image that is there is found by the digest of its tag, and no byte of it is sent again."""
        push_side_by_side(buildkit.at_once(), list(image.blobs))
        put_manifest(buildkit.at_once(), image.manifest, "v1")
        for piece in image.blobs:
            answer = buildkit(traced(HEAD_BLOB), digest=piece.digest, kind=piece.media_type)
            check_blob(answer, piece.digest, piece.size)
        answer = buildkit(traced(HEAD_MANIFEST), reference="v1", kind=IMAGE)

        assert (answer.status, answer.headers["Docker-Content-Digest"]) == (200, image.manifest.digest)
        assert [entry.received for entry in fake_registry.journal.since(len(fake_registry.journal) - 4)] == [0] * 4


class TestMount:
    def test_from_the_base_image(self, buildkit: Replay, fake_registry: FakeRegistry, image: Pieces) -> None:
        """A base image's layers are mounted from its repository; the config that is new is put."""
        base = fake_registry.seed("library/base:v1", layers=[piece.content for piece in image.layers])
        held = fake_registry.repository("library/base")
        for piece in image.layers:
            assert buildkit(traced(HEAD_BLOB), digest=piece.digest, kind=piece.media_type).status == 404
            answer = buildkit(traced(START), query=f"?mount={piece.digest}&from=library/base")
            assert answer.status == 201
            assert buildkit.target(answer) == f"/v2/team/app/blobs/{piece.digest}"
        upload(buildkit, image.config, buildkit(traced(START), query=""))
        put_manifest(buildkit, image.manifest, "v1")

        assert list(base.layers) == [piece.digest for piece in image.layers]
        repository = fake_registry.repository("team/app")
        assert [repository.blob(digest) for digest in base.layers] == [held.blob(digest) for digest in base.layers]
        assert sha256(repository.manifest("v1").body) == image.manifest.digest
