"""Manifests with a subject: how a push is acknowledged, and the fallback tag where there is no API (end-7a)."""

from __future__ import annotations

from typing import Any

import pytest
from api import CONFIG, EMPTY, IMAGE, INDEX, Answer, Api, descriptor, encode, image, index, sha256, sha512
from requires import requires

NAME = "team/app"
SBOM = "application/spdx+json"


def put(api: Api, document: dict[str, Any], reference: str | None = None) -> Answer:
    body = encode(document)
    path = f"/v2/{NAME}/manifests/{reference or sha256(body)}"
    return api("PUT", path, body, headers={"Content-Type": document["mediaType"]})


@pytest.fixture
def subject(api: Api) -> bytes:
    """An image to refer to, in the repository."""
    return api.push_image(NAME, "v1")


class TestAcknowledgement:
    @requires("push.subj.1")
    @pytest.mark.parametrize("reference", ["signature", None], ids=["by tag", "by digest"])
    @pytest.mark.parametrize("make", [image, index])
    def test_a_subject_is_acknowledged(self, api: Api, subject: bytes, make, reference: str | None) -> None:
        """The answer to a push with a subject repeats its digest: the client need not keep a list itself."""
        answer = put(api, make(subject=descriptor(subject, IMAGE)), reference)

        assert answer.status == 201
        assert answer.headers["OCI-Subject"] == sha256(subject)

    @requires("push.subj.1", "main.tag.1")
    def test_with_tags_too(self, api: Api, subject: bytes) -> None:
        """A push by digest that sets tags is acknowledged like any other."""
        document = image(subject=descriptor(subject, IMAGE))

        answer = put(api, document, f"{sha256(encode(document))}?tag=signature")

        assert answer.headers["OCI-Subject"] == sha256(subject)
        assert answer.headers["OCI-Tag"] == "signature"

    @requires("push.subj.1")
    def test_without_a_subject_nothing_is_acknowledged(self, api: Api, subject: bytes) -> None:
        """OCI-Subject belongs to pushes with a subject."""
        for document in (image(), image(subject=None), index()):
            assert "OCI-Subject" not in put(api, document, "other").headers
        assert api("GET", f"/v2/{NAME}/referrers/{sha256(subject)}").json["manifests"] == []

    @requires("push.man.7", "push.subj.1")
    @pytest.mark.parametrize("digest", [sha256(b"never pushed"), sha512(b"never pushed")])
    def test_a_subject_need_not_exist(self, api: Api, digest: str) -> None:
        """A manifest may refer to one that comes later, or never."""
        api.push_blob(NAME, b"{}")
        target = {**descriptor(b"never pushed", IMAGE), "digest": digest}

        answer = put(api, image(subject=target), "signature")

        assert answer.status == 201
        assert answer.headers["OCI-Subject"] == digest

    @requires("push.subj.1")
    def test_type_in_another_case(self, api: Api, subject: bytes) -> None:
        """Media types have no case: an image in capitals refers to its subject like any other."""
        document = {**image(subject=descriptor(subject, IMAGE)), "mediaType": IMAGE.upper()}

        answer = put(api, document)

        assert answer.headers["OCI-Subject"] == sha256(subject)
        listed = api("GET", f"/v2/{NAME}/referrers/{sha256(subject)}").json["manifests"]
        assert [entry["digest"] for entry in listed] == [sha256(encode(document))]

    @requires("push.subj.1")
    def test_docker_manifests_have_no_subject(self, api: Api, subject: bytes) -> None:
        """The field means nothing in a document that is not OCI's."""
        document = {
            **image(subject=descriptor(subject, IMAGE)),
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        }

        assert "OCI-Subject" not in put(api, document).headers
        assert api("GET", f"/v2/{NAME}/referrers/{sha256(subject)}").json["manifests"] == []


class TestFallbackTag:
    @pytest.fixture
    def api(self) -> Api:
        """A registry without the referrers API."""
        return Api.of(referrers="off")

    @requires("push.subj.2")
    def test_nothing_is_acknowledged(self, api: Api, subject: bytes) -> None:
        """Without the API a push with a subject succeeds and says nothing of it."""
        answer = put(api, image(subject=descriptor(subject, IMAGE)))

        assert answer.status == 201
        assert "OCI-Subject" not in answer.headers

    @requires("push.subj.2")
    @pytest.mark.parametrize("query", ["", "?artifactType=application/vnd.example"])
    def test_there_is_no_list(self, api: Api, subject: bytes, query: str) -> None:
        """The endpoint is a 404 whose code does not speak of the repository, which tells clients to fall back."""
        answer = api("GET", f"/v2/{NAME}/referrers/{sha256(subject)}{query}")

        assert answer.status == 404
        assert answer.codes == ["UNSUPPORTED"]

    @requires("push.subj.2", "push.subj.4")
    def test_the_tag_is_kept_by_clients(self, api: Api, subject: bytes) -> None:
        """Clients read the index under the tag and write a longer one over it; conditions on it are not offered."""
        tag = fallback_tag(subject)
        assert api("GET", f"/v2/{NAME}/manifests/{tag}").codes == ["MANIFEST_UNKNOWN"]
        pushed: list[bytes] = []
        for number in range(3):
            pushed.append(encode(image(subject=descriptor(subject, IMAGE), annotations={"number": str(number)})))
            api.push_manifest(NAME, pushed[-1])
            listing = encode(index(*pushed))
            headers = {"Content-Type": INDEX, "If-Match": '"stale"'}
            assert api("PUT", f"/v2/{NAME}/manifests/{tag}", listing, headers=headers).status == 201

        answer = api("GET", f"/v2/{NAME}/manifests/{tag}", headers={"Accept": INDEX})
        assert [entry["digest"] for entry in answer.json["manifests"]] == [sha256(body) for body in pushed]

    @requires("push.subj.2")
    def test_deleting_the_old_list_leaves_the_tag(self, api: Api, subject: bytes) -> None:
        """Clients delete the former index by digest once the tag moved on: the tag stays."""
        tag = fallback_tag(subject)
        former, newer = encode(index()), encode(index(subject))
        for body in (former, newer):
            api.push_manifest(NAME, body, tag)

        assert api("DELETE", f"/v2/{NAME}/manifests/{sha256(former)}").status == 202
        assert api("GET", f"/v2/{NAME}/manifests/{tag}").body == newer

    @requires("push.subj.3", "ref.14")
    @pytest.mark.parametrize("algorithm", [sha256, sha512])
    def test_the_tag_is_cut_to_length(self, api: Api, algorithm) -> None:
        """The tag is the algorithm, a dash, and at most 64 of the digest's digits: there the API will look, once on."""
        api.push_blob(NAME, b"{}")
        digest = algorithm(b"the subject")
        name, encoded = digest.split(":")
        child = encode(image())
        api.push_manifest(NAME, child)
        api.push_manifest(NAME, index(child), f"{name}-{encoded[:64]}")

        listed = api.with_settings(referrers="on")("GET", f"/v2/{NAME}/referrers/{digest}").json["manifests"]

        assert listed == [{**descriptor(child, IMAGE), "artifactType": CONFIG}]


class TestSwitchingOn:
    @pytest.fixture
    def api(self) -> Api:
        """A registry without the referrers API."""
        return Api.of(referrers="off")

    @requires("ref.14", "ref.15", "ref.16")
    def test_what_was_pushed_before_is_listed(self, api: Api, subject: bytes) -> None:
        """Once switched on, the API lists what fallback indexes list, older subjects and new ones, each once."""
        unlisted = encode(image(subject=descriptor(subject, IMAGE)))
        kept = encode(image(subject=descriptor(subject, IMAGE), artifactType=SBOM))
        plain = encode(image(annotations={"listed": "by the client alone"}))
        for body in (unlisted, kept, plain):
            api.push_manifest(NAME, body)
        api.push_manifest(NAME, index(kept, plain), fallback_tag(subject))

        on = api.with_settings(referrers="on")
        new = encode(index(subject=descriptor(subject, IMAGE)))
        on.push_manifest(NAME, new)

        expected = sorted(map(sha256, (unlisted, kept, plain, new)))
        assert referrers(on, subject) == expected
        assert referrers(on, subject, "?n=1") == expected
        assert referrers(on, subject, "?artifactType=application/spdx%2Bjson") == [sha256(kept)]

    @requires("ref.14")
    def test_entries_that_are_gone_are_not_listed(self, api: Api, subject: bytes) -> None:
        """What a fallback index names but the repository no longer holds is left out."""
        kept, deleted = (encode(image(subject=descriptor(subject, IMAGE), artifactType=kind)) for kind in (SBOM, EMPTY))
        for body in (kept, deleted):
            api.push_manifest(NAME, body)
        api.push_manifest(NAME, index(kept, deleted), fallback_tag(subject))
        api("DELETE", f"/v2/{NAME}/manifests/{sha256(deleted)}")

        assert referrers(api.with_settings(referrers="on"), subject) == [sha256(kept)]


def fallback_tag(subject: bytes) -> str:
    """The tag under which clients list the referrers of a sha256 subject."""
    return f"sha256-{sha256(subject).removeprefix('sha256:')}"


def referrers(api: Api, subject: bytes, query: str = "") -> list[str]:
    """The digests that all pages of the referrers API list."""
    pages = api.pages(f"/v2/{NAME}/referrers/{sha256(subject)}{query}", "manifests")
    return [entry["digest"] for page in pages for entry in page]
