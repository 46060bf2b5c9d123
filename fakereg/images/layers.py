"""Layers: tar archives made of files, or archives that exist already.

Law of this module: the same files give the same bytes, whichever Python and zlib run.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fakereg.images.checks import require
from fakereg.oci import media_types
from fakereg.oci.digest import SHA256, Digest

DOCKER_LAYER_PLAIN = "application/vnd.docker.image.rootfs.diff.tar"

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

# No name, no time, no flags, and 255 for "unknown system" (RFC 1952, 2.3).
_GZIP_HEADER = b"\x1f\x8b\x08\x00" + bytes(4) + b"\x00\xff"
_DEFLATE_BLOCK = 0xFFFF
_TAR_BLOCK = 512


@dataclass(frozen=True, slots=True)
class File:
    """A file whose mode matters; text is kept as UTF-8."""

    content: bytes | str = b""
    mode: int = 0o644

    def __post_init__(self) -> None:
        require(isinstance(self.content, bytes | str), "the content of a File", "bytes or str", self.content)
        require(isinstance(self.mode, int), "the mode of a File", "a number such as 0o755", self.mode)


@dataclass(frozen=True, slots=True)
class Symlink:
    """A symbolic link; `target` is written as it is, and may be absolute."""

    target: str

    def __post_init__(self) -> None:
        require(isinstance(self.target, str), "the target of a Symlink", "a string", self.target)


Entry = bytes | str | File | Symlink
LayerSource = Mapping[str, Entry] | bytes


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer as it is pushed; `diff_id` is the digest of the archive before compression."""

    content: bytes
    media_type: str
    diff_id: Digest

    @classmethod
    def of(cls, source: LayerSource, *, docker: bool = False) -> Layer:
        """Files become an archive; bytes are one already, gzip or plain, and are taken as they are.

        Raises ValueError for an unsafe name, and for compressed bytes that cannot be read.
        """
        if isinstance(source, Mapping):
            tar = archive(source)
            return cls(_stored_gzip(tar), _media_type(docker=docker, compressed=True), Digest.of(tar))
        require(isinstance(source, bytes), "a layer", "a dict of files, or bytes", source)
        if source.startswith(ZSTD_MAGIC):
            raise ValueError(
                "a zstd layer cannot be uncompressed here, which its diff_id needs: give gzip or plain tar"
            )
        compressed = source.startswith(GZIP_MAGIC)
        diff_id = _uncompressed_digest(source) if compressed else Digest.of(source)
        return cls(source, _media_type(docker=docker, compressed=compressed), diff_id)


def layer(files: Mapping[str, Entry]) -> bytes:
    """A tar+gzip archive of `files`, which are named relative to the root: `{"etc/motd": b"hi"}`.

    Everything belongs to root and dates from 1970; parent directories are added. A name that ends
    in `/` is an empty directory. Raises ValueError for a name that leads out of the layer.
    """
    return _stored_gzip(archive(files))


def archive(files: Mapping[str, Entry]) -> bytes:
    """Like `layer`, before compression."""
    parts = [part for name, entry in sorted(_tree(files).items()) for part in _member(name, entry)]
    return b"".join([*parts, bytes(2 * _TAR_BLOCK)])


def _tree(files: Mapping[str, Entry]) -> dict[str, Entry | None]:
    """Every member by its name; None is a directory."""
    tree: dict[str, Entry | None] = {}
    for name, entry in files.items():
        require(isinstance(name, str), "the name of a layer entry", "a string", name)
        require(isinstance(entry, Entry), f"layer entry {name!r}", "bytes, str, File or Symlink", entry)
        *parents, last = _parts(name)
        own: Entry | None = None if name.endswith("/") else entry
        if own is None and entry not in (b"", ""):
            raise ValueError(f"layer entry {name!r} is a directory, by its final '/', and cannot have content")
        for depth in range(1, len(parents) + 1):
            _add(tree, "/".join(parents[:depth]), None)
        _add(tree, "/".join([*parents, last]), own)
    return tree


def _parts(name: str) -> list[str]:
    if "\0" in name:
        raise ValueError(f"layer entry {name!r} has a NUL in its name")
    if name.startswith("/"):
        raise ValueError(f"layer entry {name!r} is absolute: leave the first '/' out, names are relative to the root")
    parts = name.removesuffix("/").split("/")
    for part in parts:
        if part in ("", ".", ".."):
            raise ValueError(f"layer entry {name!r} has the part {part!r}: name every file by its plain path")
    return parts


def _add(tree: dict[str, Entry | None], name: str, entry: Entry | None) -> None:
    # Only a directory may be named twice: by itself and as the parent of others.
    if name in tree and not (tree[name] is None and entry is None):
        raise ValueError(f"layer entry {name!r} is both a file and a directory")
    tree[name] = entry


def _member(name: str, entry: Entry | None) -> Iterator[bytes]:
    """Header, content and padding. tarfile alone would pad every archive to 10 KiB."""
    member, content = tarfile.TarInfo(name), b""
    if entry is None:
        member.type, member.mode = tarfile.DIRTYPE, 0o755
    elif isinstance(entry, Symlink):
        member.type, member.mode, member.linkname = tarfile.SYMTYPE, 0o777, entry.target
    else:
        file = entry if isinstance(entry, File) else File(entry)
        content = file.content.encode() if isinstance(file.content, str) else file.content
        member.mode, member.size = file.mode, len(content)
    yield member.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")
    yield content
    yield bytes(-len(content) % _TAR_BLOCK)


def _stored_gzip(content: bytes) -> bytes:
    """`content` as gzip, not made smaller.

    What deflate finds differs between zlib, zlib-ng and their versions, and digests would differ
    with it; blocks of type "stored" leave nothing to find (RFC 1951, 3.2.4).
    """
    blocks = [_GZIP_HEADER]
    view = memoryview(content)
    for start in range(0, len(view), _DEFLATE_BLOCK):
        block = view[start : start + _DEFLATE_BLOCK]
        final = start + _DEFLATE_BLOCK >= len(view)
        length = len(block).to_bytes(2, "little")
        inverse = (len(block) ^ 0xFFFF).to_bytes(2, "little")
        blocks.append(b"".join([bytes([final]), length, inverse, block]))
    trailer = zlib.crc32(content).to_bytes(4, "little") + (len(content) & 0xFFFFFFFF).to_bytes(4, "little")
    return b"".join([*blocks, trailer])


def _uncompressed_digest(content: bytes) -> Digest:
    try:
        with gzip.open(io.BytesIO(content)) as file:
            return SHA256.of(hashlib.file_digest(file, "sha256"))
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"a layer begins like gzip but cannot be read: {error}") from error


def _media_type(*, docker: bool, compressed: bool) -> str:
    if docker:
        return media_types.DOCKER_LAYER if compressed else DOCKER_LAYER_PLAIN
    return media_types.OCI_LAYER_GZIP if compressed else media_types.OCI_LAYER
