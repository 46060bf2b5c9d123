"""Pushing blobs in pieces: PATCH, the closing PUT, and where a session stands (end-5, end-6, end-13)."""

from __future__ import annotations

import pytest
from api import HOST, Api, Upload, sha256
from requires import requires

NAME = "team/app"


@pytest.fixture
def upload(api: Api) -> Upload:
    return api.start_upload(NAME)


def pulled(api: Api, digest: str) -> bytes:
    return api("GET", f"/v2/{NAME}/blobs/{digest}").body


class TestChunks:
    @requires("push.chunked.1", "push.chunked.2", "push.chunked.5", "push.put.2")
    def test_chunks_in_order(self, api: Api, upload: Upload) -> None:
        """Each chunk is answered with the location to go on at and the whole range that is held, both ends included."""
        for content, at, held in ((b"hello", 0, "0-4"), (b"world", 5, "0-9"), (b"!", 10, "0-10")):
            answer = upload.patch(content, at=at)

            assert answer.status == 202
            assert answer.body == b""
            assert answer.headers["Range"] == held
            assert answer.headers["Location"] == f"http://{HOST}{upload.path}"
            assert answer.headers["Location"].endswith(answer.headers["Docker-Upload-UUID"])

        closing = upload.put(b"", sha256(b"helloworld!"))
        assert closing.status == 201
        assert closing.headers["Docker-Content-Digest"] == sha256(b"helloworld!")
        assert closing.headers["Location"] == f"http://{HOST}/v2/{NAME}/blobs/{sha256(b'helloworld!')}"
        assert pulled(api, sha256(b"helloworld!")) == b"helloworld!"

    @requires("push.chunked.2")
    def test_first_chunk_starts_at_0(self, upload: Upload) -> None:
        """A first chunk that leaves bytes out before it is refused."""
        answer = upload.patch(b"world", at=5)

        assert answer.status == 416
        assert answer.codes == ["BLOB_UPLOAD_INVALID"]
        assert answer.headers["Range"] == "0-0"
        assert upload.patch(b"hello", at=0).headers["Range"] == "0-4"

    @requires("push.chunked.3", "push.status.1")
    @pytest.mark.parametrize("at", [6, 100, 4, 1, 0], ids=["gap", "far", "overlap by one", "overlap", "repeat"])
    def test_gap_overlap_or_repeat(self, api: Api, upload: Upload, at: int) -> None:
        """A chunk that does not start where the last one ended is refused, and nothing of it is kept."""
        upload.patch(b"hello", at=0)

        answer = upload.patch(b"world", at=at)

        assert answer.status == 416
        assert answer.codes == ["BLOB_UPLOAD_INVALID"]
        assert answer.headers["Range"] == "0-4"
        assert upload.status().headers["Range"] == "0-4"
        assert upload.patch(b"world", at=5).status == 202
        assert upload.put(b"", sha256(b"helloworld")).status == 201
        assert pulled(api, sha256(b"helloworld")) == b"helloworld"

    @requires("push.chunked.2")
    @pytest.mark.parametrize(
        "header",
        [
            "bytes 0-4/5",
            "bytes=0-4",
            "bytes 0-4",
            "0-4/5",
            "0-4/*",
            "0-",
            "-4",
            "4",
            "",
            "a-b",
            "0 - 4",
            "0-4,5-9",
            "0x0-4",
        ],
    )
    def test_other_forms_of_content_range(self, api: Api, upload: Upload, header: str) -> None:
        """Content-Range of a chunk is two numbers and a dash, without a unit or a total."""
        answer = api("PATCH", upload.path, b"hello", headers={"Content-Range": header})

        assert answer.status == 400
        assert answer.codes == ["BLOB_UPLOAD_INVALID"]
        assert upload.patch(b"hello", at=0).status == 202

    @requires("push.chunked.2")
    def test_content_range_beyond_all_bounds(self, upload: Upload) -> None:
        """Offsets that no machine can count are refused like any other malformed range."""
        for text in ("0-9223372036854775807", "0-9999999999999999999", "9" * 400 + "-" + "9" * 401):
            answer = upload.api("PATCH", upload.path, b"x", headers={"Content-Range": text})

            assert (answer.status, answer.codes) == (400, ["BLOB_UPLOAD_INVALID"])
        assert upload.status().headers["Range"] == "0-0"

    @requires("push.chunked.2")
    def test_content_range_upside_down(self, api: Api, upload: Upload) -> None:
        """A chunk cannot end before it starts."""
        answer = api("PATCH", upload.path, b"hello", headers={"Content-Range": "4-0"})

        assert answer.status == 400
        assert answer.codes == ["BLOB_UPLOAD_INVALID"]

    @requires("push.chunked.2")
    @pytest.mark.parametrize("header", ["0-3", "0-5", "0-0"])
    @pytest.mark.parametrize("chunked", [False, True])
    @pytest.mark.parametrize("method", ["PATCH", "PUT"])
    def test_content_range_against_the_body(
        self, api: Api, upload: Upload, method: str, header: str, chunked: bool
    ) -> None:
        """A body of another length than its Content-Range is refused, announced or counted, and nothing is kept."""
        answer = api(
            method, upload.path, b"hello", headers={"Content-Range": header}, chunked=chunked, digest=sha256(b"hello")
        )

        assert answer.status == 400
        assert answer.codes == ["SIZE_INVALID"]
        assert upload.patch(b"hello", at=0).headers["Range"] == "0-4"

    @requires("push.chunked.2")
    @pytest.mark.parametrize("method", ["PATCH", "PUT"])
    def test_announced_contradiction_is_refused_before_the_body(self, api: Api, upload: Upload, method: str) -> None:
        """A Content-Length that does not fit the Content-Range is answered before the client sends."""
        chunk = {"Content-Range": "0-4"}

        for length, is_refused in ((5, False), (4, True), (6, True)):
            body = api.begin(method, upload.path, length=length, headers=chunk, digest=sha256(b"hello"))
            assert (body.exchange.response is not None) is is_refused

    @requires("push.chunked.1")
    def test_streams_without_content_range(self, api: Api, upload: Upload) -> None:
        """A body that names no place goes where the session stands, with or without Content-Length."""
        assert upload.patch(b"hello").headers["Range"] == "0-4"
        assert upload.patch([b" ", b"wor", b"ld"]).headers["Range"] == "0-10"
        assert upload.patch(b"!", chunked=True).headers["Range"] == "0-11"

        assert upload.put(b"", sha256(b"hello world!")).status == 201
        assert pulled(api, sha256(b"hello world!")) == b"hello world!"

    @requires("push.chunked.1")
    def test_empty_chunk_changes_nothing(self, upload: Upload) -> None:
        """A PATCH of no bytes is taken; before the first byte, as after the first, the range is 0-0."""
        assert upload.patch(b"").status == 202
        assert upload.patch(b"", at=0).status == 202
        assert upload.status().headers["Range"] == "0-0"
        upload.patch(b"hello", at=0)
        assert upload.patch(b"").headers["Range"] == "0-4"
        assert upload.patch(b"world", at=5).headers["Range"] == "0-9"

    @requires("push.chunked.1", "push.chunked.5")
    def test_large_chunks(self, api: Api, upload: Upload) -> None:
        """Chunks of hundreds of kilobytes, in pieces of any length, add up to the same bytes."""
        first, second = bytes(range(256)) * 1000, b"\xff" * 300_001
        upload.patch([first[:1], first[1:70_000], first[70_000:]])
        upload.patch(second, at=len(first))

        assert upload.put(b"", sha256(first + second)).status == 201
        assert pulled(api, sha256(first + second)) == first + second

    @requires("push.chunked.1")
    def test_two_sessions_do_not_mix(self, api: Api, upload: Upload) -> None:
        """Sessions side by side keep their own bytes."""
        other = api.start_upload(NAME)
        upload.patch(b"one", at=0)
        other.patch(b"three", at=0)

        assert upload.put(b"!", sha256(b"one!"), at=3).status == 201
        assert other.put(b"!", sha256(b"three!"), at=5).status == 201


class TestClosing:
    @requires("push.chunked.5")
    @pytest.mark.parametrize("at", [None, 5], ids=["without a place", "with its place"])
    def test_last_bytes_with_the_put(self, api: Api, upload: Upload, at: int | None) -> None:
        """The closing PUT may bring the last bytes; the digest is that of the whole."""
        upload.patch(b"hello", at=0)

        assert upload.put(b"world", sha256(b"helloworld"), at=at).status == 201
        assert pulled(api, sha256(b"helloworld")) == b"helloworld"

    @requires("push.chunked.5")
    @pytest.mark.parametrize("header", [None, "5-4"])
    def test_put_without_bytes(self, api: Api, upload: Upload, header: str | None) -> None:
        """An empty PUT closes what came before; some clients name the place of its no bytes."""
        upload.patch(b"hello", at=0)
        headers = {"Content-Range": header} if header else {}

        assert api("PUT", upload.path, headers=headers, digest=sha256(b"hello")).status == 201
        assert pulled(api, sha256(b"hello")) == b"hello"

    @requires("push.chunked.5")
    def test_put_of_nothing_at_all(self, api: Api, upload: Upload) -> None:
        """A session to which nobody sent a byte closes as the empty blob, its place named or not."""
        assert api("PUT", upload.path, headers={"Content-Range": "0--1"}, digest=sha256(b"")).status == 201
        assert pulled(api, sha256(b"")) == b""

    @requires("push.chunked.5", "push.put.3")
    def test_digest_of_the_last_chunk_is_not_enough(self, upload: Upload) -> None:
        """A digest that covers only the last bytes is wrong; the session then stands where it stood."""
        upload.patch(b"hello", at=0)

        answer = upload.put(b"world", sha256(b"world"), at=5)

        assert answer.status == 400
        assert answer.codes == ["DIGEST_INVALID"]
        assert upload.status().headers["Range"] == "0-4"
        assert upload.put(b"world", sha256(b"helloworld"), at=5).status == 201

    @requires("push.chunked.4")
    @pytest.mark.parametrize("header", ["6-10", "0-4", "4-8", "6-5"])
    def test_last_chunk_out_of_order(self, api: Api, upload: Upload, header: str) -> None:
        """A last chunk that does not start where the session stands is refused, and the session lives."""
        upload.patch(b"hello", at=0)
        body = b"" if header == "6-5" else b"world"

        answer = api("PUT", upload.path, body, headers={"Content-Range": header}, digest=sha256(b"helloworld"))

        assert answer.status == 416
        assert answer.headers["Range"] == "0-4"
        assert upload.status().headers["Range"] == "0-4"
        assert upload.put(b"world", sha256(b"helloworld"), at=5).status == 201


class TestStatus:
    @requires("push.status.1")
    def test_status_of_a_session(self, upload: Upload) -> None:
        """An open session tells its location and the range that it holds."""
        assert upload.status().headers["Range"] == "0-0"
        upload.patch(b"hello", at=0)

        answer = upload.status()

        assert answer.status == 204
        assert answer.body == b""
        assert answer.headers["Range"] == "0-4"
        assert answer.headers["Location"] == f"http://{HOST}{upload.path}"

    @requires("push.status.2")
    def test_every_location_continues_the_session(self, api: Api, upload: Upload) -> None:
        """The address from the last answer, and here any earlier one too, is where the next chunk goes."""
        first = upload.path
        upload.patch(b"he", at=0)
        upload.patch(b"llo", at=2)
        upload.status()

        assert api("PATCH", upload.path, b"wor", headers={"Content-Range": "5-7"}).status == 202
        assert api("PUT", first, b"ld", headers={"Content-Range": "8-9"}, digest=sha256(b"helloworld")).status == 201


class TestMinimum:
    @requires("push.start.4", "push.chunked.6")
    @pytest.mark.parametrize("method", ["PATCH", "PUT"])
    def test_last_chunk_may_be_short(self, method: str) -> None:
        """One byte is enough at the end, whether it comes by PATCH or with the PUT."""
        api = Api.of(chunk_minimum=5)
        upload = api.start_upload(NAME)
        assert upload.patch(b"hello", at=0).headers["OCI-Chunk-Min-Length"] == "5"

        if method == "PATCH":
            assert upload.patch(b"!", at=5).status == 202
            answer = upload.put(b"", sha256(b"hello!"))
        else:
            answer = upload.put(b"!", sha256(b"hello!"), at=5)

        assert answer.status == 201
        assert pulled(api, sha256(b"hello!")) == b"hello!"

    @requires("push.start.4")
    @pytest.mark.parametrize("method", ["PATCH", "PUT"])
    def test_nothing_follows_a_short_chunk(self, method: str) -> None:
        """A chunk below the minimum was the last one: another after it is refused."""
        upload = Api.of(chunk_minimum=4).start_upload(NAME)
        upload.patch(b"hel", at=0)

        headers = {"Content-Range": "3-7"}
        answer = upload.api(method, upload.path, b"lo, w", headers=headers, digest=sha256(b"hello, w"))

        assert answer.status == 400
        assert answer.codes == ["BLOB_UPLOAD_INVALID"]
        assert upload.put(b"", sha256(b"hel")).status == 201

    @requires("push.chunked.6")
    def test_an_empty_chunk_is_not_the_last(self) -> None:
        """A chunk of no bytes ends nothing: what follows it is taken."""
        upload = Api.of(chunk_minimum=4).start_upload(NAME)
        upload.patch(b"hell", at=0)

        empty = upload.api("PATCH", upload.path, headers={"Content-Range": "4-3"})

        assert (empty.status, empty.headers["Range"]) == (202, "0-3")
        assert upload.patch(b"o, world", at=4).headers["Range"] == "0-11"

    @requires("push.chunked.6")
    def test_streams_have_no_minimum(self) -> None:
        """A body that names no place is no chunk, and may be of any length."""
        upload = Api.of(chunk_minimum=1000).start_upload(NAME)
        upload.patch([b"he"])
        upload.patch([b"llo"])

        assert upload.put(b"", sha256(b"hello")).status == 201
