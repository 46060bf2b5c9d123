"""Reading what clients wrote and what they pushed, so that contents are compared and not exit codes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from fakereg import FakeRegistry


def check(content: bytes, digest: str) -> bytes:
    """The content, which has this digest."""
    algorithm, _, encoded = digest.partition(":")
    assert hashlib.new(algorithm, content).hexdigest() == encoded
    return content


def blob(layout: Path, digest: str) -> bytes:
    """A blob's bytes, checked against its digest."""
    algorithm, _, encoded = digest.partition(":")
    return check((layout / "blobs" / algorithm / encoded).read_bytes(), digest)


def entries(layout: Path) -> list[dict[str, Any]]:
    """The descriptors of the layout's index."""
    found: list[dict[str, Any]] = json.loads((layout / "index.json").read_bytes())["manifests"]
    return found


def entry(layout: Path) -> dict[str, Any]:
    """The descriptor of the layout's only entry, or of the only one with a tag: oras lists an index's images too."""
    tagged = [one for one in entries(layout) if "org.opencontainers.image.ref.name" in one.get("annotations", {})]
    (found,) = tagged or entries(layout)
    return found


def document(layout: Path) -> dict[str, Any]:
    """The manifest that the layout's only entry points at."""
    found: dict[str, Any] = json.loads(blob(layout, entry(layout)["digest"]))
    return found


def needed(layout: Path, digest: str | None = None) -> set[str]:
    """The digests of a manifest, the layout's only one if not told, and of all that it needs, each read and checked."""
    digest = digest or entry(layout)["digest"]
    manifest = json.loads(blob(layout, digest))
    found = {digest}
    for child in manifest.get("manifests", []):
        found |= needed(layout, child["digest"])
    parts = [manifest["config"], *manifest["layers"]] if "config" in manifest else []
    for part in parts:
        assert len(blob(layout, part["digest"])) == part["size"]
        found.add(part["digest"])
    return found


def held(registry: FakeRegistry, name: str, reference: str) -> set[str]:
    """The digests of a manifest that the registry holds and of everything that it needs, each one read and checked."""
    repository = registry.repository(name)
    manifest = repository.manifest(reference)
    check(manifest.body, manifest.digest)
    found: set[str] = {manifest.digest}
    for child in manifest.manifests:
        found |= held(registry, name, child.digest)
    for part in manifest.blobs:
        assert len(check(repository.blob(part.digest), part.digest)) == part.size
        found.add(part.digest)
    return found
