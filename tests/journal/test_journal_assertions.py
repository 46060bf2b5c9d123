"""What can be asserted of requests, and when it holds."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import pytest
from api import IMAGE, Api, encode, image, index, sha256

from fakereg import FakeRegistry
from fakereg.double.journal import Journal
from fakereg.double.journal.sessions import names_in
from fakereg.oci.errors import NameInvalid
from fakereg.registry.messages import Request

LAYER = b"layer"


class TestRequested:
    def test_at_least_once(self, api: Api, journal: Journal, failure: Callable[..., str]) -> None:
        """Without a number once is enough, and more often is as good."""
        assert "no GET /v2/ was seen" in failure(journal.assert_requested, "GET", "/v2/")
        api("GET", "/v2/")
        journal.assert_requested("GET", "/v2/")
        api("GET", "/v2/")

        journal.assert_requested("GET", "/v2/")

    @pytest.mark.parametrize(
        ("bounds", "holds"),
        [
            ({"times": 2}, True),
            ({"times": 1}, False),
            ({"times": 3}, False),
            ({"times": 0}, False),
            ({"at_least": 2}, True),
            ({"at_least": 3}, False),
            ({"at_most": 2}, True),
            ({"at_most": 1}, False),
            ({"at_least": 1, "at_most": 2}, True),
        ],
    )
    def test_number(self, api: Api, journal: Journal, bounds: dict[str, int], holds: bool) -> None:
        """`times` is exact, the others are bounds that count themselves."""
        api("GET", "/v2/")
        api("GET", "/v2/")

        if holds:
            journal.assert_requested("GET", "/v2/", **bounds)
        else:
            with pytest.raises(AssertionError, match="GET /v2/ was seen 2 times, "):
                journal.assert_requested("GET", "/v2/", **bounds)

    def test_at_most_none(self, journal: Journal) -> None:
        """`times=0` and `at_most` hold where nothing was asked."""
        journal.assert_requested("GET", times=0)
        journal.assert_requested("GET", at_most=3)

    @pytest.mark.parametrize(
        "bounds", [{"times": -1}, {"times": 1, "at_least": 1}, {"at_most": -2}, {"at_least": 5, "at_most": 1}]
    )
    def test_numbers_that_make_no_sense(self, journal: Journal, bounds: dict[str, int]) -> None:
        """They are a mistake in the test."""
        with pytest.raises(ValueError, match=r"times|never seen"):
            journal.assert_requested("GET", **bounds)

    def test_not(self, api: Api, journal: Journal, failure: Callable[..., str]) -> None:
        """What should not have been asked is told with all that was."""
        journal.assert_not_requested()
        api("DELETE", "/v2/team/app/manifests/v1")

        journal.assert_not_requested("DELETE", status="2xx")
        assert failure(journal.assert_not_requested, "DELETE").splitlines() == [
            "DELETE was seen once, and should not have been:",
            "   1  DELETE /v2/team/app/manifests/v1  404",
            "      NAME_UNKNOWN: repository team/app is not known: nothing was pushed to it",
        ]


class TestOrder:
    @pytest.fixture(autouse=True)
    def _pushed(self, api: Api) -> None:
        api.push_image("team/app", "v1", layers=(LAYER,))

    def test_in_order(self, journal: Journal) -> None:
        """Steps are names and ids of endpoints, method and path, or whatever can be asked for."""
        journal.assert_order(
            "start_upload",
            "end-6",
            journal.request(endpoint="put_upload", digest=sha256(LAYER)),
            ("PUT", "/v2/team/app/manifests/v1"),
        )

    def test_each_step_needs_a_request(self, journal: Journal, failure: Callable[..., str]) -> None:
        """One request is not two steps."""
        text = failure(journal.assert_order, "put_manifest", "put_manifest")

        assert text.startswith("step 2 of 2, request with endpoint put_manifest, was not seen after ")

    def test_wrong_order(self, journal: Journal, failure: Callable[..., str]) -> None:
        """It is told what came before the step, and when the step was seen."""
        text = failure(journal.assert_order, ("PUT", "/v2/team/app/manifests/v1"), "put_upload")

        first, *rest = text.splitlines()
        assert first == "step 2 of 2, request with endpoint put_upload, was not seen after the steps before it:"
        assert rest[0] == "   5  PUT /v2/team/app/manifests/v1  201"
        assert rest[1] == "it was seen 2 times, all before that:"
        assert len(rest) == 4

    def test_never_seen(self, journal: Journal, failure: Callable[..., str]) -> None:
        """A step that was never seen at all is told like any other request that is missing."""
        text = failure(journal.assert_order, "put_upload", ("GET", "/v2/team/app/manifests/v1"))

        assert text.startswith("no GET /v2/team/app/manifests/v1 was seen; ")

    @pytest.mark.parametrize("step", [3, None, ["put_upload"]])
    def test_no_step(self, journal: Journal, step: object) -> None:
        """Anything else is a mistake in the test."""
        with pytest.raises(TypeError, match="a step is a request"):
            journal.assert_order(step)


class TestPushed:
    def test_by_tag_and_by_digest(self, api: Api, journal: Journal, failure: Callable[..., str]) -> None:
        """An image is pushed under its tag, and under its digest as well."""
        body = api.push_image("team/app", "v1")

        journal.assert_pushed("team/app:v1")
        journal.assert_pushed(f"team/app@{sha256(body)}")
        assert "team/app:v2 was not pushed; " in failure(journal.assert_pushed, "team/app:v2")
        assert "team/app was not pushed; " in failure(journal.assert_pushed, "team/app")

    def test_with_tags(self, api: Api, journal: Journal) -> None:
        """Tags may be in the query of a push by digest."""
        api.push_blob("team/app", b"{}")
        body = encode(image())
        api("PUT", f"/v2/team/app/manifests/{sha256(body)}?tag=a&tag=b", body, headers={"Content-Type": IMAGE})

        journal.assert_pushed("team/app:b")

    def test_refused(self, api: Api, journal: Journal, failure: Callable[..., str]) -> None:
        """A push that was refused is none, and it is said why."""
        api("PUT", "/v2/team/app/manifests/v1", encode(image()), headers={"Content-Type": IMAGE})

        text = failure(journal.assert_pushed, "team/app:v1")
        assert "status differs: wanted 201, got 404" in text
        assert "MANIFEST_BLOB_UNKNOWN: " in text
        assert "push the blobs first, then the manifest" in text

    def test_with_a_host(self, journal: Journal) -> None:
        """Images are named as the registry knows them."""
        with pytest.raises(NameInvalid, match="leave the host"):
            journal.assert_pushed("127.0.0.1:5000/team/app:v1")


class TestPulled:
    def test_by_tag(self, api: Api, journal: Journal, failure: Callable[..., str]) -> None:
        """To ask with HEAD is not to pull."""
        api.push_image("team/app", "v1")
        api("HEAD", "/v2/team/app/manifests/v1")
        assert "the client asked and did not pull" in failure(journal.assert_pulled, "team/app:v1")

        api("GET", "/v2/team/app/manifests/v1")

        journal.assert_pulled("team/app:v1")

    def test_by_the_digest_that_the_tag_has(self, api: Api, journal: Journal, failure: Callable[..., str]) -> None:
        """A client may ask for the tag's digest, then pull by digest; without asking it did not pull the tag."""
        body = api.push_image("team/app", "v1")
        api("GET", f"/v2/team/app/manifests/{sha256(body)}")

        journal.assert_pulled(f"team/app@{sha256(body)}")
        failure(journal.assert_pulled, "team/app:v1")
        api("HEAD", "/v2/team/app/manifests/v1")
        journal.assert_pulled("team/app:v1")


class TestMounted:
    def test_where_from(self, api: Api, journal: Journal, failure: Callable[..., str]) -> None:
        """Into which repository, and from which if that is asserted."""
        api.push_blob("team/app", LAYER)
        api("POST", "/v2/other/blobs/uploads/", mount=sha256(LAYER), **{"from": "team/app"})

        journal.assert_mounted(sha256(LAYER), into="other")
        journal.assert_mounted(sha256(LAYER), into="other", from_="team/app")
        text = failure(journal.assert_mounted, sha256(LAYER), into="other", from_="team/base")
        assert "query from differs: wanted team/base, got team/app" in text

    def test_not_found(self, api: Api, journal: Journal, failure: Callable[..., str]) -> None:
        """A mount that the registry turned into an upload is none."""
        api("POST", "/v2/other/blobs/uploads/", mount=sha256(LAYER), **{"from": "team/app"})

        text = failure(journal.assert_mounted, sha256(LAYER), into="other", from_="team/app")
        assert "status differs: wanted 201, got 202" in text
        assert "hint: 202 opens an upload instead" in text

    def test_uploaded_instead(self, api: Api, journal: Journal, failure: Callable[..., str]) -> None:
        """A blob that was sent although it could be mounted is told."""
        api.push_blob("other", LAYER)

        text = failure(journal.assert_mounted, sha256(LAYER), into="other")
        assert text.endswith("hint: it was uploaded instead, by request 2")


class TestUploadedOnce:
    def test_each_way(self, api: Api, journal: Journal) -> None:
        """By POST and PUT, in chunks, or in one POST."""
        api.push_blob("a", b"1")
        api("POST", "/v2/a/blobs/uploads/", b"2", digest=sha256(b"2"))
        upload = api.start_upload("a")
        upload.patch(b"3", at=0)
        upload.put(b"", sha256(b"3"))

        for content in (b"1", b"2", b"3"):
            journal.assert_uploaded_once(sha256(content), into="a")
            journal.assert_uploaded_once(sha256(content))

    def test_twice(self, api: Api, journal: Journal, failure: Callable[..., str]) -> None:
        """Sent again is told with both requests, also in another repository unless one is named."""
        api.push_blob("a", LAYER)
        api.push_blob("b", LAYER)

        journal.assert_uploaded_once(sha256(LAYER), into="b")
        text = failure(journal.assert_uploaded_once, sha256(LAYER))
        assert text.splitlines()[0] == f"{sha256(LAYER)} was uploaded 2 times, wanted once:"
        assert len(text.splitlines()) == 3

    def test_mounted_only(self, api: Api, journal: Journal, failure: Callable[..., str]) -> None:
        """A blob that was mounted was not sent."""
        api.push_blob("a", LAYER)
        api("POST", "/v2/b/blobs/uploads/", mount=sha256(LAYER))

        assert failure(journal.assert_uploaded_once, sha256(LAYER), into="b").endswith("mounted instead, by request 3")

    def test_refused(self, api: Api, journal: Journal, failure: Callable[..., str]) -> None:
        """What was refused did not arrive."""
        api("POST", "/v2/a/blobs/uploads/", b"other", digest=sha256(LAYER))

        text = failure(journal.assert_uploaded_once, sha256(LAYER))
        assert "was not uploaded: it was refused" in text
        assert "DIGEST_INVALID" in text

    def test_closed_again(self, api: Api, journal: Journal) -> None:
        """A PUT that is repeated without its body, as its answer was lost, sends nothing again."""
        upload = api.start_upload("a")
        upload.patch(LAYER)
        upload.put(b"", sha256(LAYER))
        upload.put(b"", sha256(LAYER))

        journal.assert_uploaded_once(sha256(LAYER))


class TestUnusedUploads:
    def test_none(self, api: Api, journal: Journal) -> None:
        """A push that is complete leaves nothing, nor does an upload that was cancelled."""
        api.push_image("team/app", "v1", layers=(LAYER,))
        api.start_upload("team/app").cancel()

        journal.assert_no_unused_uploads()

    def test_session(self, api: Api, journal: Journal, failure: Callable[..., str]) -> None:
        """A session that is neither closed nor cancelled is told by the request that opened it."""
        api.start_upload("team/app").patch(LAYER)
        api("POST", "/v2/other/blobs/uploads/", mount=sha256(LAYER))

        text = failure(journal.assert_no_unused_uploads)
        assert text.splitlines()[0] == "2 uploads opened, and neither closed nor cancelled:"
        assert [line.split()[0] for line in text.splitlines()[1:]] == ["1", "3"]

    def test_blob(self, api: Api, journal: Journal, failure: Callable[..., str]) -> None:
        """A blob that no manifest of its repository names, even if another's does."""
        api.push_image("team/app", "v1", layers=(LAYER,))
        api.push_blob("other", LAYER)

        text = failure(journal.assert_no_unused_uploads)
        assert text.splitlines()[0] == "1 blob pushed, and named by no manifest:"
        assert "/v2/other/blobs/uploads/" in text.splitlines()[1]

    @pytest.mark.parametrize("body", [None, b"", b"{", b"[" * 100_000], ids=["none", "empty", "broken", "deep"])
    def test_a_manifest_that_cannot_be_read(self, body: bytes | None) -> None:
        """It names nobody knows what."""
        assert names_in(body) is None

    def test_a_manifest_that_is_not_kept(self, api: Api, journal: Journal) -> None:
        """What a long manifest names is not known to the journal, so it does not judge."""
        api.push_image("team/app", "v1", layers=(LAYER,), annotations={"long": "x" * 70_000})
        api.push_blob("team/app", b"other")

        journal.assert_no_unused_uploads()


class TestWithTheStore:
    @pytest.fixture
    def api(self, registry: FakeRegistry) -> Api:
        return Api(registry._pipeline)

    def test_pushed_and_whole(self, api: Api, registry: FakeRegistry) -> None:
        """An image, and an index with its children; by text, or by what seeding returned."""
        child = api.push_image("team/app", "v1", layers=(LAYER,))
        api.push_manifest("team/app", index(child), "multi")

        registry.assert_pushed("team/app:v1")
        registry.assert_pushed("team/app:multi")
        seeded = registry.seed("team/other:v1")
        api.push_manifest("team/other", seeded.body, "v1", media_type=seeded.media_type)
        registry.assert_pushed(seeded)

    @pytest.mark.fake_registry(sparse="accept")
    def test_not_whole(self, fake_registry: FakeRegistry, failure: Callable[..., str]) -> None:
        """What is missing is named one by one, with what names it, also below an index."""
        api = Api(fake_registry._pipeline)
        child = encode(image(b"{}", (LAYER,)))
        api.push_manifest("team/app", child)
        api.push_blob("team/app", b"{}")
        api.push_manifest("team/app", index(child, b"gone"), "multi")

        lines = failure(fake_registry.assert_pushed, "team/app:multi").splitlines()
        assert lines[0] == "team/app:multi was pushed and is not whole: 2 parts of it missing in team/app:"
        assert lines[1].startswith(f"  manifest {sha256(b'gone')}, 4 B, {IMAGE}, named by sha256:")
        assert lines[2].startswith(f"  blob {sha256(LAYER)}, 5 B, ")
        assert lines[2].endswith(f"named by {sha256(child)[:15]}…")

    def test_deleted_again(self, api: Api, registry: FakeRegistry, failure: Callable[..., str]) -> None:
        """What was pushed and then deleted is not there, and the request that deleted it is named."""
        body = api.push_image("team/app", "v1")
        api("DELETE", f"/v2/team/app/manifests/{sha256(body)}")

        text = failure(registry.assert_pushed, "team/app:v1")
        assert text == "team/app:v1 was pushed, and is not there any more: request 4 deleted it"

    def test_pulled_whole(self, api: Api, registry: FakeRegistry, failure: Callable[..., str]) -> None:
        """Config and layers count only if that is asked for."""
        seeded = registry.seed("team/app:v1", layers=[LAYER])
        api("GET", "/v2/team/app/manifests/v1")
        (layer,) = seeded.layers

        registry.assert_pulled("team/app:v1")
        text = failure(registry.assert_pulled, seeded, whole=True)
        assert text.splitlines()[0] == "the manifest of team/app:v1 was pulled, and 2 blobs of it not:"
        assert layer in text
        for digest in seeded.blobs:
            api("GET", f"/v2/team/app/blobs/{digest}")
        registry.assert_pulled(seeded, whole=True)

    def test_pulled_and_deleted(self, api: Api, registry: FakeRegistry, failure: Callable[..., str]) -> None:
        """Of an image that is not there any more nobody knows what belongs to it."""
        body = api.push_image("team/app", "v1")
        api("GET", "/v2/team/app/manifests/v1")
        api("DELETE", f"/v2/team/app/manifests/{sha256(body)}")

        registry.assert_pulled("team/app:v1")
        assert "is not there any more" in failure(registry.assert_pulled, "team/app:v1", whole=True)

    def test_index_pulled_whole(self, api: Api, registry: FakeRegistry, failure: Callable[..., str]) -> None:
        """Of an index one platform is enough."""
        seeded = registry.seed("team/app:v1", platforms=["linux/amd64", "linux/arm64"])
        api("GET", "/v2/team/app/manifests/v1")
        text = failure(registry.assert_pulled, "team/app:v1", whole=True)
        assert text == "the index of team/app:v1 was pulled, and none of its manifests"

        child = seeded.children[1]
        api("GET", f"/v2/team/app/manifests/{child.digest}")
        for digest in child.blobs:
            api("GET", f"/v2/team/app/blobs/{digest}")

        registry.assert_pulled("team/app:v1", whole=True)

    def test_unused_uploads(self, api: Api, registry: FakeRegistry, failure: Callable[..., str]) -> None:
        """The store knows what seeded and long manifests name."""
        api.push_image("team/app", "v1", layers=(LAYER,), annotations={"long": "x" * 70_000})
        registry.assert_no_unused_uploads()
        api.push_blob("team/app", b"other")

        assert "1 blob pushed" in failure(registry.assert_no_unused_uploads)

    def test_the_rest_is_the_journals(self, api: Api, registry: FakeRegistry, failure: Callable[..., str]) -> None:
        """The assertions of requests are the registry's too."""
        api.push_blob("a", LAYER)
        api("POST", "/v2/b/blobs/uploads/", mount=sha256(LAYER))

        registry.assert_requested("POST", times=2)
        registry.assert_requested(endpoint="put_upload", at_least=1, at_most=1)
        registry.assert_not_requested("GET")
        registry.assert_order("put_upload", "mount_blob")
        registry.assert_mounted(sha256(LAYER), into="b")
        registry.assert_uploaded_once(sha256(LAYER))
        assert "no GET was seen" in failure(registry.assert_requested, "GET")


@pytest.mark.parametrize(
    "call",
    [
        lambda one: one.assert_requested("GET"),
        lambda one: one.assert_not_requested("HEAD"),
        lambda one: one.assert_order("put_manifest"),
        lambda one: one.assert_pushed("team/app:v1"),
        lambda one: one.assert_pulled("team/app:v1"),
        lambda one: one.assert_mounted(sha256(LAYER), into="a"),
        lambda one: one.assert_uploaded_once(sha256(LAYER)),
        lambda one: one.assert_no_unused_uploads(),
    ],
)
def test_pytest_shows_the_users_line(registry: FakeRegistry, call: Callable[[object], None]) -> None:
    """All frames below the test's own are hidden in a traceback."""
    registry.handle(Request("HEAD", "/v2/"))
    registry.handle(Request("POST", "/v2/a/blobs/uploads/"))

    for one in (registry, registry.journal):
        with pytest.raises(AssertionError) as caught:
            call(one)

        frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)][2:]
        assert frames
        assert all("__tracebackhide__" in frame.f_locals for frame in frames)
