"""Mounting: taking a blob over from another repository (end-11)."""

from __future__ import annotations

import pytest
from api import HOST, Api, path_of, sha256, sha512
from requires import requires

NAME = "team/app"
SOURCE = "team/base"
CONTENT = b"a shared layer"
UPLOADS = f"/v2/{NAME}/blobs/uploads/"


@pytest.fixture(autouse=True)
def source(api: Api) -> None:
    """The blob, in the repository from which it is mounted."""
    api.push_blob(SOURCE, CONTENT)


class TestMount:
    @requires("push.mount.1", "push.mount.4")
    def test_from_the_repository_that_holds_it(self, api: Api) -> None:
        """A blob is linked without a byte being sent: its location serves it, under the digest of its bytes."""
        answer = api("POST", UPLOADS, mount=sha256(CONTENT), **{"from": SOURCE})

        assert answer.status == 201
        assert answer.headers["Location"] == f"http://{HOST}/v2/{NAME}/blobs/{sha256(CONTENT)}"
        assert answer.headers["Docker-Content-Digest"] == sha256(CONTENT)
        assert "Docker-Upload-UUID" not in answer.headers
        assert api("GET", path_of(answer.headers["Location"])).body == CONTENT

    @requires("push.mount.2")
    def test_from_anywhere(self, api: Api) -> None:
        """Without a source the blob is taken from whichever repository holds it."""
        answer = api("POST", UPLOADS, mount=sha256(CONTENT))

        assert answer.status == 201
        assert api("GET", f"/v2/{NAME}/blobs/{sha256(CONTENT)}").body == CONTENT

    @requires("push.mount.1")
    def test_a_mounted_blob_makes_an_image_whole(self, api: Api) -> None:
        """Content that was mounted counts as pushed, and makes its repository known."""
        api("POST", UPLOADS, mount=sha256(CONTENT), **{"from": SOURCE})

        assert api("GET", f"/v2/{NAME}/tags/list").json == {"name": NAME, "tags": []}
        body = api.push_image(NAME, "v1", layers=(CONTENT,))
        assert api("GET", f"/v2/{NAME}/manifests/v1").body == body

    @requires("push.mount.1", "del.blob.1")
    def test_a_mounted_blob_survives_its_source(self, api: Api) -> None:
        """Deleting the blob in one repository leaves it in the other."""
        api("POST", UPLOADS, mount=sha256(CONTENT), **{"from": SOURCE})

        assert api("DELETE", f"/v2/{SOURCE}/blobs/{sha256(CONTENT)}").status == 202

        assert api("GET", f"/v2/{SOURCE}/blobs/{sha256(CONTENT)}").status == 404
        assert api("GET", f"/v2/{NAME}/blobs/{sha256(CONTENT)}").body == CONTENT

    @requires("push.mount.1")
    def test_from_itself(self, api: Api) -> None:
        """A repository may mount what it already holds."""
        answer = api("POST", f"/v2/{SOURCE}/blobs/uploads/", mount=sha256(CONTENT), **{"from": SOURCE})

        assert answer.status == 201

    @requires("push.mount.4")
    def test_sha512(self, api: Api) -> None:
        """A blob is mounted under the digest that it was pushed under, here sha512."""
        api("POST", f"/v2/{SOURCE}/blobs/uploads/", CONTENT, digest=sha512(CONTENT))

        answer = api("POST", UPLOADS, mount=sha512(CONTENT), **{"from": SOURCE})

        assert answer.status == 201
        assert answer.headers["Docker-Content-Digest"] == sha512(CONTENT)
        assert api("GET", f"/v2/{NAME}/blobs/{sha512(CONTENT)}").body == CONTENT

    @requires("push.mount.1", "push.post.1")
    def test_mount_comes_before_the_digest(self, api: Api) -> None:
        """A POST with both parameters mounts, and needs no body."""
        answer = api("POST", UPLOADS, mount=sha256(CONTENT), digest=sha256(CONTENT), **{"from": SOURCE})

        assert answer.status == 201
        assert api("GET", f"/v2/{NAME}/blobs/{sha256(CONTENT)}").body == CONTENT


class TestFallback:
    @requires("push.mount.3")
    @pytest.mark.parametrize(
        ("digest", "source"),
        [
            (sha256(b"never pushed"), SOURCE),
            (sha256(b"never pushed"), None),
            (sha256(CONTENT), "team/empty"),
            (sha256(CONTENT), "never/pushed"),
            (sha512(CONTENT), SOURCE),
        ],
        ids=["unknown blob", "blob unknown everywhere", "not in the source", "unknown source", "other algorithm"],
    )
    def test_a_session_is_opened_instead(self, api: Api, digest: str, source: str | None) -> None:
        """What cannot be mounted is pushed: the answer is that of a new session, which a PUT finishes."""
        api.push_blob(SOURCE, CONTENT)
        api.push_blob("team/empty", b"something else")
        query = {"from": source} if source else {}

        answer = api("POST", UPLOADS, mount=digest, **query)

        assert answer.status == 202
        location = path_of(answer.headers["Location"])
        assert location == f"{UPLOADS}{answer.headers['Docker-Upload-UUID']}"
        assert api("HEAD", f"/v2/{NAME}/blobs/{digest}").status == 404
        assert api("PUT", location, b"pushed", digest=sha256(b"pushed")).status == 201

    @requires("push.mount.3", "push.post.3")
    def test_a_source_alone_opens_a_session(self, api: Api) -> None:
        """Without a digest to mount, the POST is an ordinary one."""
        answer = api("POST", UPLOADS, **{"from": SOURCE})

        assert answer.status == 202
        assert answer.headers["Location"].startswith(f"http://{HOST}{UPLOADS}")

    @requires("push.mount.2", "push.mount.3")
    def test_deleted_everywhere(self, api: Api) -> None:
        """A blob that every repository deleted is found nowhere."""
        api("DELETE", f"/v2/{SOURCE}/blobs/{sha256(CONTENT)}")

        assert api("POST", UPLOADS, mount=sha256(CONTENT)).status == 202


class TestMalformed:
    @requires("main.4")
    @pytest.mark.parametrize("query", ["mount=sha256:bad", "mount=", f"mount={sha256(b'')}&mount={sha256(b'')}"])
    def test_digest(self, api: Api, query: str) -> None:
        """The digest to mount must be one, and a whole one."""
        answer = api("POST", f"{UPLOADS}?{query}&from={SOURCE}")

        assert answer.status == 400
        assert answer.codes == ["DIGEST_INVALID"]

    @requires("name.1")
    @pytest.mark.parametrize("source", ["Team/Base", "a//b", "a" * 256, "team/base&from=team/base"])
    def test_source(self, api: Api, source: str) -> None:
        """The source must be one name of a repository, of 255 characters at most."""
        longest = api("POST", UPLOADS, mount=sha256(CONTENT), **{"from": "a" * 255})
        assert longest.status == 202

        answer = api("POST", f"{UPLOADS}?mount={sha256(CONTENT)}&from={source}")

        assert answer.status == 400
        assert answer.codes == ["NAME_INVALID"]
