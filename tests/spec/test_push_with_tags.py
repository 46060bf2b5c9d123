"""Pushing a manifest by digest and setting tags on it at once (end-7b)."""

from __future__ import annotations

import pytest
from api import IMAGE, Answer, Api, encode, image, sha256, sha512
from requires import requires

NAME = "team/app"


@pytest.fixture(autouse=True)
def config(api: Api) -> None:
    """The config of the smallest image, pushed beforehand."""
    api.push_blob(NAME, b"{}")


def put(api: Api, body: bytes, reference: str = "v1", media_type: str = IMAGE) -> Answer:
    return api("PUT", f"/v2/{NAME}/manifests/{reference}", body, headers={"Content-Type": media_type})


def pulled(api: Api, reference: str) -> bytes:
    answer = api("GET", f"/v2/{NAME}/manifests/{reference}")
    assert answer.status == 200, answer
    return answer.body


def named_tags(answer: Answer) -> list[str]:
    """The tags of all OCI-Tag headers, which may stand on lines or between commas."""
    return [tag.strip() for line in answer.headers.getall("OCI-Tag", []) for tag in line.split(",")]


class TestSeveralTags:
    @requires("main.tag.1", "main.tag.2", "main.tag.3", "main.tag.4")
    @pytest.mark.parametrize("count", [1, 10, 200])
    @pytest.mark.parametrize("algorithm", [sha256, sha512])
    def test_tags_of_a_push_by_digest(self, api: Api, algorithm, count: int) -> None:
        """Every `tag` of the query is set, however many, and named in the answer."""
        body, tags = encode(image()), [f"v{number}" for number in range(count)]
        digest = algorithm(body)

        answer = put(api, body, f"{digest}?{'&'.join(f'tag={tag}' for tag in tags)}")

        assert answer.status == 201
        assert answer.headers["Docker-Content-Digest"] == digest
        assert named_tags(answer) == tags
        assert api("GET", f"/v2/{NAME}/tags/list").json["tags"] == sorted(tags)
        for tag in tags:
            pull = api("GET", f"/v2/{NAME}/manifests/{tag}")
            assert (pull.body, pull.headers["Docker-Content-Digest"]) == (body, digest)

    @requires("main.tag.1")
    def test_tags_move(self, api: Api) -> None:
        """A tag that is on another manifest moves, as in a push by tag."""
        put(api, encode(image()))
        newer = encode(image(annotations={"version": "2"}))

        put(api, newer, f"{sha256(newer)}?tag=v1&tag=v2&tag=v2")

        assert pulled(api, "v1") == pulled(api, "v2") == newer
        assert api("GET", f"/v2/{NAME}/tags/list").json["tags"] == ["v1", "v2"]

    @requires("main.tag.1", "name.2")
    @pytest.mark.parametrize("bad", [".v1", "a" * 129, "", "a%20b"])
    def test_one_bad_tag_refuses_all(self, api: Api, bad: str) -> None:
        """A tag that breaks the grammar is a bad request, and nothing of the push is stored."""
        body = encode(image())

        answer = put(api, body, f"{sha256(body)}?tag=good&tag={bad}")

        assert answer.status == 400
        assert answer.codes == ["NAME_INVALID"]
        assert api("GET", f"/v2/{NAME}/tags/list").json["tags"] == []
        assert api("HEAD", f"/v2/{NAME}/manifests/{sha256(body)}").status == 404

    @requires("main.tag.1")
    def test_only_by_digest(self, api: Api) -> None:
        """Tags cannot be added to a push by tag."""
        answer = put(api, encode(image()), "v1?tag=v2")

        assert answer.status == 400
        assert answer.codes == ["NAME_INVALID"]
        assert api("GET", f"/v2/{NAME}/tags/list").json["tags"] == []

    @requires("main.tag.4")
    def test_a_push_without_tags_names_none(self, api: Api) -> None:
        """OCI-Tag belongs to the answer of a push that named tags."""
        assert "OCI-Tag" not in put(api, encode(image())).headers
