"""What a diff between two moments says, in parts and in words."""

from __future__ import annotations

import pytest
from api import LAYER, Api, descriptor, encode, image, index, sha256

from fakereg import FakeRegistry
from fakereg.double.changes import Changes


@pytest.fixture
def registry() -> FakeRegistry:
    """A registry that does not serve."""
    return FakeRegistry()


@pytest.fixture
def api(registry: FakeRegistry) -> Api:
    """A client of it."""
    return Api(registry._pipeline, registry.clock)


def short(content: bytes) -> str:
    return f"{sha256(content)[:19]}..."


class TestNothing:
    def test_an_empty_diff(self, registry: FakeRegistry, api: Api) -> None:
        """Is false, and says so; asking for what is not there and pushing what is there change nothing."""
        body = api.push_image("team/app", "v1", layers=(b"layer",))
        before = registry.snapshot()

        api.push_manifest("team/app", body, "v1")
        api.push_blob("team/app", b"layer")
        api.start_upload("nowhere/app").cancel()
        api("GET", "/v2/other/app/tags/list")
        diff = registry.diff(before)

        assert not diff
        assert str(diff) == "nothing changed"
        assert diff == Changes()

    def test_between_two_snapshots(self, registry: FakeRegistry, api: Api) -> None:
        """What happened after the second is not in it; and backwards it says the opposite."""
        before = registry.snapshot()
        api.push_image("team/app", "v1")
        after = registry.snapshot()
        api.push_image("team/app", "v2")

        assert registry.diff(before, after).pushed == ["team/app:v1"]
        assert registry.diff(after).pushed == ["team/app:v2"]
        assert registry.diff(after, before).deleted == ["team/app:v1"]
        assert registry.diff(after, before).repositories_removed == ["team/app"]
        assert "team/app is not known any more" in registry.diff(after, before).lines


class TestTags:
    def test_pushed(self, registry: FakeRegistry, api: Api) -> None:
        """A new tag is told with what it names, and its blobs and its repository if they are new."""
        before = registry.snapshot()
        body = api.push_image("team/app", "v2", layers=(b"one", b"two"))

        diff = registry.diff(before)

        assert diff
        assert diff.pushed == ["team/app:v2"]
        assert diff.repositories_added == ["team/app"]
        assert diff.blobs_added == {"team/app": sorted(map(sha256, (b"{}", b"one", b"two")))}
        assert not diff.retagged
        assert not diff.deleted
        assert not diff.pushed_untagged
        assert str(diff).splitlines() == [
            "team/app is a new repository",
            f"team/app:v2 was pushed: {short(body)} (image, 2 layers)",
            "team/app: 3 blobs added, 8 bytes",
        ]

    def test_a_tag_on_what_was_there(self, registry: FakeRegistry, api: Api) -> None:
        """Nothing but the tag is new, and the line says so."""
        body = api.push_image("team/app", "v1")
        before = registry.snapshot()
        api.push_manifest("team/app", body, "v2")

        diff = registry.diff(before)

        assert diff.pushed == ["team/app:v2"]
        assert diff.lines == [f"team/app:v2 was pushed: {short(body)} (image, 0 layers), which was there before"]

    def test_moved(self, registry: FakeRegistry, api: Api) -> None:
        """From where to where; the manifest that it left stays and is not told of."""
        old = api.push_image("team/app", "latest")
        before = registry.snapshot()
        new = api.push_image("team/app", "latest", layers=(b"one",))

        diff = registry.diff(before)

        assert diff.retagged == ["team/app:latest"]
        assert not diff.pushed
        assert diff.lines == [
            f"team/app:latest moved from {short(old)} to {short(new)} (image, 1 layer)",
            "team/app: 1 blob added, 3 bytes",
        ]

    def test_deleted(self, registry: FakeRegistry, api: Api) -> None:
        """Alone, or along with its manifest."""
        stays, goes = api.push_image("team/app", "v1"), api.push_image("team/app", "v2", layers=(b"one",))
        before = registry.snapshot()
        api("DELETE", "/v2/team/app/manifests/v1")
        api("DELETE", f"/v2/team/app/manifests/{sha256(goes)}")
        api("DELETE", f"/v2/team/app/blobs/{sha256(b'one')}")

        diff = registry.diff(before)

        assert diff.deleted == ["team/app:v1", "team/app:v2"]
        assert not diff.deleted_untagged
        assert diff.blobs_removed == {"team/app": [sha256(b"one")]}
        assert diff.lines == [
            f"team/app:v1 was deleted; {short(stays)} stays",
            f"team/app:v2 was deleted, and {short(goes)} with it",
            "team/app: 1 blob removed, 3 bytes",
        ]

    def test_repositories_are_told_in_order(self, registry: FakeRegistry, api: Api) -> None:
        """Parts and lines alike, in byte order."""
        before = registry.snapshot()
        for name in ("b", "a/b", "a"):
            api.push_image(name, "v2")
            api.push_image(name, "v1", layers=(b"one",))

        diff = registry.diff(before)

        assert diff.repositories_added == ["a", "a/b", "b"]
        assert diff.pushed == [f"{name}:{tag}" for name in ("a", "a/b", "b") for tag in ("v1", "v2")]
        assert [line.split()[0].partition(":")[0] for line in diff.lines] == ["a"] * 4 + ["a/b"] * 4 + ["b"] * 4


class TestUntagged:
    def test_pushed_by_digest(self, registry: FakeRegistry, api: Api) -> None:
        """An index is told by its tag, its images by their digests."""
        before = registry.snapshot()
        body = api.push_image("team/app", layers=(b"one",))
        whole = encode(index(body))
        api.push_manifest("team/app", whole, "all")

        diff = registry.diff(before)

        assert diff.pushed == ["team/app:all"]
        assert diff.pushed_untagged == [f"team/app@{sha256(body)}"]
        assert f"team/app:all was pushed: {short(whole)} (index, 1 manifest)" in diff.lines
        assert f"team/app@{short(body)} was pushed without a tag (image, 1 layer)" in diff.lines

    def test_deleted_by_digest(self, registry: FakeRegistry, api: Api) -> None:
        """One that never had a tag, and one whose tag had moved on."""
        untagged = api.push_image("team/app", layers=(b"one",))
        left = api.push_image("team/app", "v1", layers=(b"two",))
        before = registry.snapshot()
        api.push_image("team/app", "v1", layers=(b"one", b"two"))
        for body in (untagged, left):
            api("DELETE", f"/v2/team/app/manifests/{sha256(body)}")

        diff = registry.diff(before)

        assert diff.retagged == ["team/app:v1"]
        assert not diff.deleted
        assert diff.deleted_untagged == sorted(f"team/app@{sha256(body)}" for body in (untagged, left))
        assert f"team/app@{short(left)} was deleted (image, 1 layer)" in diff.lines

    @pytest.mark.parametrize(
        ("document", "words"),
        [
            (image(artifactType="application/spdx+json"), "artifact of type application/spdx+json"),
            (image(subject=descriptor(b"x")), f"image, 0 layers, refers to {short(b'x')}"),
            ({"mediaType": "application/vnd.example+json"}, "application/vnd.example+json"),
            (index(), "index, 0 manifests"),
            (
                image() | {"layers": [descriptor(b"x", LAYER.replace("layer", "layer.nondistributable"))]},
                "image, 1 layer",
            ),
        ],
        ids=["artifact", "referrer", "unknown type", "index", "foreign layer"],
    )
    def test_what_it_is(self, registry: FakeRegistry, api: Api, document: dict[str, object], words: str) -> None:
        """Every kind of manifest is called by its name."""
        api.push_blob("team/app", b"{}")
        before = registry.snapshot()
        api.push_manifest("team/app", document, "v1")

        assert str(registry.diff(before)).endswith(f"({words})")


class TestUploads:
    def test_left_open_continued_and_ended(self, registry: FakeRegistry, api: Api) -> None:
        """A client that forgets its uploads is found out."""
        growing, ending = api.start_upload("team/app"), api.start_upload("team/app")
        before = registry.snapshot()
        opened = api.start_upload("new/app")
        opened.patch(b"hello", at=0)
        growing.patch(b"hello", at=0)
        ending.cancel()

        diff = registry.diff(before)

        ids = [one.path.rpartition("/")[2] for one in (opened, growing, ending)]
        assert diff.uploads_opened == [f"new/app/{ids[0]}"]
        assert diff.uploads_continued == [f"team/app/{ids[1]}"]
        assert diff.uploads_ended == [f"team/app/{ids[2]}"]
        assert diff.lines[0] == f"new/app: upload {ids[0][:12]}... was left open with 5 bytes"
        assert set(diff.lines[1:]) == {
            f"team/app: upload {ids[1][:12]}... went from 0 to 5 bytes",
            f"team/app: upload {ids[2][:12]}... ended",
        }
        assert not diff.repositories_added
