"""Errors: every refusal has the specification's form and one of its codes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from api import IMAGE, Answer, Api, encode, image, sha256
from requires import requires

from fakereg.double.exchange import Exchange
from fakereg.double.pipeline import Pipeline
from fakereg.oci import errors
from fakereg.oci.errors import RegistryError

NAME = "team/app"
ZERO = "sha256:" + "0" * 64

CODES = {
    "BLOB_UNKNOWN",
    "BLOB_UPLOAD_INVALID",
    "BLOB_UPLOAD_UNKNOWN",
    "DIGEST_INVALID",
    "MANIFEST_BLOB_UNKNOWN",
    "MANIFEST_INVALID",
    "MANIFEST_UNKNOWN",
    "NAME_INVALID",
    "NAME_UNKNOWN",
    "SIZE_INVALID",
    "UNAUTHORIZED",
    "DENIED",
    "UNSUPPORTED",
    "TOOMANYREQUESTS",
}


def put_manifest(api: Api, body: bytes) -> Answer:
    return api("PUT", f"/v2/{NAME}/manifests/v1", body, headers={"Content-Type": IMAGE})


def refusal(error: RegistryError) -> Answer:
    """What a client gets when a step of the pipeline raises `error`."""

    def refuse(exchange: Exchange) -> None:
        raise error

    return Api(Pipeline(Api.of().pipeline.registry, (refuse,)))("GET", "/v2/")


# How each code comes about, in the order of the specification's table.
PROVOKED: list[tuple[str, int, Callable[[Api], Answer]]] = [
    ("BLOB_UNKNOWN", 404, lambda api: api("GET", f"/v2/{NAME}/blobs/{ZERO}")),
    ("BLOB_UPLOAD_INVALID", 416, lambda api: api.start_upload(NAME).patch(b"x", at=5)),
    ("BLOB_UPLOAD_UNKNOWN", 404, lambda api: api("GET", f"/v2/{NAME}/blobs/uploads/no-such-session")),
    ("DIGEST_INVALID", 400, lambda api: api.start_upload(NAME).put(b"x", ZERO)),
    ("MANIFEST_BLOB_UNKNOWN", 404, lambda api: put_manifest(api, encode(image(b"not pushed")))),
    ("MANIFEST_INVALID", 400, lambda api: put_manifest(api, b"{")),
    ("MANIFEST_UNKNOWN", 404, lambda api: api("GET", f"/v2/{NAME}/manifests/no-such-tag")),
    ("NAME_INVALID", 400, lambda api: api("GET", "/v2/Team/tags/list")),
    ("NAME_UNKNOWN", 404, lambda api: api("GET", "/v2/never/pushed/tags/list")),
    ("SIZE_INVALID", 400, lambda api: api.start_upload(NAME).patch([b"four", b"+"], at=0)),
    ("UNAUTHORIZED", 401, lambda _: refusal(errors.Unauthorized("who are you?"))),
    ("DENIED", 403, lambda _: refusal(errors.Denied("not you"))),
    ("UNSUPPORTED", 404, lambda api: api("GET", "/v2/team/app/nothing/of/the/kind")),
    ("TOOMANYREQUESTS", 429, lambda _: refusal(errors.TooManyRequests("slow down"))),
]


class TestErrorBody:
    @requires("err.1", "err.2", "err.3", "err.5")
    @pytest.mark.parametrize(("code", "status", "provoke"), PROVOKED, ids=[code for code, _, _ in PROVOKED])
    def test_every_code_has_the_one_form(
        self, api: Api, code: str, status: int, provoke: Callable[[Api], Answer]
    ) -> None:
        """A refusal is JSON with a list of errors, each a code, a message for people, and perhaps a detail."""
        api.push_image(NAME)

        answer = provoke(api)

        assert answer.status == status
        assert answer.headers["Content-Type"] == "application/json"
        assert list(answer.json) == ["errors"]
        (error,) = answer.json["errors"]
        assert error["code"] == code
        assert error["message"].strip()
        assert set(error) <= {"code", "message", "detail"}

    @requires("err.3")
    def test_the_codes_are_those_of_the_specification(self) -> None:
        """There are fourteen codes, and every one of them can be provoked."""
        assert {code for code, _, _ in PROVOKED} == CODES
        assert {error.code for error in every_error()} == CODES

    @requires("err.6")
    def test_legacy_codes_are_not_used(self, api: Api) -> None:
        """A bad tag is NAME_INVALID, never the older TAG_INVALID, which is no longer listed."""
        api.push_image(NAME)

        answer = api("GET", f"/v2/{NAME}/manifests/.bad")

        assert answer.codes == ["NAME_INVALID"]
        assert not {"TAG_INVALID", "MANIFEST_UNVERIFIED"} & {error.code for error in every_error()}

    @requires("err.6")
    @pytest.mark.parametrize("path", ["/v2/", "/v2/never/pushed/tags/list", "/elsewhere"])
    def test_the_docker_version_header_is_sent_all_the_same(self, api: Api, path: str) -> None:
        """Older clients look for Docker-Distribution-Api-Version, on refusals too."""
        assert api("GET", path).headers["Docker-Distribution-Api-Version"] == "registry/2.0"


class TestMessageAndDetail:
    @requires("err.4")
    def test_detail_is_left_out_where_there_is_nothing_to_say(self) -> None:
        """Without a detail the error has no such key."""
        assert refusal(errors.Denied("no")).json == {"errors": [{"code": "DENIED", "message": "no"}]}

    @requires("err.4")
    @pytest.mark.parametrize("detail", [{"a": [1, None]}, ["x"], "text", 7, False, {}])
    def test_detail_may_be_any_json(self, detail: object) -> None:
        """A detail arrives as the value that it is."""
        (error,) = refusal(errors.Denied("no", detail=detail)).json["errors"]

        assert error["detail"] == detail

    @requires("err.4", "push.put.3")
    def test_detail_names_the_digest_that_was_found(self, api: Api) -> None:
        """A client that sent the wrong bytes learns which ones arrived."""
        answer = api.start_upload(NAME).put(b"actual", ZERO)

        assert answer.json["errors"][0]["detail"] == {"digest": sha256(b"actual")}

    @requires("err.2", "push.man.6")
    def test_one_answer_may_hold_several_errors(self, api: Api) -> None:
        """Each missing blob of a manifest is an error of its own, so that a client can push all of them at once."""
        answer = put_manifest(api, encode(image(b"config", (b"one", b"two"))))

        assert answer.codes == ["MANIFEST_BLOB_UNKNOWN"] * 3
        missing = [error["detail"]["digest"] for error in answer.json["errors"]]
        assert missing == [sha256(b"config"), sha256(b"one"), sha256(b"two")]


class TestSlowDown:
    @requires("main.3")
    def test_who_is_told_to_slow_down_is_told_for_how_long(self) -> None:
        """A 429 carries Retry-After, in whole seconds."""
        assert refusal(errors.TooManyRequests("slow down")).headers["Retry-After"] == "1"
        assert refusal(errors.TooManyRequests("slow down", retry_after=30)).headers["Retry-After"] == "30"


class TestMalformedRequests:
    @requires("err.2", "main.1")
    @pytest.mark.parametrize(
        "target",
        [
            f"/v2/{NAME}/manifests/%zz",
            f"/v2/{NAME}/tags/list?last=%f",
            f"/v2/{NAME}/tags/list?last=%ff",
            f"/v2/{NAME}/manifests/%ff",
        ],
    )
    def test_bad_escape_is_a_bad_request(self, api: Api, target: str) -> None:
        """An address that cannot be decoded is refused in the same form."""
        answer = api("GET", target)

        assert answer.status == 400
        assert answer.codes == ["UNSUPPORTED"]


def every_error() -> set[type[RegistryError]]:
    """All classes of errors that have a code."""
    found = [RegistryError]
    for error in found:
        found += error.__subclasses__()
    return set(found) - {RegistryError}
