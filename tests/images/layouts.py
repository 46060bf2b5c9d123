"""Layouts made by hand, and a look into those that were saved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from api import encode, image, sha256

from fakereg.images.layout import REF_NAME
from fakereg.oci import media_types

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
