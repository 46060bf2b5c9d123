"""The requests by which a client gets over a fault: for the rest of a download, GET for HEAD, after lost answers."""

from __future__ import annotations

from pathlib import Path

import contents
import made_layouts
import pytest
from client import Client
from fault_cases import CUT, LAYER
from test_containerd import Containerd
from test_containers_image import ContainersImage
from test_crane import Crane
from test_regctl import Regctl

from fakereg import FakeRegistry, faults, scenarios


class Resumes:
    """For clients that resume a download by themselves."""

    Client: type[Client]
    refusal = ""  # what one says that takes no whole blob for the rest of it

    def test_the_rest_alone(self, client: Client, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """After a line that was closed early it asks for what it lacks, with Range, and takes the sum."""
        layout = made_layouts.image(tmp_path / "image", layers=1, size=LAYER)
        (layer,) = contents.document(layout)["layers"]
        fake_registry.load(layout, "team/app")

        with fake_registry.fault(faults.Truncate(CUT), on="get_blob", reference=layer["digest"], times=1):
            pulled = client.pull(fake_registry.reference("team/app:v1"))

        _, rest = fake_registry.journal.requests(endpoint="get_blob", digest=layer["digest"])
        assert rest.status == 206
        assert rest.request_headers["Range"].startswith(f"bytes={CUT}-")
        assert rest.sent == layer["size"] - CUT
        assert contents.needed(pulled) == contents.needed(layout)

    def test_a_range_ignored(self, client: Client, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """Where the rest was asked for and everything came, it skips what it has, or fails; no byte is taken twice."""
        layout = made_layouts.image(tmp_path / "image", layers=1, size=LAYER)
        (layer,) = contents.document(layout)["layers"]
        fake_registry.load(layout, "team/app")
        reference = fake_registry.reference("team/app:v1")

        with (
            fake_registry.fault(faults.Truncate(CUT), on="get_blob", reference=layer["digest"], times=1),
            fake_registry.fault(faults.IgnoreRange(), header={"Range": "*"}),
        ):
            if self.refusal:
                with pytest.raises(client.failure, match=self.refusal):
                    client.pull(reference)
            pulled = client.pull(reference)

        assert contents.needed(pulled) == contents.needed(layout)


class TestContainerdResumes(Resumes):
    Client = Containerd

    def test_head_refused(self, client: Client, fake_registry: FakeRegistry) -> None:
        """After a HEAD of a tag that is answered 405 it asks with GET, of the same tag."""
        image = fake_registry.seed("team/app:v1")

        with fake_registry.fault(scenarios.no_head()):
            pulled = client.pull(image.reference)

        asked = [(entry.method, entry.reference, entry.status) for entry in fake_registry.journal][:2]
        assert asked == [("HEAD", "v1", 405), ("GET", "v1", 200)]
        assert contents.needed(pulled) == contents.held(fake_registry, "team/app", "v1")


class TestContainersImageResumes(Resumes):
    Client = ContainersImage
    refusal = "server did not process a Range: header, status 200"


class TestRegctlResumes(Resumes):
    Client = Regctl
    refusal = "range request not supported by server"


class TestCraneTransfers:
    Client = Crane

    @pytest.mark.slow
    def test_lost_answers(self, client: Client, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """Where the answers to a blob and to the manifest are lost, one push leaves the image whole."""
        layout = made_layouts.image(tmp_path / "image")

        with fake_registry.fault(scenarios.lost_put()) as fault:
            client.push(layout, fake_registry.reference("team/app:v1"))

        repository = fake_registry.repository("team/app")
        assert fault.fired == 2
        assert contents.held(fake_registry, "team/app", "v1") == contents.needed(layout)
        assert len(repository.blobs) == len(contents.needed(layout)) - 1
        assert len(repository.manifests) == 1
