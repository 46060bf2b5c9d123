"""A tar archive, read member by member: ustar, with the extensions of PAX and GNU for names and sizes.

Law of this module: what two readers could understand differently is refused. `tarfile` parses a header,
and nothing more: it would pass over damage and truncation in silence, as an unpacker may.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fakereg.images.files import SEGMENT, LayoutError, shown
from fakereg.images.limits import over
from fakereg.images.unpacking import Unpacked
from fakereg.store.content import Content

BLOCK = 512

# PAX and GNU headers describe the member after them; ours need a name and a size.
HEADER_LIMIT = 64 * 1024
NAME_LIMIT = 1024

# What the size field of ustar can hold, 11 octal digits; PAX is for what is larger.
_USTAR_SIZE = 8**11
_SIZE_DIGITS = 19

_HARD_LINK, _SYMLINK, _DIRECTORY = tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE
_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE)
_KNOWN = (*_FILES, _HARD_LINK, _SYMLINK, _DIRECTORY)
_EXTENDED = {tarfile.GNUTYPE_LONGNAME: "path", tarfile.GNUTYPE_LONGLINK: "linkpath"}
_REFUSED = {
    tarfile.CHRTYPE: "a character device",
    tarfile.BLKTYPE: "a block device",
    tarfile.FIFOTYPE: "a FIFO",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link, relative to its own directory; a hard link, relative to the archive."""

    target: str
    is_hard: bool


Data = Content | Link | None


@dataclass(frozen=True, slots=True)
class Member:
    """A file with its content, a link, or with None a directory. The name is as it was written."""

    name: str
    data: Data


class TarReader:
    """The members of an archive, in order. Iterating raises LayoutError where it is not in order."""

    def __init__(self, stream: Unpacked, archive: str) -> None:
        self._stream = stream
        self._archive = archive
        self._count = 0

    def __iter__(self) -> Iterator[Member]:
        extended: dict[str, str] = {}
        while (info := self._header()) is not None:
            if info.type == tarfile.XGLTYPE:
                self._check_global(self._records(info))
            elif info.type in (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE):
                self._describe(extended, self._records(info))
            elif info.type in _EXTENDED:
                self._describe(extended, [(_EXTENDED[info.type], self._long_name(info))])
            else:
                yield self._member(info, extended)
                extended = {}
        if extended:
            raise self._broken("ends with a header that describes a member after it")
        self._check_end()

    # Headers

    def _header(self) -> tarfile.TarInfo | None:
        """The next; None at the end of the archive, which is a block of zeros."""
        at = self._stream.count
        block = self._up_to(BLOCK)
        if not block:
            raise self._broken(f"the archive is cut off after {at} bytes: it has no end marker")
        if not any(block):
            return None
        self._count += 1
        most = self._stream.meter.limits.members
        if self._count > most:
            raise self._broken(over("members", f"has more than {most} members"))
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        except UnicodeDecodeError as error:
            raise self._broken(f"a name in the header at byte {at} is not UTF-8") from error
        except tarfile.HeaderError as error:
            message = f"the header at byte {at} is damaged: {error}"
            raise self._broken(message if at else "is neither a tar archive nor one in gzip") from error
        if info.size < 0:
            raise self._broken(f"the header at byte {at} has a negative size")
        return info

    def _describe(self, extended: dict[str, str], records: Iterable[tuple[str, str]]) -> None:
        for key, value in records:
            if extended.setdefault(key, value) != value:
                raise self._broken(f"extended headers give one member two values of {shown(key)}")

    def _records(self, info: tarfile.TarInfo) -> list[tuple[str, str]]:
        body = self._extension(info)
        try:
            return list(_pax_records(body))
        except ValueError as error:
            raise self._broken(f"a PAX header is damaged: {error}") from error

    def _check_global(self, records: Iterable[tuple[str, str]]) -> None:
        if found := [key for key, _ in records if key in ("path", "linkpath", "size")]:
            raise self._broken(f"a global PAX header gives every member the same {found[0]}")

    def _long_name(self, info: tarfile.TarInfo) -> str:
        try:
            return self._extension(info).partition(b"\0")[0].decode("utf-8")
        except UnicodeDecodeError as error:
            raise self._broken("a long name in a GNU header is not UTF-8") from error

    def _extension(self, info: tarfile.TarInfo) -> bytes:
        if info.size > HEADER_LIMIT:
            raise self._broken(f"an extended header has {info.size} bytes; at most {HEADER_LIMIT} are read")
        return bytes(self._content(info.size, "an extended header"))

    # Members

    def _member(self, info: tarfile.TarInfo, extended: dict[str, str]) -> Member:
        name = extended.get("path", info.name)
        if len(name) > NAME_LIMIT:
            raise self._broken(f"has a name of {len(name)} characters; at most {NAME_LIMIT} are read")
        if any(key.startswith("GNU.sparse.") for key in extended):
            raise self._refused(name, "is a sparse file in PAX form: pack it without --sparse")
        if info.type in _REFUSED:
            raise self._refused(name, f"is {_REFUSED[info.type]}, which no image layout or docker-archive has")
        if info.type not in _KNOWN:
            raise self._refused(name, f"is of the type {info.type!r}, which is not known here")
        size = self._size(info, name, extended.get("size"))
        if info.type in _FILES:
            return Member(name, self._content(size, name))
        if size:
            raise self._refused(name, f"is no file, but has {size} bytes of content")
        if info.type == _DIRECTORY:
            return Member(name, None)
        return Member(name, Link(extended.get("linkpath", info.linkname), info.type == _HARD_LINK))

    def _size(self, info: tarfile.TarInfo, name: str, told: str | None) -> int:
        """That of the PAX header, if there is one, which may not contradict what the header itself could say."""
        if told is None:
            return info.size
        if not (told.isascii() and told.isdigit() and len(told) <= _SIZE_DIGITS):
            raise self._refused(name, f"has the size {shown(told)!r} in its PAX header")
        if int(told) != info.size and int(told) < _USTAR_SIZE:
            raise self._refused(name, f"has {info.size} bytes by its header, and {told} by the PAX header before it")
        return int(told)

    def _content(self, size: int, name: str) -> Content:
        """Read with its padding, and at no time asked for more memory than what has come."""
        segments, left = list[bytes](), size
        while left:
            segments.append(self._read(min(SEGMENT, left), f"{shown(name)} has {size} bytes by its header"))
            left -= len(segments[-1])
        self._read(-size % BLOCK, f"{shown(name)} is not padded to a whole block")
        return Content(segments)

    # The stream

    def _read(self, size: int, expected: str) -> bytes:
        """Exactly so many bytes."""
        piece = self._up_to(size)
        if len(piece) < size:
            raise self._broken(f"the archive is cut off after {self._stream.count} bytes: {expected}")
        return piece

    def _up_to(self, size: int) -> bytes:
        """Fewer only at the end: an unbuffered file may give less than it is asked for."""
        piece = self._stream.read(size)
        while len(piece) < size and (more := self._stream.read(size - len(piece))):
            piece += more
        return piece

    def _check_end(self) -> None:
        """Padding of zeros, to the last byte: gzip tells only there whether all of it is whole."""
        for piece in self._stream:
            if any(piece):
                raise self._broken("has data after its end marker")

    def _broken(self, message: str) -> LayoutError:
        return LayoutError(self._archive, message)

    def _refused(self, name: str, message: str) -> LayoutError:
        return LayoutError(f"{self._archive}: {shown(name)}", message)


def _pax_records(body: bytes) -> Iterator[tuple[str, str]]:
    """Records `LENGTH KEY=VALUE\\n`, the length that of the whole record (POSIX, pax). Raises ValueError."""
    while body:
        digits, _, _ = body[:8].partition(b" ")
        length = int(digits) if digits.isdigit() else 0
        record, body = body[len(digits) + 1 : length], body[length:]
        key, equals, value = record[:-1].partition(b"=")
        if not (equals and record.endswith(b"\n") and len(digits) + 1 + len(record) == length):
            raise ValueError("a record is not of the form LENGTH KEY=VALUE")
        yield key.decode("utf-8"), value.decode("utf-8")
