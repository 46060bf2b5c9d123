"""Layouts made by hand, a look into those that were saved, and what a registry holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api import encode, image, sha256

from fakereg.images.ref_names import REF_NAME
from fakereg.oci import media_types
from fakereg.oci.digest import Digest
from fakereg.oci.manifest import Manifest
from fakereg.oci.names import RepositoryName, Tag
from fakereg.store.content import Content

if TYPE_CHECKING:  # a layout needs no server, and those who wait for one process after another no aiohttp
    from fakereg import FakeRegistry

BARE = encode(image(b"{}"))  # an image with the config {} and no layers


def index_of(layout: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((layout / "index.json").read_bytes())
    return document


def blob_path(layout: Path, digest: str) -> Path:
    return layout / "blobs" / digest.replace(":", "/")


def write_layout(path: Path, *entries: dict[str, Any], blobs: tuple[bytes, ...] = ()) -> Path:
    """A layout made by hand."""
    (path / "blobs" / "sha256").mkdir(parents=True)
    (path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (path / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": entries}))
    for content in blobs:
        blob_path(path, sha256(content)).write_bytes(content)
    return path


def entry(content: bytes, media_type: str = media_types.OCI_MANIFEST, name: str | None = None) -> dict[str, Any]:
    annotations = {} if name is None else {"annotations": {REF_NAME: name}}
    return {"mediaType": media_type, "digest": sha256(content), "size": len(content), **annotations}


def contents(registry: FakeRegistry) -> dict[str, Any]:
    """Everything that a registry holds."""
    views = [registry.repository(name) for name in registry.repositories]
    return {
        view.name: {
            "tags": {tag: view.manifest(tag).digest for tag in view.tags},
            "manifests": {manifest.digest: manifest for manifest in view.manifests},
            "blobs": {digest: view.blob(digest) for digest in view.blobs},
        }
        for view in views
    }


def put_blob(registry: FakeRegistry, name: str, content: bytes, digest: str = "") -> None:
    store = registry._store
    blob = store.pool.intern(Digest(digest or sha256(content)), Content([content]))
    store.repository(RepositoryName(name)).link_blob(blob)


def put_manifest(registry: FakeRegistry, name: str, manifest: Manifest, *tags: str) -> None:
    registry._store.repository(RepositoryName(name)).put_manifest(manifest, [Tag(tag) for tag in tags], whole=False)
