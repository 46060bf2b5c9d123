"""helm (oras-go): POST, PUT; pushes and pulls charts, whose version is the tag."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path

import contents
import pytest
from client import Need, Program, Recovery, run
from cutting import CutLine
from scenarios import SESSIONS, Connect, Scenarios, filled_sessions, tagged, uploads

from fakereg import FakeRegistry

MIB = 1024 * 1024

NO_REFERRERS = "it has no command for artifacts and referrers"
NO_DELETE = "it has no command to delete from a registry"


class Helm(Program):
    """A reference is that of a chart, `HOST:PORT/team/app:0.1.0`; what it pushes and pulls is an archive."""

    name = "helm"
    needs = (Need("helm", "go install helm.sh/helm/v3/cmd/helm@v3.18.6"),)
    cannot = {
        "copy_with_mounts": "it has no command to copy",
        "index": "it pushes one chart for all platforms",
        "artifact": NO_REFERRERS,
        "referrers_filtered": NO_REFERRERS,
        "catalog": "it has no command to list the charts of a registry",
        "tag_delete": NO_DELETE,
        "manifest_delete": NO_DELETE,
        "blob_delete": NO_DELETE,
        "many_layers": "a chart is one layer",
        "large_layer": "it reads no chart of more than 100 MiB, and in it no file of more than 5 MiB",
        "sha512": "the digests of what it pushes are sha256 alone",
    }
    notes = {
        "push": "charts instead of images",
        "push_again": "charts instead of images",
        "pull": "charts instead of images",
        "upload_cut": "charts instead of images",
        "download_cut": "charts instead of images",
        "tags_over_pages": "the highest of 250 versions is to be found",
    }
    upload_cut = Recovery.GIVES_UP
    download_cut = Recovery.GIVES_UP

    def __init__(self, host: str, folder: Path, environ: Mapping[str, str]) -> None:
        super().__init__(host, folder, environ)
        for kind in ("CACHE", "CONFIG", "DATA"):
            self.environ[f"HELM_{kind}_HOME"] = str(folder / kind.lower())

    @classmethod
    def version(cls) -> str:
        return run(["helm", "version", "--template", "{{.Version}}"]).strip()

    def package(self, folder: Path, version: str = "0.1.0", size: int = 20) -> Path:
        """The archive of a chart with about so many random bytes."""
        source = random.Random(version)
        folder.mkdir()
        (folder / "Chart.yaml").write_text(f"apiVersion: v2\nname: app\nversion: {version}\ndescription: for a test\n")
        for start in range(0, size, 4 * MIB):
            (folder / f"from-{start}").write_bytes(source.randbytes(min(4 * MIB, size - start)))
        self.run("package", folder, "--destination", folder.parent)
        return folder.parent / f"app-{version}.tgz"

    def push(self, chart: Path, reference: str) -> None:
        self.run("push", "--plain-http", chart, f"oci://{reference.rpartition('/')[0]}")

    def pull(self, reference: str, *options: str) -> Path:
        """`options` are the program's own. A constraint as the version chooses among all tags."""
        chart, _, version = reference.rpartition(":")
        pulled = self.folder / "pulled"
        pulled.mkdir(exist_ok=True)
        self.run("pull", "--plain-http", *options, f"oci://{chart}", "--version", version, "--destination", pulled)
        (archive,) = pulled.glob("*.tgz")
        return archive


class TestHelm(Scenarios):
    Client = Helm

    def test_push(self, client: Helm, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """What was pushed is held byte for byte: the chart's archive, and its metadata as the config."""
        chart = client.package(tmp_path / "chart")

        client.push(chart, fake_registry.reference("team/app:0.1.0"))

        assert held_chart(fake_registry) == chart.read_bytes()

    def test_push_again(self, client: Helm, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """A second push finds every blob and sends none."""
        chart = client.package(tmp_path / "chart")
        client.push(chart, fake_registry.reference("team/app:0.1.0"))
        before = len(fake_registry.journal)

        client.push(chart, fake_registry.reference("team/app:0.1.0"))

        assert uploads(fake_registry, before) == []
        assert held_chart(fake_registry) == chart.read_bytes()

    def test_pull(self, client: Helm, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """What is pulled is what the registry holds."""
        chart = client.package(tmp_path / "chart")
        client.push(chart, fake_registry.reference("team/app:0.1.0"))

        pulled = client.pull(fake_registry.reference("team/app:0.1.0"))

        assert pulled.read_bytes() == chart.read_bytes() == held_chart(fake_registry)

    def test_provenance(self, client: Helm, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """The provenance file beside a chart goes and comes back as a second layer."""
        chart = client.package(tmp_path / "chart")
        chart.with_name("app-0.1.0.tgz.prov").write_bytes(b"signed by nobody")

        client.push(chart, fake_registry.reference("team/app:0.1.0"))
        pulled = client.pull(fake_registry.reference("team/app:0.1.0"), "--prov")

        assert pulled.read_bytes() == chart.read_bytes()
        assert pulled.with_name("app-0.1.0.tgz.prov").read_bytes() == b"signed by nobody"
        assert len(contents.held(fake_registry, "team/app", "0.1.0")) == 4

    @pytest.mark.fake_registry(page_maximum=100)
    def test_tags_over_pages(self, client: Helm, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """Of 250 versions in pages of at most a hundred it pulls the highest, which is the last of them."""
        chart = client.package(tmp_path / "chart", "0.1.349")
        client.push(chart, fake_registry.reference("team/app:0.1.349"))
        tagged(fake_registry, "team/app", [f"0.1.{number}" for number in range(100, 349)])

        pulled = client.pull(f"{fake_registry.host}/team/app:>=0.1.0")

        pages = [entry for entry in fake_registry.journal if entry.endpoint in ("list_tags", "list_tags_page")]
        assert len(fake_registry.repository("team/app").tags) == 250
        assert len(pages) == 3
        assert pulled.name == "app-0.1.349.tgz"
        assert pulled.read_bytes() == chart.read_bytes()

    @pytest.mark.slow
    def test_large_chart(self, client: Helm, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """A chart of 96 MiB, near the limit of what it reads, goes and comes back."""
        chart = client.package(tmp_path / "chart", size=96 * MIB)

        client.push(chart, fake_registry.reference("team/app:0.1.0"))
        pulled = client.pull(fake_registry.reference("team/app:0.1.0"))

        assert pulled.read_bytes() == chart.read_bytes() == held_chart(fake_registry)

    @pytest.mark.slow
    def test_upload_cut(self, connect: Connect, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """A push over a line that breaks in the middle of it fails, and the next one loses nothing."""
        with CutLine(fake_registry.port, upload=3 * MIB) as line:
            client, reference = connect(line.host), f"{line.host}/team/app:0.1.0"
            chart = client.package(tmp_path / "chart", size=8 * MIB)
            with pytest.raises(client.failure):
                client.push(chart, reference)
            assert len(filled_sessions(fake_registry)) == 1
            client.push(chart, reference)

        assert line.cuts == 1
        assert len(filled_sessions(fake_registry)) == SESSIONS[client.upload_cut]
        assert held_chart(fake_registry) == chart.read_bytes()

    @pytest.mark.slow
    def test_download_cut(self, connect: Connect, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """A pull over a line that breaks in the middle of it fails, and the next one has every byte."""
        with CutLine(fake_registry.port, download=3 * MIB) as line:
            client, reference = connect(line.host), f"{line.host}/team/app:0.1.0"
            chart = client.package(tmp_path / "chart", size=8 * MIB)
            client.push(chart, reference)
            with pytest.raises(client.failure):
                client.pull(reference)
            pulled = client.pull(reference)

        assert line.cuts == 1
        assert 206 not in [entry.status for entry in fake_registry.journal]
        assert pulled.read_bytes() == chart.read_bytes()


def held_chart(registry: FakeRegistry) -> bytes:
    """The archive of the chart that the registry holds as app 0.1.0, of which everything was read and checked."""
    assert len(contents.held(registry, "team/app", "0.1.0")) == 3
    repository = registry.repository("team/app")
    config, chart = (repository.blob(part.digest) for part in repository.manifest("0.1.0").blobs)
    assert json.loads(config)["name"] == "app"
    return chart
