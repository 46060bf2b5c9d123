"""Pushing manifests: by tag and digest, with content that is missing, of any size (end-7a)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from api import (
    EMPTY,
    HOST,
    IMAGE,
    INDEX,
    Answer,
    Api,
    descriptor,
    encode,
    image,
    index,
    path_of,
    sha256,
    sha512,
)
from requires import requires

NAME = "team/app"
MIB = 1024 * 1024


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


def sized(size: int) -> bytes:
    """An image manifest of exactly so many bytes."""
    empty = encode(image(annotations={"padding": ""}))
    return encode(image(annotations={"padding": "x" * (size - len(empty))}))


class TestPut:
    @requires("push.man.1", "push.man.3")
    @pytest.mark.parametrize(
        "reference", ["v1", sha256(encode(image())), sha512(encode(image()))], ids=["tag", "256", "512"]
    )
    @pytest.mark.parametrize("chunked", [False, True])
    def test_stored_where_the_location_says(self, api: Api, reference: str, chunked: bool) -> None:
        """A manifest goes under a tag or its digest; the answer names the digest, and where to pull it."""
        body = encode(image())
        digest = reference if ":" in reference else sha256(body)

        headers = {"Content-Type": IMAGE}
        answer = api("PUT", f"/v2/{NAME}/manifests/{reference}", body, headers=headers, chunked=chunked)

        assert answer.status == 201
        assert answer.headers["Docker-Content-Digest"] == digest
        assert answer.headers["Location"] == f"http://{HOST}/v2/{NAME}/manifests/{digest}"
        assert api("GET", path_of(answer.headers["Location"])).body == body
        assert pulled(api, reference) == body

    @requires("push.man.1")
    def test_push_by_digest_sets_no_tag(self, api: Api) -> None:
        """Only a push by tag, or with tags, makes one."""
        put(api, encode(image()), sha256(encode(image())))

        assert api("GET", f"/v2/{NAME}/tags/list").json["tags"] == []

    @requires("push.man.1")
    def test_a_manifest_that_is_there_already(self, api: Api) -> None:
        """Pushing it again succeeds, under further tags too; conditions on it are not offered."""
        body = encode(image())
        put(api, body)

        again = api("PUT", f"/v2/{NAME}/manifests/v1", body, headers={"Content-Type": IMAGE, "If-None-Match": "*"})

        assert again.status == 201
        assert put(api, body, "v2").status == 201
        assert pulled(api, "v1") == pulled(api, "v2") == body
        assert api("GET", f"/v2/{NAME}/tags/list").json["tags"] == ["v1", "v2"]

    @requires("push.man.2")
    @pytest.mark.parametrize(
        "body",
        [
            json.dumps(image()).encode(),
            json.dumps(image(), separators=(",", ":")).encode(),
            json.dumps(image(), indent="\t", sort_keys=True).encode() + b"\r\n\n",
            b"  " + json.dumps(image(unknown={"deep": [1, 2.50, None, "\u00e9"]})).encode(),
            json.dumps(image(extra="é\U0001f600"), ensure_ascii=False).encode(),
        ],
        ids=["python", "compact", "tabs and newlines", "unknown fields", "beyond ASCII"],
    )
    def test_bytes_are_kept(self, api: Api, body: bytes) -> None:
        """Spacing, order, unknown fields and escapes survive: a registry never writes a manifest anew."""
        assert put(api, body).status == 201

        assert pulled(api, "v1") == body
        assert pulled(api, sha256(body)) == body

    @requires("push.man.4")
    @pytest.mark.parametrize("parameters", ["; charset=utf-8", ";charset=utf-8;q=1", " ; a=b"])
    def test_parameters_of_the_type_are_ignored(self, api: Api, parameters: str) -> None:
        """A Content-Type with parameters means the type without them."""
        assert put(api, encode(image()), media_type=IMAGE + parameters).status == 201

        assert api("GET", f"/v2/{NAME}/manifests/v1").headers["Content-Type"] == IMAGE

    @requires("push.man.3")
    @pytest.mark.parametrize("digest", [sha256(b"other"), sha512(b"other")])
    def test_wrong_digest(self, api: Api, digest: str) -> None:
        """A body that is not what the path names is refused, and stored under neither digest."""
        body = encode(image())

        answer = put(api, body, digest)

        assert answer.status == 400
        assert answer.codes == ["DIGEST_INVALID"]
        for tried in (digest, sha256(body)):
            assert api("HEAD", f"/v2/{NAME}/manifests/{tried}").status == 404


class TestMissingContent:
    @requires("push.man.5", "push.man.6")
    def test_missing_blobs(self, api: Api) -> None:
        """An image whose config or layers were not pushed is refused, each missing one named; nothing is stored."""
        api.push_blob(NAME, b"pushed")
        body = encode(image(b"config", (b"pushed", b"missing", b"missing")))

        answer = put(api, body)

        assert answer.status == 404
        assert answer.codes == ["MANIFEST_BLOB_UNKNOWN"] * 2
        assert [one["detail"]["digest"] for one in answer.json["errors"]] == [sha256(b"config"), sha256(b"missing")]
        assert api("HEAD", f"/v2/{NAME}/manifests/v1").status == 404
        assert api("HEAD", f"/v2/{NAME}/manifests/{sha256(body)}").status == 404

    @requires("push.man.5", "push.man.6")
    def test_missing_children(self, api: Api) -> None:
        """An index whose manifests were not pushed is refused the same way."""
        child = api.push_image(NAME)

        answer = put(api, encode(index(child, b"missing")), media_type=INDEX)

        assert answer.status == 404
        assert answer.codes == ["MANIFEST_BLOB_UNKNOWN"]
        assert answer.json["errors"][0]["detail"] == {"digest": sha256(b"missing")}

    @requires("push.man.5")
    def test_content_of_another_repository_is_missing(self, api: Api) -> None:
        """A blob counts only where it was pushed or mounted."""
        api.push_blob("team/base", b"a layer")

        assert put(api, encode(image(layers=(b"a layer",)))).codes == ["MANIFEST_BLOB_UNKNOWN"]

    @requires("push.man.5")
    def test_missing_content_may_be_accepted(self) -> None:
        """A registry may be set to take manifests before their content."""
        api = Api.of(sparse="accept")
        body, listing = encode(image(b"missing", (b"gone",))), encode(index(b"missing"))

        assert put(api, body).status == 201
        assert put(api, listing, "v2", INDEX).status == 201
        assert (pulled(api, "v1"), pulled(api, "v2")) == (body, listing)

    @requires("push.man.1", "push.man.5")
    @pytest.mark.parametrize(
        "media_type",
        [
            "application/vnd.oci.image.layer.nondistributable.v1.tar",
            "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
            "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        ],
    )
    def test_layers_that_stay_elsewhere(self, api: Api, media_type: str) -> None:
        """A layer that must not be distributed is never pushed, and not missed."""
        layer = descriptor(b"elsewhere", media_type, urls=["https://elsewhere.test/layer"])

        assert put(api, encode({**image(), "layers": [layer]})).status == 201

    @requires("push.man.1")
    def test_index_of_anything(self, api: Api) -> None:
        """An index may list images, indexes, and content of unknown types that was pushed as blobs."""
        api.push_blob(NAME, b"a document")
        child = api.push_image(NAME)
        nested = encode(index(child))
        put(api, nested, sha256(nested), INDEX)
        children = [descriptor(child, IMAGE), descriptor(nested, INDEX), descriptor(b"a document", "text/plain")]
        body = encode({**index(), "manifests": children})

        assert put(api, body, media_type=INDEX).status == 201
        assert pulled(api, "v1") == body

    @requires("push.man.8")
    @pytest.mark.parametrize(("document", "media_type"), [(image(), IMAGE), (index(), INDEX)])
    def test_manifest_that_lists_nothing(self, api: Api, document: dict[str, Any], media_type: str) -> None:
        """An image without layers and an index without manifests are whole."""
        assert put(api, encode(document), media_type=media_type).status == 201

        assert json.loads(pulled(api, "v1")) == document

    @requires("push.man.8", "push.man.2")
    def test_artifact_with_content_of_its_own(self, api: Api) -> None:
        """A manifest with an empty config, an artifact type and inline data is an image like any other."""
        empty = descriptor(b"{}", EMPTY, data="e30=")
        body = encode({**image(), "config": empty, "layers": [empty], "artifactType": "application/vnd.example"})

        assert put(api, body).status == 201
        assert pulled(api, "v1") == body


class TestSize:
    @requires("push.man.10")
    @pytest.mark.parametrize("size", [4_000_000, 4 * MIB])
    def test_four_megabytes_pass(self, api: Api, size: int) -> None:
        """A manifest of four megabytes, decimal or binary, is accepted."""
        body = sized(size)
        assert len(body) == size

        assert put(api, body).status == 201
        assert pulled(api, "v1") == body

    @requires("push.man.9")
    @pytest.mark.parametrize("pieces", [1, 7], ids=["announced", "counted"])
    def test_more_is_too_large(self, api: Api, pieces: int) -> None:
        """A byte more is a 413, by its announced length or once it has come; nothing is stored."""
        body = sized(4 * MIB + 1)
        step = -(-len(body) // pieces)
        sent = body if pieces == 1 else [body[at : at + step] for at in range(0, len(body), step)]

        answer = api("PUT", f"/v2/{NAME}/manifests/v1", sent, headers={"Content-Type": IMAGE})

        assert answer.status == 413
        assert answer.codes == ["SIZE_INVALID"]
        assert api("HEAD", f"/v2/{NAME}/manifests/v1").status == 404

    @requires("push.man.9")
    def test_announced_length_is_refused_before_the_body(self, api: Api) -> None:
        """A client that announces too much is answered before it sends."""
        path = f"/v2/{NAME}/manifests/v1"

        assert api.begin("PUT", path, length=4 * MIB).exchange.response is None
        assert api.begin("PUT", path, length=4 * MIB + 1).end().status == 413

    @requires("push.man.1")
    def test_body_that_breaks_off(self, api: Api) -> None:
        """A manifest that came in part is not stored, even where the part would be one."""
        api.begin("PUT", f"/v2/{NAME}/manifests/v1").send(encode(image())).break_off()

        assert api("HEAD", f"/v2/{NAME}/manifests/v1").status == 404

    @requires("push.man.9")
    def test_limit_is_a_setting(self) -> None:
        """Another limit may be set, or none."""
        body = sized(1000)

        for limit, status in ((1000, 201), (999, 413), (None, 201)):
            api = Api.of(manifest_limit=limit)
            api.push_blob(NAME, b"{}")
            assert put(api, body).status == status
