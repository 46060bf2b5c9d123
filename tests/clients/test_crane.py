"""crane (go-containerregistry): HEAD, POST, PATCH, empty PUT; mounts name `from` and `origin`; pages of 1000."""

from __future__ import annotations

import tarfile
from pathlib import Path

import contents
import pytest
from client import ClientFailed, Need, Program, Recovery, run
from scenarios import Scenarios, tagged, uploads

from fakereg import FakeRegistry

NO_BLOBS = "it deletes tags and manifests, not blobs"
NO_REFERRERS = "it has no command for artifacts and referrers"


class Crane(Program):
    name = "crane"
    needs = (Need("crane", "go install github.com/google/go-containerregistry/cmd/crane@v0.22.1"),)
    cannot = {
        "artifact": NO_REFERRERS,
        "referrers_filtered": NO_REFERRERS,
        "blob_delete": NO_BLOBS,
        "sha512": "it takes layers and manifests by sha512, but gives a config its sha256 digest",
    }
    upload_cut = Recovery.STARTS_OVER
    download_cut = Recovery.GIVES_UP

    @classmethod
    def version(cls) -> str:
        return run(["crane", "version"]).strip()

    def push(self, layout: Path, reference: str) -> None:
        self.run("push", layout, reference)

    def pull(self, reference: str) -> Path:
        self.run("pull", "--format=oci", reference, "pulled")
        return self.folder / "pulled"

    def copy(self, source: str, target: str) -> None:
        self.run("copy", source, target)

    def tags(self, repository: str) -> list[str]:
        return self.run("ls", repository).split()

    def catalog(self) -> list[str]:
        return self.run("catalog", self.host).split()

    def delete_tag(self, reference: str) -> None:
        self.run("delete", reference)

    def delete_manifest(self, reference: str) -> None:
        self.run("delete", reference)


class TestCrane(Scenarios):
    Client = Crane


class TestCraneAlone:
    Client = Crane

    @pytest.fixture
    def appended(self, client: Crane, fake_registry: FakeRegistry, tmp_path: Path) -> str:
        """An image that crane made of a tar and pushed as team/app:v1; its digest."""
        (tmp_path / "motd").write_text("hello\n")
        with tarfile.open(tmp_path / "layer.tar", "w") as archive:
            archive.add(tmp_path / "motd", arcname="etc/motd")
        printed = client.run("append", "-f", tmp_path / "layer.tar", "-t", fake_registry.reference("team/app:v1"))
        return printed.strip().partition("@")[2]

    def test_append(self, client: Crane, appended: str, fake_registry: FakeRegistry) -> None:
        """What crane makes of a tar is held whole, under the digest that it tells, and valid when it is read again."""
        reference = fake_registry.reference("team/app:v1")

        client.run("validate", "--remote", reference)
        pulled = client.pull(reference)

        assert fake_registry.repository("team/app").manifest("v1").digest == appended
        assert contents.needed(pulled) == contents.held(fake_registry, "team/app", "v1")
        assert len(contents.needed(pulled)) == 3

    @pytest.mark.usefixtures("appended")
    def test_export(self, client: Crane, fake_registry: FakeRegistry) -> None:
        """The exported file system has the file that went in."""
        client.run("export", fake_registry.reference("team/app:v1"), "exported.tar")

        with tarfile.open(client.folder / "exported.tar") as archive:
            assert archive.getnames() == ["etc/motd"]
            assert archive.extractfile("etc/motd").read() == b"hello\n"

    def test_index_append(self, client: Crane, fake_registry: FakeRegistry) -> None:
        """An index that crane makes of two images is held with both, valid, and pulled whole."""
        parts = [
            fake_registry.seed(f"team/part:{platform.rpartition('/')[2]}", platform=platform)
            for platform in ("linux/amd64", "linux/arm64")
        ]
        target = fake_registry.reference("team/app:v1")

        client.run("index", "append", *(word for part in parts for word in ("-m", part.reference)), "-t", target)
        client.run("validate", "--remote", target)
        pulled = client.pull(target)

        index = fake_registry.repository("team/app").manifest("v1")
        assert [child.digest for child in index.manifests] == [part.digest for part in parts]
        assert contents.needed(pulled) == contents.held(fake_registry, "team/app", "v1")

    def test_copied_index_is_deleted_alone(self, client: Crane, fake_registry: FakeRegistry) -> None:
        """An index is copied with all its images by mounts; deleted, it leaves them where they are."""
        index = fake_registry.seed("team/app:v1", platforms=["linux/amd64", "linux/arm64/v8"])
        target = fake_registry.reference("other/app")

        client.copy(index.reference, f"{target}:v2")
        listed = client.tags(target)
        copied = contents.held(fake_registry, "other/app", "v2")
        client.delete_manifest(f"{target}@{index.digest}")

        repository = fake_registry.repository("other/app")
        assert listed == ["v2"]
        assert copied == contents.held(fake_registry, "team/app", "v1")
        assert uploads(fake_registry) == []
        assert repository.tags == []
        assert {manifest.digest for manifest in repository.manifests} == {child.digest for child in index.children}

    def test_one_platform_is_chosen(self, client: Crane, fake_registry: FakeRegistry) -> None:
        """`--platform` resolves to that platform's child, and pulls it."""
        index = fake_registry.seed("team/app:v1", platforms=["linux/amd64", "linux/arm64/v8"])
        platform = ["--platform", "linux/arm64/v8"]

        digest = client.run("digest", *platform, index.reference).strip()
        client.run("pull", "--format=oci", *platform, index.reference, "arm")

        chosen = index.children[1].digest
        assert digest == chosen
        assert contents.needed(client.folder / "arm") == contents.held(fake_registry, "team/app", chosen)

    def test_pages_of_a_thousand(self, client: Crane, fake_registry: FakeRegistry) -> None:
        """2,500 tags come in three pages of a thousand at most, each tag once and in order."""
        tags = [f"v{number:04}" for number in range(2500)]
        fake_registry.seed(f"team/app:{tags[0]}")
        tagged(fake_registry, "team/app", tags)

        listed = client.tags(fake_registry.reference("team/app"))

        assert listed == tags
        assert [entry.endpoint for entry in fake_registry.journal].count("list_tags_page") == 3

    def test_an_unknown_image_is_named(self, client: Crane, fake_registry: FakeRegistry) -> None:
        """A pull of what does not exist fails with the registry's words, which the journal has too."""
        with pytest.raises(ClientFailed, match="NAME_UNKNOWN: repository no/such is not known"):
            client.pull(fake_registry.reference("no/such:v1"))

        refused = fake_registry.journal[-1]
        assert (refused.endpoint, refused.status) == ("get_manifest", 404)
        assert refused.error.startswith("NAME_UNKNOWN")
