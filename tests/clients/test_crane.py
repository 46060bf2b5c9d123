"""crane (go-containerregistry): HEAD, POST, PATCH, empty PUT; mounts name `from` and `origin`; pages of 1000."""

from __future__ import annotations

from pathlib import Path

from client import Need, Program, Recovery, run
from scenarios import Scenarios

NO_BLOBS = "it deletes tags and manifests, not blobs"
NO_REFERRERS = "it has no command for artifacts and referrers"


class Crane(Program):
    name = "crane"
    needs = (Need("crane", "go install github.com/google/go-containerregistry/cmd/crane@v0.22.1"),)
    cannot = {
        "artifact": NO_REFERRERS,
        "referrers_filtered": NO_REFERRERS,
        "blob_delete": NO_BLOBS,
        "sha512": "its digests are sha256 alone",
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
