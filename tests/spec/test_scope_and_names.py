"""Scope, and the grammar of names, tags and references."""

from __future__ import annotations

import pytest
from api import HOST, IMAGE, Api, encode, image, sha256
from requires import requires

from fakereg.double.exchange import Exchange
from fakereg.double.pipeline import STEPS, Pipeline
from fakereg.oci.errors import Unauthorized
from fakereg.registry.endpoints import ENDPOINTS

NAME = "team/app"
ZERO = "sha256:" + "0" * 64

# The endpoint table of the specification, written out again: method, an address of it, id.
ADDRESSES = [
    ("GET", "/v2/", "end-1"),
    ("HEAD", "/v2/", "end-1"),
    ("GET", f"/v2/{NAME}/blobs/{ZERO}", "end-2"),
    ("HEAD", f"/v2/{NAME}/blobs/{ZERO}", "end-2"),
    ("GET", f"/v2/{NAME}/manifests/v1", "end-3"),
    ("HEAD", f"/v2/{NAME}/manifests/{ZERO}", "end-3"),
    ("POST", f"/v2/{NAME}/blobs/uploads/", "end-4a"),
    ("POST", f"/v2/{NAME}/blobs/uploads/?digest={ZERO}", "end-4b"),
    ("POST", f"/v2/{NAME}/blobs/uploads/?digest-algorithm=sha512", "end-4c"),
    ("PATCH", f"/v2/{NAME}/blobs/uploads/some-session", "end-5"),
    ("PUT", f"/v2/{NAME}/blobs/uploads/some-session?digest={ZERO}", "end-6"),
    ("PUT", f"/v2/{NAME}/manifests/v1", "end-7a"),
    ("PUT", f"/v2/{NAME}/manifests/{ZERO}?tag=v1&tag=v2", "end-7b"),
    ("GET", f"/v2/{NAME}/tags/list", "end-8a"),
    ("GET", f"/v2/{NAME}/tags/list?n=10&last=v1", "end-8b"),
    ("DELETE", f"/v2/{NAME}/manifests/v1", "end-9"),
    ("DELETE", f"/v2/{NAME}/blobs/{ZERO}", "end-10"),
    ("POST", f"/v2/{NAME}/blobs/uploads/?mount={ZERO}&from=team/base", "end-11"),
    ("GET", f"/v2/{NAME}/referrers/{ZERO}", "end-12a"),
    ("GET", f"/v2/{NAME}/referrers/{ZERO}?artifactType=application/spdx%2Bjson", "end-12b"),
    ("GET", f"/v2/{NAME}/blobs/uploads/some-session", "end-13"),
    ("DELETE", f"/v2/{NAME}/blobs/uploads/some-session", "end-14"),
]


class TestScope:
    @requires("scope.3")
    @pytest.mark.parametrize(("method", "target", "endpoint"), ADDRESSES, ids=lambda value: value.partition("?")[0])
    def test_every_endpoint_is_routed(self, api: Api, method: str, target: str, endpoint: str) -> None:
        """Each row of the specification's endpoint table is an endpoint of its own here."""
        answer = api(method, target)

        (entry,) = api.pipeline.journal
        assert [row.id for row in ENDPOINTS if row.name == entry.endpoint] == [endpoint]
        assert answer.status != 405

    @requires("scope.1", "scope.2")
    def test_an_image_can_be_pushed_discovered_pulled_and_deleted(self, api: Api) -> None:
        """All four categories work together on one image."""
        body = api.push_image(NAME, "v1", layers=(b"a layer",))

        assert api("GET", f"/v2/{NAME}/tags/list").json == {"name": NAME, "tags": ["v1"]}
        assert api("GET", f"/v2/{NAME}/manifests/v1").body == body
        assert api("HEAD", f"/v2/{NAME}/manifests/v1").status == 200
        assert api("GET", f"/v2/{NAME}/blobs/{sha256(b'a layer')}").body == b"a layer"
        assert api("HEAD", f"/v2/{NAME}/blobs/{sha256(b'a layer')}").status == 200
        assert api("DELETE", f"/v2/{NAME}/manifests/{sha256(body)}").status == 202
        assert api("GET", f"/v2/{NAME}/tags/list").json == {"name": NAME, "tags": []}

    @requires("scope.4")
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    @pytest.mark.parametrize("path", ["/v2/", "/v2"])
    def test_the_api_is_announced(self, api: Api, method: str, path: str) -> None:
        """A registry answers 200 on /v2/, which tells a client that it speaks this API."""
        answer = api(method, path)

        assert answer.status == 200
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.body == (b"{}" if method == "GET" else b"")

    @requires("scope.4")
    def test_the_api_may_ask_who_is_there(self, api: Api) -> None:
        """Where credentials are demanded, /v2/ answers 401 and says which."""

        def demand(exchange: Exchange) -> None:
            raise Unauthorized("credentials, please", headers={"WWW-Authenticate": 'Basic realm="test"'})

        answer = Api(Pipeline(api.pipeline.registry, (demand, *STEPS)))("GET", "/v2/")

        assert answer.status == 401
        assert answer.codes == ["UNAUTHORIZED"]
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="test"'

    @requires("scope.3")
    @pytest.mark.parametrize("path", ["/", "/v1/", "/v2/team/app", "/v2/team/app/tags", "/v3/team/app/tags/list"])
    def test_other_paths_are_unsupported(self, api: Api, path: str) -> None:
        """What is no endpoint of the API is a 404 that says so."""
        answer = api("GET", path)

        assert answer.status == 404
        assert answer.codes == ["UNSUPPORTED"]

    @requires("scope.3", "main.1")
    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("POST", "/v2/", "GET, HEAD"),
            ("PUT", f"/v2/{NAME}/blobs/{ZERO}", "DELETE, GET, HEAD"),
            ("POST", f"/v2/{NAME}/manifests/v1", "DELETE, GET, HEAD, PUT"),
            ("DELETE", f"/v2/{NAME}/tags/list", "GET"),
            ("GET", f"/v2/{NAME}/blobs/uploads/", "POST"),
            ("POST", f"/v2/{NAME}/blobs/uploads/some-session", "DELETE, GET, PATCH, PUT"),
        ],
    )
    def test_other_methods_are_unsupported(self, api: Api, method: str, path: str, allowed: str) -> None:
        """A path that knows no such method answers 405 with those that it knows."""
        answer = api(method, path)

        assert answer.status == 405
        assert answer.headers["Allow"] == allowed
        assert answer.codes == ["UNSUPPORTED"]


class TestRepositoryNames:
    @requires("name.1")
    @pytest.mark.parametrize(
        "name",
        ["a", "0", "app", "team/app", "a__b", "a_b", "a-b", "a--b", "a---b", "a.b", "a/b.c/d-e_f__g--h", "1/2/3"],
    )
    def test_valid_name_takes_an_image(self, api: Api, name: str) -> None:
        """Parts may be joined by a dot, one or two underscores, or any number of dashes."""
        body = api.push_image(name, "v1")

        assert api("GET", f"/v2/{name}/manifests/v1").body == body
        assert api("GET", f"/v2/{name}/tags/list").json == {"name": name, "tags": ["v1"]}

    @requires("name.1")
    @pytest.mark.parametrize(
        "name",
        [
            "A",
            "team/App",
            "a..b",
            "a___b",
            "a._b",
            "a-.b",
            "-a",
            "a-",
            "_a",
            "a_",
            ".a",
            "a.",
            "a//b",
            "/a",
            "a/",
            "",
            "ä",
        ],
    )
    @pytest.mark.parametrize(
        ("method", "rest"),
        [
            ("GET", "manifests/v1"),
            ("PUT", "manifests/v1"),
            ("DELETE", "manifests/v1"),
            ("GET", f"blobs/{ZERO}"),
            ("DELETE", f"blobs/{ZERO}"),
            ("POST", "blobs/uploads/"),
            ("PATCH", "blobs/uploads/some-session"),
            ("GET", "tags/list"),
            ("GET", f"referrers/{ZERO}"),
        ],
    )
    def test_invalid_name_is_refused_everywhere(self, api: Api, name: str, method: str, rest: str) -> None:
        """A name that breaks the grammar is a bad request on every endpoint."""
        answer = api(method, f"/v2/{name}/{rest}")

        assert answer.status == 400
        assert answer.codes == ["NAME_INVALID"]

    @requires("name.4")
    def test_the_longest_name_counts_the_host(self, api: Api) -> None:
        """Host, port, a slash and the name may have 255 characters, not one more."""
        longest = "a" * (255 - len(HOST) - 1)

        assert api("POST", f"/v2/{longest}/blobs/uploads/").status == 202
        answer = api("POST", f"/v2/{longest}a/blobs/uploads/")
        assert answer.status == 400
        assert answer.codes == ["NAME_INVALID"]

    @requires("name.1")
    def test_a_name_may_look_like_an_endpoint(self, api: Api) -> None:
        """The last words of a path tell the endpoint, whatever words the name has."""
        for name in ("tags/list", "blobs/uploads", "manifests/v1", "team/referrers"):
            body = api.push_image(name, "v1")

            assert api("GET", f"/v2/{name}/manifests/v1").body == body


class TestTagsAndReferences:
    @requires("name.2")
    @pytest.mark.parametrize("tag", ["v1", "_", "9", "A", "V1.2-rc_3", "a" * 128, "__", "a..b--c", "latest"])
    def test_valid_tag_is_kept_as_it_is(self, api: Api, tag: str) -> None:
        """A tag is up to 128 letters of either case, digits, dots, underscores and dashes."""
        body = api.push_image(NAME, tag)

        assert api("GET", f"/v2/{NAME}/manifests/{tag}").body == body
        assert api("GET", f"/v2/{NAME}/tags/list").json["tags"] == [tag]

    @requires("name.2")
    def test_tags_of_different_case_are_different(self, api: Api) -> None:
        """Upper and lower case are not the same tag."""
        lower, upper = api.push_image(NAME, "v1"), api.push_image(NAME, "V1", layers=(b"other",))

        assert api("GET", f"/v2/{NAME}/manifests/v1").body == lower
        assert api("GET", f"/v2/{NAME}/manifests/V1").body == upper

    @requires("name.2", "name.3")
    @pytest.mark.parametrize("tag", ["a" * 129, ".a", "-a", "a+b", "a%20b", "ä", "a@b"])
    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_invalid_tag_is_refused(self, api: Api, method: str, tag: str) -> None:
        """A tag that is too long, starts with a dot or dash, or has another character is a bad request."""
        api.push_image(NAME)

        answer = api(method, f"/v2/{NAME}/manifests/{tag}", encode(image()), headers={"Content-Type": IMAGE})

        assert answer.status == 400
        assert answer.codes == ["NAME_INVALID"]
        assert api("GET", f"/v2/{NAME}/tags/list").json["tags"] == []

    @requires("name.3")
    @pytest.mark.parametrize("digest", ["sha256:bad", "sha256:", f"sha256:{'A' * 64}", f"md5:{'0' * 32}", ":", "a:b"])
    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_invalid_digest_is_refused(self, api: Api, method: str, digest: str) -> None:
        """What has a colon is a digest, and must be a whole one of a known algorithm."""
        api.push_image(NAME)

        answer = api(method, f"/v2/{NAME}/manifests/{digest}", encode(image()), headers={"Content-Type": IMAGE})

        assert answer.status == 400
        assert answer.codes == ["DIGEST_INVALID"]
