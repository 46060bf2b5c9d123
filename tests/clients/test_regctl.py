"""regctl (regclient): POST with `mount` and without `from`, PUT; after a failed PUT it sends chunks by PATCH."""

from __future__ import annotations

from pathlib import Path

import contents
import made_layouts
import pytest
from client import Client, Need, Program, Recovery, run
from cutting import CutLine
from scenarios import SESSIONS, Connect, Scenarios, filled_sessions
from variants import RESUMES_AFTER_AN_END, ReferrersByTag, ResumesAfterAnEnd

from fakereg import FakeRegistry


class Regctl(Program):
    name = "regctl"
    needs = (Need("regctl", "go install github.com/regclient/regclient/cmd/regctl@v0.11.7"),)
    notes = {
        "catalog": "pages are asked for one by one, with --last",
        "upload_cut": "a second PUT of everything is refused, and then chunks go on where the first broke",
        "download_cut": RESUMES_AFTER_AN_END,
    }
    upload_cut = Recovery.RESUMES
    download_cut = Recovery.GIVES_UP

    @property
    def options(self) -> tuple[str, ...]:
        return ("--host", f"reg={self.host},tls=disabled")

    @classmethod
    def version(cls) -> str:
        return run(["regctl", "version", "--format", "{{.VCSTag}}"]).strip()

    def push(self, layout: Path, reference: str) -> None:
        self.run("image", "copy", f"ocidir://{layout}:v1", reference)

    def pull(self, reference: str) -> Path:
        self.run("image", "copy", reference, "ocidir://pulled:v1")
        return self.folder / "pulled"

    def copy(self, source: str, target: str) -> None:
        self.run("image", "copy", source, target)

    def tags(self, repository: str) -> list[str]:
        return self.run("tag", "ls", repository).split()

    def catalog(self) -> list[str]:
        """It tells one page a call, and takes the last name of it to go on."""
        found: list[str] = []
        while page := self.run("repo", "ls", *(f"--last={name}" for name in found[-1:]), self.host).split():
            found += page
        return found

    def delete_tag(self, reference: str) -> None:
        self.run("tag", "delete", reference)

    def delete_manifest(self, reference: str) -> None:
        self.run("manifest", "delete", reference)

    def delete_blob(self, reference: str) -> None:
        self.run("blob", "delete", *reference.split("@"))

    def attach(self, reference: str, artifact_type: str, file: Path) -> None:
        self.run("artifact", "put", "--artifact-type", artifact_type, "--subject", reference, "--file", file)

    def referrers(self, reference: str, artifact_type: str | None = None) -> list[str]:
        chosen = [f"--filter-artifact-type={artifact_type}"] if artifact_type else []
        every = "{{range .Descriptors}}{{.Digest}} {{end}}"
        return self.run("artifact", "list", *chosen, "--format", every, reference).split()


class TestRegctl(ReferrersByTag, ResumesAfterAnEnd, Scenarios):
    Client = Regctl

    @pytest.mark.slow
    def test_upload_cut(self, connect: Connect, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """A cut upload goes on in chunks where it broke, once a second PUT of everything was refused."""
        layout = made_layouts.image(tmp_path / "image", layers=1, size=8 * made_layouts.MIB)
        with CutLine(fake_registry.port, upload=3 * made_layouts.MIB) as line:
            client = connect(line.host)
            client.push(layout, f"{line.host}/team/app:v1")

        (layer,) = contents.document(layout)["layers"]
        chunks = [entry for entry in fake_registry.journal if entry.endpoint == "patch_upload"]
        before = [entry for entry in fake_registry.journal if entry.endpoint == "put_upload" and entry.status is None]
        assert line.cuts == 1
        assert len(filled_sessions(fake_registry)) == SESSIONS[client.upload_cut]
        assert [entry.status for entry in chunks] == [416, *[202] * (len(chunks) - 1)]
        assert sum(entry.received for entry in before + chunks) == layer["size"]
        assert contents.held(fake_registry, "team/app", "v1") == contents.needed(layout)

    @pytest.mark.fake_registry(chunk_minimum=3 * made_layouts.MIB)
    def test_chunk_minimum(self, client: Regctl, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """Told to send blobs in chunks, of one MiB each, it makes them as large as the registry asks for."""
        layout = made_layouts.image(tmp_path / "image", layers=1, size=8 * made_layouts.MIB)
        client.run("registry", "set", "--skip-check", f"--blob-max={made_layouts.MIB}", client.host)

        client.push(layout, fake_registry.reference("team/app:v1"))

        chunks = [entry.received for entry in fake_registry.journal if entry.endpoint == "patch_upload"]
        assert chunks[:-1] == [3 * made_layouts.MIB] * 2
        assert sum(chunks) == contents.document(layout)["layers"][0]["size"]
        assert contents.held(fake_registry, "team/app", "v1") == contents.needed(layout)

    @pytest.mark.fake_registry(tag_deletes="off")
    def test_tag_delete_by_a_dummy(self, client: Client, fake_registry: FakeRegistry) -> None:
        """Where tags cannot be deleted it moves the tag to a manifest of its own, and deletes that."""
        image = fake_registry.seed("team/app:v1")

        client.delete_tag(image.reference)

        asked = [(entry.endpoint, entry.status) for entry in fake_registry.journal]
        assert asked[-2:] == [("put_manifest", 201), ("delete_manifest", 202)]
        assert fake_registry.repository("team/app").tags == []
        assert fake_registry.repository("team/app").manifest(image.digest).body == image.body
