"""Content discovery: the referrers of a digest (end-12a, end-12b)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from api import CONFIG, EMPTY, IMAGE, INDEX, Answer, Api, descriptor, encode, image, index, sha256, sha512
from requires import requires

NAME = "team/app"
SBOM, SIGNATURE = "application/spdx+json", "application/vnd.example.signature"
MIB = 1024 * 1024


@pytest.fixture
def subject(api: Api) -> bytes:
    """An image to refer to."""
    return api.push_image(NAME, "v1")


def refer(api: Api, subject: bytes, *, make: Any = image, **fields: Any) -> dict[str, Any]:
    """Push a manifest with that subject; the descriptor by which it is expected, without artifact type."""
    body = encode(make(subject=descriptor(subject, IMAGE), **fields))
    api.push_manifest(NAME, body)
    return descriptor(body, json.loads(body)["mediaType"])


def get(api: Api, digest: str, **query: str | int) -> Answer:
    return api("GET", f"/v2/{NAME}/referrers/{digest}", **query)


def listed(api: Api, subject: bytes, **query: str | int) -> list[dict[str, Any]]:
    answer = get(api, sha256(subject), **query)
    assert answer.status == 200, answer
    return answer.json["manifests"]


def by_digest(*descriptors: dict[str, Any]) -> list[dict[str, Any]]:
    return sorted(descriptors, key=lambda one: one["digest"])


class TestList:
    @requires("ref.1", "ref.4", "ref.5", "ref.16")
    def test_images_and_indexes_with_the_subject(self, api: Api, subject: bytes) -> None:
        """An index lists, with type, digest and size, every manifest of the repository that has this subject."""
        signature = refer(api, subject, artifactType=SIGNATURE)
        bundle = refer(api, subject, make=index, artifactType=SBOM)
        refer(api, b"another subject", artifactType=SIGNATURE)

        answer = get(api, sha256(subject))

        assert answer.status == 200
        assert answer.headers["Content-Type"] == INDEX
        assert answer.json["schemaVersion"] == 2
        assert answer.json["mediaType"] == INDEX
        expected = by_digest({**signature, "artifactType": SIGNATURE}, {**bundle, "artifactType": SBOM})
        assert by_digest(*answer.json["manifests"]) == expected
        assert "Link" not in answer.headers
        assert "OCI-Filters-Applied" not in answer.headers

    @requires("ref.2", "ref.10")
    @pytest.mark.parametrize("name", [NAME, "never/pushed"])
    @pytest.mark.parametrize("digest", [sha256(b"never pushed"), sha512(b"never pushed")])
    def test_nothing_refers(self, api: Api, subject: bytes, name: str, digest: str) -> None:
        """A subject without referrers, unknown or in a repository that nobody pushed to, has an empty index."""
        for target in (digest, sha256(subject)):
            answer = api("GET", f"/v2/{name}/referrers/{target}")

            assert answer.status == 200
            assert answer.headers["Content-Type"] == INDEX
            assert answer.json == {"schemaVersion": 2, "mediaType": INDEX, "manifests": []}

    @requires("ref.2", "push.man.7")
    def test_subject_that_comes_later(self, api: Api) -> None:
        """A referrer is listed before its subject is pushed, and after the subject was deleted."""
        api.push_blob(NAME, b"{}")
        subject = encode(image(annotations={"late": "yes"}))
        entry = {**refer(api, subject, artifactType=SIGNATURE), "artifactType": SIGNATURE}

        assert listed(api, subject) == [entry]
        api.push_manifest(NAME, subject)
        assert listed(api, subject) == [entry]
        api("DELETE", f"/v2/{NAME}/manifests/{sha256(subject)}")
        assert listed(api, subject) == [entry]

    @requires("ref.3")
    @pytest.mark.parametrize("digest", ["sha256:bad", "v1", "md5:" + "0" * 32, "sha256:" + "A" * 64, "sha256"])
    def test_malformed_digest(self, api: Api, subject: bytes, digest: str) -> None:
        """What is no digest is a bad request, and so is a tag, even one that exists."""
        assert api("GET", f"/v2/{NAME}/manifests/v1").body == subject

        answer = get(api, digest)

        assert answer.status == 400
        assert answer.codes == ["DIGEST_INVALID"]

    @requires("ref.5")
    def test_sha512_subject(self, api: Api, subject: bytes) -> None:
        """A subject is known by the digest that its referrers name."""
        target = {**descriptor(subject, IMAGE), "digest": sha512(subject)}
        digest = api.push_manifest(NAME, image(subject=target))

        assert [entry["digest"] for entry in get(api, sha512(subject)).json["manifests"]] == [digest]
        assert listed(api, subject) == []

    @requires("ref.5")
    def test_other_repositories_do_not_count(self, api: Api, subject: bytes) -> None:
        """A manifest in one repository refers to nothing in another."""
        refer(api, subject)
        api.push_image("team/other")

        assert api("GET", f"/v2/team/other/referrers/{sha256(subject)}").json["manifests"] == []

    @requires("ref.5", "del.man.2")
    def test_a_deleted_referrer_is_gone(self, api: Api, subject: bytes) -> None:
        """What was deleted is not listed any more, and is again once it is pushed again."""
        first, second = refer(api, subject, artifactType=SBOM), refer(api, subject, artifactType=SIGNATURE)

        api("DELETE", f"/v2/{NAME}/manifests/{first['digest']}")
        assert [entry["digest"] for entry in listed(api, subject)] == [second["digest"]]

        refer(api, subject, artifactType=SBOM)
        assert len(listed(api, subject)) == 2

    @requires("ref.5")
    def test_a_referrer_is_listed_once(self, api: Api, subject: bytes) -> None:
        """Pushed twice, under tags or not, a manifest stays one entry."""
        for reference in (None, "signature", "again"):
            api.push_manifest(NAME, image(subject=descriptor(subject, IMAGE)), reference)

        assert len(listed(api, subject)) == 1

    @requires("ref.5", "ref.16")
    def test_the_same_bytes_under_another_type(self, api: Api, subject: bytes) -> None:
        """The type of the last push decides: only as an image or index do the bytes have a subject."""
        document = image(subject=descriptor(subject, IMAGE))
        del document["mediaType"]
        body = encode(document)

        counts = []
        for media_type in ("application/vnd.example", IMAGE, IMAGE, "application/vnd.example"):
            api.push_manifest(NAME, body, media_type=media_type)
            counts.append(len(listed(api, subject)))

        assert counts == [0, 1, 1, 0]
        assert api("DELETE", f"/v2/{NAME}/manifests/{sha256(body)}").status == 202
        assert listed(api, subject) == []


class TestEntries:
    @requires("ref.6")
    @pytest.mark.parametrize("make", [image, index])
    def test_artifact_type(self, api: Api, subject: bytes, make) -> None:
        """The manifest's artifact type is repeated."""
        entry = refer(api, subject, make=make, artifactType=SBOM)

        assert listed(api, subject) == [{**entry, "artifactType": SBOM}]

    @requires("ref.7")
    @pytest.mark.parametrize("fields", [{}, {"artifactType": ""}], ids=["missing", "empty"])
    @pytest.mark.parametrize("config_type", [CONFIG, EMPTY, "application/vnd.example.config"])
    def test_image_without_artifact_type(
        self, api: Api, subject: bytes, fields: dict[str, str], config_type: str
    ) -> None:
        """An image whose artifact type is missing or empty is listed under its config's media type."""
        entry = refer(api, subject, config=descriptor(b"{}", config_type), make=with_config, **fields)

        assert listed(api, subject) == [{**entry, "artifactType": config_type}]

    @requires("ref.8")
    @pytest.mark.parametrize("fields", [{}, {"artifactType": ""}], ids=["missing", "empty"])
    def test_index_without_artifact_type(self, api: Api, subject: bytes, fields: dict[str, str]) -> None:
        """An index whose artifact type is missing or empty is listed without one."""
        entry = refer(api, subject, make=index, **fields)

        assert listed(api, subject) == [entry]

    @requires("ref.9")
    @pytest.mark.parametrize("make", [image, index])
    @pytest.mark.parametrize("annotations", [{"a": "1", "org.example/b": "zwei \u20ac", "c": ""}, {}])
    def test_annotations(self, api: Api, subject: bytes, make, annotations: dict[str, str]) -> None:
        """The manifest's annotations are repeated, all of them."""
        refer(api, subject, make=make, annotations=annotations)

        assert listed(api, subject)[0]["annotations"] == annotations

    @requires("ref.9")
    def test_no_annotations(self, api: Api, subject: bytes) -> None:
        """A manifest without annotations is listed without the key."""
        refer(api, subject)

        assert set(listed(api, subject)[0]) == {"mediaType", "digest", "size", "artifactType"}


class TestFilter:
    @requires("ref.12", "ref.13")
    def test_only_one_type(self, api: Api, subject: bytes) -> None:
        """Asked for one artifact type, the list has only that one, and says that it was narrowed."""
        sboms = [refer(api, subject, artifactType=SBOM, annotations={"number": str(n)}) for n in range(2)]
        refer(api, subject, artifactType=SIGNATURE)
        refer(api, subject, make=index)

        answer = get(api, sha256(subject), artifactType=SBOM)

        assert answer.headers["OCI-Filters-Applied"] == "artifactType"
        assert answer.headers["Content-Type"] == INDEX
        assert [entry["digest"] for entry in answer.json["manifests"]] == sorted(entry["digest"] for entry in sboms)

    @requires("ref.7", "ref.12")
    def test_type_of_the_config_counts(self, api: Api, subject: bytes) -> None:
        """The filter compares what the list says, so that an image is found by its config's type."""
        entry = refer(api, subject)

        assert [one["digest"] for one in listed(api, subject, artifactType=CONFIG)] == [entry["digest"]]

    @requires("ref.10", "ref.13")
    def test_nothing_of_that_type(self, api: Api, subject: bytes) -> None:
        """A list that the filter left empty is empty, and says that it was narrowed."""
        refer(api, subject, artifactType=SBOM)

        answer = get(api, sha256(subject), artifactType="application/vnd.example.other")

        assert answer.status == 200
        assert answer.json["manifests"] == []
        assert answer.headers["OCI-Filters-Applied"] == "artifactType"

    @requires("ref.12")
    def test_empty_filter_is_none(self, api: Api, subject: bytes) -> None:
        """An empty type narrows nothing, and nothing is said of it."""
        refer(api, subject, artifactType=SBOM)
        refer(api, subject, make=index)

        answer = get(api, sha256(subject), artifactType="")

        assert len(answer.json["manifests"]) == 2
        assert "OCI-Filters-Applied" not in answer.headers


class TestPages:
    @requires("ref.11")
    @pytest.mark.parametrize("n", [1, 2, 3, 7, 8])
    def test_links_lead_through_all(self, api: Api, subject: bytes, n: int) -> None:
        """Pages are disjoint and complete, asked for by the client or cut by the registry."""
        entries = [refer(api, subject, annotations={"number": str(number)}) for number in range(7)]
        target = f"/v2/{NAME}/referrers/{sha256(subject)}"

        asked = api.pages(f"{target}?n={n}", "manifests")
        cut = api.with_settings(page_maximum=n).pages(target, "manifests")

        for found in (asked, cut):
            assert [len(page) for page in found[:-1]] == [n] * (len(found) - 1)
            assert [one["digest"] for page in found for one in page] == sorted(one["digest"] for one in entries)

    @requires("ref.11", "ref.12", "ref.13")
    def test_pages_stay_narrowed(self, api: Api, subject: bytes) -> None:
        """The Link of a narrowed list leads to pages that are narrowed as well."""
        sboms = [refer(api, subject, artifactType=SBOM, annotations={"number": str(n)}) for n in range(3)]
        for number in range(3):
            refer(api, subject, artifactType=SIGNATURE, annotations={"number": str(number)})

        target = f"/v2/{NAME}/referrers/{sha256(subject)}?artifactType=application/spdx%2Bjson&n=1"
        found = api.pages(target, "manifests")

        assert [len(page) for page in found] == [1, 1, 1]
        assert [one["digest"] for page in found for one in page] == sorted(one["digest"] for one in sboms)

    @requires("ref.11")
    def test_no_answer_is_larger_than_clients_read(self, api: Api, subject: bytes) -> None:
        """Clients read four MiB of an index, so a longer list is cut, and goes on by Link."""
        for number in range(5):
            refer(api, subject, annotations={"number": str(number), "padding": "x" * MIB})

        target = f"/v2/{NAME}/referrers/{sha256(subject)}"
        first = api("GET", target)
        assert first.length <= 4 * MIB
        found = api.pages(target, "manifests")
        assert len(found) == 2
        assert len({one["digest"] for page in found for one in page}) == 5

    @requires("ref.11")
    @pytest.mark.parametrize("n", ["-1", "x"])
    def test_size_that_is_none(self, api: Api, subject: bytes, n: str) -> None:
        """A size must be a whole number, 0 or more."""
        assert get(api, sha256(subject), n=n).status == 400


def with_config(config: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {**image(**fields), "config": config}
