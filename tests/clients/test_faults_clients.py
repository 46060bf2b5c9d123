"""Every client runs into every fault of `fault_cases`: how many requests it makes of it, and how that ends."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import made_layouts
import pytest
from client import Client
from fault_cases import CHUNK
from fault_endings import ENDINGS
from fault_run import Faults
from test_buildah import Buildah, rewritten
from test_containerd import Containerd
from test_containers_image import ContainersImage
from test_crane import Crane
from test_dxf import Dxf
from test_helm import Helm
from test_oras_go import OrasGo
from test_oras_py import OrasPy
from test_regctl import Regctl
from test_skopeo import Skopeo

from fakereg import FakeRegistry

# Their own pauses between two tries add up to two seconds and more.
PATIENT = {
    "buildah": ["download reset", "lost blob", "lost manifest", "lost session", "first PATCH 416", "part of a PATCH"],
    "crane": ["blob 503"],
    "regctl": ["200 redirects"],
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for every case that a client has an ending for."""
    client = metafunc.cls.Client.name
    slow = {name: [pytest.mark.slow] for name in PATIENT.get(client, [])}
    cases = [pytest.param(name, one, id=name, marks=slow.get(name, [])) for name, one in ENDINGS[client].items()]
    metafunc.parametrize(("case", "expected"), cases)


class TestBuildahFaults(Faults):
    """Images that buildah itself wrote anew."""

    Client = Buildah

    def goods(self, client: Client, path: Path, size: int) -> Path:  # noqa: ARG002 - as the others
        return rewritten(made_layouts.image(path.with_name(f"{path.name}-given"), layers=1, size=size), path)


class TestContainerdFaults(Faults):
    Client = Containerd


class TestContainersImageFaults(Faults):
    Client = ContainersImage


class TestCraneFaults(Faults):
    Client = Crane


class FailingDxf(Dxf):
    """Its own errors are no OSError, and the library may be missing when this file is read."""

    @property
    def failure(self) -> tuple[type[Exception], ...]:
        from dxf.exceptions import DXFError  # noqa: PLC0415 - as above

        return (OSError, DXFError)


class TestDxfFaults(Faults):
    Client = FailingDxf


class TestHelmFaults(Faults):
    """Charts instead of images; the registry holds one because helm has pushed it."""

    Client = Helm
    tag = "0.1.0"

    def goods(self, client: Helm, path: Path, size: int) -> Path:
        path.mkdir()
        return client.package(path / "chart", size=size)

    def hold(self, client: Helm, registry: FakeRegistry, goods: Path) -> None:
        client.push(goods, registry.reference("team/app:0.1.0"))

    def is_whole(self, pulled: Path, goods: Path) -> bool:
        return pulled.read_bytes() == goods.read_bytes()

    def is_clean(self, folder: Path) -> bool:
        return not list((folder / "pulled").glob("*"))


class TestOrasGoFaults(Faults):
    Client = OrasGo


class TestOrasPyFaults(Faults):
    Client = OrasPy

    @pytest.fixture(autouse=True)
    def without_pauses(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Between its tries it would pause for two minutes in all."""
        import oras.provider  # noqa: PLC0415 - this file is read where oras is not installed too

        monkeypatch.setattr(oras.decorator, "time", SimpleNamespace(sleep=lambda _: None))

    def push_in_chunks(self, client: OrasPy, goods: Path, reference: str) -> None:
        client.push(goods, reference, do_chunked=True, chunk_size=CHUNK)


class TestRegctlFaults(Faults):
    Client = Regctl

    def push_in_chunks(self, client: Regctl, goods: Path, reference: str) -> None:
        client.run("registry", "set", "--skip-check", f"--blob-max={CHUNK}", f"--blob-chunk={CHUNK}", client.host)
        client.push(goods, reference)


class TestSkopeoFaults(Faults):
    Client = Skopeo
