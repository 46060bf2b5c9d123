"""containers/image, of which podman, buildah and skopeo are made: today's version, through a program of our own."""

from __future__ import annotations

from pathlib import Path

from client import Client, Recovery
from go_program import GoProgram, SaysWhatItCannot, built_from
from known_layers import ONLY_KNOWN_LAYERS, KnownLayers
from scenarios import SBOM, Scenarios, check_artifact

from fakereg import FakeRegistry

NO_REFERRERS = "it pushes an artifact with a subject, but has no call for the referrers API"


class ContainersImage(GoProgram):
    name = "containers/image"
    needs = (built_from("containers-image", tags="containers_image_openpgp"),)
    cannot = {
        "artifact": NO_REFERRERS,
        "referrers_filtered": NO_REFERRERS,
        "tag_delete": "it takes a tag, and deletes the manifest behind it with all its tags",
        "blob_delete": "it deletes manifests, and leaves blobs to the registry",
        "sha512": "it uploads every blob under its sha256 digest",
    }
    notes = {"copy_with_mounts": ONLY_KNOWN_LAYERS}
    upload_cut = Recovery.GIVES_UP
    download_cut = Recovery.RESUMES


class TestContainersImage(SaysWhatItCannot, KnownLayers, Scenarios):
    Client = ContainersImage


class TestContainersImageAlone:
    Client = ContainersImage

    def test_artifact_is_pushed(self, client: Client, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """An artifact with a subject is held, and the registry lists it as a referrer."""
        subject = fake_registry.seed("team/app:v1")
        (tmp_path / "sbom.json").write_bytes(b'{"packages": []}')

        client.attach(subject.reference, SBOM, tmp_path / "sbom.json")

        repository = fake_registry.repository("team/app")
        (listed,) = repository.referrers(subject.digest)
        check_artifact(fake_registry, listed.digest, subject.digest)
        assert [repository.blob(layer.digest) for layer in listed.blobs] == [b"{}", b'{"packages": []}']

    def test_delete_by_tag(self, client: Client, fake_registry: FakeRegistry) -> None:
        """A delete by tag takes the manifest away, and with it every tag that it has."""
        image = fake_registry.seed("team/app:v1")
        client.copy(image.reference, fake_registry.reference("team/app:v2"))

        client.delete_manifest(image.reference)

        assert fake_registry.repository("team/app").tags == []
        assert list(fake_registry.repository("team/app").manifests) == []
