"""Limits that a registry may be set to: what goes beyond is a 413, and nothing of it is kept."""

from __future__ import annotations

import pytest
from api import IMAGE, Answer, Api, encode, image, sha256
from requires import requires

NAME = "team/app"
UPLOADS = f"/v2/{NAME}/blobs/uploads/"
FITS, TOO_LONG = b"x" * 10, b"x" * 11
LIMITS = [{"blob_limit": 10}, {"session_limit": 10}, {"total_limit": 10}]


@pytest.fixture(params=LIMITS, ids=lambda setting: next(iter(setting)))
def limited(request: pytest.FixtureRequest) -> Api:
    """A registry that takes ten bytes: for a blob, a session, or altogether."""
    return Api.of(**request.param)


def in_pieces(content: bytes) -> list[bytes]:
    """A body of unknown length, in chunks."""
    return [content[:6], content[6:]]


def assert_too_large(answer: Answer) -> None:
    assert answer.status == 413
    assert answer.codes == ["SIZE_INVALID"]


class TestOfOneUpload:
    @requires("main.1")
    @pytest.mark.parametrize("shape", [bytes, in_pieces], ids=["announced", "counted"])
    def test_single_post(self, limited: Api, shape) -> None:
        """A blob in one POST fits or is refused, by its announced length or once too much has come."""
        assert_too_large(limited("POST", UPLOADS, shape(TOO_LONG), digest=sha256(TOO_LONG)))
        assert limited("HEAD", f"/v2/{NAME}/blobs/{sha256(TOO_LONG)}").status == 404
        assert limited.pipeline.registry.store.usage.bytes == 0

        assert limited("POST", UPLOADS, shape(FITS), digest=sha256(FITS)).status == 201
        assert limited("GET", f"/v2/{NAME}/blobs/{sha256(FITS)}").body == FITS

    @requires("main.1")
    @pytest.mark.parametrize("shape", [bytes, in_pieces], ids=["announced", "counted"])
    def test_closing_put(self, limited: Api, shape) -> None:
        """A PUT that is too long is refused, and the session goes on without it."""
        upload = limited.start_upload(NAME)

        assert_too_large(limited("PUT", upload.path, shape(TOO_LONG), digest=sha256(TOO_LONG)))
        assert upload.status().headers["Range"] == "0-0"
        assert limited("PUT", upload.path, shape(FITS), digest=sha256(FITS)).status == 201
        assert limited("GET", f"/v2/{NAME}/blobs/{sha256(FITS)}").body == FITS

    @requires("main.1", "push.status.1")
    @pytest.mark.parametrize("shape", [bytes, in_pieces], ids=["announced", "counted"])
    def test_chunk(self, limited: Api, shape) -> None:
        """What came before counts: a chunk that goes beyond is refused whole, and a shorter one still fits."""
        upload = limited.start_upload(NAME)
        upload.patch(b"xxxx", at=0)

        assert_too_large(upload.patch(shape(b"x" * 7)))
        assert upload.status().headers["Range"] == "0-3"
        assert upload.patch(shape(b"x" * 6)).headers["Range"] == "0-9"
        assert_too_large(upload.patch(b"x"))
        assert upload.put(b"", sha256(FITS)).status == 201

    @requires("main.1")
    def test_announced_length_is_refused_before_the_body(self) -> None:
        """A client that announces too much is answered before it sends."""
        api = Api.of(blob_limit=10)
        upload = api.start_upload(NAME)

        for method, path in (("POST", UPLOADS), ("PATCH", upload.path), ("PUT", upload.path)):
            assert api.begin(method, path, length=10, digest=sha256(FITS)).exchange.response is None
            body = api.begin(method, path, length=11, digest=sha256(TOO_LONG))
            assert body.exchange.response is not None
            assert_too_large(body.end())

    @requires("main.1")
    def test_body_is_refused_as_soon_as_it_is_too_long(self) -> None:
        """A body of unknown length is not read to its end when it has gone too far."""
        api = Api.of(blob_limit=10)
        body = api.begin("PATCH", api.start_upload(NAME).path).send(FITS)

        assert body.exchange.response is None
        assert_too_large(body.send(b"x").end())

    @requires("main.1")
    def test_wide_bodies(self) -> None:
        """A limit in the middle of a large body keeps nothing of that body, not even what was stored already."""
        api = Api.of(session_limit=200_000)
        upload = api.start_upload(NAME)
        upload.patch(b"a" * 100_000)

        assert_too_large(upload.patch([b"b" * 70_000, b"c" * 70_000]))
        assert upload.status().headers["Range"] == "0-99999"
        assert upload.put(b"d" * 100_000, sha256(b"a" * 100_000 + b"d" * 100_000)).status == 201


class TestOfTheRegistry:
    @requires("main.1")
    def test_all_repositories_count(self) -> None:
        """What one repository holds leaves less for the others, until it is deleted."""
        api = Api.of(total_limit=10)
        digest = api.push_blob(NAME, b"12345678")

        assert_too_large(api("POST", "/v2/team/other/blobs/uploads/", b"abc", digest=sha256(b"abc")))
        api.push_blob("team/other", b"ab")
        api("DELETE", f"/v2/{NAME}/blobs/{digest}")
        assert api("POST", "/v2/team/other/blobs/uploads/", b"abc", digest=sha256(b"abc")).status == 201

    @requires("main.1")
    def test_bodies_that_arrive_at_the_same_time_share_the_room(self) -> None:
        """Forty uploads that each fit alone do not all fit together, in whatever order their bytes come."""
        api = Api.of(total_limit=1_000_000)
        blobs = [bytes([number]) * 60_000 for number in range(40)]
        bodies = [api.begin("POST", UPLOADS, digest=sha256(blob)).send(blob) for blob in blobs]

        statuses = [body.end().status for body in bodies]

        assert statuses.count(201) == 16
        assert statuses.count(413) == 24
        assert api.pipeline.registry.store.usage.bytes == 16 * 60_000

    @requires("main.cancel.2")
    def test_expired_uploads_of_other_repositories_do_not_count(self) -> None:
        """What was left behind elsewhere gives its room back once it has expired."""
        api = Api.of(total_limit=100, upload_expiry=10)
        api.start_upload("team/left").patch(b"x" * 90, at=0)
        assert_too_large(api("POST", UPLOADS, b"y" * 50, digest=sha256(b"y" * 50)))

        api.clock.advance(11)

        assert api("POST", UPLOADS, b"y" * 50, digest=sha256(b"y" * 50)).status == 201

    @requires("main.1", "push.mount.1")
    def test_a_blob_counts_once(self) -> None:
        """A blob that several repositories hold is kept once, so a mount is free."""
        api = Api.of(total_limit=10)
        api.push_blob(NAME, b"12345678")

        mount = api("POST", "/v2/team/other/blobs/uploads/", mount=sha256(b"12345678"), **{"from": NAME})

        assert mount.status == 201
        assert api.pipeline.registry.store.usage.bytes == 8

    @requires("main.1")
    def test_open_uploads_count(self) -> None:
        """Bytes of a session count while it is open, and are free once it is cancelled or expired."""
        api = Api.of(total_limit=10)
        cancelled, expired = api.start_upload(NAME), api.start_upload(NAME)
        cancelled.patch(b"12345", at=0)
        expired.patch(b"12345", at=0)
        other = api.start_upload(NAME)
        assert_too_large(other.patch(b"1", at=0))

        cancelled.cancel()
        assert other.patch(b"12345", at=0).status == 202
        assert_too_large(other.patch(b"6", at=5))
        api.clock.advance(3601)
        assert api.start_upload(NAME).patch(b"1234567890", at=0).status == 202

    @requires("main.1", "push.man.9")
    def test_manifests_count(self) -> None:
        """A manifest that does not fit beside what is kept is refused, and its tag is not set."""
        body = encode(image())
        api = Api.of(total_limit=len(body) + 1)
        api.push_blob(NAME, b"{}")
        headers = {"Content-Type": IMAGE}

        assert_too_large(api("PUT", f"/v2/{NAME}/manifests/v1", body, headers=headers))
        assert api("GET", f"/v2/{NAME}/tags/list").json["tags"] == []
        roomy = api.with_settings(total_limit=len(body) + 2)
        assert roomy("PUT", f"/v2/{NAME}/manifests/v1", body, headers=headers).status == 201
        again = roomy("PUT", f"/v2/{NAME}/manifests/v2", body, headers=headers)
        assert again.status == 201, "what is kept already needs no more room"


class TestNoLimits:
    @requires("push.man.10", "main.1")
    def test_by_default_blobs_have_none(self, api: Api) -> None:
        """Without any setting a blob of many megabytes is taken."""
        content = bytes(16 * 1024 * 1024)

        assert api("POST", UPLOADS, content, digest=sha256(content)).status == 201
        assert api("HEAD", f"/v2/{NAME}/blobs/{sha256(content)}").length == len(content)

    @requires("main.1")
    def test_limit_of_nothing(self) -> None:
        """A limit of 0 is a limit: only the empty blob fits."""
        api = Api.of(blob_limit=0)

        assert_too_large(api("POST", UPLOADS, b"x", digest=sha256(b"x")))
        assert api("POST", UPLOADS, b"", digest=sha256(b"")).status == 201
