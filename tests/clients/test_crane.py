"""crane (go-containerregistry): HEAD, POST, PATCH, empty PUT; mounts name `from` and `origin`; pages of 1000."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import contents
import pytest

from fakereg import FakeRegistry
from fakereg.oci.errors import ManifestUnknown
from fakereg.oci.manifest import Manifest
from fakereg.oci.names import Tag

pytestmark = pytest.mark.clients


@pytest.fixture
def image(crane, tmp_path: Path, fake_registry: FakeRegistry) -> str:
    """An image that crane made of a tar and pushed as team/app:v1; its digest."""
    (tmp_path / "motd").write_text("hello\n")
    with tarfile.open(tmp_path / "layer.tar", "w") as archive:
        archive.add(tmp_path / "motd", arcname="etc/motd")
    printed = crane("append", "-f", "layer.tar", "-t", f"{fake_registry.host}/team/app:v1")
    return printed.strip().partition("@")[2]


class TestImage:
    def test_push_and_pull(self, crane, image: str, tmp_path: Path, fake_registry: FakeRegistry) -> None:
        """What crane pushed is whole, and pulled again it is the same digest by digest."""
        crane("validate", "--remote", f"{fake_registry.host}/team/app:v1")
        crane("pull", "--format=oci", f"{fake_registry.host}/team/app:v1", "pulled")
        crane("export", f"{fake_registry.host}/team/app:v1", "exported.tar")

        assert fake_registry.repository("team/app").manifest("v1").digest == image
        assert contents.needed(tmp_path / "pulled", image) == contents.held(fake_registry, "team/app", "v1")
        with tarfile.open(tmp_path / "exported.tar") as archive:
            assert archive.extractfile("etc/motd").read() == b"hello\n"

    def test_push_again_uploads_nothing(self, crane, image: str, fake_registry: FakeRegistry) -> None:
        """What was pulled is there when it is pushed again: no upload is opened."""
        crane("pull", "--format=oci", f"{fake_registry.host}/team/app:v1", "pulled")
        before = len(fake_registry.journal)

        crane("push", "pulled", f"{fake_registry.host}/team/app:v2")

        asked = [entry.endpoint for entry in fake_registry.journal.since(before)]
        assert "start_upload" not in asked
        assert fake_registry.repository("team/app").manifest("v2").digest == image

    @pytest.mark.usefixtures("image")
    def test_copy_between_repositories_mounts(self, crane, fake_registry: FakeRegistry) -> None:
        """A copy within the registry mounts config and layer."""
        before = len(fake_registry.journal)

        crane("copy", f"{fake_registry.host}/team/app:v1", f"{fake_registry.host}/other/app:v3")

        mounts = [entry for entry in fake_registry.journal.since(before) if entry.endpoint == "mount_blob"]
        assert [entry.status for entry in mounts] == [201, 201]
        assert contents.held(fake_registry, "other/app", "v3") == contents.held(fake_registry, "team/app", "v1")

    def test_list_over_pages(self, crane, fake_registry: FakeRegistry) -> None:
        """2,500 tags come in three pages of a thousand at most, each tag once and in order."""
        image = fake_registry.seed("team/many:v0000")
        tags = [f"v{number:04}" for number in range(2500)]
        fake_registry.repository("team/many")._repository.put_manifest(Manifest.parse(image.body), map(Tag, tags))

        listed = crane("ls", f"{fake_registry.host}/team/many").split()

        assert listed == tags
        pages = [entry for entry in fake_registry.journal if entry.endpoint == "list_tags_page"]
        assert len(pages) == 3

    @pytest.mark.usefixtures("image")
    def test_catalog(self, crane, fake_registry: FakeRegistry) -> None:
        """The catalog names every repository."""
        fake_registry.seed("a/first:v1")

        assert crane("catalog", fake_registry.host).split() == ["a/first", "team/app"]

    def test_delete_a_tag_then_the_manifest(self, crane, image: str, fake_registry: FakeRegistry) -> None:
        """A deleted tag leaves the manifest, a deleted digest takes it away."""
        repository = fake_registry.repository("team/app")

        crane("delete", f"{fake_registry.host}/team/app:v1")
        tags, manifest = repository.tags, repository.manifest(image)
        crane("delete", f"{fake_registry.host}/team/app@{image}")

        assert tags == []
        assert manifest.digest == image
        with pytest.raises(ManifestUnknown):
            repository.manifest(image)


class TestIndex:
    def test_build_validate_and_pull(self, crane, tmp_path: Path, fake_registry: FakeRegistry) -> None:
        """An index of two platforms is appended by crane, valid, and pulled whole."""
        host = fake_registry.host
        for platform in ("linux/amd64", "linux/arm64"):
            fake_registry.seed(f"team/part:{platform.rpartition('/')[2]}", platform=platform)
        crane(
            "index",
            "append",
            "-m",
            f"{host}/team/part:amd64",
            "-m",
            f"{host}/team/part:arm64",
            "-t",
            f"{host}/team/multi:v1",
        )

        crane("validate", "--remote", f"{host}/team/multi:v1")
        crane("pull", "--format=oci", f"{host}/team/multi:v1", "pulled")

        index = fake_registry.repository("team/multi").manifest("v1")
        children = [child["digest"] for child in json.loads(index.body)["manifests"]]
        parts = [fake_registry.repository("team/part").manifest(tag).digest for tag in ("amd64", "arm64")]
        assert children == parts
        assert contents.needed(tmp_path / "pulled", index.digest) == contents.held(fake_registry, "team/multi", "v1")

    def test_copy_list_and_delete(self, crane, fake_registry: FakeRegistry) -> None:
        """An index is copied between repositories with all its images, by mounts, listed, and deleted alone."""
        index = fake_registry.seed("team/multi:v1", platforms=["linux/amd64", "linux/arm64/v8"])
        source, target = (f"{fake_registry.host}/{name}" for name in ("team/multi:v1", "copy/multi"))

        crane("copy", source, f"{target}:v2")
        listed = crane("ls", target).split()
        copied = contents.held(fake_registry, "copy/multi", "v2")
        crane("delete", f"{target}@{index.digest}")

        repository = fake_registry.repository("copy/multi")
        uploads = [entry for entry in fake_registry.journal if entry.endpoint == "start_upload"]
        assert listed == ["v2"]
        assert copied == contents.held(fake_registry, "team/multi", "v1")
        assert uploads == []
        assert repository.tags == []
        assert {manifest.digest for manifest in repository.manifests} == {child.digest for child in index.children}

    def test_one_platform_is_chosen(self, crane, fake_registry: FakeRegistry) -> None:
        """`--platform` resolves to that platform's child."""
        index = fake_registry.seed("team/multi:v1", platforms=["linux/amd64", "linux/arm64/v8"])

        digest = crane("digest", "--platform", "linux/arm64/v8", f"{fake_registry.host}/team/multi:v1").strip()

        assert digest == index.children[1].digest
