"""How podman, buildah and skopeo push and pull, which are driven for real too: a control of the other replays.

Read in docker/ (docker_client.go, docker_image_dest.go, body_reader.go) of containers/image 5.22.0, which is in
skopeo 1.9.3 and opens a connection for every request, and of 5.36.1, which is in podman 5.6 and keeps one.
"""

from __future__ import annotations

import ssl

import pytest
from api import IMAGE, INDEX, sha256
from pieces import DOCKER_IMAGE, DOCKER_LIST, Piece, Pieces, noise, oci_image
from raw_client import Raw
from replay import Replay, appended, check_blob, chunked, lines, quoted

from fakereg import FakeRegistry

SKOPEO = {"agent": "skopeo/1.9.3", "close": "Connection: close"}
PODMAN = {"agent": "libpod/5.6.0", "close": ""}

SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+json"
SCHEMA_1_SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws"

PING = """
GET /v2/ HTTP/1.1
Host: {host}
User-Agent: {agent}
Docker-Distribution-Api-Version: registry/2.0
Accept-Encoding: gzip
{close}
"""
HEAD_BLOB = """
HEAD /v2/{name}/blobs/{digest} HTTP/1.1
Host: {host}
User-Agent: {agent}
Docker-Distribution-Api-Version: registry/2.0
{close}
"""
START = """
POST /v2/team/app/blobs/uploads/{query} HTTP/1.1
Host: {host}
User-Agent: {agent}
Content-Length: 0
Docker-Distribution-Api-Version: registry/2.0
Accept-Encoding: gzip
{close}
"""
PATCH = """
PATCH {target} HTTP/1.1
Host: {host}
User-Agent: {agent}
{framing}
Content-Type: application/octet-stream
Docker-Distribution-Api-Version: registry/2.0
Accept-Encoding: gzip
{close}
"""
PUT = """
PUT {target} HTTP/1.1
Host: {host}
User-Agent: {agent}
Content-Length: 0
Content-Type: application/octet-stream
Docker-Distribution-Api-Version: registry/2.0
Accept-Encoding: gzip
{close}
"""
CANCEL = """
DELETE {target} HTTP/1.1
Host: {host}
User-Agent: {agent}
Docker-Distribution-Api-Version: registry/2.0
Accept-Encoding: gzip
{close}
"""
PUT_MANIFEST = f"""
PUT /v2/team/app/manifests/v1 HTTP/1.1
Host: {{host}}
User-Agent: {{agent}}
Content-Length: {{length}}
Content-Type: {IMAGE}
Docker-Distribution-Api-Version: registry/2.0
Accept-Encoding: gzip
{{close}}
"""
GET_MANIFEST = f"""
GET /v2/team/app/manifests/{{reference}} HTTP/1.1
Host: {{host}}
User-Agent: {{agent}}
{lines("Accept", [IMAGE, DOCKER_IMAGE, SCHEMA_1_SIGNED, SCHEMA_1, DOCKER_LIST, INDEX])}
Docker-Distribution-Api-Version: registry/2.0
Accept-Encoding: gzip
{{close}}
"""
GET_BLOB = """
GET /v2/team/app/blobs/{digest} HTTP/1.1
Host: {host}
User-Agent: {agent}
Docker-Distribution-Api-Version: registry/2.0
Accept-Encoding: gzip
{close}
"""
RESUME_BLOB = """
GET /v2/team/app/blobs/{digest} HTTP/1.1
Host: {host}
User-Agent: {agent}
Docker-Distribution-Api-Version: registry/2.0
Range: bytes={offset}-
{close}
"""


@pytest.fixture(params=[SKOPEO, PODMAN], ids=["skopeo-1.9.3", "podman-5.6"])
def podman(request: pytest.FixtureRequest, replay: Replay) -> Replay:
    return replay.says(**request.param)


@pytest.fixture
def image(replay: Replay) -> Pieces:
    return oci_image(size=30 if replay.bytewise else 100_000)


def upload(podman: Replay, piece: Piece, *, length_known: bool = True) -> None:
    """Ask, start, send all in one PATCH, close; 202 and 201 are the only answers that are taken."""
    assert podman(HEAD_BLOB, name="team/app", digest=piece.digest).status == 404
    started = podman(START, query="")
    framing = f"Content-Length: {piece.size}" if length_known else "Transfer-Encoding: chunked"
    body = piece.content if length_known else chunked(piece.content)
    patched = podman(PATCH, body, target=podman.target(started), framing=framing)
    closed = podman(PUT, target=podman.closing_target(patched, piece.digest))

    assert (started.status, patched.status, closed.status) == (202, 202, 201)
    assert patched.headers["Range"] == f"0-{piece.size - 1}"


def client_hello() -> bytes:
    """The first bytes of a TLS client that offers what Go's does, to a host that is an address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing).do_handshake()
    return outgoing.read()


class TestPing:
    def test_https_then_http(self, podman: Replay, fake_registry: FakeRegistry) -> None:
        """A TLS handshake on the plain port is answered in HTTP, whereupon the client pings in plain HTTP.

        Go, buildkit's fallback and containerd's too, knows that it met a plain server by an answer that begins so.
        """
        hello = client_hello()
        with Raw(fake_registry) as tls:
            answer = tls.send(hello).socket.recv(5)
        plain = podman(PING)

        assert hello.startswith(b"\x16\x03\x01")
        assert answer == b"HTTP/"
        assert (plain.status, "WWW-Authenticate" in plain.headers) == (200, False)
        assert podman.journal == ["None 400", "ping 200"]


class TestPush:
    @pytest.mark.parametrize("length_known", [True, False], ids=["length", "chunked"])
    def test_new_image(self, podman: Replay, fake_registry: FakeRegistry, image: Pieces, *, length_known: bool) -> None:
        """Each blob goes in one PATCH without Content-Range, of known length or not, and is closed by an empty PUT."""
        podman(PING)
        for piece in image.blobs:
            upload(podman, piece, length_known=length_known)
        answer = podman(PUT_MANIFEST, image.manifest.content)

        repository = fake_registry.repository("team/app")
        assert (answer.status, answer.headers["Docker-Content-Digest"]) == (201, image.manifest.digest)
        blob = ["head_blob 404", "start_upload 202", "patch_upload 202", "put_upload 201"]
        assert podman.journal == ["ping 200", *blob * 3, "put_manifest 201"]
        assert [repository.blob(piece.digest) for piece in image.blobs] == [piece.content for piece in image.blobs]
        assert repository.manifest("v1").body == image.manifest.content

    def test_mount(self, podman: Replay, fake_registry: FakeRegistry) -> None:
        """A layer that the cache knows to be elsewhere is asked for there, for its size, and mounted from there."""
        digest = fake_registry.seed("team/base:v1", layers=[noise(500)]).layers[0]
        size = len(fake_registry.repository("team/base").blob(digest))
        check_blob(podman(HEAD_BLOB, name="team/base", digest=digest), digest, size)
        mounted = podman(START, query=f"?from={quoted('team/base')}&mount={quoted(digest)}")

        assert mounted.status == 201
        assert fake_registry.repository("team/app").blobs == [digest]

    def test_mount_that_starts_an_upload(self, podman: Replay, fake_registry: FakeRegistry, image: Pieces) -> None:
        """The session of a vain mount is not wanted: it is cancelled, and a new one takes the layer."""
        layer, repository = image.layers[0], fake_registry.repository("team/app")
        upload(podman, image.config)
        started = podman(START, query=f"?from={quoted('team/base')}&mount={quoted(layer.digest)}")
        held = repository.uploads
        cancelled = podman(CANCEL, target=podman.target(started))
        left = repository.uploads
        upload(podman, layer)

        assert (started.status, cancelled.status) == (202, 204)
        assert (held, left) == ([started.headers["Docker-Upload-UUID"]], [])
        assert repository.blob(layer.digest) == layer.content


class TestPull:
    @pytest.fixture(autouse=True)
    def _pushed(self, replay: Replay, image: Pieces) -> None:
        quick = replay.at_once().says(**PODMAN)
        for piece in image.blobs:
            upload(quick, piece)
        assert quick(PUT_MANIFEST, image.manifest.content).status == 201

    def test_by_tag(self, podman: Replay, image: Pieces) -> None:
        """The manifest comes by its tag, of the type that it was pushed as; each blob tells its length."""
        podman(PING)
        manifest = podman(GET_MANIFEST, reference="v1")
        for piece in (image.config, *image.layers):
            answer = podman(GET_BLOB, digest=piece.digest)
            check_blob(answer, piece.digest, piece.size)
            assert answer.body == piece.content

        assert (manifest.status, manifest.headers["Content-Type"]) == (200, IMAGE)
        assert manifest.body == image.manifest.content

    def test_cut_download(self, replay: Replay, image: Pieces) -> None:
        """Podman 5.6 goes on where a download broke off, and takes only a 206 from there to the end."""
        podman, layer = replay.says(**PODMAN), image.layers[1]
        kept = podman.cut(GET_BLOB, layer.size // 2, digest=layer.digest)
        answer = podman(RESUME_BLOB, digest=layer.digest, offset=str(len(kept)))

        assert sha256(appended(kept, answer, layer.size)) == layer.digest
