"""Pushing blobs whole: POST and PUT, or one POST (end-4a, end-4b, end-4c, end-6)."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

import pytest
from api import HOST, Api, path_of, sha256, sha512
from requires import requires

from fakereg.registry.messages import Request

NAME = "team/app"
UPLOADS = f"/v2/{NAME}/blobs/uploads/"


class TestStart:
    @requires("push.start.1", "push.start.2")
    def test_post_opens_a_session(self, api: Api) -> None:
        """A POST without a body answers where to send the blob: an address with a UUID in it."""
        answer = api("POST", UPLOADS)

        assert answer.status == 202
        assert answer.body == b""
        session = path_of(answer.headers["Location"]).removeprefix(UPLOADS)
        assert str(UUID(session)) == session
        assert answer.headers["Docker-Upload-UUID"] == session
        assert answer.headers["Range"] == "0-0"

    @requires("push.start.2")
    def test_every_session_has_its_own_location(self, api: Api) -> None:
        """No two sessions share an address, in one repository or across."""
        names = [NAME, NAME, NAME, "team/other", "team/other"]
        sessions = [api("POST", f"/v2/{name}/blobs/uploads/").headers["Docker-Upload-UUID"] for name in names]

        assert len(set(sessions)) == len(names)

    @requires("push.start.3")
    def test_location_is_on_the_host_that_was_asked(self, api: Api) -> None:
        """The address is absolute, on the host by which the client reached the registry."""
        location = urlsplit(api("POST", UPLOADS).headers["Location"])

        assert (location.scheme, location.netloc) == ("http", HOST)

    @requires("push.start.3")
    def test_location_is_relative_where_the_host_is_not_known(self, api: Api) -> None:
        """A client that sends no Host gets the path alone."""
        response = api.pipeline.handle(Request("POST", UPLOADS))

        assert response.headers["Location"].startswith(UPLOADS)

    @requires("push.start.3")
    def test_clients_extend_the_query_of_the_location(self, api: Api) -> None:
        """A location whose query has other parameters already still closes with a digest appended."""
        upload = api.start_upload(NAME)

        answer = api("PUT", f"{upload.path}?state=of-the-client", b"blob", digest=sha256(b"blob"))

        assert answer.status == 201

    @requires("push.start.4")
    def test_minimum_of_a_chunk_is_announced(self) -> None:
        """A registry that wants chunks of some length says so when the session opens."""
        answer = Api.of(chunk_minimum=1024)("POST", UPLOADS)

        assert answer.headers["OCI-Chunk-Min-Length"] == "1024"

    @requires("push.start.4")
    def test_no_minimum_is_announced_where_there_is_none(self, api: Api) -> None:
        """By default chunks may have any length, and nothing is said about it."""
        assert "OCI-Chunk-Min-Length" not in api("POST", UPLOADS).headers

    @requires("main.5")
    @pytest.mark.parametrize(("algorithm", "digest"), [("sha256", sha256(b"blob")), ("sha512", sha512(b"blob"))])
    def test_session_for_an_algorithm(self, api: Api, algorithm: str, digest: str) -> None:
        """A session may be opened for the algorithm that its digest will have."""
        upload = api.start_upload(NAME, **{"digest-algorithm": algorithm})
        upload.patch(b"bl", at=0)

        assert upload.put(b"ob", digest, at=2).status == 201
        assert api("GET", f"/v2/{NAME}/blobs/{digest}").body == b"blob"

    @requires("main.5", "main.4")
    @pytest.mark.parametrize("algorithm", ["md5", "sha384", "SHA512", ""])
    def test_session_for_an_unknown_algorithm(self, api: Api, algorithm: str) -> None:
        """An algorithm that the registry does not know is refused at once."""
        answer = api("POST", UPLOADS, **{"digest-algorithm": algorithm})

        assert answer.status == 400
        assert answer.codes == ["DIGEST_INVALID"]


class TestPut:
    @requires("push.put.1", "push.put.2")
    @pytest.mark.parametrize("content", [b"", b"x", b"blob" * 50_000])
    @pytest.mark.parametrize("chunked", [False, True])
    def test_whole_blob(self, api: Api, content: bytes, chunked: bool) -> None:
        """A PUT of all bytes with their digest stores the blob, with or without Content-Length."""
        upload = api.start_upload(NAME)

        answer = api("PUT", upload.path, content, chunked=chunked, digest=sha256(content))

        assert answer.status == 201
        assert answer.headers["Docker-Content-Digest"] == sha256(content)
        assert answer.headers["Location"] == f"http://{HOST}/v2/{NAME}/blobs/{sha256(content)}"
        assert api("GET", path_of(answer.headers["Location"])).body == content

    @requires("push.put.1", "main.4")
    def test_sha512(self, api: Api) -> None:
        """A session that named no algorithm takes a sha512 digest as well."""
        upload = api.start_upload(NAME)
        upload.patch(b"bl", at=0)

        answer = upload.put(b"ob", sha512(b"blob"), at=2)

        assert answer.status == 201
        assert answer.headers["Docker-Content-Digest"] == sha512(b"blob")
        assert api("GET", path_of(answer.headers["Location"])).body == b"blob"

    @requires("push.put.1")
    def test_a_blob_that_is_there_already(self, api: Api) -> None:
        """Pushing a blob again succeeds and changes nothing; conditions on it are not offered."""
        api.push_blob(NAME, b"blob")
        upload = api.start_upload(NAME)

        answer = api("PUT", upload.path, b"blob", headers={"If-None-Match": "*"}, digest=sha256(b"blob"))

        assert answer.status == 201
        assert api("GET", f"/v2/{NAME}/blobs/{sha256(b'blob')}").body == b"blob"

    @requires("push.put.3")
    @pytest.mark.parametrize("digest", [sha256(b"other"), sha512(b"other")])
    def test_wrong_digest_then_the_right_one(self, api: Api, digest: str) -> None:
        """A blob that does not match is not stored, and the session goes on as if it had not been sent."""
        upload = api.start_upload(NAME)

        answer = upload.put(b"blob", digest)

        assert answer.status == 400
        assert answer.codes == ["DIGEST_INVALID"]
        assert upload.status().headers["Range"] == "0-0"
        for tried in (digest, sha256(b"blob")):
            assert api("HEAD", f"/v2/{NAME}/blobs/{tried}").status == 404
        assert upload.put(b"blob", sha256(b"blob")).status == 201
        assert api("GET", f"/v2/{NAME}/blobs/{sha256(b'blob')}").body == b"blob"

    def test_what_came_before_is_told(self, api: Api) -> None:
        """A client that sends the whole again into a session that holds a part of it is told of that part."""
        upload = api.start_upload(NAME)
        upload.patch(b"blob")

        answer = upload.put(b"blob", sha256(b"blob"))

        assert answer.status == 400
        assert answer.codes == ["DIGEST_INVALID"]
        assert answer.json["errors"][0]["message"].endswith("; 4 of its 8 bytes came before")
        assert upload.put(b"", sha256(b"blob")).status == 201

    @requires("push.put.3", "main.4")
    @pytest.mark.parametrize(
        "query",
        [
            "",
            "digest=",
            "digest=sha256:bad",
            "digest=blob",
            f"digest=sha384:{'0' * 96}",
            f"digest={sha256(b'blob').upper()}",
            f"digest=SHA256{sha256(b'blob')[6:]}",
            f"digest={sha256(b'blob')}&digest={sha256(b'blob')}",
        ],
        ids=lambda query: query[:16],
    )
    def test_missing_malformed_or_double_digest(self, api: Api, query: str) -> None:
        """Exactly one digest of a known algorithm is needed to close; without it the session stays open."""
        upload = api.start_upload(NAME)

        answer = api("PUT", f"{upload.path}?{query}", b"blob")

        assert answer.status == 400
        assert answer.codes == ["DIGEST_INVALID"]
        assert upload.put(b"blob", sha256(b"blob")).status == 201

    @requires("push.put.4", "main.cancel.1")
    @pytest.mark.parametrize("method", ["PATCH", "PUT", "GET", "DELETE"])
    @pytest.mark.parametrize("path", [f"{UPLOADS}no-such-session", "/v2/never/pushed/blobs/uploads/no-such-session"])
    def test_unknown_session(self, api: Api, method: str, path: str) -> None:
        """A session that was never opened is BLOB_UPLOAD_UNKNOWN, whatever is asked of it."""
        api.start_upload(NAME)

        answer = api(method, f"{path}?digest={sha256(b'')}")

        assert answer.status == 404
        assert answer.codes == ["BLOB_UPLOAD_UNKNOWN"]

    @requires("push.put.4")
    @pytest.mark.parametrize("method", ["PATCH", "PUT", "GET", "DELETE"])
    def test_session_of_another_repository(self, api: Api, method: str) -> None:
        """A session belongs to the repository it was opened in, and is not found under another name."""
        api.start_upload("team/other")
        upload = api.start_upload(NAME)
        upload.patch(b"bl", at=0)

        elsewhere = api(method, upload.path.replace(NAME, "team/other"), b"ob", digest=sha256(b"blob"))

        assert elsewhere.status == 404
        assert elsewhere.codes == ["BLOB_UPLOAD_UNKNOWN"]
        assert upload.put(b"ob", sha256(b"blob"), at=2).status == 201

    @requires("push.put.4")
    @pytest.mark.parametrize("method", ["PATCH", "PUT", "GET", "DELETE"])
    def test_session_that_was_closed(self, api: Api, method: str) -> None:
        """Once its blob is stored a session is gone."""
        upload = api.start_upload(NAME)
        upload.put(b"blob", sha256(b"blob"))

        answer = api(method, upload.path, b"blob", digest=sha256(b"blob"))

        assert answer.status == 404
        assert answer.codes == ["BLOB_UPLOAD_UNKNOWN"]


class TestSinglePost:
    @requires("push.post.1", "push.post.2", "push.post.3")
    @pytest.mark.parametrize("digest", [sha256, sha512])
    @pytest.mark.parametrize("chunked", [False, True])
    def test_whole_blob(self, api: Api, digest, chunked: bool) -> None:
        """A POST with digest and body stores the blob at once and opens no session."""
        content = b"blob" * 50_000
        answer = api("POST", UPLOADS, content, chunked=chunked, digest=digest(content))

        assert answer.status == 201
        assert answer.headers["Location"] == f"http://{HOST}/v2/{NAME}/blobs/{digest(content)}"
        assert answer.headers["Docker-Content-Digest"] == digest(content)
        assert api("GET", path_of(answer.headers["Location"])).body == content

    @requires("push.post.1")
    def test_empty_blob(self, api: Api) -> None:
        """A blob of no bytes is a blob."""
        assert api("POST", UPLOADS, digest=sha256(b"")).status == 201
        assert api("GET", f"/v2/{NAME}/blobs/{sha256(b'')}").body == b""

    @requires("push.post.4")
    def test_wrong_digest(self, api: Api) -> None:
        """A body with another digest is refused, and neither blob nor session is left."""
        answer = api("POST", UPLOADS, b"blob", digest=sha256(b"other"))

        assert answer.status == 400
        assert answer.codes == ["DIGEST_INVALID"]
        assert api("GET", f"/v2/{NAME}/blobs/{sha256(b'blob')}").status == 404
        assert api("GET", f"/v2/{NAME}/tags/list").codes == ["NAME_UNKNOWN"]
        assert open_sessions(api) == []

    @requires("push.post.4")
    def test_body_that_breaks_off(self, api: Api) -> None:
        """A body shorter than announced is worth nothing: neither blob nor session is left."""
        api.begin("POST", UPLOADS, digest=sha256(b"blob")).send(b"bl").break_off()

        assert api("HEAD", f"/v2/{NAME}/blobs/{sha256(b'blob')}").status == 404
        assert api("HEAD", f"/v2/{NAME}/blobs/{sha256(b'bl')}").status == 404
        assert open_sessions(api) == []

    @requires("push.post.4", "main.4")
    @pytest.mark.parametrize(
        "query",
        [
            "digest=",
            "digest=sha256:bad",
            f"digest=md5:{'0' * 32}",
            f"digest={sha256(b'blob')}&digest={sha256(b'blob')}",
        ],
        ids=lambda query: query[:16],
    )
    def test_malformed_or_double_digest(self, api: Api, query: str) -> None:
        """One digest of a known algorithm is needed."""
        answer = api("POST", f"{UPLOADS}?{query}", b"blob")

        assert answer.status == 400
        assert answer.codes == ["DIGEST_INVALID"]

    @requires("push.post.3")
    def test_without_digest_a_session_opens(self, api: Api) -> None:
        """A POST that names no digest opens a session, which a PUT finishes."""
        answer = api("POST", UPLOADS, b"these bytes count for nothing")

        assert answer.status == 202
        closing = api("PUT", path_of(answer.headers["Location"]), b"blob", digest=sha256(b"blob"))
        assert closing.status == 201
        assert api("GET", f"/v2/{NAME}/blobs/{sha256(b'blob')}").body == b"blob"


def open_sessions(api: Api) -> list[str]:
    uploads = api.pipeline.registry.store.repository(NAME).uploads()
    return [upload.id for upload in uploads]
