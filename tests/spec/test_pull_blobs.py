"""Pulling blobs: GET and HEAD, ranges, conditions (end-2)."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from api import Answer, Api, sha256, sha512
from requires import requires

NAME = "team/app"
CONTENT = b"0123456789"
PATH = f"/v2/{NAME}/blobs/{sha256(CONTENT)}"
EMPTY_PATH = f"/v2/{NAME}/blobs/{sha256(b'')}"


@pytest.fixture(autouse=True)
def blobs(api: Api) -> None:
    """A blob of ten bytes and an empty one, in the repository."""
    api.push_blob(NAME, b"")
    api.push_blob(NAME, CONTENT)


def get_range(api: Api, asked: str, path: str = PATH, **headers: str) -> Answer:
    return api("GET", path, headers={"Range": asked, **headers})


class TestGet:
    @requires("pull.blob.1", "pull.blob.3", "pull.blob.4", "main.2")
    @pytest.mark.parametrize("pushed", [b"", b"x", bytes(range(256)) * 1024])
    def test_bytes_come_back(self, api: Api, pushed: bytes) -> None:
        """A blob is served as it was pushed, at once and without a redirect, with the digest of its bytes."""
        digest = api.push_blob(NAME, pushed)

        answer = api("GET", f"/v2/{NAME}/blobs/{digest}")

        assert answer.status == 200
        assert answer.body == pushed
        assert answer.headers["Docker-Content-Digest"] == sha256(pushed)
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Accept-Ranges"] == "bytes"

    @requires("pull.blob.1", "pull.blob.4")
    def test_sha512_blob(self, api: Api) -> None:
        """A blob pushed under sha512 is served under it."""
        digest = sha512(b"strong")
        assert api("POST", f"/v2/{NAME}/blobs/uploads/", b"strong", digest=digest).status == 201

        answer = api("GET", f"/v2/{NAME}/blobs/{digest}")

        assert answer.body == b"strong"
        assert answer.headers["Docker-Content-Digest"] == digest

    @requires("pull.blob.1")
    def test_the_digest_may_be_escaped(self, api: Api) -> None:
        """A colon in the path may come percent-encoded."""
        assert api("GET", PATH.replace(":", "%3A")).body == CONTENT

    @requires("pull.blob.2")
    @pytest.mark.parametrize("digest", [sha256(b"never pushed"), sha512(CONTENT)])
    def test_unknown_blob(self, api: Api, digest: str) -> None:
        """A digest that the repository does not hold is BLOB_UNKNOWN."""
        answer = api("GET", f"/v2/{NAME}/blobs/{digest}")

        assert answer.status == 404
        assert answer.codes == ["BLOB_UNKNOWN"]

    @requires("pull.blob.2")
    def test_blob_of_another_repository(self, api: Api) -> None:
        """What one repository holds is not found in another."""
        api.push_blob("team/other", b"other")

        assert api("GET", PATH.replace(NAME, "team/other")).codes == ["BLOB_UNKNOWN"]

    @requires("pull.repo.1")
    def test_unknown_repository(self, api: Api) -> None:
        """Where nothing was ever pushed, the repository itself is unknown."""
        answer = api("GET", PATH.replace(NAME, "never/pushed"))

        assert answer.status == 404
        assert answer.codes == ["NAME_UNKNOWN"]

    @requires("pull.blob.2", "main.4")
    @pytest.mark.parametrize(
        "digest", ["sha256:bad", "v1", "md5:" + "0" * 32, "sha256:" + "F" * 64, "sha512:" + "0" * 64]
    )
    def test_malformed_digest(self, api: Api, digest: str) -> None:
        """What is no digest, or one of an unknown algorithm, is a bad request."""
        answer = api("GET", f"/v2/{NAME}/blobs/{digest}")

        assert answer.status == 400
        assert answer.codes == ["DIGEST_INVALID"]


class TestHead:
    @requires("pull.head.1", "pull.head.2", "pull.head.3")
    @pytest.mark.parametrize("path", [PATH, EMPTY_PATH])
    def test_head_tells_what_get_sends(self, api: Api, path: str) -> None:
        """HEAD has the headers and the length of GET, and no body."""
        get, head = api("GET", path), api("HEAD", path)

        assert head.status == 200
        assert head.body == b""
        assert head.length == len(get.body)
        assert list(head.headers) == list(get.headers)
        assert head.headers["Docker-Content-Digest"] == sha256(get.body)

    @requires("pull.head.4", "pull.repo.1")
    @pytest.mark.parametrize("path", [f"{NAME}/blobs/{sha256(b'x')}", f"never/pushed/blobs/{sha256(CONTENT)}"])
    def test_head_of_what_is_missing(self, api: Api, path: str) -> None:
        """HEAD of an unknown blob or repository is 404, without a body."""
        answer = api("HEAD", f"/v2/{path}")

        assert answer.status == 404
        assert answer.body == b""

    @requires("main.1", "pull.head.3")
    @pytest.mark.parametrize("asked", ["bytes=2-4", "bytes=50-60", "nonsense"])
    def test_range_means_nothing_for_head(self, api: Api, asked: str) -> None:
        """Range belongs to GET alone: HEAD tells the whole length."""
        answer = api("HEAD", PATH, headers={"Range": asked})

        assert answer.status == 200
        assert answer.length == len(CONTENT)
        assert "Content-Range" not in answer.headers


class TestRange:
    @requires("pull.blob.5")
    @pytest.mark.parametrize(
        ("asked", "first", "last"),
        [
            ("bytes=0-9", 0, 9),
            ("bytes=0-0", 0, 0),
            ("bytes=3-5", 3, 5),
            ("bytes=9-9", 9, 9),
            ("bytes=4-", 4, 9),
            ("bytes=0-", 0, 9),
            ("bytes=-3", 7, 9),
            ("bytes=-10", 0, 9),
            ("bytes=-50", 0, 9),
            ("bytes=4-10", 4, 9),  # a client that resumes may name the size as the last byte
            ("bytes=4-999999999999", 4, 9),
            ("BYTES=1-2", 1, 2),
            ("bytes= 1-2", 1, 2),
            ("bytes=50-60, 1-2", 1, 2),
        ],
    )
    def test_one_part(self, api: Api, asked: str, first: int, last: int) -> None:
        """A range that exists, at least in part, is served with its place in the whole."""
        answer = get_range(api, asked)

        assert answer.status == 206
        assert answer.body == CONTENT[first : last + 1]
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/10"
        assert answer.headers["Docker-Content-Digest"] == sha256(CONTENT)

    @requires("pull.blob.5")
    @pytest.mark.parametrize(
        "asked",
        [
            "bytes=10-",
            "bytes=10-20",
            "bytes=500-0",
            "bytes=5-2",
            "bytes=0-1,5-2",
            "bytes=0-1,x",
            "bytes=-0",
            "bytes=",
            "bytes=a-b",
            "bytes=--1",
            "bytes=5",
        ],
    )
    def test_no_part(self, api: Api, asked: str) -> None:
        """A range beyond the end, upside down or malformed is a 416 that tells the size."""
        answer = get_range(api, asked)

        assert answer.status == 416
        assert answer.codes == ["SIZE_INVALID"]
        assert answer.headers["Content-Range"] == "bytes */10"

    @requires("pull.blob.5")
    @pytest.mark.parametrize("asked", ["lines=0-1", "bytes", "0-4", "bytes 0-4"])
    def test_unknown_unit_is_ignored(self, api: Api, asked: str) -> None:
        """A range in another unit than bytes gets the whole blob."""
        answer = get_range(api, asked)

        assert answer.status == 200
        assert answer.body == CONTENT

    @requires("pull.blob.5")
    @pytest.mark.parametrize("asked", ["bytes=0-", "bytes=0-0"])
    def test_an_empty_blob_has_no_first_byte(self, api: Api, asked: str) -> None:
        """Nothing starts at 0 in an empty blob."""
        answer = get_range(api, asked, EMPTY_PATH)

        assert answer.status == 416
        assert answer.headers["Content-Range"] == "bytes */0"

    @requires("pull.blob.5")
    def test_the_end_of_an_empty_blob_is_all_of_it(self, api: Api) -> None:
        """The last five bytes of nothing are the whole of it."""
        answer = get_range(api, "bytes=-5", EMPTY_PATH)

        assert answer.status == 200
        assert answer.body == b""

    @requires("pull.blob.5")
    def test_parts_of_a_blob_that_came_in_chunks(self, api: Api) -> None:
        """A range may lie across the chunks in which a blob was pushed."""
        upload = api.start_upload(NAME)
        upload.patch(b"abcde", at=0)
        upload.patch(b"fghij", at=5)
        assert upload.put(b"klmno", sha256(b"abcdefghijklmno"), at=10).status == 201
        path = f"/v2/{NAME}/blobs/{sha256(b'abcdefghijklmno')}"

        assert get_range(api, "bytes=3-11", path).body == b"defghijkl"
        assert get_range(api, "bytes=5-9", path).body == b"fghij"


class TestSeveralRanges:
    @requires("pull.blob.5", "main.1")
    def test_parts_come_in_one_body(self, api: Api) -> None:
        """Several ranges are answered as multipart/byteranges, each part with its place."""
        answer = get_range(api, "bytes=0-1, 4-5,-1")

        assert answer.status == 206
        assert "Content-Range" not in answer.headers
        assert answer.headers["Content-Type"].startswith("multipart/byteranges; boundary=")
        head = f"Content-Type: {answer.headers['Content-Type']}\r\n\r\n".encode()
        boundary = answer.headers["Content-Type"].partition("boundary=")[2]
        assert answer.body.endswith(f"\r\n--{boundary}--\r\n".encode())
        parts = list(message_from_bytes(head + answer.body, policy=policy.HTTP).iter_parts())
        assert [part["Content-Range"] for part in parts] == ["bytes 0-1/10", "bytes 4-5/10", "bytes 9-9/10"]
        assert [part.get_payload(decode=True) for part in parts] == [b"01", b"45", b"9"]
        assert {part.get_content_type() for part in parts} == {"application/octet-stream"}

    @requires("pull.blob.5", "main.1")
    @pytest.mark.parametrize("asked", ["bytes=0-9,0-9", "bytes=0-,1-", "bytes=0-4,4-9"])
    def test_ranges_that_cost_more_than_the_whole_are_ignored(self, api: Api, asked: str) -> None:
        """Overlapping ranges get the whole blob as soon as they are longer than it."""
        answer = get_range(api, asked)

        assert answer.status == 200
        assert answer.body == CONTENT
        assert get_range(api, "bytes=0-4,5-9").status == 206

    @requires("pull.blob.5", "main.1")
    def test_countless_ranges_are_ignored(self, api: Api) -> None:
        """A client gets up to 32 parts; more are no serious request, and get the whole blob."""
        digest = api.push_blob(NAME, bytes(100))
        pieces = [f"{at}-{at}" for at in range(0, 66, 2)]

        answers = [get_range(api, f"bytes={','.join(pieces[:n])}", f"/v2/{NAME}/blobs/{digest}") for n in (32, 33)]

        assert [answer.status for answer in answers] == [206, 200]
        assert answers[1].body == bytes(100)

    @requires("pull.blob.5")
    def test_none_of_several_exists(self, api: Api) -> None:
        """Ranges that all lie beyond the end are a 416."""
        assert get_range(api, "bytes=10-11, 20-").status == 416


class TestConditions:
    @requires("main.1")
    @pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_known_content_is_not_sent_again(self, api: Api, method: str, form: str) -> None:
        """A client that names the entity tag it has gets a 304 without a body."""
        etag = api("GET", PATH).headers["ETag"]

        answer = api(method, PATH, headers={"If-None-Match": form.format(etag)})

        assert answer.status == 304
        assert answer.body == b""
        assert answer.headers["ETag"] == etag

    @requires("main.1")
    def test_known_content_comes_before_its_ranges(self, api: Api) -> None:
        """If-None-Match is answered first, Range only after it."""
        etag = api("GET", PATH).headers["ETag"]

        assert get_range(api, "bytes=0-1", **{"If-None-Match": etag}).status == 304
        assert get_range(api, "bytes=0-1", **{"If-None-Match": '"other"'}).status == 206

    @requires("main.1")
    def test_if_range_of_the_same_content(self, api: Api) -> None:
        """A part is served as long as the blob is the one of which the client has the rest."""
        answer = get_range(api, "bytes=4-", **{"If-Range": api("GET", PATH).headers["ETag"]})

        assert answer.status == 206
        assert answer.body == b"456789"

    @requires("main.1")
    @pytest.mark.parametrize("validator", ['"other"', f'W/"{sha256(CONTENT)}"', "Sun, 06 Nov 1994 08:49:37 GMT"])
    def test_if_range_of_anything_else(self, api: Api, validator: str) -> None:
        """Another entity tag, a weak one, or a date gets the whole blob."""
        answer = get_range(api, "bytes=4-", **{"If-Range": validator})

        assert answer.status == 200
        assert answer.body == CONTENT
