"""What is pushed: one small image, blobs, referrers; and how it is pushed over HTTP."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass

from benchmarks.client import Answer, Connection

MIB = 1024 * 1024

OCTETS = "application/octet-stream"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
ARTIFACT_TYPE = "application/vnd.example.signature"


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes with the digest that was computed beforehand."""

    content: memoryview
    digest: str

    @classmethod
    def of(cls, content: bytes) -> Blob:
        return cls(memoryview(content), digest_of(content))

    @classmethod
    def random(cls, size: int) -> Blob:
        """One that no registry can hold yet."""
        return cls.of(os.urandom(size))


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _descriptor(media_type: str, content: bytes | memoryview) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest_of(bytes(content)), "size": len(content)}


CONFIG = Blob.of(b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}')
LAYER = Blob.of(bytes(range(256)) * 4)  # 1 KiB

MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": _descriptor(CONFIG_TYPE, CONFIG.content),
        "layers": [_descriptor(LAYER_TYPE, LAYER.content)],
    }
).encode()
MANIFEST_DIGEST = digest_of(MANIFEST)


def referrer(number: int) -> bytes:
    """A manifest that refers to MANIFEST, another one for each number."""
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": ARTIFACT_TYPE,
        "config": _descriptor(CONFIG_TYPE, CONFIG.content),
        "layers": [_descriptor(LAYER_TYPE, LAYER.content)],
        "subject": _descriptor(MANIFEST_TYPE, MANIFEST),
        "annotations": {"org.example.number": str(number)},
    }
    return json.dumps(document).encode()


def tag(number: int) -> str:
    """Tags in the order of their numbers."""
    return f"v{number:07}"


def push_image(connection: Connection, repository: str, tag: str) -> None:
    """MANIFEST with what it needs."""
    for blob in (CONFIG, LAYER):
        put_blob(connection, repository, blob)
    put_manifest(connection, repository, tag, MANIFEST)


def put_manifest(connection: Connection, repository: str, reference: str, body: bytes) -> None:
    target = f"/v2/{repository}/manifests/{reference}"
    connection.ask("PUT", target, {"Content-Type": MANIFEST_TYPE}, body).expect(201)


def put_blob(connection: Connection, repository: str, blob: Blob) -> None:
    """POST, then one PUT with the whole body."""
    location = _start(connection, repository)
    _close(connection, location, blob, blob.content)


def patch_blob(connection: Connection, repository: str, blob: Blob) -> None:
    """POST, one PATCH with the whole body, an empty PUT."""
    location = _start(connection, repository)
    answer = connection.ask("PATCH", location, {"Content-Type": OCTETS}, blob.content).expect(202)
    _close(connection, answer.location, blob, memoryview(b""))


def _start(connection: Connection, repository: str) -> str:
    return connection.ask("POST", f"/v2/{repository}/blobs/uploads/").expect(202).location


def _close(connection: Connection, location: str, blob: Blob, body: memoryview) -> Answer:
    target = f"{location}{'&' if '?' in location else '?'}digest={blob.digest}"
    return connection.ask("PUT", target, {"Content-Type": OCTETS}, body).expect(201)
