"""python-dxf: HEAD, POST, PUT; a fresh connection for every request, and no retries."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import contents
import made_layouts
from client import Client, Need, Recovery
from scenarios import Scenarios, tagged

from fakereg import FakeRegistry

if TYPE_CHECKING:
    from dxf import DXF

NO_REFERRERS = "it has no call for artifacts and referrers"


class Dxf(Client):
    name = "python-dxf"
    needs = (Need("dxf", "pip install python-dxf==12.1.1", is_package=True),)
    cannot = {
        "artifact": NO_REFERRERS,
        "referrers_filtered": NO_REFERRERS,
        "tag_delete": "its del_alias resolves the tag and deletes the manifest",
        "sha512": "it pushes and pulls blobs under sha256 digests alone",
    }
    upload_cut = Recovery.GIVES_UP
    download_cut = Recovery.GIVES_UP
    failure = OSError  # the base of what requests raises

    @classmethod
    def version(cls) -> str:
        return importlib.metadata.version("python-dxf")

    def repository(self, reference: str) -> tuple[DXF, str]:
        """What speaks for a repository, and the tag or digest of a reference."""
        from dxf import DXF  # noqa: PLC0415 - this file is read where dxf is not installed too

        name, _, digest = reference.removeprefix(f"{self.host}/").partition("@")
        name, _, tag = name.partition(":")
        return DXF(self.host, name, insecure=True), digest or tag

    def push(self, layout: Path, reference: str) -> None:
        repository, tag = self.repository(reference)
        self._push(layout, repository, tag, contents.entry(layout)["digest"])

    def _push(self, layout: Path, repository: DXF, reference: str, digest: str) -> None:
        """Push a manifest from a layout, after everything beneath it."""
        text = contents.blob(layout, digest).decode()
        document = json.loads(text)
        for child in document.get("manifests", []):
            self._push(layout, repository, child["digest"], child["digest"])
        for part in parts(document):
            repository.push_blob(str(layout.joinpath("blobs", *part["digest"].split(":"))))
        repository.set_manifest(reference, text)

    def pull(self, reference: str) -> Path:
        repository, name = self.repository(reference)
        writer = made_layouts.Writer(Path(tempfile.mkdtemp(dir=self.folder)))
        return writer.close(self._pull(writer, repository, name))

    def _pull(self, writer: made_layouts.Writer, repository: DXF, reference: str) -> dict[str, Any]:
        """Pull a manifest into a layout, and everything beneath it; its descriptor."""
        text, _ = repository.get_manifest_and_response(reference)
        document = json.loads(text)
        for child in document.get("manifests", []):
            self._pull(writer, repository, child["digest"])
        for part in parts(document):
            writer.blob(b"".join(repository.pull_blob(part["digest"], chunk_size=made_layouts.MIB)), part["mediaType"])
        return writer.blob(text.encode(), document["mediaType"])

    def copy(self, source: str, target: str) -> None:
        repository, tag = self.repository(source)
        other, other_tag = self.repository(target)
        text, _ = repository.get_manifest_and_response(tag)
        for part in parts(json.loads(text)):
            other.mount_blob(repository._repo, part["digest"])
        other.set_manifest(other_tag, text)

    def tags(self, repository: str) -> list[str]:
        found: list[str] = self.repository(repository)[0].list_aliases()
        return found

    def catalog(self) -> list[str]:
        from dxf import DXFBase  # noqa: PLC0415 - as above

        found: list[str] = DXFBase(self.host, insecure=True).list_repos()
        return found

    def delete_manifest(self, reference: str) -> None:
        repository, digest = self.repository(reference)
        repository.del_alias(digest)

    def delete_blob(self, reference: str) -> None:
        repository, digest = self.repository(reference)
        repository.del_blob(digest)


def parts(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The blobs of an image; an index has none."""
    return [manifest["config"], *manifest["layers"]] if "config" in manifest else []


class TestDxf(Scenarios):
    Client = Dxf

    def test_delete_by_tag(self, client: Dxf, fake_registry: FakeRegistry) -> None:
        """A delete by tag resolves the tag and deletes the manifest, and with it every tag that it has."""
        image = fake_registry.seed("team/app:v1")
        tagged(fake_registry, "team/app", ["v2"])

        client.delete_manifest(image.reference)

        deletes = [entry for entry in fake_registry.journal if entry.method == "DELETE"]
        assert [(entry.endpoint, entry.target) for entry in deletes] == [
            ("delete_manifest", f"/v2/team/app/manifests/{image.digest}")
        ]
        assert fake_registry.repository("team/app").tags == []
        assert fake_registry.repository("team/app").manifests == []

    def test_push_of_an_iterator(self, client: Dxf, fake_registry: FakeRegistry) -> None:
        """A blob whose length nobody knows goes up in one PUT with chunked encoding."""
        pieces = [bytes([number]) * 100_000 for number in range(20)]
        digest = f"sha256:{hashlib.sha256(b''.join(pieces)).hexdigest()}"
        repository, _ = client.repository(fake_registry.reference("team/app"))

        repository.push_blob(data=iter(pieces), digest=digest)

        (put,) = [entry for entry in fake_registry.journal if entry.endpoint == "put_upload"]
        assert put.received == 2_000_000
        assert fake_registry.repository("team/app").blob(digest) == b"".join(pieces)
