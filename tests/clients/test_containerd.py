"""containerd, its resolver, pusher and fetcher, through a program of our own: HEAD, POST, one PUT, and never PATCH."""

from __future__ import annotations

from pathlib import Path

import contents
import made_layouts
import pytest
from client import Client, Recovery
from cutting import CutLine
from go_program import GoProgram, SaysWhatItCannot, built_from
from scenarios import Connect, Scenarios
from variants import BY_DIGEST, RESUMES_AFTER_AN_END, ResumesAfterAnEnd, Sha512ByDigest

from fakereg import FakeRegistry

NO_LISTS = "its resolver speaks for one name and lists neither tags nor repositories"
NO_DELETE = "it has a fetcher and a pusher, and nothing that deletes"


class Containerd(GoProgram):
    name = "containerd"
    needs = (built_from("containerd"),)
    cannot = {
        "tags_over_pages": NO_LISTS,
        "catalog": NO_LISTS,
        "tag_delete": NO_DELETE,
        "manifest_delete": NO_DELETE,
        "blob_delete": NO_DELETE,
    }
    notes = {
        "artifact": "our own program makes the manifest, and containerd pushes it",
        "sha512": BY_DIGEST,
        "download_cut": RESUMES_AFTER_AN_END + ", and after a reset the next pull does",
        "referrers_filtered": "one page, as it follows no Link",
    }
    upload_cut = Recovery.GIVES_UP
    download_cut = Recovery.GIVES_UP


class TestContainerd(SaysWhatItCannot, Sha512ByDigest, ResumesAfterAnEnd, Scenarios):
    Client = Containerd
    referrers_pages = 1

    def test_referrers_filtered(self, client: Client, fake_registry: FakeRegistry) -> None:
        """Of several referrers those of one type are told, on one page: containerd asks for no second one."""
        super().test_referrers_filtered(client, fake_registry)

    @pytest.mark.slow
    def test_download_cut(self, connect: Connect, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """A pull over a line that is reset fails, and the next one asks for the rest of what the first left behind."""
        layout = self.image(tmp_path / "image", layers=1, size=8 * made_layouts.MIB)
        fake_registry.load(layout, "team/app")
        with CutLine(fake_registry.port, download=3 * made_layouts.MIB) as line:
            client, reference = connect(line.host), f"{line.host}/team/app:v1"
            with pytest.raises(client.failure):
                client.pull(reference)
            pulled = client.pull(reference)

        (rest,) = [entry for entry in fake_registry.journal if entry.status == 206]
        (layer,) = contents.document(layout)["layers"]
        assert line.cuts == 1
        assert rest.sent < layer["size"] - 2 * made_layouts.MIB
        assert contents.needed(pulled) == contents.needed(layout)
