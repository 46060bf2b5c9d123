"""Pushing what is no manifest, or not of the type that the push names (end-7a)."""

from __future__ import annotations

from typing import Any

import pytest
from api import CONFIG, IMAGE, INDEX, LAYER, Answer, Api, descriptor, encode, image, index, sha256
from requires import requires

NAME = "team/app"
WHOLE = encode(image())


@pytest.fixture(autouse=True)
def config(api: Api) -> None:
    """The config of the smallest image, so that nothing is refused for missing it."""
    api.push_blob(NAME, b"{}")


def put(api: Api, body: bytes, media_type: str = IMAGE) -> Answer:
    return api("PUT", f"/v2/{NAME}/manifests/v1", body, headers={"Content-Type": media_type})


def assert_refused(api: Api, answer: Answer) -> None:
    assert answer.status == 400
    assert answer.codes == ["MANIFEST_INVALID"]
    assert api("HEAD", f"/v2/{NAME}/manifests/v1").status == 404


class TestDocuments:
    @requires("push.man.1")
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"not JSON",
            b"[]",
            b'"text"',
            b"\xff\xfe",
            WHOLE[:-1],
            WHOLE + b"}",
            b"[" * 100_000,
            WHOLE.replace(b'"layers"', b'"extra": NaN, "layers"'),
            WHOLE.replace(b'"layers"', b'"extra": {"a": 1, "a": 2}, "layers"'),
        ],
        ids=["empty", "text", "list", "string", "not UTF-8", "cut", "too long", "deep", "NaN", "key twice"],
    )
    @pytest.mark.parametrize("media_type", [IMAGE, INDEX, "application/vnd.example"])
    def test_not_a_json_object(self, api: Api, media_type: str, body: bytes) -> None:
        """Whatever its type, a manifest is a JSON object that every reader reads alike."""
        assert_refused(api, put(api, body, media_type))

    @requires("push.man.1")
    @pytest.mark.parametrize(
        "fields",
        [
            {"schemaVersion": 1},
            {"schemaVersion": "2"},
            {"schemaVersion": None},
            {"config": None},
            {"layers": None},
            {"layers": {}},
            {"layers": [None]},
            {"layers": [descriptor(b"{}"), "text"]},
            {"subject": {"digest": sha256(b"")}},
            {"annotations": {"number": 1}},
            {"annotations": ["a"]},
            {"artifactType": 1},
            {"mediaType": 1},
        ],
        ids=str,
    )
    def test_field_of_an_image(self, api: Api, fields: dict[str, Any]) -> None:
        """A field that a registry reads must be there, and of its kind."""
        assert_refused(api, put(api, encode({**image(), **fields})))

    @requires("push.man.1")
    @pytest.mark.parametrize(
        "fields",
        [
            {"schemaVersion": 1},
            {"manifests": None},
            {"manifests": [{}]},
            {"annotations": {"a": None}},
            {"artifactType": []},
        ],
        ids=str,
    )
    def test_field_of_an_index(self, api: Api, fields: dict[str, Any]) -> None:
        """So must those of an index."""
        assert_refused(api, put(api, encode({**index(), **fields}), INDEX))

    @requires("push.man.1")
    @pytest.mark.parametrize(
        "fields",
        [
            {"size": -1},
            {"size": "2"},
            {"size": 2.0},
            {"size": True},
            {"size": None},
            {"digest": "sha256:bad"},
            {"digest": 5},
            {"digest": None},
            {"mediaType": None},
            {"mediaType": ""},
            {"mediaType": 5},
            {"platform": "linux"},
            {"annotations": {"a": 1}},
            {"artifactType": 5},
        ],
        ids=str,
    )
    def test_field_of_a_descriptor(self, api: Api, fields: dict[str, Any]) -> None:
        """A descriptor has a type, a whole digest and a size of 0 or more; what else it has is of its kind."""
        assert_refused(api, put(api, encode({**image(), "config": {**descriptor(b"{}"), **fields}})))

    @requires("push.man.8")
    def test_descriptor_of_nothing(self, api: Api) -> None:
        """A size of 0 is a size: a layer may be empty."""
        api.push_blob(NAME, b"")

        assert put(api, encode(image(layers=(b"",)))).status == 201


class TestTypes:
    @requires("pull.man.4", "push.man.1")
    @pytest.mark.parametrize("header", [INDEX, CONFIG, LAYER, "application/json"])
    def test_against_the_document(self, api: Api, header: str) -> None:
        """A Content-Type that contradicts the mediaType within is refused."""
        assert_refused(api, put(api, WHOLE, header))

    @requires("pull.man.4")
    def test_case_is_no_contradiction(self, api: Api) -> None:
        """Media types have no case."""
        assert put(api, WHOLE, IMAGE.upper()).status == 201

    @requires("pull.man.4")
    @pytest.mark.parametrize("header", ["image", "a/b/c", "text/plain\x00", "/", "*", "text /plain"])
    def test_what_is_none(self, api: Api, header: str) -> None:
        """What could not be sent back as a Content-Type is not taken as one."""
        assert_refused(api, put(api, encode({"schemaVersion": 2}), header))

    @requires("pull.man.4")
    @pytest.mark.parametrize(
        "header", ["application/x-www-form-urlencoded", "application/json", "application/octet-stream", "text/plain"]
    )
    def test_what_programs_send_unasked(self, api: Api, header: str) -> None:
        """A manifest whose client forgot to say what it is would be kept unread, so it is refused."""
        document = {key: value for key, value in image().items() if key != "mediaType"}

        assert_refused(api, put(api, encode(document), header))

    @requires("pull.man.4")
    def test_none_at_all(self, api: Api) -> None:
        """A document without a type, whose push names none, is refused where its fields do not tell."""
        assert_refused(api, put(api, encode({"schemaVersion": 2}), ""))
