"""Scenarios asked in another way, for the clients that need it; a client's class names them before Scenarios."""

from __future__ import annotations

from pathlib import Path

import contents
import made_layouts
import pytest
from client import Client
from cutting import CutLine
from scenarios import SBOM, Connect

from fakereg import FakeRegistry

BY_DIGEST = "the manifest is pushed by its digest, as under a tag the registry names it by sha256"
RESUMES_AFTER_AN_END = "where the line is closed in the middle and not reset it resumes"


class Sha512ByDigest:
    """For clients that push a manifest under a tag alone, and so leave its digest to the registry: it takes sha256."""

    def test_sha512(self, client: Client, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """An image whose blobs and manifest have sha512 digests goes and comes back, by the manifest's digest."""
        layout = made_layouts.image(tmp_path / "image", algorithm="sha512")
        digest = contents.entry(layout)["digest"]
        reference = fake_registry.reference(f"team/app@{digest}")

        client.push(layout, reference)
        pulled = client.pull(reference)

        held = contents.held(fake_registry, "team/app", digest)
        assert held == contents.needed(layout) == contents.needed(pulled)


class ResumesAfterAnEnd:
    """For clients that give up when a line is reset, and resume when it is closed."""

    @pytest.mark.slow
    def test_download_ends_early(self, connect: Connect, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """A download that ends too early, and not by a reset, goes on where it ended."""
        layout = made_layouts.image(tmp_path / "image", layers=1, size=8 * made_layouts.MIB)
        fake_registry.load(layout, "team/app")
        with CutLine(fake_registry.port, download=3 * made_layouts.MIB, orderly=True) as line:
            pulled = connect(line.host).pull(f"{line.host}/team/app:v1")

        (rest,) = [entry for entry in fake_registry.journal if entry.status == 206]
        (layer,) = contents.document(layout)["layers"]
        assert line.cuts == 1
        assert rest.sent < layer["size"] - 2 * made_layouts.MIB
        assert contents.needed(pulled) == contents.needed(layout)


class ReferrersByTag:
    """For clients that do without the referrers API."""

    @pytest.mark.fake_registry(referrers="off")
    def test_referrers_by_tag(self, client: Client, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """Where there is no referrers API it lists them in an index, under a tag that is named after the subject."""
        subject = fake_registry.seed("team/app:v1")
        (tmp_path / "sbom.json").write_bytes(b"{}")

        client.attach(subject.reference, SBOM, tmp_path / "sbom.json")
        listed = client.referrers(subject.reference)

        repository = fake_registry.repository("team/app")
        tag = subject.digest.replace(":", "-")
        assert repository.tags == [tag, "v1"]
        assert [child.digest for child in repository.manifest(tag).manifests] == listed
        assert repository.manifest(listed[0]).subject.digest == subject.digest
