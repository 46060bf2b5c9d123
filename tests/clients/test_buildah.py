"""buildah (containers/image over containers/storage): it keeps layers unpacked and compresses them at every push."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import contents
import made_layouts
import pytest
import umoci
from client import Need, Program, Recovery, run
from cutting import CutLine
from environment import NOT_ROOT, own_environment
from known_layers import ONLY_KNOWN_LAYERS, KnownLayers
from scenarios import SESSIONS, Connect, Scenarios, filled_sessions

from fakereg import FakeRegistry

NO_LISTS = "it has no command that lists tags or repositories"
NO_DELETES = "its `rmi` deletes what it has itself, and nothing of a registry's"
NO_REFERRERS = "it has no command for artifacts and referrers"
REWRITTEN = "images that buildah itself wrote anew"


class Buildah(Program):
    name = "buildah"
    needs = (Need("buildah", "apt-get install buildah"),)
    cannot = {
        "index": "it pushes every image of an index, and pulls the one for a platform",
        "artifact": NO_REFERRERS,
        "referrers_filtered": NO_REFERRERS,
        "tags_over_pages": NO_LISTS,
        "catalog": NO_LISTS,
        "tag_delete": NO_DELETES,
        "manifest_delete": NO_DELETES,
        "blob_delete": NO_DELETES,
        "sha512": "it checks a config against its sha256 digest alone",
    }
    notes = {
        "push": REWRITTEN,
        "push_again": REWRITTEN,
        "pull": REWRITTEN,
        "copy_with_mounts": f"{REWRITTEN}; {ONLY_KNOWN_LAYERS}",
        "many_layers": REWRITTEN,
        "large_layer": REWRITTEN,
        "upload_cut": f"{REWRITTEN}; the line is cut after the body, as in its middle buildah may also give up",
        "download_cut": REWRITTEN,
    }
    upload_cut = Recovery.STARTS_OVER
    download_cut = Recovery.STARTS_OVER

    def __init__(self, host: str, folder: Path, environ: Mapping[str, str]) -> None:
        super().__init__(host, folder, {**environ, **NOT_ROOT})

    @property
    def options(self) -> list[str]:
        """Storage of its own; the driver vfs needs neither the kernel's help nor root."""
        return ["--storage-driver", "vfs", "--root", f"{self.folder}/storage", "--runroot", f"{self.folder}/run"]

    @classmethod
    def version(cls) -> str:
        return run(["buildah", "--version"]).split()[2]

    def push(self, layout: Path, reference: str) -> None:
        self.carry(self.near(layout), f"docker://{reference}")

    def pull(self, reference: str) -> Path:
        """Into an empty storage, so that every blob comes from the registry."""
        self.run("rmi", "--all", "--force")
        self.carry(f"docker://{reference}", "oci:pulled:v1")
        return self.folder / "pulled"

    def copy(self, source: str, target: str) -> None:
        self.carry(f"docker://{source}", f"docker://{target}")

    def near(self, layout: Path) -> str:
        """The image `v1` of a layout, by a short path: buildah names images by their paths, in lower case alone."""
        link = self.folder / "near"
        link.unlink(missing_ok=True)
        link.symlink_to(layout)
        return f"oci:{link.name}:v1"

    def carry(self, source: str, target: str) -> None:
        image = self.run("pull", "--quiet", source).strip()
        self.run("push", "--quiet", image, target)


class BuildahAndUmoci(Buildah):
    needs = (*Buildah.needs, umoci.UMOCI)


def rewritten(layout: Path, path: Path) -> Path:
    """The same image as buildah writes it, which it then pushes and pulls byte for byte.

    Its layers stay in the storage of the client that is about to push it: unpacking takes long.
    """
    folder = path.with_name("client")
    folder.mkdir(exist_ok=True)
    buildah = Buildah("", folder, own_environment(folder))
    buildah.carry(buildah.near(layout), f"oci:{path}:v1")
    return path


class TestBuildah(KnownLayers, Scenarios):
    Client = Buildah

    def image(self, path: Path, *, layers: int = 2, size: int = 20, algorithm: str = "sha256") -> Path:
        return rewritten(
            made_layouts.image(path.with_name("given"), layers=layers, size=size, algorithm=algorithm), path
        )

    @pytest.mark.slow
    def test_upload_cut(self, connect: Connect, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """An upload whose answer is lost is made again.

        buildah tries again after a reset. Where the body is still on its way, it may find its own connection closed
        before it finds it reset, and then gives up: which of the two comes first is for its goroutines to say.
        """
        layout = self.image(tmp_path / "image", layers=1, size=8 * made_layouts.MIB)
        with CutLine(fake_registry.port, upload=3 * made_layouts.MIB, at_answer=True) as line:
            client = connect(line.host)
            client.push(layout, f"{line.host}/team/app:v1")

        (layer,) = contents.document(layout)["layers"]
        sent = [entry.received for entry in fake_registry.journal if entry.endpoint == "patch_upload"]
        assert line.cuts == 1
        assert len(filled_sessions(fake_registry)) == SESSIONS[client.upload_cut]
        assert sent.count(layer["size"]) == 2
        assert contents.held(fake_registry, "team/app", "v1") == contents.needed(layout)

    @pytest.fixture
    def large_layout(self, large_layout: Path, tmp_path: Path) -> Path:
        return rewritten(large_layout, tmp_path / "image")


class TestBuildahAlone:
    Client = Buildah

    def test_list_of_two_platforms(self, client: Buildah, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """A list is pushed with its images, and a pull chooses the image for a platform."""
        layout = made_layouts.index(tmp_path / "index")
        reference = fake_registry.reference("team/app:v1")

        client.run("manifest", "create", "list")
        client.run("manifest", "add", "--all", "list", f"oci:{layout}:v1")
        client.run("manifest", "push", "--tls-verify=false", "--all", "list", f"docker://{reference}")
        chosen = client.run("pull", "--quiet", "--arch", "arm64", f"docker://{reference}").strip()

        index = fake_registry.repository("team/app").manifest("v1")
        children = [child["digest"] for child in contents.document(layout)["manifests"]]
        arm64 = json.loads(fake_registry.repository("team/app").manifest(children[1]).body)
        assert [child.digest for child in index.manifests] == children
        assert contents.held(fake_registry, "team/app", "v1") - {index.digest} == contents.needed(layout) - {
            contents.entry(layout)["digest"]
        }
        assert arm64["config"]["digest"] == f"sha256:{chosen}"


class TestBuildahWithUmoci:
    Client = BuildahAndUmoci

    def test_umoci_image(self, client: Buildah, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """An image that umoci made goes and comes back, and unpacks to the files that went in."""
        files = {"/etc/issue": b"this is issue\n", "/etc/motd": b"this is motd\n"}
        layout = umoci.image(tmp_path / "image", files)

        client.push(layout, fake_registry.reference("team/app:v1"))
        pulled = client.pull(fake_registry.reference("team/app:v1"))

        assert contents.document(pulled)["config"] == contents.document(layout)["config"]
        assert contents.held(fake_registry, "team/app", "v1") == contents.needed(pulled)
        assert umoci.unpacked(pulled, tmp_path / "unpacked") == files

    def test_built_image(self, client: Buildah, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """An image that buildah built in two steps, a layer each, goes and comes back with its files."""
        files = {"/etc/issue": b"this is issue\n", "/etc/motd": b"this is motd\n"}
        reference, image = fake_registry.reference("team/app:v1"), "scratch"
        for name, content in files.items():
            (tmp_path / "file").write_bytes(content)
            container = client.run("from", "--pull-never", image).strip()
            client.run("copy", container, tmp_path / "file", name)
            image = client.run("commit", "--quiet", container).strip()

        client.run("push", "--quiet", "--digestfile", "digest", image, f"docker://{reference}")
        client.run("rm", "--all")
        pulled = client.pull(reference)

        pushed = fake_registry.repository("team/app").manifest("v1")
        config, *layers = pushed.blobs
        assert pushed.digest == (client.folder / "digest").read_text()
        assert config.digest == f"sha256:{image}"
        assert len(layers) == len(files)
        assert contents.held(fake_registry, "team/app", "v1") == contents.needed(pulled)
        assert umoci.unpacked(pulled, tmp_path / "unpacked") == files
