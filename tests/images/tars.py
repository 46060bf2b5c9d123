"""Tar archives made byte by byte, as no honest program would make them, and two honest ones to begin with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from api import encode, image, sha256
from layouts import BARE, entry

SYMLINK, HARD_LINK, DIRECTORY = b"2", b"1", b"5"
END = bytes(1024)

CONFIG = json.dumps({"rootfs": {"type": "layers", "diff_ids": [sha256(b"layer")]}}).encode()
CONFIG_NAME = f"{sha256(CONFIG).partition(':')[2]}.json"


def member(
    name: str | bytes, content: bytes = b"", *, kind: bytes = b"0", target: str = "", size: bytes | int | None = None
) -> bytes:
    """One member. `size` is what the header says, or the bytes of the field itself."""
    declared = len(content) if size is None else size
    field = declared if isinstance(declared, bytes) else f"{declared:011o}\0".encode()
    parts = [
        (name.encode() if isinstance(name, str) else name).ljust(100, b"\0"),
        b"0000644\0" + b"0000000\0" * 2,
        field + b"00000000000\0",
        b" " * 8,
        kind + target.encode().ljust(100, b"\0"),
        b"ustar\x0000" + bytes(64) + b"0000000\0" * 2 + bytes(167),
    ]
    block = b"".join(parts)
    checksum = f"{sum(block):06o}\0 ".encode()
    return block[:148] + checksum + block[156:] + content + bytes(-len(content) % 512)


def pax(*records: tuple[str, str], kind: bytes = b"x") -> bytes:
    """A PAX header for the member after it."""
    return member("pax", b"".join(_record(key, value) for key, value in records), kind=kind)


def _record(key: str, value: str) -> bytes:
    rest = f" {key}={value}\n".encode()
    length = len(rest)
    while length != len(rest) + len(str(length)):
        length = len(rest) + len(str(length))
    return str(length).encode() + rest


def tar(*parts: bytes) -> bytes:
    return b"".join(parts) + END


def files(contents: Mapping[str, bytes]) -> bytes:
    """The members of an archive, without its end."""
    return b"".join(member(name, content) for name, content in contents.items())


def layout(manifest: bytes = BARE, *, name: str = "v1", **changed: bytes | None) -> dict[str, bytes]:
    """The files of a layout with one image; `index` and `marker` stand in for theirs, None leaves them out."""
    made = {
        "oci-layout": changed.get("marker", b'{"imageLayoutVersion": "1.0.0"}'),
        "index.json": changed.get("index", index(entry(manifest, name=name))),
        blob(manifest): manifest,
        blob(b"{}"): b"{}",
    }
    return {name: content for name, content in made.items() if content is not None}


def index(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"schemaVersion": 2, "manifests": entries}).encode()


def blob(content: bytes) -> str:
    return f"blobs/{sha256(content).replace(':', '/')}"


def docker(*images: Any, config: bytes = CONFIG, config_name: str = CONFIG_NAME) -> dict[str, bytes]:
    """The files of a docker-archive; without `images` it has one, `team/app:v1`."""
    listed = images or (docker_image(),)
    return {"manifest.json": json.dumps(listed).encode(), config_name: config, "layer.tar": b"layer"}


def docker_image(**changed: Any) -> dict[str, Any]:
    return {"Config": CONFIG_NAME, "RepoTags": ["team/app:v1"], "Layers": ["layer.tar"], **changed}


OTHER = encode(image(b"{}", annotations={"a": "1"}))
