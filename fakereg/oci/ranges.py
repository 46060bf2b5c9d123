"""Byte ranges: `Range` of downloads (RFC 9110) and `Content-Range` of upload chunks (the specification's own form).

All bounds called `start` and `stop` are like Python's: `stop` is exclusive. The wire form is inclusive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fakereg.oci.errors import BlobUploadInvalid, RangeUnsatisfiable

# More pieces than any client asks for. RFC 9110, 14.2 lets a server ignore such a set; it costs more than the whole.
MOST_PARTS = 32

_SPEC = re.compile(r"([0-9]{1,19})-([0-9]{0,19})|-([0-9]{1,19})", re.ASCII)
_CHUNK = re.compile(r"([0-9]{1,18})-(-1|[0-9]{1,18})", re.ASCII)  # Python counts to a little below 10**19


@dataclass(frozen=True, slots=True)
class ByteRange:
    """A piece of content, `start` inclusive, `stop` exclusive, in bytes; never empty."""

    start: int
    stop: int

    def content_range(self, size: int) -> str:
        """The `Content-Range` of a 206: `bytes first-last/size`, both inclusive."""
        return f"bytes {self.start}-{self.stop - 1}/{size}"

    def __len__(self) -> int:
        return self.stop - self.start


def resolve(header: str, size: int) -> tuple[ByteRange, ...]:
    """The pieces of content of `size` bytes that a `Range` header asks for, clamped to the content.

    Empty when the header is to be ignored: another unit than bytes, or a set that costs more than the whole.
    Raises RangeUnsatisfiable for a malformed set, and when no piece exists.
    """
    unit, equals, specs = header.partition("=")
    if not equals or unit.strip().lower() != "bytes":
        return ()
    parts = [part.strip() for part in specs.split(",") if part.strip()]
    ranges = [_resolve_one(part, size) for part in parts]
    satisfiable = tuple(piece for piece in ranges if piece is not None)
    if not satisfiable:
        if size == 0 and any(part.startswith("-") for part in parts):
            return ()  # the last n bytes of nothing are the whole of it
        raise _unsatisfiable(f"no byte of {header!r} exists in {size} bytes", size)
    if len(parts) > MOST_PARTS or sum(map(len, satisfiable)) > size:
        return ()
    return satisfiable


def _resolve_one(text: str, size: int) -> ByteRange | None:
    match = _SPEC.fullmatch(text)
    if match is None:
        raise _unsatisfiable(f"malformed byte range {text!r}: expected first-last, first- or -length", size)
    first, last, suffix = match.groups()
    if suffix is not None:
        start, stop = max(0, size - int(suffix)), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            raise _unsatisfiable(f"byte range {text!r} ends before it starts", size)
    return ByteRange(start, stop) if start < stop else None


def _unsatisfiable(message: str, size: int) -> RangeUnsatisfiable:
    return RangeUnsatisfiable(message, headers={"Content-Range": f"bytes */{size}"})


@dataclass(frozen=True, slots=True)
class ChunkRange:
    """Where a chunk of an upload belongs: `start` inclusive, `stop` exclusive; empty when both are equal."""

    start: int
    stop: int

    @classmethod
    def parse(cls, header: str) -> ChunkRange:
        """`first-last`, both inclusive, without a unit (end-5). Raises BlobUploadInvalid.

        `N-(N-1)` is an empty chunk at N, which one client sends with its closing PUT.
        """
        match = _CHUNK.fullmatch(header.strip())
        if match is None:
            raise BlobUploadInvalid(f"malformed Content-Range {header!r}: expected first-last, two inclusive offsets")
        start, stop = int(match.group(1)), int(match.group(2)) + 1
        if stop < start:
            raise BlobUploadInvalid(f"Content-Range {header!r} ends before it starts")
        return cls(start, stop)

    def __len__(self) -> int:
        return self.stop - self.start


def upload_range(size: int) -> str:
    """The `Range` of an upload that holds `size` bytes: `0-last`, inclusive.

    An empty one is `0-0`: docker rejects `0--1`, and distribution answers the same.
    """
    return f"0-{max(0, size - 1)}"
