"""The life of an upload session: requests that overtake each other, break off, are cancelled or come too late."""

from __future__ import annotations

import pytest
from api import Answer, Api, Upload, sha256
from requires import requires

NAME = "team/app"
HOUR = 3600
# What a session shows at once; less is gathered until the body ends.
SHOWN = 64 * 1024


@pytest.fixture
def upload(api: Api) -> Upload:
    return api.start_upload(NAME)


class TestCancel:
    @requires("main.cancel.1")
    def test_cancelled_session_is_gone(self, api: Api, upload: Upload) -> None:
        """DELETE drops a session and its bytes; nothing of it is found afterwards."""
        upload.patch(b"hello", at=0)

        answer = upload.cancel()

        assert answer.status == 204
        assert answer.body == b""
        later = [upload.status(), upload.patch(b"x"), upload.put(b"", sha256(b"hello")), upload.cancel()]
        assert [(one.status, one.codes) for one in later] == [(404, ["BLOB_UPLOAD_UNKNOWN"])] * 4
        assert api("GET", f"/v2/{NAME}/blobs/{sha256(b'hello')}").status == 404

    @requires("main.cancel.1")
    def test_other_sessions_go_on(self, api: Api, upload: Upload) -> None:
        """A cancelled session takes no other with it."""
        other = api.start_upload(NAME)
        other.patch(b"hello", at=0)

        upload.cancel()

        assert other.put(b"", sha256(b"hello")).status == 201

    @requires("main.cancel.1", "push.put.4")
    @pytest.mark.parametrize("method", ["PATCH", "PUT"])
    def test_cancel_during_a_request(self, api: Api, upload: Upload, method: str) -> None:
        """A request that still sends learns at its end that its session was cancelled; nothing is stored."""
        body = api.begin(method, upload.path, digest=sha256(b"hello")).send(b"hello")

        assert upload.cancel().status == 204
        answer = body.end()
        assert answer.status == 404
        assert answer.codes == ["BLOB_UPLOAD_UNKNOWN"]
        assert upload.status().status == 404
        assert api("GET", f"/v2/{NAME}/blobs/{sha256(b'hello')}").status == 404

    @requires("main.cancel.1")
    def test_cancel_stops_a_long_body(self, api: Api, upload: Upload) -> None:
        """A body of a cancelled session is refused before it ends."""
        body = api.begin("PATCH", upload.path).send(b"a" * SHOWN)
        upload.cancel()

        assert body.exchange.response is None
        body.send(b"b" * SHOWN)
        assert body.exchange.response is not None
        assert body.end().codes == ["BLOB_UPLOAD_UNKNOWN"]


class TestExpiry:
    @requires("main.cancel.2")
    @pytest.mark.parametrize("way", ["wrong digest", "wrong length"])
    def test_a_refused_body_was_an_attempt_to_continue(self, way: str) -> None:
        """A long body that is refused at its end leaves a session that lives as long as after any other request."""
        api = Api.of(upload_expiry=60)
        upload = api.start_upload(NAME)
        if way == "wrong digest":
            body = api.begin("PUT", upload.path, digest=sha256(b"other")).send(b"hello")
        else:
            body = api.begin("PATCH", upload.path, headers={"Content-Range": "0-9"}).send(b"hello")

        api.clock.advance(61)
        answer = body.end()

        assert answer.status == 400
        assert api("POST", f"/v2/{NAME}/blobs/uploads/").status == 202
        assert upload.status().headers["Range"] == "0-0"

    @requires("main.cancel.2")
    def test_abandoned_session_expires(self, api: Api, upload: Upload) -> None:
        """A session that nobody touches for more than an hour goes."""
        upload.patch(b"hello", at=0)
        api.clock.advance(HOUR + 1)

        answer = upload.put(b"", sha256(b"hello"))

        assert answer.status == 404
        assert answer.codes == ["BLOB_UPLOAD_UNKNOWN"]
        assert api("GET", f"/v2/{NAME}/blobs/{sha256(b'hello')}").status == 404

    @requires("main.cancel.2")
    def test_every_chunk_starts_the_hour_anew(self, api: Api, upload: Upload) -> None:
        """What counts is the last time that something was sent."""
        for at in range(3):
            api.clock.advance(HOUR)
            assert upload.patch(b"x", at=at).status == 202

        assert upload.put(b"", sha256(b"xxx")).status == 201

    @requires("main.cancel.2")
    def test_refused_bytes_count_too(self, api: Api, upload: Upload) -> None:
        """A request that was refused shows that somebody is there, and leaves a session that still expires."""
        api.clock.advance(HOUR)
        assert upload.put(b"other", sha256(b"hello")).status == 400
        api.clock.advance(HOUR)
        assert api("PATCH", upload.path, [b"hello"], headers={"Content-Range": "0-9"}).status == 400
        api.clock.advance(HOUR)
        assert upload.status().status == 204

        api.clock.advance(1)
        assert upload.status().status == 404

    @requires("main.cancel.2")
    def test_asking_is_not_continuing(self, api: Api, upload: Upload) -> None:
        """The status of a session does not keep it alive."""
        api.clock.advance(HOUR)
        assert upload.status().status == 204
        api.clock.advance(1)

        assert upload.status().status == 404

    @requires("main.cancel.2")
    def test_request_under_way_does_not_expire(self, api: Api, upload: Upload) -> None:
        """A body that takes long is no abandoned session, and its time is counted from its end."""
        body = api.begin("PATCH", upload.path).send(b"hello")
        api.clock.advance(2 * HOUR)
        api.start_upload(NAME)

        assert body.end().status == 202
        api.clock.advance(HOUR)
        assert upload.put(b"", sha256(b"hello")).status == 201

    @requires("main.cancel.2")
    def test_expiry_is_a_setting(self) -> None:
        """Another time may be set, or none."""
        short, never = Api.of(upload_expiry=5), Api.of(upload_expiry=None)
        uploads = [one.start_upload(NAME) for one in (short, never)]
        short.clock.advance(6)
        never.clock.advance(1e9)

        assert [one.status().status for one in uploads] == [404, 204]


class TestBrokenOff:
    @requires("push.status.1")
    def test_what_arrived_is_kept(self, api: Api, upload: Upload) -> None:
        """A client that vanished within a chunk asks where the session stands, and goes on there."""
        api.begin("PATCH", upload.path).send(b"hel").break_off()

        assert upload.status().headers["Range"] == "0-2"
        assert upload.patch(b"lo", at=3).status == 202
        assert upload.put(b"", sha256(b"hello")).status == 201

    @requires("push.status.1")
    def test_a_closing_put_that_breaks_off(self, api: Api, upload: Upload) -> None:
        """The session stays open, with what arrived of the last bytes too."""
        upload.patch(b"hello", at=0)
        api.begin("PUT", upload.path, digest=sha256(b"helloworld")).send(b"wor").break_off()

        assert upload.status().headers["Range"] == "0-7"
        assert upload.put(b"ld", sha256(b"helloworld"), at=8).status == 201

    @requires("push.status.1")
    def test_breaking_off_after_a_newer_request(self, api: Api, upload: Upload) -> None:
        """What an overtaken request had sent does not come back when its client vanishes."""
        older = api.begin("PATCH", upload.path).send(b"old")
        upload.patch(b"new", at=0)

        older.break_off()

        assert upload.status().headers["Range"] == "0-2"
        assert upload.put(b"", sha256(b"new")).status == 201

    @requires("main.cancel.1")
    def test_breaking_off_after_a_cancel(self, api: Api, upload: Upload) -> None:
        """A session that was cancelled stays so."""
        body = api.begin("PATCH", upload.path).send(b"hello")
        upload.cancel()

        body.break_off()

        assert upload.status().status == 404


class TestTakeOver:
    @requires("push.status.1", "push.chunked.3")
    @pytest.mark.parametrize("method", ["PATCH", "PUT"])
    def test_newer_request_takes_over(self, api: Api, upload: Upload, method: str) -> None:
        """A client that retries while its first request still hangs is served; the first one is refused."""
        older = api.begin(method, upload.path, digest=sha256(b"hello")).send(b"hel")

        assert upload.patch(b"hello", at=0).status == 202
        answer = older.send(b"lo").end()
        assert answer.status == 400
        assert answer.codes == ["BLOB_UPLOAD_INVALID"]
        assert upload.status().headers["Range"] == "0-4"
        assert upload.put(b"", sha256(b"hello")).status == 201

    @requires("push.status.1", "push.chunked.3")
    @pytest.mark.parametrize("method", ["PATCH", "PUT"])
    def test_a_request_without_bytes_is_taken_over_too(self, api: Api, upload: Upload, method: str) -> None:
        """An older request that brings nothing does not end the newer one."""
        older = api.begin(method, upload.path, digest=sha256(b""))
        newer = api.begin("PATCH", upload.path).send(b"hel")

        assert older.end().codes == ["BLOB_UPLOAD_INVALID"]
        assert newer.send(b"lo").end().headers["Range"] == "0-4"
        assert upload.put(b"", sha256(b"hello")).status == 201

    @requires("push.status.1")
    def test_a_long_body_shows_while_it_arrives(self, api: Api, upload: Upload) -> None:
        """However small the pieces of a body are, the status follows it in steps."""
        body = api.begin("PATCH", upload.path)
        for _ in range(65):
            body.send(b"a" * 1024)

        assert upload.status().headers["Range"] == f"0-{SHOWN - 1}"
        assert body.end().headers["Range"] == f"0-{65 * 1024 - 1}"
        assert upload.put(b"", sha256(b"a" * 65 * 1024)).status == 201

    @requires("push.status.1", "push.chunked.3")
    def test_bytes_that_the_session_showed_stay(self, api: Api, upload: Upload) -> None:
        """The newer request continues after what the status told, and the older one adds nothing more."""
        older = api.begin("PATCH", upload.path).send(b"a" * SHOWN)
        assert upload.status().headers["Range"] == f"0-{SHOWN - 1}"

        assert upload.patch(b"b", at=SHOWN).headers["Range"] == f"0-{SHOWN}"
        assert older.send(b"c" * SHOWN).end().codes == ["BLOB_UPLOAD_INVALID"]
        assert upload.put(b"", sha256(b"a" * SHOWN + b"b")).status == 201

    @requires("push.chunked.3")
    def test_newer_request_out_of_order_takes_nothing_over(self, api: Api, upload: Upload) -> None:
        """A refused chunk leaves the request that is under way alone."""
        older = api.begin("PATCH", upload.path).send(b"hel")

        assert upload.patch(b"world", at=5).status == 416
        assert older.send(b"lo").end().headers["Range"] == "0-4"

    @requires("push.put.3")
    def test_overtaken_put_with_the_right_digest_stores_nothing(self, api: Api, upload: Upload) -> None:
        """Only the newest request on a session can close it."""
        older = api.begin("PUT", upload.path, digest=sha256(b"old")).send(b"old")
        newer = api.begin("PUT", upload.path, digest=sha256(b"new")).send(b"new")

        assert older.end().codes == ["BLOB_UPLOAD_INVALID"]
        assert newer.end().status == 201
        assert api("HEAD", f"/v2/{NAME}/blobs/{sha256(b'old')}").status == 404
        assert api("GET", f"/v2/{NAME}/blobs/{sha256(b'new')}").body == b"new"

    @requires("push.put.4")
    def test_request_that_ends_after_the_session_was_closed(self, api: Api, upload: Upload) -> None:
        """An overtaken request whose session became a blob meanwhile is told that it is gone."""
        older = api.begin("PATCH", upload.path).send(b"old")
        assert upload.put(b"new", sha256(b"new")).status == 201

        answer: Answer = older.end()

        assert answer.status == 404
        assert answer.codes == ["BLOB_UPLOAD_UNKNOWN"]
