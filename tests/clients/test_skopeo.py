"""skopeo (containers/image): https ping first, HEAD, POST, PATCH, empty PUT; a mount answered 202 is cancelled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import contents
import pytest
import umoci
from client import ClientFailed, Need, Program, Recovery, run
from environment import NOT_ROOT
from known_layers import ONLY_KNOWN_LAYERS, KnownLayers
from scenarios import Scenarios, uploads

from fakereg import FakeRegistry
from fakereg.oci.errors import ManifestUnknown

NO_REFERRERS = "it has no command for artifacts and referrers"


class Skopeo(Program):
    name = "skopeo"
    needs = (Need("skopeo", "apt-get install skopeo"),)
    cannot = {
        "artifact": NO_REFERRERS,
        "referrers_filtered": NO_REFERRERS,
        "catalog": "it lists the tags of a repository, and no repositories",
        "tag_delete": "it resolves the tag and deletes the manifest with all its tags",
        "blob_delete": "it deletes manifests, not blobs",
        "sha512": "it uploads every blob under its sha256 digest",
    }
    notes = {"copy_with_mounts": ONLY_KNOWN_LAYERS}
    upload_cut = Recovery.GIVES_UP
    download_cut = Recovery.GIVES_UP

    def __init__(self, host: str, folder: Path, environ: Mapping[str, str]) -> None:
        super().__init__(host, folder, {**environ, **NOT_ROOT})

    @property
    def options(self) -> list[str]:
        """The file that says plain HTTP; skopeo does not read the variable."""
        return ["--registries-conf", self.environ["CONTAINERS_REGISTRIES_CONF"]]

    @classmethod
    def version(cls) -> str:
        return run(["skopeo", "--version"]).split()[2]

    def push(self, layout: Path, reference: str) -> None:
        self._copy(f"oci:{layout}:v1", f"docker://{reference}")

    def pull(self, reference: str) -> Path:
        self._copy(f"docker://{reference}", "oci:pulled:v1")
        return self.folder / "pulled"

    def copy(self, source: str, target: str) -> None:
        self._copy(f"docker://{source}", f"docker://{target}")

    def _copy(self, source: str, target: str) -> None:
        self.run("copy", "--all", "--preserve-digests", source, target)

    def tags(self, repository: str) -> list[str]:
        found: list[str] = json.loads(self.run("list-tags", f"docker://{repository}"))["Tags"]
        return found

    def delete_manifest(self, reference: str) -> None:
        self.run("delete", f"docker://{reference}")


class SkopeoAndUmoci(Skopeo):
    needs = (*Skopeo.needs, umoci.UMOCI)


class TestSkopeo(KnownLayers, Scenarios):
    Client = Skopeo


class TestSkopeoAlone:
    Client = Skopeo

    def test_inspect(self, client: Skopeo, fake_registry: FakeRegistry) -> None:
        """What is inspected has the digest, the tags and the layers that the registry holds."""
        image = fake_registry.seed("team/app:v1", layers=[{"motd": b"hi"}])
        fake_registry.seed("team/app:v2", layers=[b"another"])

        inspected = json.loads(client.run("inspect", f"docker://{image.reference}"))

        assert inspected["Digest"] == image.digest
        assert inspected["RepoTags"] == ["v1", "v2"]
        assert inspected["Layers"] == list(image.layers)

    def test_delete_by_tag(self, client: Skopeo, fake_registry: FakeRegistry) -> None:
        """A delete by tag takes the manifest away, and with it every tag that it has."""
        image = fake_registry.seed("team/app:v1")
        client.copy(image.reference, fake_registry.reference("team/app:v2"))

        client.run("delete", f"docker://{image.reference}")

        repository = fake_registry.repository("team/app")
        assert repository.tags == []
        with pytest.raises(ManifestUnknown):
            repository.manifest(image.digest)

    def test_copied_index_is_deleted_alone(self, client: Skopeo, fake_registry: FakeRegistry) -> None:
        """An index is copied with all its images; deleted, it leaves them where they are."""
        index = fake_registry.seed("team/app:v1", platforms=["linux/amd64", "linux/arm64/v8"])
        target = fake_registry.reference("other/app:v2")

        client.copy(index.reference, target)
        listed = client.tags(fake_registry.reference("other/app"))
        copied = contents.held(fake_registry, "other/app", "v2")
        client.run("delete", f"docker://{target}")

        repository = fake_registry.repository("other/app")
        assert listed == ["v2"]
        assert copied == contents.held(fake_registry, "team/app", "v1")
        assert repository.tags == []
        assert {manifest.digest for manifest in repository.manifests} == {child.digest for child in index.children}

    def test_one_platform_is_chosen(self, client: Skopeo, fake_registry: FakeRegistry) -> None:
        """A pull for one platform takes that platform's image out of the index."""
        index = fake_registry.seed("team/app:v1", platforms=["linux/amd64", "linux/arm64/v8"])
        platform = ["--override-os", "linux", "--override-arch", "arm64"]

        client.run(*platform, "copy", f"docker://{index.reference}", "oci:arm:v1")

        pulled = client.folder / "arm"
        assert contents.entry(pulled)["digest"] == index.children[1].digest
        assert contents.needed(pulled) == contents.held(fake_registry, "team/app", index.children[1].digest)

    def test_an_unknown_image_is_named(self, client: Skopeo, fake_registry: FakeRegistry) -> None:
        """A pull of what does not exist fails, and the journal says why."""
        with pytest.raises(ClientFailed, match="repository no/such is not known"):
            client.pull(fake_registry.reference("no/such:v1"))

        refused = fake_registry.journal[-1]
        assert (refused.endpoint, refused.status) == ("get_manifest", 404)
        assert "NAME_UNKNOWN" in (refused.error or "")


class TestSkopeoWithUmoci:
    Client = SkopeoAndUmoci

    def test_umoci_image(self, client: Skopeo, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """An image that umoci made goes and comes back byte for byte, and unpacks to the files that went in."""
        files = {"/etc/issue": b"this is issue\n", "/etc/motd": b"this is motd\n"}
        layout = umoci.image(tmp_path / "image", files)
        reference = fake_registry.reference("team/app:v1")

        client.push(layout, reference)
        pulled = client.pull(reference)
        before = len(fake_registry.journal)
        client.push(layout, reference)

        assert contents.held(fake_registry, "team/app", "v1") == contents.needed(layout) == contents.needed(pulled)
        assert umoci.unpacked(pulled, tmp_path / "unpacked") == files
        assert uploads(fake_registry, before) == []
