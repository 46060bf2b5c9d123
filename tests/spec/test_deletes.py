"""Content management: deleting tags, manifests and blobs (end-9, end-10)."""

from __future__ import annotations

import pytest
from api import INDEX, Answer, Api, encode, index, sha256
from requires import requires

NAME = "team/app"


@pytest.fixture
def body(api: Api) -> bytes:
    """An image in the repository, tagged v1 and v2."""
    pushed = api.push_image(NAME, "v1", layers=(b"a layer",))
    api.push_manifest(NAME, pushed, "v2")
    return pushed


def delete(api: Api, reference: str) -> Answer:
    return api("DELETE", f"/v2/{NAME}/manifests/{reference}")


def tags(api: Api) -> list[str]:
    return api("GET", f"/v2/{NAME}/tags/list").json["tags"]


class TestTags:
    @requires("del.tag.1", "del.tag.2")
    def test_a_tag_is_deleted_alone(self, api: Api, body: bytes) -> None:
        """A deleted tag is gone; the other tag, the manifest and its blobs are as they were."""
        answer = delete(api, "v1")

        assert answer.status == 202
        assert answer.body == b""
        assert api("GET", f"/v2/{NAME}/manifests/v1").codes == ["MANIFEST_UNKNOWN"]
        assert tags(api) == ["v2"]
        assert api("GET", f"/v2/{NAME}/manifests/v2").body == body
        assert api("GET", f"/v2/{NAME}/manifests/{sha256(body)}").body == body

    @requires("del.tag.2")
    def test_the_last_tag_leaves_the_digest(self, api: Api, body: bytes) -> None:
        """A manifest without tags is still pulled by digest."""
        for tag in ("v1", "v2"):
            assert delete(api, tag).status == 202

        assert tags(api) == []
        assert api("GET", f"/v2/{NAME}/manifests/{sha256(body)}").body == body
        assert api("GET", f"/v2/{NAME}/blobs/{sha256(b'a layer')}").body == b"a layer"

    @requires("del.tag.1")
    def test_a_deleted_tag_can_be_pushed_again(self, api: Api, body: bytes) -> None:
        """A name is free once its tag is gone."""
        delete(api, "v1")
        newer = api.push_image(NAME, "v1")

        assert api("GET", f"/v2/{NAME}/manifests/v1").body == newer
        assert api("GET", f"/v2/{NAME}/manifests/v2").body == body

    @requires("del.3", "del.tag.2")
    def test_unknown_tag(self, api: Api, body: bytes) -> None:
        """A tag that never was, or is gone already, cannot be deleted."""
        delete(api, "v1")

        for reference in ("v3", "v1"):
            answer = delete(api, reference)
            assert answer.status == 404
            assert answer.codes == ["MANIFEST_UNKNOWN"]
        assert api("GET", f"/v2/{NAME}/manifests/v2").body == body


class TestManifests:
    @requires("del.man.1", "del.man.2")
    def test_a_manifest_goes_with_its_tags(self, api: Api, body: bytes) -> None:
        """A deleted digest is gone, and so is every tag on it; tags on others and all blobs stay."""
        other = api.push_image(NAME, "other")

        answer = delete(api, sha256(body))

        assert answer.status == 202
        assert answer.body == b""
        for reference in (sha256(body), "v1", "v2"):
            assert api("GET", f"/v2/{NAME}/manifests/{reference}").codes == ["MANIFEST_UNKNOWN"]
            assert api("HEAD", f"/v2/{NAME}/manifests/{reference}").status == 404
        assert tags(api) == ["other"]
        assert api("GET", f"/v2/{NAME}/manifests/other").body == other
        assert api("GET", f"/v2/{NAME}/blobs/{sha256(b'a layer')}").body == b"a layer"

    @requires("del.man.2")
    def test_a_tag_that_moved_away_stays(self, api: Api, body: bytes) -> None:
        """Only the tags that are on the manifest at that moment go with it."""
        newer = api.push_image(NAME, "v1")

        delete(api, sha256(body))

        assert tags(api) == ["v1"]
        assert api("GET", f"/v2/{NAME}/manifests/v1").body == newer

    @requires("del.man.2", "del.tag.2")
    def test_a_tag_that_was_deleted_and_pushed_elsewhere_stays(self, api: Api, body: bytes) -> None:
        """A manifest does not take along a tag that was once deleted from it and is on another now."""
        delete(api, "v1")
        newer = api.push_image(NAME, "v1")

        delete(api, sha256(body))

        assert tags(api) == ["v1"]
        assert api("GET", f"/v2/{NAME}/manifests/v1").body == newer

    @requires("del.man.1")
    def test_a_deleted_manifest_can_be_pushed_again(self, api: Api, body: bytes) -> None:
        """It comes back with the tag that it is pushed under, and without its other former tag."""
        delete(api, sha256(body))
        api.push_manifest(NAME, body, "v1")

        assert api("GET", f"/v2/{NAME}/manifests/v1").body == body
        assert api("GET", f"/v2/{NAME}/manifests/v2").status == 404
        assert tags(api) == ["v1"]

    @requires("del.man.1")
    def test_a_child_of_an_index(self, api: Api, body: bytes) -> None:
        """What an index lists can be deleted; keeping the index whole is up to the client."""
        listing = encode(index(body))
        api.push_manifest(NAME, listing, "all")

        assert delete(api, sha256(body)).status == 202
        assert api("GET", f"/v2/{NAME}/manifests/all", headers={"Accept": INDEX}).body == listing

    @requires("del.3")
    def test_unknown_digest(self, api: Api, body: bytes) -> None:
        """A digest that never was, or is gone already, cannot be deleted."""
        delete(api, sha256(body))

        for digest in (sha256(b"never pushed"), sha256(body), sha256(b"a layer")):
            answer = delete(api, digest)
            assert answer.status == 404
            assert answer.codes == ["MANIFEST_UNKNOWN"]

    @requires("del.man.3")
    @pytest.mark.parametrize("reference", ["v1", sha256(b"never pushed")])
    def test_unknown_repository(self, api: Api, reference: str) -> None:
        """Where nothing was pushed, nothing can be deleted."""
        answer = api("DELETE", f"/v2/never/pushed/manifests/{reference}")

        assert answer.status == 404
        assert answer.codes == ["NAME_UNKNOWN"]


class TestBlobs:
    @requires("del.blob.1")
    def test_a_blob_is_deleted(self, api: Api) -> None:
        """A deleted blob is gone from its repository at once, and can be pushed again."""
        digest = api.push_blob(NAME, b"blob")

        answer = api("DELETE", f"/v2/{NAME}/blobs/{digest}")

        assert answer.status == 202
        assert answer.body == b""
        assert api("GET", f"/v2/{NAME}/blobs/{digest}").codes == ["BLOB_UNKNOWN"]
        assert api("HEAD", f"/v2/{NAME}/blobs/{digest}").status == 404
        api.push_blob(NAME, b"blob")
        assert api("GET", f"/v2/{NAME}/blobs/{digest}").body == b"blob"

    @requires("del.blob.1")
    def test_a_blob_that_an_image_needs(self, api: Api, body: bytes) -> None:
        """What a manifest refers to can be deleted; the manifest stays, and cannot be pushed anew without it."""
        assert api("DELETE", f"/v2/{NAME}/blobs/{sha256(b'a layer')}").status == 202

        assert api("GET", f"/v2/{NAME}/manifests/v1").body == body
        again = api("PUT", f"/v2/{NAME}/manifests/v3", body)
        assert again.codes == ["MANIFEST_BLOB_UNKNOWN"]

    @requires("del.blob.1")
    def test_other_repositories_keep_theirs(self, api: Api) -> None:
        """The same blob in another repository is not touched."""
        for name in (NAME, "team/other"):
            digest = api.push_blob(name, b"blob")

        api("DELETE", f"/v2/{NAME}/blobs/{digest}")

        assert api("GET", f"/v2/team/other/blobs/{digest}").body == b"blob"

    @requires("del.blob.2")
    def test_unknown_blob(self, api: Api, body: bytes) -> None:
        """A blob that never was, or is gone already, cannot be deleted; nor can a manifest, as a blob."""
        gone = api.push_blob(NAME, b"blob")
        api("DELETE", f"/v2/{NAME}/blobs/{gone}")

        for digest in (sha256(b"never pushed"), gone, sha256(body)):
            answer = api("DELETE", f"/v2/{NAME}/blobs/{digest}")
            assert answer.status == 404
            assert answer.codes == ["BLOB_UNKNOWN"]
        assert api("GET", f"/v2/{NAME}/manifests/v1").body == body

    @requires("del.blob.2", "del.man.3")
    def test_unknown_repository(self, api: Api) -> None:
        """Where nothing was pushed, nothing can be deleted."""
        answer = api("DELETE", f"/v2/never/pushed/blobs/{sha256(b'')}")

        assert answer.status == 404
        assert answer.codes == ["NAME_UNKNOWN"]

    @requires("del.blob.2", "main.4")
    @pytest.mark.parametrize("digest", ["sha256:bad", "blob"])
    def test_malformed_digest(self, api: Api, digest: str) -> None:
        """What is no digest is a bad request."""
        api.push_blob(NAME, b"blob")

        answer = api("DELETE", f"/v2/{NAME}/blobs/{digest}")

        assert answer.status == 400
        assert answer.codes == ["DIGEST_INVALID"]


class TestSwitchedOff:
    @requires("del.1", "del.2")
    def test_all_deletes(self, api: Api, body: bytes) -> None:
        """With deletes off every kind is refused as unsupported, and nothing is gone."""
        off = api.with_settings(deletes="off")

        paths = ("manifests/v1", f"manifests/{sha256(body)}", f"blobs/{sha256(b'a layer')}")
        for path in paths:
            answer = off("DELETE", f"/v2/{NAME}/{path}")

            assert answer.status == 405
            assert answer.codes == ["UNSUPPORTED"]
        assert [off("GET", f"/v2/{NAME}/{path}").body for path in paths] == [body, body, b"a layer"]

    @requires("del.1", "del.2")
    def test_tags_alone(self, api: Api, body: bytes) -> None:
        """With tag deletes off a tag goes only with its manifest."""
        off = api.with_settings(tag_deletes="off")

        answer = delete(off, "v1")

        assert answer.status == 405
        assert answer.codes == ["UNSUPPORTED"]
        assert off("GET", f"/v2/{NAME}/manifests/v1").body == body
        assert off("DELETE", f"/v2/{NAME}/blobs/{sha256(b'a layer')}").status == 202
        assert delete(off, sha256(body)).status == 202
        assert tags(off) == []

    @requires("main.cancel.1")
    def test_cancelling_an_upload_is_no_delete(self) -> None:
        """A session can be dropped where content cannot be deleted."""
        upload = Api.of(deletes="off").start_upload(NAME)

        assert upload.cancel().status == 204
