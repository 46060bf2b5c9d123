"""oras-py: HEAD, POST, one PUT, or PATCH with a Content-Range per chunk; what it retries is a single request."""

from __future__ import annotations

import importlib.metadata
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import contents
import made_layouts
from client import Client, Need, Recovery
from scenarios import SBOM, Scenarios, check_artifact, tagged
from variants import BY_DIGEST, Sha512ByDigest

from fakereg import FakeRegistry

if TYPE_CHECKING:
    from oras.provider import Registry


class OrasPy(Client):
    name = "oras-py"
    needs = (Need("oras", "pip install oras==0.2.43", is_package=True),)
    cannot = {
        "copy_with_mounts": "it has no call to copy or to mount",
        "referrers_filtered": "it has no call that asks for referrers",
        "catalog": "it lists the tags of a repository, not repositories",
        "tag_delete": "its delete_tag resolves the tag and deletes the manifest",
        "blob_delete": "it deletes manifests, not blobs",
    }
    notes = {
        "artifact": "as it has no call that asks for referrers, they are read from the registry",
        "sha512": BY_DIGEST,
    }
    # It repeats the PUT that broke, and not the POST before it: the upload still holds what came the first time,
    # and the registry refuses the sum.
    upload_cut = Recovery.GIVES_UP
    download_cut = Recovery.GIVES_UP
    failure = (OSError, ValueError)  # OSError is the base of what requests raises

    @classmethod
    def version(cls) -> str:
        return importlib.metadata.version("oras")

    @contextmanager
    def registry(self) -> Iterator[Registry]:
        """The library's own object, whose connections nobody else closes."""
        from oras.provider import Registry  # noqa: PLC0415 - this file is read where oras is not installed too

        registry = Registry(self.host, insecure=True)
        with registry.session:
            yield registry

    def push(self, layout: Path, reference: str, **options: object) -> None:
        """`options` are those of the library: `do_chunked` and `chunk_size`."""
        from oras.layout import Layout  # noqa: PLC0415 - as above

        with self.registry() as registry:
            Layout(str(layout)).push_to_registry(registry, reference, "v1", **options)

    def pull(self, reference: str) -> Path:
        """Every pull has a folder of its own: oras-py takes a file that is there for a whole blob."""
        from oras.layout import NewLayoutFromRegistry  # noqa: PLC0415 - as above

        pulled = tempfile.mkdtemp(dir=self.folder)
        with self.registry() as registry:
            NewLayoutFromRegistry(pulled, registry, reference, "v1")
        return Path(pulled)

    def tags(self, repository: str) -> list[str]:
        with self.registry() as registry:
            found: list[str] = registry.get_tags(repository)
            return found

    def delete_manifest(self, reference: str) -> None:
        repository, _, digest = reference.partition("@")
        with self.registry() as registry:
            assert registry.delete_tag(repository, digest)

    def attach(self, reference: str, artifact_type: str, file: Path) -> None:
        """The type is that of an empty config: oras-py writes no `artifactType`."""
        from oras.oci import Subject  # noqa: PLC0415 - as above

        with self.registry() as registry:
            subject = registry.do_request(f"http://{registry.get_container(reference).manifest_url()}", "HEAD").headers
            registry.push(
                f"{reference}-attached",
                files=[str(file)],
                subject=Subject(
                    subject["Content-Type"], subject["Docker-Content-Digest"], int(subject["Content-Length"])
                ),
                manifest_config=f"/dev/null:{artifact_type}",
                disable_path_validation=True,
            )


class TestOrasPy(Sha512ByDigest, Scenarios):
    Client = OrasPy

    def test_artifact(self, client: Client, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """An artifact with a subject is held, and the registry lists it as a referrer."""
        subject = fake_registry.seed("team/app:v1")
        (tmp_path / "sbom.json").write_bytes(b'{"packages": []}')

        client.attach(subject.reference, SBOM, tmp_path / "sbom.json")

        repository = fake_registry.repository("team/app")
        (listed,) = repository.referrers(subject.digest)
        assert listed.body == repository.manifest("v1-attached").body
        check_artifact(fake_registry, listed.digest, subject.digest)

    def test_delete_by_tag(self, client: OrasPy, fake_registry: FakeRegistry) -> None:
        """A delete by tag resolves the tag and deletes the manifest, and with it every tag that it has."""
        image = fake_registry.seed("team/app:v1")
        tagged(fake_registry, "team/app", ["v2"])

        with client.registry() as registry:
            assert registry.delete_tag(fake_registry.reference("team/app"), "v1")

        deletes = [entry for entry in fake_registry.journal if entry.method == "DELETE"]
        assert [(entry.endpoint, entry.target) for entry in deletes] == [
            ("delete_manifest", f"/v2/team/app/manifests/{image.digest}")
        ]
        assert fake_registry.repository("team/app").tags == []
        assert fake_registry.repository("team/app").manifests == []

    def test_chunks(self, client: OrasPy, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """Told to send chunks, it sends one PATCH for each, and closes with an empty PUT."""
        layout = self.image(tmp_path / "image", layers=1, size=8 * made_layouts.MIB)
        (layer,) = contents.document(layout)["layers"]

        client.push(layout, fake_registry.reference("team/app:v1"), do_chunked=True, chunk_size=3 * made_layouts.MIB)

        parts = [entry.received for entry in fake_registry.journal if entry.endpoint == "patch_upload"]
        closing = [entry.received for entry in fake_registry.journal if entry.endpoint == "put_upload"]
        config = contents.document(layout)["config"]["size"]
        assert parts == [3 * made_layouts.MIB, 3 * made_layouts.MIB, layer["size"] - 6 * made_layouts.MIB, config]
        assert closing == [0, 0]
        assert contents.held(fake_registry, "team/app", "v1") == contents.needed(layout)
