"""Whether what was pushed and pulled is what the test means, and all of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from api import INDEX, Api, descriptor, encode, index, sha256
from raw_client import Raw

from fakereg import FakeRegistry, faults
from fakereg.oci.errors import NameInvalid

LAYER = b"z" * 900

Failure = Callable[..., str]


@pytest.fixture
def api(registry: FakeRegistry) -> Api:
    return Api(registry._pipeline)


def pull(api: Api, seeded: object, *, headers: dict[str, str] | None = None) -> None:
    """Manifest and blobs of an image that was seeded as team/app:v1."""
    api("GET", "/v2/team/app/manifests/v1")
    for digest in seeded.blobs:
        api("GET", f"/v2/team/app/blobs/{digest}", headers=headers)


class TestPulledWhole:
    def test_parts_of_blobs(self, api: Api, registry: FakeRegistry, failure: Failure) -> None:
        """A byte of each blob is not the blob; parts of it that add up to it are."""
        seeded = registry.seed("team/app:v1", layers=[LAYER])
        pull(api, seeded, headers={"Range": "bytes=0-99"})

        text = failure(registry.assert_pulled, seeded, whole=True)
        assert f"  {sha256(LAYER)}, 900 B, " in text
        assert "    only 100 of 900 B were sent: request 3" in text.splitlines()
        for digest in seeded.blobs:
            api("GET", f"/v2/team/app/blobs/{digest}", headers={"Range": "bytes=100-"})
        registry.assert_pulled(seeded, whole=True)

    @pytest.mark.parametrize("offline", [True, False])
    @pytest.mark.parametrize(
        ("fault", "sent"),
        [(faults.Truncate(100), 100), (faults.Truncate(100, honest=True), 100), (faults.LoseAnswer(), 0)],
        ids=str,
    )
    def test_broken_answers(
        self, api: Api, registry: FakeRegistry, failure: Failure, fault: faults.Truncate, sent: int, *, offline: bool
    ) -> None:
        """What a fault kept back did not arrive, with a network or without."""
        seeded = registry.seed("team/app:v1", layers=[LAYER])
        with registry.fault(fault, on="get_blob", reference=sha256(LAYER)):
            if offline:
                pull(api, seeded)
            else:
                self.pull_over_the_network(registry, seeded)

        text = failure(registry.assert_pulled, seeded, whole=True)
        assert text.splitlines()[0] == "the manifest of team/app:v1 was pulled, and 1 blob of it not:"
        assert text.splitlines()[2] == f"    only {sent} of 900 B were sent: request 3 (fault: {fault})"

    def pull_over_the_network(self, registry: FakeRegistry, seeded: object) -> None:
        for target in ["manifests/v1", *(f"blobs/{digest}" for digest in seeded.blobs)]:
            with Raw(registry) as client:
                client.send(f"GET /v2/team/app/{target} HTTP/1.1\r\nHost: {registry.host}\r\n\r\n".encode())
                try:
                    client.answer()
                except ConnectionError:
                    continue

    def test_asked_only(self, api: Api, registry: FakeRegistry, failure: Failure) -> None:
        """HEAD brings nothing."""
        seeded = registry.seed("team/app:v1", layers=[LAYER])
        api("GET", "/v2/team/app/manifests/v1")
        for digest in seeded.blobs:
            api("HEAD", f"/v2/team/app/blobs/{digest}")

        assert "2 blobs of it not:" in failure(registry.assert_pulled, seeded, whole=True)

    def test_an_index_in_an_index(self, api: Api, registry: FakeRegistry, failure: Failure) -> None:
        """Indexes alone are nothing: at least one image has to be whole, however deep it is."""
        child = api.push_image("team/app", layers=(LAYER,))
        inner = encode(index(child))
        api.push_manifest("team/app", inner)
        outer = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor(inner, INDEX)]}
        api.push_manifest("team/app", outer, "v1")
        api("GET", "/v2/team/app/manifests/v1")
        api("GET", f"/v2/team/app/manifests/{sha256(inner)}")

        text = failure(registry.assert_pulled, "team/app:v1", whole=True)
        assert (
            text == f"the index {sha256(inner)[:15]}… in the index of team/app:v1 was pulled, and none of its manifests"
        )
        api("GET", f"/v2/team/app/manifests/{sha256(child)}")
        assert "2 blobs of it not:" in failure(registry.assert_pulled, "team/app:v1", whole=True)
        for content in (b"{}", LAYER):
            api("GET", f"/v2/team/app/blobs/{sha256(content)}")
        registry.assert_pulled("team/app:v1", whole=True)


class TestTheDigest:
    def test_pushed(self, api: Api, registry: FakeRegistry, failure: Failure) -> None:
        """An Image stands for its content: another one under the same name is not it."""
        with FakeRegistry() as other:
            wanted = other.seed("team/app:v1", layers=[LAYER])
        body = api.push_image("team/app", "v1")

        text = failure(registry.assert_pushed, wanted)
        assert (
            text.splitlines()[0] == f"team/app:v1 was pushed with {sha256(body)[:15]}…, not with {wanted.digest[:15]}…:"
        )
        assert text.splitlines()[1].split() == ["3", "PUT", "/v2/team/app/manifests/v1", "201"]
        registry.assert_pushed("team/app:v1")

    def test_pulled(self, api: Api, registry: FakeRegistry, failure: Failure) -> None:
        """A tag that had another digest when it was pulled is told with both."""
        before = registry.seed("team/app:v1", layers=[b"before"])
        api("GET", "/v2/team/app/manifests/v1")
        after = registry.seed("team/app:v1", layers=[b"after"])

        registry.assert_pulled(before)
        text = failure(registry.assert_pulled, after)
        assert text.startswith(f"team/app:v1 was pulled with {before.digest[:15]}…, not with {after.digest[:15]}…:\n")

    def test_an_answer_without_it(self, api: Api, registry: FakeRegistry) -> None:
        """A registry that does not say the digest is believed."""
        seeded = registry.seed("team/app:v1")
        with registry.fault(faults.DropHeader("Docker-Content-Digest"), on="get_manifest"):
            api("GET", "/v2/team/app/manifests/v1")

        registry.assert_pulled(seeded)

    def test_overwritten_since(self, api: Api, registry: FakeRegistry) -> None:
        """What was pushed stays pushed when its tag moves on."""
        first = registry.seed("team/app:v1", layers=[LAYER])
        api.push_manifest("team/app", first.body, "v1")
        api.push_image("team/app", "v1")

        registry.assert_pushed(first)


class TestTheHost:
    def test_its_own(self, registry: FakeRegistry) -> None:
        """A reference as clients are given it is this registry's."""
        api = Api(registry._pipeline)
        api.push_image("team/app", "v1")
        api("GET", "/v2/team/app/manifests/v1")
        api("POST", "/v2/other/blobs/uploads/", mount=sha256(b"{}"), **{"from": "team/app"})

        registry.assert_pushed(registry.reference("team/app:v1"))
        registry.assert_pulled(registry.reference("team/app:v1"))
        registry.assert_mounted(sha256(b"{}"), into=f"{registry.host}/other", from_=f"{registry.host}/team/app")
        registry.assert_uploaded_once(sha256(b"{}"), into=f"{registry.host}/team/app")

    def test_another(self, registry: FakeRegistry) -> None:
        """That of another registry is a mistake in the test."""
        for call in (
            lambda: registry.assert_pushed("example.com:5000/team/app:v1"),
            lambda: registry.assert_mounted(sha256(LAYER), into="example.com:5000/team/app"),
            lambda: registry.assert_mounted(sha256(LAYER), into="team/app", from_="example.com:5000/team/app"),
            lambda: registry.assert_uploaded_once(sha256(LAYER), into="example.com:5000/team/app"),
        ):
            with pytest.raises(NameInvalid, match=r"leave the host 'example.com:5000' out: 'team/app"):
                call()


class TestUploads:
    def test_refused_before_it_was_sent(self, registry: FakeRegistry, api: Api) -> None:
        """An upload that was refused before anything arrived is no second one."""
        with registry.fault(faults.Respond(503), on="push_blob", times=1), Raw(registry) as client:
            path = f"/v2/team/app/blobs/uploads/?digest={sha256(LAYER)}"
            client.request("POST", path, LAYER)
        assert api("POST", path, LAYER).status == 201

        assert registry.journal[0].received == 0
        registry.assert_uploaded_once(sha256(LAYER))

    def test_sent_in_chunks_and_refused(self, registry: FakeRegistry, api: Api, failure: Failure) -> None:
        """A session whose chunks arrived and whose end was refused sent it all, and the hint says why it came again."""
        upload = api.start_upload("team/app")
        upload.patch(LAYER)
        with registry.fault(faults.Respond(503), on="put_upload", times=1):
            upload.put(b"", sha256(LAYER))
        api.push_blob("team/app", LAYER)

        text = failure(registry.assert_uploaded_once, sha256(LAYER))
        assert text.startswith(f"{sha256(LAYER)} was uploaded 2 times, wanted once:\n")
        assert text.endswith('the client retried; count the successes with status="2xx"')

    def test_a_lost_answer(self, registry: FakeRegistry, api: Api) -> None:
        """A session that its client never heard of is not the client's."""
        with registry.fault(faults.LoseAnswer(), on="start_upload", times=1):
            api("POST", "/v2/team/app/blobs/uploads/")

        assert registry.journal[0].is_lost
        registry.assert_no_unused_uploads()
        registry.journal.assert_no_unused_uploads()

    def test_a_forgotten_session(self, registry: FakeRegistry, api: Api) -> None:
        """A session that the registry lost was not left open by its client."""
        with registry.fault(faults.ForgetUpload(), on="patch_upload", times=1):
            api.start_upload("team/app").patch(LAYER)

        assert registry.journal[1].error.startswith("BLOB_UPLOAD_UNKNOWN: ")
        registry.assert_no_unused_uploads()
        registry.journal.assert_no_unused_uploads()

    def test_an_image_that_was_deleted(self, registry: FakeRegistry, api: Api) -> None:
        """Its blobs were named when they were pushed."""
        body = api.push_image("team/app", "v1", layers=(LAYER,))
        api("DELETE", f"/v2/team/app/manifests/{sha256(body)}")

        registry.assert_no_unused_uploads()

    def test_left_open(self, registry: FakeRegistry, api: Api, failure: Failure) -> None:
        """A session that is still open in the store is told."""
        api.start_upload("team/app")

        assert failure(registry.assert_no_unused_uploads).startswith(
            "1 upload opened, and neither closed nor cancelled:"
        )
