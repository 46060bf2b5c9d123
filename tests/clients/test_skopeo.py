"""skopeo (containers/image): https ping first, HEAD, POST, PATCH, empty PUT; a mount answered 202 is cancelled."""

from __future__ import annotations

import json
from pathlib import Path

import contents
import pytest

from fakereg import FakeRegistry
from fakereg.oci.errors import ManifestUnknown

pytestmark = pytest.mark.clients


@pytest.fixture
def layout(umoci, tmp_path: Path) -> Path:
    """An image with two layers, made by umoci, tagged v1 in an OCI layout."""
    umoci("init", "--layout", "image")
    umoci("new", "--image", "image:v1")
    for name in ("motd", "issue"):
        (tmp_path / name).write_text(f"this is {name}\n")
        umoci("insert", "--image", "image:v1", tmp_path / name, f"/etc/{name}")
    return tmp_path / "image"


class TestImage:
    def test_push_and_pull(self, skopeo, layout: Path, tmp_path: Path, fake_registry: FakeRegistry) -> None:
        """What skopeo pushed is held by the registry digest by digest, and pulled again it is the same."""
        (pushed,) = contents.entries(layout)

        skopeo("copy", "--preserve-digests", f"oci:{layout}:v1", f"docker://{fake_registry.host}/team/app:v1")
        skopeo("copy", "--preserve-digests", f"docker://{fake_registry.host}/team/app:v1", "oci:pulled:v1")

        assert fake_registry.repository("team/app").manifest("v1").digest == pushed["digest"]
        assert contents.held(fake_registry, "team/app", "v1") == contents.needed(layout, pushed["digest"])
        assert contents.needed(tmp_path / "pulled", pushed["digest"]) == contents.needed(layout, pushed["digest"])

    def test_push_again_uploads_nothing(self, skopeo, layout: Path, fake_registry: FakeRegistry) -> None:
        """A second push finds every blob by HEAD and only puts the manifest."""
        target = f"docker://{fake_registry.host}/team/app:v1"
        skopeo("copy", f"oci:{layout}:v1", target)
        before = len(fake_registry.journal)

        skopeo("copy", f"oci:{layout}:v1", target)

        asked = [entry.endpoint for entry in fake_registry.journal.since(before)]
        assert "start_upload" not in asked
        assert asked.count("put_manifest") == 1

    def test_copy_between_repositories_mounts(self, skopeo, layout: Path, fake_registry: FakeRegistry) -> None:
        """A copy within the registry mounts its layers instead of sending them."""
        source, target = (f"docker://{fake_registry.host}/{name}" for name in ("team/app:v1", "other/app:v2"))
        skopeo("copy", f"oci:{layout}:v1", source)
        before = len(fake_registry.journal)

        skopeo("copy", source, target)

        mounts = [entry for entry in fake_registry.journal.since(before) if entry.endpoint == "mount_blob"]
        assert [entry.status for entry in mounts] == [201, 201]
        assert contents.held(fake_registry, "other/app", "v2") == contents.held(fake_registry, "team/app", "v1")

    def test_list_inspect_and_delete(self, skopeo, layout: Path, fake_registry: FakeRegistry) -> None:
        """Tags are listed, the image is inspected, and a delete takes the manifest with all its tags."""
        repository = f"docker://{fake_registry.host}/team/app"
        for tag in ("v1", "v2"):
            skopeo("copy", f"oci:{layout}:v1", f"{repository}:{tag}")
        digest = fake_registry.repository("team/app").manifest("v1").digest

        listed = json.loads(skopeo("list-tags", repository))
        inspected = json.loads(skopeo("inspect", f"{repository}:v2"))
        skopeo("delete", f"{repository}:v1")

        assert listed["Tags"] == ["v1", "v2"]
        assert inspected["Digest"] == digest
        assert fake_registry.repository("team/app").tags == []
        with pytest.raises(ManifestUnknown):
            fake_registry.repository("team/app").manifest(digest)


class TestIndex:
    def test_all_platforms_go_and_come_back(self, skopeo, tmp_path: Path, fake_registry: FakeRegistry) -> None:
        """A multi-platform index is pulled with every image, and pushed elsewhere as it was."""
        index = fake_registry.seed("team/multi:v1", platforms=["linux/amd64", "linux/arm64/v8"])
        source, target = (f"docker://{fake_registry.host}/{name}" for name in ("team/multi:v1", "copy/multi:v1"))

        skopeo("copy", "--all", "--preserve-digests", source, "oci:pulled:v1")
        skopeo("copy", "--all", "--preserve-digests", "oci:pulled:v1", target)

        assert contents.needed(tmp_path / "pulled", index.digest) == contents.held(fake_registry, "team/multi", "v1")
        assert contents.held(fake_registry, "copy/multi", "v1") == contents.held(fake_registry, "team/multi", "v1")
        assert fake_registry.repository("copy/multi").manifest("v1").digest == index.digest

    def test_copy_list_and_delete(self, skopeo, fake_registry: FakeRegistry) -> None:
        """An index is copied between repositories with all its images, listed, and deleted alone."""
        index = fake_registry.seed("team/multi:v1", platforms=["linux/amd64", "linux/arm64/v8"])
        source, target = (f"docker://{fake_registry.host}/{name}" for name in ("team/multi:v1", "copy/multi"))

        skopeo("copy", "--all", "--preserve-digests", source, f"{target}:v2")
        listed = json.loads(skopeo("list-tags", target))["Tags"]
        copied = contents.held(fake_registry, "copy/multi", "v2")
        skopeo("delete", f"{target}:v2")

        repository = fake_registry.repository("copy/multi")
        assert listed == ["v2"]
        assert copied == contents.held(fake_registry, "team/multi", "v1")
        assert repository.tags == []
        assert {manifest.digest for manifest in repository.manifests} == {child.digest for child in index.children}

    def test_one_platform_is_chosen(self, skopeo, tmp_path: Path, fake_registry: FakeRegistry) -> None:
        """A pull for one platform takes that platform's image out of the index."""
        index = fake_registry.seed("team/multi:v1", platforms=["linux/amd64", "linux/arm64/v8"])
        source = f"docker://{fake_registry.host}/team/multi:v1"

        skopeo("--override-os", "linux", "--override-arch", "arm64", "copy", source, "oci:arm:v1")

        (entry,) = contents.entries(tmp_path / "arm")
        assert entry["digest"] == index.children[1].digest


class TestRefusals:
    def test_an_unknown_image_is_named(self, skopeo, fake_registry: FakeRegistry) -> None:
        """A pull of what does not exist fails, and the journal says why."""
        skopeo("copy", f"docker://{fake_registry.host}/no/such:v1", "oci:pulled:v1", fails=True)

        refused = [entry for entry in fake_registry.journal if entry.endpoint == "get_manifest"]
        assert refused[-1].status == 404
        assert "NAME_UNKNOWN" in (refused[-1].error or "")
