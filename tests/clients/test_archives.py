"""Archives between fakereg and real tools: what one writes the other reads."""

from __future__ import annotations

import gzip
import json
import tarfile
from pathlib import Path

import contents
import pytest
import umoci
from test_crane import Crane
from test_skopeo import Skopeo, SkopeoAndUmoci

from fakereg import FakeRegistry

LAYERS = [{"etc/motd": b"this is motd\n"}, {"etc/issue": b"this is issue\n"}]


@pytest.fixture
def held() -> FakeRegistry:
    """A registry that does not serve, with the image `team/app:v1`."""
    registry = FakeRegistry()
    registry.seed("team/app:v1", layers=LAYERS, config={"Env": ["A=1"]})
    return registry


def diff_ids(registry: FakeRegistry, name: str = "team/app", tag: str = "v1") -> list[str]:
    """What the config of an image says of its layers."""
    repository = registry.repository(name)
    config = repository.blob(repository.manifest(tag).blobs[0].digest)
    found: list[str] = json.loads(config)["rootfs"]["diff_ids"]
    return found


def unpacked_layers(registry: FakeRegistry, name: str = "team/app", tag: str = "v1") -> list[bytes]:
    repository = registry.repository(name)
    layers = [repository.blob(layer.digest) for layer in repository.manifest(tag).blobs[1:]]
    return [gzip.decompress(layer) if layer.startswith(b"\x1f\x8b") else layer for layer in layers]


class TestSkopeoReads:
    Client = Skopeo

    def test_docker_archive(self, client: Skopeo, held: FakeRegistry, tmp_path: Path) -> None:
        """skopeo finds an image in our docker-archive by its tag, with the config and layers that it has."""
        held.seed("other:v2", layers=[{"x": b"y"}])
        held.save(tmp_path / "x.tar", format="docker-archive")
        source = f"docker-archive:{tmp_path / 'x.tar'}:team/app:v1"

        inspected = json.loads(client.run("inspect", source))
        client.run("copy", source, "oci:copied:v1")
        read = FakeRegistry()
        read.load(client.folder / "copied", "team/app")

        assert inspected["Layers"] == diff_ids(held)
        assert inspected["Env"] == ["A=1"]
        assert unpacked_layers(read) == unpacked_layers(held)
        assert diff_ids(read) == diff_ids(held)

    @pytest.mark.parametrize("name", ["x.tar", "x.tar.gz"])
    def test_oci_archive(self, client: Skopeo, held: FakeRegistry, tmp_path: Path, name: str) -> None:
        """skopeo copies an image out of our oci-archive byte for byte."""
        held.save(tmp_path / name)

        client.run("copy", "--preserve-digests", f"oci-archive:{tmp_path / name}:team/app:v1", "oci:copied:v1")

        assert contents.needed(client.folder / "copied") == contents.held(held, "team/app", "v1")

    def test_index(self, client: Skopeo, held: FakeRegistry, tmp_path: Path) -> None:
        """skopeo copies an index out of our oci-archive with all its images."""
        held.seed("multi:v1", platforms=["linux/amd64", "linux/arm64"])
        held.save(tmp_path / "x.tar", "multi")

        client.run("copy", "--all", f"oci-archive:{tmp_path / 'x.tar'}:v1", "oci:copied:v1")

        assert contents.needed(client.folder / "copied") == contents.held(held, "multi", "v1")


class TestSkopeoWrites:
    Client = Skopeo

    def test_docker_archive(self, client: Skopeo, fake_registry: FakeRegistry) -> None:
        """A docker-archive of skopeo, with links for the layers of old Dockers, loads as the image that it was."""
        image = fake_registry.seed("team/app:v1", layers=LAYERS, config={"Env": ["A=1"]})
        client.run("copy", f"docker://{image.reference}", "docker-archive:made.tar:team/app:v1")
        read = FakeRegistry()

        assert read.load(client.folder / "made.tar") == ["team/app:v1"]
        assert unpacked_layers(read) == unpacked_layers(fake_registry)
        assert diff_ids(read) == diff_ids(fake_registry)

    def test_pushed_as_skopeo_pushes(self, client: Skopeo, held: FakeRegistry, tmp_path: Path) -> None:
        """What we make of a docker-archive has the layers and the config that skopeo makes of it."""
        held.save(tmp_path / "x.tar", format="docker-archive")
        read = FakeRegistry()
        read.load(tmp_path / "x.tar")
        source = f"docker-archive:{tmp_path / 'x.tar'}:team/app:v1"
        client.run("copy", "--dest-decompress", source, "dir:made")
        theirs = json.loads((client.folder / "made" / "manifest.json").read_bytes())
        ours = json.loads(read.repository("team/app").manifest("v1").body)

        assert [one["digest"] for one in ours["layers"]] == [one["digest"] for one in theirs["layers"]]
        assert ours["config"]["digest"] == theirs["config"]["digest"]

    def test_oci_archive(self, client: Skopeo, fake_registry: FakeRegistry) -> None:
        """An oci-archive of skopeo loads under the same digests."""
        index = fake_registry.seed("team/app:v1", platforms=["linux/amd64", "linux/arm64"])
        client.run("copy", "--all", f"docker://{index.reference}", "oci-archive:made.tar:team/app:v1")
        read = FakeRegistry()

        assert read.load(client.folder / "made.tar") == ["team/app:v1"]
        assert contents.held(read, "team/app", "v1") == contents.held(fake_registry, "team/app", "v1")


class TestUmociReads:
    Client = SkopeoAndUmoci

    def test_unpacked_archive(self, held: FakeRegistry, tmp_path: Path) -> None:
        """Our oci-archive, unpacked by tar, is a layout in which umoci finds the files that went in."""
        held.save(tmp_path / "x.tar", "team/app")
        with tarfile.open(tmp_path / "x.tar") as packed:
            packed.extractall(tmp_path / "layout", filter="data")

        assert umoci.unpacked(tmp_path / "layout", tmp_path / "bundle") == {
            "/etc/issue": b"this is issue\n",
            "/etc/motd": b"this is motd\n",
        }


class TestCrane:
    Client = Crane

    def test_push(self, client: Crane, held: FakeRegistry, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """crane pushes our docker-archive."""
        held.save(tmp_path / "x.tar", format="docker-archive")

        client.run("push", str(tmp_path / "x.tar"), fake_registry.reference("team/app:v1"))

        assert unpacked_layers(fake_registry) == unpacked_layers(held)
        assert diff_ids(fake_registry) == diff_ids(held)

    @pytest.mark.parametrize("form", ["tarball", "legacy"])
    def test_pull(self, client: Crane, fake_registry: FakeRegistry, form: str) -> None:
        """A docker-archive of crane, with layers in gzip or in the old form, loads as the image that it was."""
        image = fake_registry.seed("team/app:v1", layers=LAYERS)
        client.run("pull", "--format", form, image.reference, "made.tar")
        read = FakeRegistry()

        assert read.load(client.folder / "made.tar") == ["team/app:v1"]
        assert unpacked_layers(read) == unpacked_layers(fake_registry)
        assert diff_ids(read) == diff_ids(fake_registry)
