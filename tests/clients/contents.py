"""Reading what clients wrote and what they pushed, so that contents are compared and not exit codes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from fakereg import FakeRegistry


def blob(layout: Path, digest: str) -> bytes:
    """A blob's bytes, checked against its digest."""
    algorithm, _, encoded = digest.partition(":")
    content = (layout / "blobs" / algorithm / encoded).read_bytes()
    assert hashlib.new(algorithm, content).hexdigest() == encoded
    return content


def entries(layout: Path) -> list[dict[str, Any]]:
    """The descriptors of the layout's index."""
    found: list[dict[str, Any]] = json.loads((layout / "index.json").read_bytes())["manifests"]
    return found


def needed(layout: Path, digest: str) -> set[str]:
    """The digests of a manifest and of everything that it needs, each one read and checked."""
    document = json.loads(blob(layout, digest))
    found = {digest}
    for child in document.get("manifests", []):
        found |= needed(layout, child["digest"])
    parts = [document["config"], *document["layers"]] if "config" in document else []
    for part in parts:
        assert len(blob(layout, part["digest"])) == part["size"]
        found.add(part["digest"])
    return found


def held(registry: FakeRegistry, name: str, reference: str) -> set[str]:
    """The digests of a manifest that the registry holds and of everything that it needs, each one read and checked."""
    repository = registry.repository(name)
    manifest = repository.manifest(reference)
    algorithm, _, encoded = manifest.digest.partition(":")
    assert hashlib.new(algorithm, manifest.body).hexdigest() == encoded
    found: set[str] = {manifest.digest}
    for child in manifest.manifests:
        found |= held(registry, name, child.digest)
    for part in manifest.blobs:
        content = repository.blob(part.digest)
        algorithm, _, encoded = part.digest.partition(":")
        assert hashlib.new(algorithm, content).hexdigest() == encoded
        assert len(content) == part.size
        found.add(part.digest)
    return found
