"""The scenarios: one vocabulary for all clients. A client's file holds a `Client` and a subclass of `Scenarios`.

Each asserts contents, in the registry or in what was pulled, digest by digest and every byte hashed.
A client that needs to be asked differently overrides a scenario and asserts no less.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, Protocol

import contents
import made_layouts
import pytest
from client import Client, Recovery
from cutting import CutLine

from fakereg import FakeRegistry
from fakereg.oci.errors import BlobUnknown, ManifestUnknown
from fakereg.oci.names import Tag

SBOM, SIGNATURE = "application/vnd.example.sbom", "application/vnd.example.signature"


# The upload sessions that a layer is sent in, the next push's included, where the line breaks once.
SESSIONS = {Recovery.RESUMES: 1, Recovery.STARTS_OVER: 2, Recovery.GIVES_UP: 2}


class Connect(Protocol):
    def __call__(self, host: str) -> Client:
        """The client under test, for this host, in its own folder and environment."""


class Scenarios:
    """What every client is asked to do; the names of the methods, without `test_`, are the vocabulary."""

    Client: ClassVar[type[Client]]
    referrers_pages = 3  # that the six referrers of a scenario are told on, where two are told at once

    def image(self, path: Path, *, layers: int = 2, size: int = 20, algorithm: str = "sha256") -> Path:
        """What goes and comes; a client that compresses every layer anew has images of its own making."""
        return made_layouts.image(path, layers=layers, size=size, algorithm=algorithm)

    def test_push(self, client: Client, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """What was pushed is held byte for byte."""
        layout = self.image(tmp_path / "image")

        client.push(layout, fake_registry.reference("team/app:v1"))

        assert contents.held(fake_registry, "team/app", "v1") == contents.needed(layout)

    def test_push_again(self, client: Client, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """A second push finds every blob and sends none."""
        layout = self.image(tmp_path / "image")
        client.push(layout, fake_registry.reference("team/app:v1"))
        before = len(fake_registry.journal)

        client.push(layout, fake_registry.reference("team/app:v2"))

        assert uploads(fake_registry, before) == []
        assert contents.held(fake_registry, "team/app", "v2") == contents.needed(layout)

    def test_pull(self, client: Client, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """What is pulled is what the registry holds."""
        layout = self.image(tmp_path / "image")
        fake_registry.load(layout, "team/app")

        pulled = client.pull(fake_registry.reference("team/app:v1"))

        assert contents.needed(pulled) == contents.needed(layout)

    def test_copy_with_mounts(self, client: Client, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """A copy into another repository mounts every blob and sends none."""
        layout = self.image(tmp_path / "image")
        fake_registry.load(layout, "team/app")

        client.copy(fake_registry.reference("team/app:v1"), fake_registry.reference("other/app:v2"))

        mounts = [entry.status for entry in fake_registry.journal if entry.endpoint == "mount_blob"]
        assert mounts == [201] * (len(contents.needed(layout)) - 1)
        assert uploads(fake_registry) == []
        assert contents.held(fake_registry, "other/app", "v2") == contents.needed(layout)

    def test_index(self, client: Client, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """An index of two platforms goes and comes back with both images."""
        layout = made_layouts.index(tmp_path / "index")

        client.push(layout, fake_registry.reference("team/app:v1"))
        pulled = client.pull(fake_registry.reference("team/app:v1"))

        assert contents.held(fake_registry, "team/app", "v1") == contents.needed(layout)
        assert contents.needed(pulled) == contents.needed(layout)

    def test_artifact(self, client: Client, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """An artifact with a subject is held, and listed as its referrer."""
        subject = fake_registry.seed("team/app:v1")
        (tmp_path / "sbom.json").write_bytes(b'{"packages": []}')

        client.attach(subject.reference, SBOM, tmp_path / "sbom.json")
        (listed,) = client.referrers(subject.reference)

        check_artifact(fake_registry, listed, subject.digest)

    @pytest.mark.fake_registry(page_maximum=2)
    def test_referrers_filtered(self, client: Client, fake_registry: FakeRegistry) -> None:
        """Of several referrers those of one type are told, over several pages too."""
        subject = fake_registry.seed("team/app:v1")
        made = {
            kind: [
                fake_registry.seed("team/app", artifact_type=kind, layers=[kind.encode() + bytes([n])], subject=subject)
                for n in range(3)
            ]
            for kind in (SBOM, SIGNATURE)
        }

        everything = client.referrers(subject.reference)
        pages = [entry for entry in fake_registry.journal if entry.endpoint == "get_referrers"]
        signatures = client.referrers(subject.reference, SIGNATURE)

        assert len(pages) >= self.referrers_pages
        assert sorted(signatures) == sorted(image.digest for image in made[SIGNATURE])
        assert sorted(everything) == sorted(image.digest for kind in made for image in made[kind])

    @pytest.mark.fake_registry(page_maximum=100)
    def test_tags_over_pages(self, client: Client, fake_registry: FakeRegistry) -> None:
        """250 tags in pages of at most a hundred come whole and in order."""
        tags = [f"v{number:03}" for number in range(250)]
        fake_registry.seed(f"team/app:{tags[0]}")
        tagged(fake_registry, "team/app", tags)

        listed = client.tags(fake_registry.reference("team/app"))

        pages = [entry for entry in fake_registry.journal if entry.endpoint in ("list_tags", "list_tags_page")]
        assert listed == tags
        assert len(pages) >= 3

    @pytest.mark.fake_registry(page_maximum=2)
    def test_catalog(self, client: Client, fake_registry: FakeRegistry) -> None:
        """Five repositories in pages of at most two come whole and in order."""
        names = [f"team/app-{number}" for number in range(5)]
        for name in names:
            fake_registry.seed(f"{name}:v1")

        listed = client.catalog()

        pages = [entry for entry in fake_registry.journal if entry.endpoint == "catalog"]
        assert listed == names
        assert len(pages) >= 3

    def test_tag_delete(self, client: Client, fake_registry: FakeRegistry) -> None:
        """A deleted tag is gone; its manifest and its other tags are not."""
        image = fake_registry.seed("team/app:v1")
        fake_registry.seed("team/app:v2", layers=[b"another"])

        client.delete_tag(image.reference)

        repository = fake_registry.repository("team/app")
        assert repository.tags == ["v2"]
        assert repository.manifest(image.digest).body == image.body

    def test_manifest_delete(self, client: Client, fake_registry: FakeRegistry) -> None:
        """A deleted manifest is gone with its tags; another one stays."""
        image = fake_registry.seed("team/app:v1")
        other = fake_registry.seed("team/app:v2", layers=[b"another"])

        client.delete_manifest(fake_registry.reference(f"team/app@{image.digest}"))

        repository = fake_registry.repository("team/app")
        assert repository.tags == ["v2"]
        assert repository.manifest("v2").digest == other.digest
        with pytest.raises(ManifestUnknown):
            repository.manifest(image.digest)

    def test_blob_delete(self, client: Client, fake_registry: FakeRegistry) -> None:
        """A deleted blob is gone from its repository; another repository keeps it."""
        layer = fake_registry.seed("team/app:v1", layers=[{"motd": b"hi"}]).layers[0]
        fake_registry.seed("other/app:v1", layers=[{"motd": b"hi"}])

        client.delete_blob(fake_registry.reference(f"team/app@{layer}"))

        kept = fake_registry.repository("other/app").blob(layer)
        assert f"sha256:{hashlib.sha256(kept).hexdigest()}" == layer
        with pytest.raises(BlobUnknown):
            fake_registry.repository("team/app").blob(layer)

    @pytest.mark.slow
    def test_many_layers(self, client: Client, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """An image of 200 layers goes and comes back."""
        layout = self.image(tmp_path / "image", layers=200)

        client.push(layout, fake_registry.reference("team/app:v1"))
        pulled = client.pull(fake_registry.reference("team/app:v1"))

        assert contents.held(fake_registry, "team/app", "v1") == contents.needed(layout)
        assert contents.needed(pulled) == contents.needed(layout)

    @pytest.mark.slow
    def test_large_layer(self, client: Client, fake_registry: FakeRegistry, large_layout: Path) -> None:
        """An image with a layer of 300 MB goes and comes back."""
        client.push(large_layout, fake_registry.reference("team/app:v1"))
        pulled = client.pull(fake_registry.reference("team/app:v1"))

        assert contents.held(fake_registry, "team/app", "v1") == contents.needed(large_layout)
        assert contents.needed(pulled) == contents.needed(large_layout)

    def test_sha512(self, client: Client, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """An image whose blobs and manifest have sha512 digests goes and comes back."""
        layout = self.image(tmp_path / "image", algorithm="sha512")

        client.push(layout, fake_registry.reference("team/app:v1"))
        pulled = client.pull(fake_registry.reference("team/app:v1"))

        held = contents.held(fake_registry, "team/app", contents.entry(layout)["digest"])
        assert held == contents.needed(layout) == contents.needed(pulled)

    @pytest.mark.slow
    def test_upload_cut(self, connect: Connect, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """A line that breaks in the middle of an upload loses nothing: the client recovers, or the next push does.

        The layer is sent in two sessions, of which the second is the client's own doing or that of the next push,
        or in one if the client resumes.
        """
        layout = self.image(tmp_path / "image", layers=1, size=8 * made_layouts.MIB)
        with CutLine(fake_registry.port, upload=3 * made_layouts.MIB) as line:
            client, reference = connect(line.host), f"{line.host}/team/app:v1"
            if client.upload_cut is Recovery.GIVES_UP:
                with pytest.raises(client.failure):
                    client.push(layout, reference)
                assert len(filled_sessions(fake_registry)) == 1
            client.push(layout, reference)

        assert line.cuts == 1
        assert len(filled_sessions(fake_registry)) == SESSIONS[client.upload_cut]
        assert contents.held(fake_registry, "team/app", "v1") == contents.needed(layout)

    @pytest.mark.slow
    def test_download_cut(self, connect: Connect, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """A line that breaks in the middle of a download costs no byte: the client recovers, or the next pull does."""
        layout = self.image(tmp_path / "image", layers=1, size=8 * made_layouts.MIB)
        fake_registry.load(layout, "team/app")
        with CutLine(fake_registry.port, download=3 * made_layouts.MIB) as line:
            client, reference = connect(line.host), f"{line.host}/team/app:v1"
            if client.download_cut is Recovery.GIVES_UP:
                with pytest.raises(client.failure):
                    client.pull(reference)
            pulled = client.pull(reference)

        parts = [entry for entry in fake_registry.journal if entry.endpoint == "get_blob" and entry.status == 206]
        assert line.cuts == 1
        assert bool(parts) is (client.download_cut is Recovery.RESUMES)
        assert contents.needed(pulled) == contents.needed(layout)


def check_artifact(registry: FakeRegistry, digest: str, subject: str) -> None:
    """An artifact in team/app is what `attach` was asked for: a bill of materials without packages."""
    repository = registry.repository("team/app")
    artifact = repository.manifest(digest)
    assert artifact.subject.digest == subject
    assert artifact.artifact_type == SBOM
    assert b'{"packages": []}' in [repository.blob(layer.digest) for layer in artifact.blobs]


def uploads(registry: FakeRegistry, after: int = 0) -> list[str]:
    """The requests that opened or filled an upload session."""
    endpoints = ("start_upload", "start_upload_with", "push_blob", "patch_upload", "put_upload")
    return [str(entry) for entry in registry.journal.since(after) if entry.endpoint in endpoints]


def filled_sessions(registry: FakeRegistry) -> set[str]:
    """The upload sessions, by their paths, that more than a MiB was sent to: the layer's, and not the config's."""
    received: Counter[str] = Counter()
    for entry in registry.journal:
        if entry.endpoint in ("patch_upload", "put_upload"):
            received[entry.target.partition("?")[0]] += entry.received
    return {path for path, size in received.items() if size > made_layouts.MIB}


def tagged(registry: FakeRegistry, name: str, tags: Iterable[str]) -> None:
    """Give tags to the only manifest of a repository: so many that a client would take long to push them."""
    repository = registry.repository(name)
    (manifest,) = repository.manifests
    repository._repository.put_manifest(manifest, map(Tag, tags))


SCENARIOS = [name.removeprefix("test_") for name in vars(Scenarios) if name.startswith("test_")]
