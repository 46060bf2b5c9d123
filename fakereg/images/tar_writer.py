"""Writing a tar archive: the same members give the same bytes."""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from fakereg.images.files import SEGMENT
from fakereg.store.content import Content, Segment

_BLOCK = 512

# Layers are compressed already, for the most part: more effort would be for nothing.
_EFFORT = 1


@dataclass(frozen=True, slots=True)
class Written:
    """A member: `segments` is iterated once, when it is written, and gives `size` bytes."""

    size: int
    segments: Iterable[Segment]

    @classmethod
    def of(cls, content: Content | bytes) -> Written:
        return cls(len(content), content.segments if isinstance(content, Content) else (content,))


def write_tar(file: BinaryIO, members: Mapping[str, Written], *, compress: bool = False) -> None:
    """Sorted by name; owned by root, of 1970. gzip is the same for the same zlib, plain tar always."""
    if compress:
        with gzip.GzipFile(filename="", mode="wb", compresslevel=_EFFORT, fileobj=file, mtime=0) as packed:
            _write(packed, members)
    else:
        _write(file, members)


def _write(file: BinaryIO | gzip.GzipFile, members: Mapping[str, Written]) -> None:
    for name, member in sorted(members.items()):
        info = tarfile.TarInfo(name)
        info.size = member.size
        file.write(info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict"))
        for piece in _pieces(member.segments):
            file.write(piece)
        file.write(bytes(-member.size % _BLOCK))
    file.write(bytes(2 * _BLOCK))


def _pieces(segments: Iterable[Segment]) -> Iterator[memoryview]:
    """At most 1 MiB each: gzip gives back in one piece what it made of what it was given in one."""
    for segment in segments:
        view = memoryview(segment)
        for start in range(0, len(view), SEGMENT):
            yield view[start : start + SEGMENT]
