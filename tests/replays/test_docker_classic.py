"""How docker's daemon pushes and pulls with its classic image store.

Read in moby's distribution/push_v2.go, pull_v2.go, registry.go and in docker/distribution 2.8.3's
registry/client (blob_writer.go, repository.go, transport/http_reader.go), for Docker Engine 28.5.2, which opens
a connection for every request, and 29.7.2, which keeps one. 19.03.15 stands for the time before HEAD by tag.
"""

from __future__ import annotations

import pytest
from api import IMAGE, INDEX, sha256
from pieces import DOCKER_IMAGE, DOCKER_LIST, Piece, Pieces, docker_image, noise
from raw_client import Answer
from replay import Replay, appended, check_blob, chunked, end_of, lines, quoted, session_of

from fakereg import FakeRegistry

SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"

AGENT = "docker/{0} go/go{1} git-commit/{2} kernel/6.8.0-45-generic os/linux arch/amd64"
AGENT_OF_CLIENT = rf"{AGENT} UpstreamClient(Docker-Client/{{0}} \(linux\))"
CLOSE = "Connection: close"

# The types come out of a Go map, so each request has them in an order of its own.
DOCKER_28 = {
    "agent": AGENT_OF_CLIENT.format("28.5.2", "1.24.9", "89c5e8f"),
    "close": CLOSE,
    "accepts": lines("Accept", [IMAGE, SCHEMA_1, "application/json", DOCKER_IMAGE, DOCKER_LIST, INDEX]),
}
DOCKER_29 = {
    "agent": AGENT_OF_CLIENT.format("29.7.2", "1.26.5", "6a43e3d"),
    "close": "",
    "accepts": lines("Accept", [INDEX, DOCKER_LIST, DOCKER_IMAGE, IMAGE]),
}
DOCKER_19 = {
    "agent": AGENT_OF_CLIENT.format("19.03.15", "1.13.15", "99e3ed8919"),
    "close": CLOSE,
    "accepts": lines("Accept", [DOCKER_LIST, SCHEMA_1, "application/json", INDEX, DOCKER_IMAGE, IMAGE]),
}

PING = """
GET /v2/ HTTP/1.1
Host: {host}
User-Agent: {agent}
Accept-Encoding: gzip
{close}
"""
STAT_BLOB = """
HEAD /v2/team/app/blobs/{digest} HTTP/1.1
Host: {host}
User-Agent: {agent}
{close}
"""
START = """
POST /v2/team/app/blobs/uploads/{query} HTTP/1.1
Host: {host}
User-Agent: {agent}
Content-Length: 0
Accept-Encoding: gzip
{close}
"""
STREAM = """
PATCH {target} HTTP/1.1
Host: {host}
User-Agent: {agent}
Transfer-Encoding: chunked
Content-Type: application/octet-stream
Accept-Encoding: gzip
{close}
"""
COMMIT = """
PUT {target} HTTP/1.1
Host: {host}
User-Agent: {agent}
Content-Length: 0
Accept-Encoding: gzip
{close}
"""
PUT_MANIFEST = """
PUT /v2/team/app/manifests/v1 HTTP/1.1
Host: {host}
User-Agent: {agent}
Content-Length: {length}
Content-Type: application/vnd.docker.distribution.manifest.v2+json
Accept-Encoding: gzip
{close}
"""
HEAD_MANIFEST = """
HEAD /v2/team/app/manifests/{reference} HTTP/1.1
Host: {host}
User-Agent: {agent}
{accepts}
{close}
"""
GET_MANIFEST = """
GET /v2/team/app/manifests/{reference} HTTP/1.1
Host: {host}
User-Agent: {agent}
{accepts}
Accept-Encoding: gzip
{close}
"""
GET_BLOB = """
GET /v2/team/app/blobs/{digest} HTTP/1.1
Host: {host}
User-Agent: {agent}
Accept-Encoding: gzip
{close}
"""
RESUME_BLOB = """
GET /v2/team/app/blobs/{digest} HTTP/1.1
Host: {host}
User-Agent: {agent}
Range: bytes={offset}-
{close}
"""


@pytest.fixture(params=[DOCKER_28, DOCKER_29], ids=["28.5.2", "29.7.2"])
def docker(request: pytest.FixtureRequest, replay: Replay) -> Replay:
    return replay.says(**request.param)


@pytest.fixture
def image(replay: Replay) -> Pieces:
    """Larger than a chunk, where sending it takes no send per byte."""
    return docker_image(size=30 if replay.bytewise else 100_000)


def upload(docker: Replay, piece: Piece, started: Answer) -> None:
    """Stream into a session that was opened, commit it and look at the result, as for every layer and config."""
    assert started.status == 202, started
    streamed = docker(STREAM, chunked(piece.content), target=docker.target(started))
    assert streamed.status == 202, streamed
    assert session_of(streamed) == session_of(started)
    assert end_of(streamed) == piece.size
    committed = docker(COMMIT, target=docker.closing_target(streamed, piece.digest))
    assert committed.status == 201, committed
    check_blob(docker(STAT_BLOB, digest=piece.digest), piece.digest, piece.size)


def put_manifest(docker: Replay, manifest: Piece) -> None:
    """The push fails where the answer has no digest (repository.go)."""
    answer = docker(PUT_MANIFEST, manifest.content)
    assert (answer.status, answer.headers["Docker-Content-Digest"]) == (201, manifest.digest)


def push(docker: Replay, image: Pieces) -> None:
    for layer in image.layers:
        upload(docker, layer, docker(START, query=""))
    assert docker(STAT_BLOB, digest=image.config.digest).status == 404
    upload(docker, image.config, docker(START, query=""))
    put_manifest(docker, image.manifest)


class TestPush:
    def test_new_image(self, docker: Replay, fake_registry: FakeRegistry, image: Pieces) -> None:
        """A push of layers nobody knows yet streams each in a chunked PATCH, and leaves the image whole."""
        assert docker(PING).headers["Docker-Distribution-Api-Version"] == "registry/2.0"
        push(docker, image)

        repository = fake_registry.repository("team/app")
        layer = ["start_upload 202", "patch_upload 202", "put_upload 201", "head_blob 200"]
        assert docker.journal == ["ping 200", *layer, *layer, "head_blob 404", *layer, "put_manifest 201"]
        assert repository.manifest("v1").body == image.manifest.content
        assert repository.manifest("v1").media_type == DOCKER_IMAGE
        assert {repository.blob(piece.digest) for piece in image.blobs} == {piece.content for piece in image.blobs}
        assert repository.uploads == []

    def test_again(self, docker: Replay, fake_registry: FakeRegistry, image: Pieces) -> None:
        """A second push finds every blob by HEAD, takes their sizes from it, and puts the same manifest."""
        push(docker.at_once(), image)
        seen = len(fake_registry.journal)
        assert docker(PING).status == 200
        for piece in image.blobs:
            check_blob(docker(STAT_BLOB, digest=piece.digest), piece.digest, piece.size)
        put_manifest(docker, image.manifest)

        assert docker.journal[seen:] == ["ping 200", *["head_blob 200"] * 3, "put_manifest 201"]
        assert [one.digest for one in fake_registry.repository("team/app").manifests] == [image.manifest.digest]

    def test_layer_known_elsewhere(self, docker: Replay, fake_registry: FakeRegistry) -> None:
        """A layer that another repository holds is mounted with `from` before `mount`, quoted, and then seen."""
        base = fake_registry.seed("team/base:v1", layers=[noise(500)])
        digest, size = base.layers[0], len(fake_registry.repository("team/base").blob(base.layers[0]))
        assert docker(STAT_BLOB, digest=digest).status == 404
        mounted = docker(START, query=f"?from={quoted('team/base')}&mount={quoted(digest)}")

        assert mounted.status == 201
        assert docker.target(mounted) == f"/v2/team/app/blobs/{digest}"
        check_blob(docker(STAT_BLOB, digest=digest), digest, size)
        assert docker.journal == ["head_blob 404", "mount_blob 201", "head_blob 200"]
        assert fake_registry.repository("team/app").blobs == [digest]

    def test_mount_that_finds_nothing(self, docker: Replay, fake_registry: FakeRegistry, image: Pieces) -> None:
        """The session that a vain mount opens takes the layer as any other."""
        layer = image.layers[0]
        started = docker(START, query=f"?from={quoted('team/base')}&mount={quoted(layer.digest)}")
        upload(docker, layer, started)

        assert docker.journal == ["mount_blob 202", "patch_upload 202", "put_upload 201", "head_blob 200"]
        assert fake_registry.repository("team/app").blob(layer.digest) == layer.content


class TestPull:
    @pytest.fixture(autouse=True)
    def _pushed(self, replay: Replay, image: Pieces) -> None:
        push(replay.at_once().says(**DOCKER_29), image)

    def test_by_tag(self, docker: Replay, image: Pieces) -> None:
        """HEAD by tag tells the descriptor, under which the manifest is then fetched, config and layers after it."""
        docker(PING)
        described = docker(HEAD_MANIFEST, reference="v1")
        fetched = docker(GET_MANIFEST, reference=described.headers["Docker-Content-Digest"])
        for piece in (image.config, *image.layers):
            answer = docker(GET_BLOB, digest=piece.digest)
            check_blob(answer, piece.digest, piece.size)
            assert answer.body == piece.content

        assert described.status == fetched.status == 200
        assert described.headers["Docker-Content-Digest"] == image.manifest.digest
        assert described.headers["Content-Length"] == str(image.manifest.size)
        assert described.headers["Content-Type"] == fetched.headers["Content-Type"] == DOCKER_IMAGE
        assert fetched.body == image.manifest.content

    def test_by_tag_without_head(self, replay: Replay, image: Pieces) -> None:
        """Docker 19.03 asks for the tag at once; the Content-Type says how the body is to be read."""
        answer = replay.says(**DOCKER_19)(GET_MANIFEST, reference="v1")

        assert (answer.status, answer.headers["Content-Type"]) == (200, DOCKER_IMAGE)
        assert answer.body == image.manifest.content

    def test_unknown_tag(self, docker: Replay) -> None:
        """After a HEAD that fails docker asks by GET for the reason, which it reads from JSON only."""
        head = docker(HEAD_MANIFEST, reference="v2")
        answer = docker(GET_MANIFEST, reference="v2")

        assert (head.status, answer.status) == (404, 404)
        assert answer.error["code"] == "MANIFEST_UNKNOWN"

    def test_cut_download(self, docker: Replay, image: Pieces) -> None:
        """A download goes on where it broke off, as often as that happens, with an open range up to the end."""
        layer = image.layers[1]
        kept = docker.cut(GET_BLOB, layer.size // 3, digest=layer.digest)
        kept += docker.cut(RESUME_BLOB, layer.size // 3, digest=layer.digest, offset=str(len(kept)))
        answer = docker(RESUME_BLOB, digest=layer.digest, offset=str(len(kept)))

        assert sha256(appended(kept, answer, layer.size)) == layer.digest

    def test_cut_after_the_last_byte(self, docker: Replay, image: Pieces) -> None:
        """A range from the end on is refused with the size and a JSON error, and docker begins anew."""
        layer = image.layers[0]
        refused = docker(RESUME_BLOB, digest=layer.digest, offset=str(layer.size))
        anew = docker(GET_BLOB, digest=layer.digest)

        assert (refused.status, refused.headers["Content-Range"]) == (416, f"bytes */{layer.size}")
        assert refused.error["code"]
        check_blob(anew, layer.digest, layer.size)
