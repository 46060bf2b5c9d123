"""Pulling manifests: GET and HEAD by tag and digest, content negotiation, conditions (end-3)."""

from __future__ import annotations

import pytest
from api import IMAGE, INDEX, Api, encode, image, index, sha256, sha512
from requires import requires

NAME = "team/app"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture(autouse=True)
def body(api: Api) -> bytes:
    """An image in the repository, tagged v1."""
    return api.push_image(NAME, "v1", layers=(b"a layer",))


class TestGet:
    @requires("pull.man.1", "pull.man.3", "pull.man.4", "pull.man.5")
    def test_by_tag_and_by_digest(self, api: Api, body: bytes) -> None:
        """Tag and digest lead to the same bytes, type and digest."""
        for reference in ("v1", sha256(body)):
            answer = api("GET", f"/v2/{NAME}/manifests/{reference}")

            assert answer.status == 200
            assert answer.body == body
            assert answer.headers["Content-Type"] == IMAGE
            assert answer.headers["Docker-Content-Digest"] == sha256(body)

    @requires("pull.man.5", "pull.man.6")
    @pytest.mark.parametrize(
        ("pushed", "served"),
        [
            (f"{IMAGE}", IMAGE),
            (f"{IMAGE}; charset=utf-8", IMAGE),
            (f"{IMAGE};a=b ;c=d", IMAGE),
        ],
    )
    def test_type_is_the_pushed_one_without_parameters(self, api: Api, pushed: str, served: str) -> None:
        """A manifest comes back under the type of its push, never with parameters."""
        api.push_blob(NAME, b"{}")
        api.push_manifest(NAME, image(), "v1", media_type=pushed)

        assert api("GET", f"/v2/{NAME}/manifests/v1").headers["Content-Type"] == served

    @requires("pull.man.5")
    @pytest.mark.parametrize("media_type", [INDEX, DOCKER, "application/vnd.example.thing+json"])
    def test_other_types_are_served_under_their_name(self, api: Api, media_type: str) -> None:
        """Indexes, Docker's manifests and types that nobody knows keep their type."""
        api.push_blob(NAME, b"{}")
        document = {**image(), "manifests": [], "mediaType": media_type}
        digest = api.push_manifest(NAME, document, "v1")

        answer = api("GET", f"/v2/{NAME}/manifests/{digest}")

        assert answer.headers["Content-Type"] == media_type
        assert answer.json == document

    @requires("pull.man.4")
    def test_type_without_any_header_is_the_documents_own(self, api: Api) -> None:
        """A push without Content-Type is served under the mediaType within, or what its fields make of it."""
        api.push_blob(NAME, b"{}")
        bare = {key: value for key, value in image().items() if key != "mediaType"}
        for tag, document in (("image", image()), ("index", index()), ("bare", bare)):
            assert api("PUT", f"/v2/{NAME}/manifests/{tag}", encode(document)).status == 201

        types = [
            api("GET", f"/v2/{NAME}/manifests/{tag}").headers["Content-Type"] for tag in ("image", "index", "bare")
        ]
        assert types == [IMAGE, INDEX, IMAGE]

    @requires("pull.man.1", "pull.man.3")
    def test_sha512_manifest_by_digest_and_by_tag(self, api: Api) -> None:
        """A manifest pushed under sha512 tells that digest, also when a tag leads to it, and has no other."""
        api.push_blob(NAME, b"{}")
        body = encode(image())
        digest = sha512(body)
        pushed = api("PUT", f"/v2/{NAME}/manifests/{digest}?tag=v1", body, headers={"Content-Type": IMAGE})
        assert pushed.status == 201

        for reference in (digest, "v1"):
            answer = api("GET", f"/v2/{NAME}/manifests/{reference}")
            assert answer.body == body
            assert answer.headers["Docker-Content-Digest"] == digest
        assert api("GET", f"/v2/{NAME}/manifests/{sha256(body)}").codes == ["MANIFEST_UNKNOWN"]

    @requires("pull.man.1")
    def test_a_moved_tag_leaves_its_old_digest_pullable(self, api: Api, body: bytes) -> None:
        """Once a tag moves to another manifest, the one that it left is still there by digest."""
        newer = api.push_image(NAME, "v1", layers=(b"another layer",))

        assert api("GET", f"/v2/{NAME}/manifests/v1").body == newer
        assert api("GET", f"/v2/{NAME}/manifests/{sha256(body)}").body == body

    @requires("pull.man.2")
    @pytest.mark.parametrize("reference", ["v2", "V1", sha256(b"never pushed"), sha512(b"never pushed")])
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_unknown_reference(self, api: Api, method: str, reference: str) -> None:
        """A tag or digest that the repository does not have is MANIFEST_UNKNOWN."""
        answer = api(method, f"/v2/{NAME}/manifests/{reference}")

        assert answer.status == 404
        if method == "GET":
            assert answer.codes == ["MANIFEST_UNKNOWN"]

    @requires("pull.man.2")
    def test_manifest_of_another_repository(self, api: Api, body: bytes) -> None:
        """What one repository holds is not found in another."""
        api.push_image("team/other")

        answer = api("GET", f"/v2/team/other/manifests/{sha256(body)}")

        assert answer.status == 404
        assert answer.codes == ["MANIFEST_UNKNOWN"]

    @requires("pull.man.2")
    def test_a_blob_is_no_manifest(self, api: Api, body: bytes) -> None:
        """The digest of a blob leads nowhere among the manifests, nor the other way round."""
        assert api("GET", f"/v2/{NAME}/manifests/{sha256(b'a layer')}").codes == ["MANIFEST_UNKNOWN"]
        assert api("GET", f"/v2/{NAME}/blobs/{sha256(body)}").codes == ["BLOB_UNKNOWN"]

    @requires("pull.repo.1")
    @pytest.mark.parametrize("reference", ["v1", sha256(b"never pushed")])
    def test_unknown_repository(self, api: Api, reference: str) -> None:
        """Where nothing was ever pushed, the repository itself is unknown."""
        answer = api("GET", f"/v2/never/pushed/manifests/{reference}")

        assert answer.status == 404
        assert answer.codes == ["NAME_UNKNOWN"]

    @requires("main.1")
    def test_range_means_nothing_for_a_manifest(self, api: Api, body: bytes) -> None:
        """Parts are offered of blobs only: a manifest comes whole."""
        answer = api("GET", f"/v2/{NAME}/manifests/v1", headers={"Range": "bytes=0-3"})

        assert answer.status == 200
        assert answer.body == body


class TestHead:
    @requires("pull.head.1", "pull.head.2", "pull.head.3", "pull.man.4")
    def test_head_tells_what_get_sends(self, api: Api, body: bytes) -> None:
        """HEAD has the headers and the length of GET, and no body."""
        for reference in ("v1", sha256(body)):
            get, head = (api(method, f"/v2/{NAME}/manifests/{reference}") for method in ("GET", "HEAD"))

            assert head.status == 200
            assert head.body == b""
            assert head.length == len(body)
            assert list(head.headers) == list(get.headers)
            assert head.headers["Docker-Content-Digest"] == sha256(body)
            assert head.headers["Content-Type"] == IMAGE

    @requires("pull.head.4", "pull.repo.1")
    @pytest.mark.parametrize("path", [f"{NAME}/manifests/v2", "never/pushed/manifests/v1"])
    def test_head_of_what_is_missing(self, api: Api, path: str) -> None:
        """HEAD of an unknown manifest or repository is 404, without a body."""
        answer = api("HEAD", f"/v2/{path}")

        assert answer.status == 404
        assert answer.body == b""


class TestAccept:
    @requires("pull.man.1", "main.1")
    @pytest.mark.parametrize(
        "lines",
        [
            [],
            ["*/*"],
            ["application/*"],
            [IMAGE],
            [IMAGE.upper()],
            [f"{INDEX}, {IMAGE}"],
            [INDEX, IMAGE],
            [INDEX, DOCKER, f" {IMAGE} ; q=0.5"],
            ["text/html;q=1, */*;q=0.001"],
            ["application/*;q=0", IMAGE],
            [f"*/*;q=0, {IMAGE};q=0.1"],
        ],
        ids=", ".join,
    )
    def test_accepted(self, api: Api, body: bytes, lines: list[str]) -> None:
        """Several lines count as one list, wildcards match, and the most specific member decides."""
        answer = api("GET", f"/v2/{NAME}/manifests/v1", headers=[("Accept", line) for line in lines])

        assert answer.status == 200
        assert answer.body == body

    @requires("pull.man.2", "main.1")
    @pytest.mark.parametrize(
        "lines",
        [
            [INDEX],
            [INDEX, DOCKER],
            ["text/*"],
            [f"{IMAGE};q=0"],
            [f"*/*, {IMAGE};q=0"],
            ["*/*", "application/*;q=0.0"],
            [f"{IMAGE}x"],
        ],
        ids=", ".join,
    )
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_not_accepted(self, api: Api, method: str, lines: list[str]) -> None:
        """A manifest of a type that the client does not take is not found."""
        answer = api(method, f"/v2/{NAME}/manifests/v1", headers=[("Accept", line) for line in lines])

        assert answer.status == 404
        if method == "GET":
            assert answer.codes == ["MANIFEST_UNKNOWN"]

    @requires("err.5")
    def test_what_is_accepted_is_told(self, api: Api) -> None:
        """The refusal says which type the manifest has, and which ones the client named."""
        answer = api("GET", f"/v2/{NAME}/manifests/v1", headers={"Accept": f"{INDEX}, text/*;q=0.5"})

        message = answer.json["errors"][0]["message"]
        assert IMAGE in message
        assert f"{INDEX}, text/*;q=0.5" in message


class TestConditions:
    @requires("main.1")
    @pytest.mark.parametrize("form", ['"{0}"', 'W/"{0}"', '"other", "{0}"', '"other",W/"{0}"', "*"])
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_known_content_is_not_sent_again(self, api: Api, body: bytes, method: str, form: str) -> None:
        """A client that names the entity tag it has, weak, strong, in a list or as *, gets a 304 without a body."""
        first = api("GET", f"/v2/{NAME}/manifests/v1")
        etag = first.headers["ETag"]
        assert etag == f'"{sha256(body)}"'

        condition = form.format(etag.strip('"'))
        answer = api(method, f"/v2/{NAME}/manifests/v1", headers={"If-None-Match": condition})

        assert answer.status == 304
        assert answer.body == b""
        assert answer.headers["ETag"] == etag

    @requires("main.1")
    def test_several_lines_are_one_list(self, api: Api, body: bytes) -> None:
        """Entity tags may stand on several lines."""
        lines = [("If-None-Match", '"other"'), ("If-None-Match", f'"{sha256(body)}"')]

        assert api("GET", f"/v2/{NAME}/manifests/v1", headers=lines).status == 304

    @requires("main.1")
    @pytest.mark.parametrize("condition", ['"other"', f'"{sha256(b"other")}"', "", 'W/"*"'])
    def test_other_content_is_sent(self, api: Api, body: bytes, condition: str) -> None:
        """Any other entity tag gets the manifest."""
        answer = api("GET", f"/v2/{NAME}/manifests/v1", headers={"If-None-Match": condition})

        assert answer.status == 200
        assert answer.body == body

    @requires("main.1")
    def test_a_moved_tag_is_sent(self, api: Api, body: bytes) -> None:
        """Once the tag moved, the old entity tag does not match any more."""
        newer = api.push_image(NAME, "v1", layers=(b"another layer",))

        answer = api("GET", f"/v2/{NAME}/manifests/v1", headers={"If-None-Match": f'"{sha256(body)}"'})

        assert answer.status == 200
        assert answer.body == newer

    @requires("pull.man.2", "main.1")
    def test_what_is_missing_stays_missing(self, api: Api) -> None:
        """A condition does not make a manifest exist."""
        assert api("GET", f"/v2/{NAME}/manifests/v2", headers={"If-None-Match": "*"}).status == 404


class TestNamespace:
    @requires("main.ns.1", "main.ns.2")
    def test_upstream_host_is_ignored(self, api: Api, body: bytes) -> None:
        """A pull that names the host which the content is from gets it; as the name is not heeded, none is echoed."""
        blob = f"/v2/{NAME}/blobs/{sha256(b'a layer')}"
        for path, content in ((f"/v2/{NAME}/manifests/v1", body), (blob, b"a layer")):
            answer = api("GET", path, ns="upstream.test")

            assert answer.status == 200
            assert answer.body == content
            assert "OCI-Namespace" not in answer.headers
