"""How skopeo, buildah and podman mount: layers that they have met in a repository of the same registry."""

from __future__ import annotations

import json
from pathlib import Path

import contents
import made_layouts
from client import Client

from fakereg import FakeRegistry

ONLY_KNOWN_LAYERS = "layers that it has pulled before are mounted, and the config is always sent"


class KnownLayers:
    """For clients that mount what they know, and nothing else."""

    def test_copy_with_mounts(self, client: Client, fake_registry: FakeRegistry, tmp_path: Path) -> None:
        """A copy of what was pulled before mounts every layer, and sends nothing but the config."""
        layout = made_layouts.image(tmp_path / "image")
        fake_registry.load(layout, "team/app")
        client.pull(fake_registry.reference("team/app:v1"))

        client.copy(fake_registry.reference("team/app:v1"), fake_registry.reference("other/app:v2"))

        document = contents.document(layout)
        copied = fake_registry.repository("other/app").manifest("v2")
        mounts = [entry.status for entry in fake_registry.journal if entry.endpoint == "mount_blob"]
        sent = [entry.received for entry in fake_registry.journal if entry.endpoint == "patch_upload"]
        assert mounts == [201] * len(document["layers"])
        assert sent == [document["config"]["size"]]
        assert json.loads(copied.body) == document
        assert len(contents.held(fake_registry, "other/app", "v2")) == len(contents.needed(layout))
