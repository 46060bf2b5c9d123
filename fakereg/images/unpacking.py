"""gzip: read in pieces, counted while it is read, and never believed what it says of its size."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, BinaryIO

from fakereg.images.files import SEGMENT, LayoutError
from fakereg.images.layers import GZIP_MAGIC, ZSTD_MAGIC
from fakereg.images.limits import Meter, over
from fakereg.store.content import Content, Segment


class Unpacked:
    """The bytes of a file, those within gzip if it is gzip, counted by the meter."""

    def __init__(self, file: IO[bytes], head: bytes, size: int, where: str, meter: Meter) -> None:
        """`head` are the first bytes of the `size` that `file` is going to give."""
        if head.startswith(ZSTD_MAGIC):
            raise LayoutError(where, "is compressed with zstd, which cannot be read here: use gzip, or none")
        self.is_gzip = head.startswith(GZIP_MAGIC)
        self._file: IO[bytes] | gzip.GzipFile = gzip.GzipFile(fileobj=file, mode="rb") if self.is_gzip else file
        self._most = meter.limits.of_gzip(size)
        self._size, self._where = size, where
        self.meter = meter
        self.count = 0

    @classmethod
    def of_file(cls, file: BinaryIO, where: str, meter: Meter) -> Unpacked:
        """From where the file stands, to its end. Raises LayoutError if there is nothing."""
        start = file.tell()
        head = file.read(len(ZSTD_MAGIC))
        size = file.seek(0, io.SEEK_END) - start
        file.seek(start)
        if not size:
            raise LayoutError(where, "the file is empty")
        return cls(file, head, size, where, meter)

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, fewer only at the end. Raises LayoutError."""
        try:
            piece = self._file.read(size)
        except EOFError as error:
            raise LayoutError(self._where, "the gzip data is cut off") from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise LayoutError(self._where, f"the gzip data is damaged: {error}") from error
        except OSError as error:
            raise LayoutError(self._where, error.strerror or str(error)) from error
        self.count += len(piece)
        self.meter.take(len(piece), self._where)
        if self.is_gzip and self.count > self._most:
            message = f"{self._size} bytes of gzip unpack to more than {self._most}, as a decompression bomb does"
            raise LayoutError(self._where, over("ratio", message))
        return piece

    def __iter__(self) -> Iterator[bytes]:
        """The rest, in pieces of 1 MiB."""
        while piece := self.read(SEGMENT):
            yield piece


def unpacked(content: Content, where: str, meter: Meter) -> Iterable[Segment]:
    """The bytes of content, those within gzip if it is gzip. Iterating raises LayoutError, and counts what is new."""
    head = bytes(content.part(0, len(ZSTD_MAGIC)))
    file = io.BufferedReader(_ContentFile(content))
    pieces = Unpacked(file, head, content.size, where, meter)
    return pieces if pieces.is_gzip else content.segments


class _ContentFile(io.RawIOBase):
    """Content as a file, none of it copied as a whole."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what BufferedReader passes
        start = self._at
        for segment in self._content.part(start, start + len(buffer)).segments:
            buffer[self._at - start : self._at - start + len(segment)] = segment
            self._at += len(segment)
        return self._at - start
