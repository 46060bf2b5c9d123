"""Images in pieces, as a client holds them before it pushes: the same bytes in every run."""

from __future__ import annotations

import gzip
import io
import json
import random
import tarfile
from dataclasses import dataclass
from typing import Any

from api import CONFIG, IMAGE, descriptor, sha256

DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True)
class Piece:
    """Content and what it is: a config, a layer, a manifest, an index."""

    content: bytes
    media_type: str

    @property
    def digest(self) -> str:
        return sha256(self.content)

    @property
    def size(self) -> int:
        return len(self.content)

    def descriptor(self, **extra: Any) -> dict[str, Any]:
        return descriptor(self.content, self.media_type, **extra)


@dataclass(frozen=True)
class Pieces:
    """An image of several layers."""

    config: Piece
    layers: tuple[Piece, ...]
    manifest: Piece

    @property
    def blobs(self) -> tuple[Piece, ...]:
        return (*self.layers, self.config)


def docker_image(*, size: int = 20) -> Pieces:
    """An image of two layers as docker keeps it, in docker's media types; its manifest indented by three."""
    return _image(size, indent=3, config_type=DOCKER_CONFIG, layer_type=DOCKER_LAYER, manifest_type=DOCKER_IMAGE)


def oci_image(*, size: int = 20) -> Pieces:
    """An image of two layers as buildkit writes it; its manifest indented by two."""
    return _image(size, indent=2, config_type=CONFIG, layer_type=OCI_LAYER, manifest_type=IMAGE)


def document(content: dict[str, Any], media_type: str, indent: int = 2) -> Piece:
    return Piece(json.dumps(content, indent=indent).encode(), media_type)


def noise(size: int, seed: int = 0) -> bytes:
    """Bytes that no compression makes smaller."""
    return random.Random(seed).randbytes(size)


def _image(size: int, *, indent: int, config_type: str, layer_type: str, manifest_type: str) -> Pieces:
    tars = [_tar(f"srv/{number}", noise(size, number)) for number in (1, 2)]
    layers = tuple(Piece(gzip.compress(tar, mtime=0), layer_type) for tar in tars)
    rootfs = {"type": "layers", "diff_ids": [sha256(tar) for tar in tars]}
    config = Piece(json.dumps({"architecture": "amd64", "os": "linux", "rootfs": rootfs}).encode(), config_type)
    manifest = {
        "schemaVersion": 2,
        "mediaType": manifest_type,
        "config": config.descriptor(),
        "layers": [layer.descriptor() for layer in layers],
    }
    return Pieces(config, layers, document(manifest, manifest_type, indent))


def _tar(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
