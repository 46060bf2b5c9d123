"""umoci makes images that nothing here wrote, and unpacks them: a witness that knows no registry."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from client import Need, run

UMOCI = Need("umoci", "apt-get install umoci")


def image(path: Path, files: Mapping[str, bytes]) -> Path:
    """A layout whose entry `v1` is an image with a layer for every file; a file's name is its path in the image."""
    run(["umoci", "init", "--layout", path])
    run(["umoci", "new", "--image", f"{path}:v1"])
    for number, (name, content) in enumerate(files.items()):
        source = path.parent / f"{path.name}-{number}"
        source.write_bytes(content)
        run(["umoci", "insert", "--rootless", "--image", f"{path}:v1", source, name])
    return path


def unpacked(layout: Path, folder: Path) -> dict[str, bytes]:
    """The files of a layout's image `v1`, unpacked into a new folder."""
    run(["umoci", "unpack", "--rootless", "--image", f"{layout}:v1", folder])
    root = folder / "rootfs"
    return {f"/{one.relative_to(root)}": one.read_bytes() for one in sorted(root.rglob("*")) if one.is_file()}
