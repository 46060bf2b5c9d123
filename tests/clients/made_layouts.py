"""Images to push, as OCI image layouts, made here and not by fakereg: it must not be its own witness."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OCI = "application/vnd.oci.image"
MIB = 1024 * 1024


@dataclass(frozen=True)
class Writer:
    """Writes blobs and manifests into a layout, under digests of one algorithm."""

    path: Path
    algorithm: str = "sha256"

    def blob(self, content: bytes, media_type: str) -> dict[str, Any]:
        """Store content; its descriptor."""
        encoded = hashlib.new(self.algorithm, content).hexdigest()
        folder = self.path / "blobs" / self.algorithm
        folder.mkdir(parents=True, exist_ok=True)
        (folder / encoded).write_bytes(content)
        return {"mediaType": media_type, "digest": f"{self.algorithm}:{encoded}", "size": len(content)}

    def document(self, document: dict[str, Any], media_type: str) -> dict[str, Any]:
        return self.blob(json.dumps(document).encode(), media_type)

    def image(self, archives: Sequence[bytes], architecture: str = "amd64") -> dict[str, Any]:
        """An image with a gzip layer for every tar archive; the descriptor of its manifest."""
        layers = [self.blob(gzip.compress(one, 0, mtime=0), f"{OCI}.layer.v1.tar+gzip") for one in archives]
        unpacked = [f"sha256:{hashlib.sha256(one).hexdigest()}" for one in archives]
        config = {
            "architecture": architecture,
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": unpacked},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": f"{OCI}.manifest.v1+json",
            "config": self.document(config, f"{OCI}.config.v1+json"),
            "layers": layers,
        }
        return self.document(manifest, manifest["mediaType"])

    def index(self, architectures: Iterable[str]) -> dict[str, Any]:
        """An index with one image for each architecture; its descriptor."""
        children = [
            {**self.image([archive(f"for-{one}")], one), "platform": {"os": "linux", "architecture": one}}
            for one in architectures
        ]
        document = {"schemaVersion": 2, "mediaType": f"{OCI}.index.v1+json", "manifests": children}
        return self.document(document, document["mediaType"])

    def close(self, entry: dict[str, Any]) -> Path:
        """Write down that `entry` is what `v1` means; the layout."""
        tagged = {**entry, "annotations": {"org.opencontainers.image.ref.name": "v1"}}
        (self.path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        (self.path / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [tagged]}))
        return self.path


def archive(name: str, size: int = 20) -> bytes:
    """A tar archive with one file of random bytes that follow from its name, so that nothing shrinks it."""
    source = random.Random(name)
    content = b"".join(source.randbytes(min(MIB, size - start)) for start in range(0, size, MIB))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as writer:
        member = tarfile.TarInfo(name)
        member.size = size
        writer.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def image(path: Path, *, layers: int = 2, size: int = 20, algorithm: str = "sha256") -> Path:
    """An image with so many layers, each of about `size` bytes."""
    writer = Writer(path, algorithm)
    return writer.close(writer.image([archive(f"layer-{number}", size) for number in range(layers)]))


def index(path: Path) -> Path:
    """An index of two platforms."""
    writer = Writer(path)
    return writer.close(writer.index(["amd64", "arm64"]))
