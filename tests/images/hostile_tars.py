"""Archives that are refused while they are read, whatever is in them."""

from __future__ import annotations

import gzip

from hostile_case import LIFT, case
from tars import DIRECTORY, END, HARD_LINK, SYMLINK, files, index, layout, member, pax, tar

from fakereg.images.limits import Limits

MIB = 1024 * 1024
ZEROS = gzip.compress(bytes(MIB))
GOOD = files(layout())


def cut(content: bytes, size: int) -> bytes:
    return content[: len(content) - size]


def damaged(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


PACKED = gzip.compress(tar(GOOD))

STREAMS = [
    case("empty file", b"", "@: the file is empty", "unpacking.py", "if not size:", "if False:"),
    case(
        "garbage",
        b"no archive at all, whatever its name says".ljust(600),
        "@: is neither a tar archive nor one in gzip",
        "tar_reader.py",
        'message if at else "is neither a tar archive nor one in gzip"',
        "message",
    ),
    case(
        "zstd",
        b"\x28\xb5\x2f\xfd" + bytes(600),
        "@: is compressed with zstd, which cannot be read here: use gzip, or none",
        "unpacking.py",
        "if head.startswith(ZSTD_MAGIC):",
        "if False:",
    ),
    case(
        "gzip cut off",
        cut(PACKED, 20),
        "@: the gzip data is cut off",
        "unpacking.py",
        "except EOFError as error:",
        "except ZeroDivisionError as error:",
    ),
    case(
        "gzip with a wrong checksum",
        damaged(PACKED, len(PACKED) - 5),
        "@: the gzip data is damaged: CRC check failed...",
        "unpacking.py",
        "except (gzip.BadGzipFile, zlib.error) as error:",
        "except ZeroDivisionError as error:",
    ),
    case(
        "gzip bomb",
        gzip.compress(member("zeros", size=200 * MIB)) + ZEROS * 200 + gzip.compress(END),
        "@: 210298 bytes of gzip unpack to more than 134217728, as a decompression bomb does" + LIFT.format("ratio"),
        "unpacking.py",
        "if self.is_gzip and self.count > self._most:",
        "if False:",
    ),
    case(
        "more than may be unpacked",
        tar(GOOD, member("zeros", bytes(100_000))),
        "@: unpacks to more than 100000 bytes" + LIFT.format("unpacked"),
        "limits.py",
        "if self._left < 0:",
        "if False:",
        limits=Limits(unpacked=100_000),
    ),
    case(
        "too many members",
        tar(GOOD, *(member(f"{number}") for number in range(30))),
        "@: has more than 30 members" + LIFT.format("members"),
        "tar_reader.py",
        "if self._count > most:",
        "if False:",
        limits=Limits(members=30),
    ),
]

HEADERS = [
    case(
        "content cut off",
        GOOD + cut(member("last", b"x" * 2000), 1500),
        f"@: the archive is cut off after {len(GOOD) + 1060} bytes: last has 2000 bytes by its header",
        "tar_reader.py",
        "if len(piece) < size:\n            raise",
        "if False:\n            raise",
    ),
    case(
        "no end marker",
        GOOD,
        f"@: the archive is cut off after {len(GOOD)} bytes: it has no end marker",
        "tar_reader.py",
        "        if not block:\n            raise",
        "        if False:\n            raise",
    ),
    case(
        "data after the end",
        tar(GOOD) + tar(member("hidden", b"x")),
        "@: has data after its end marker",
        "tar_reader.py",
        "if any(piece):",
        "if False:",
    ),
    case(
        "damaged header",
        tar(GOOD, damaged(member("last"), 0)),
        f"@: the header at byte {len(GOOD)} is damaged: bad checksum",
        "tar_reader.py",
        "except tarfile.HeaderError as error:\n",
        "except tarfile.HeaderError as error:\n            if at:\n                return None\n",
    ),
    case(
        "name that is not UTF-8",
        tar(GOOD, member(b"caf\xe9")),
        f"@: a name in the header at byte {len(GOOD)} is not UTF-8",
        "tar_reader.py",
        'frombuf(block, "utf-8", "strict")',
        'frombuf(block, "utf-8", "surrogateescape")',
    ),
    case(
        "negative size",
        tar(GOOD, member("last", size=b"\xff" * 12)),
        f"@: the header at byte {len(GOOD)} has a negative size",
        "tar_reader.py",
        "if info.size < 0:",
        "if False:",
    ),
    case(
        "damaged PAX header",
        tar(GOOD, member("pax", b"99 path=x\n", kind=b"x"), member("last")),
        "@: a PAX header is damaged: a record is not of the form LENGTH KEY=VALUE",
        "tar_reader.py",
        'if not (equals and record.endswith(b"\\n") and len(digits) + 1 + len(record) == length):',
        "if False:",
    ),
    case(
        "PAX header that is not UTF-8",
        tar(GOOD, member("pax", b"10 path=\xe9\n", kind=b"x"), member("last")),
        "@: a PAX header is damaged: 'utf-8' codec can't decode byte 0xe9 in position 0: unexpected end of data",
        "tar_reader.py",
        'yield key.decode("utf-8"), value.decode("utf-8")',
        'yield key.decode("utf-8"), value.decode("latin-1")',
    ),
    case(
        "global PAX header with a path",
        tar(pax(("path", "same"), kind=b"g"), GOOD),
        "@: a global PAX header gives every member the same path",
        "tar_reader.py",
        'if found := [key for key, _ in records if key in ("path", "linkpath", "size")]:',
        "if found := []:",
    ),
    case(
        "long name that is not UTF-8",
        tar(GOOD, member("././@LongLink", b"\xe9\0", kind=b"L"), member("last")),
        "@: a long name in a GNU header is not UTF-8",
        "tar_reader.py",
        'partition(b"\\0")[0].decode("utf-8")',
        'partition(b"\\0")[0].decode("latin-1")',
    ),
    case(
        "long extended header",
        tar(GOOD, pax(("comment", "x" * 70_000)), member("last")),
        "@: an extended header has 70015 bytes; at most 65536 are read",
        "tar_reader.py",
        "if info.size > HEADER_LIMIT:",
        "if False:",
    ),
    case(
        "extended header without a member",
        tar(GOOD, pax(("path", "last"))),
        "@: ends with a header that describes a member after it",
        "tar_reader.py",
        "        if extended:\n            raise",
        "        if False:\n            raise",
    ),
    case(
        "long name",
        tar(GOOD, pax(("path", "x" * 1025)), member("last")),
        "@: has a name of 1025 characters; at most 1024 are read",
        "tar_reader.py",
        "if len(name) > NAME_LIMIT:",
        "if False:",
    ),
    case(
        "sparse file of PAX",
        tar(GOOD, pax(("GNU.sparse.major", "1"), ("GNU.sparse.realsize", "9" * 15)), member("last")),
        "@: last: is a sparse file in PAX form: pack it without --sparse",
        "tar_reader.py",
        'if any(key.startswith("GNU.sparse.") for key in extended):',
        "if False:",
    ),
    *(
        case(
            f"{what} in the archive",
            tar(GOOD, member("last", kind=kind)),
            f"@: last: is {what}, which no image layout or docker-archive has",
            "tar_reader.py",
            f'    tarfile.{constant}: "{what}",\n',
            "",
        )
        for what, kind, constant in [
            ("a character device", b"3", "CHRTYPE"),
            ("a block device", b"4", "BLKTYPE"),
            ("a FIFO", b"6", "FIFOTYPE"),
            ("a sparse file", b"S", "GNUTYPE_SPARSE"),
        ]
    ),
    case(
        "type that nobody knows",
        tar(GOOD, member("last", kind=b"Z")),
        "@: last: is of the type b'Z', which is not known here",
        "tar_reader.py",
        "if info.type not in _KNOWN:",
        "if False:",
    ),
    case(
        "PAX size that is no number",
        tar(GOOD, pax(("size", "-1")), member("last")),
        "@: last: has the size '-1' in its PAX header",
        "tar_reader.py",
        "if not (told.isascii() and told.isdigit() and len(told) <= _SIZE_DIGITS):",
        "if False:",
    ),
    case(
        "two names for one member",
        tar(GOOD, pax(("path", "one")), member("././@LongLink", b"two\0", kind=b"L"), member("last")),
        "@: extended headers give one member two values of path",
        "tar_reader.py",
        "if extended.setdefault(key, value) != value:",
        "extended[key] = value\n            if False:",
    ),
    case(
        "PAX size that contradicts the header",
        tar(GOOD, pax(("size", "600")), member("last", member("hidden"))),
        "@: last: has 512 bytes by its header, and 600 by the PAX header before it",
        "tar_reader.py",
        "if int(told) != info.size and int(told) < _USTAR_SIZE:",
        "if False:",
    ),
    case(
        "directory with content",
        tar(GOOD, member("last", b"x" * 512, kind=DIRECTORY)),
        "@: last: is no file, but has 512 bytes of content",
        "tar_reader.py",
        "        if size:\n            raise",
        "        if False:\n            raise",
    ),
]

NAMES = [
    case(
        "NUL in a name",
        tar(GOOD, pax(("path", "index.json\0x")), member("last")),
        "@: 'index.json\\x00x': has a NUL in its name",
        "tarball.py",
        'if "\\0" in name:',
        "if False:",
    ),
    case(
        "backslash",
        tar(GOOD, member("..\\..\\evil")),
        "@: ..\\..\\evil: has a backslash in its name, which some take for a separator",
        "tarball.py",
        'if "\\\\" in name:',
        "if False:",
    ),
    case(
        "absolute path",
        tar(GOOD, member("/etc/passwd", b"x")),
        "@: /etc/passwd: is an absolute path",
        "tarball.py",
        'if name.startswith("/"):',
        "if False:",
    ),
    case(
        "drive",
        tar(GOOD, member("C:/evil", b"x")),
        "@: C:/evil: begins with a drive",
        "tarball.py",
        "if _DRIVE.match(name):",
        "if False:",
    ),
    case(
        "path out of the archive",
        tar(GOOD, member("blobs/../../evil", b"x")),
        "@: blobs/../../evil: has a '..' in its path",
        "tarball.py",
        'if ".." in parts:',
        "if False:",
    ),
    case(
        "many directories",
        tar(GOOD, member("a/" * 16 + "a", b"x")),
        f"@: {'a/' * 16}a: has 17 parts; at most 16 are read",
        "tarball.py",
        "if len(parts) > DEPTH_LIMIT:",
        "if False:",
    ),
    case(
        "file without a name",
        tar(GOOD, member(".", b"x")),
        "@: .: has no name",
        "tarball.py",
        "if member.data is not None:",
        "if False:",
    ),
    case(
        "two files of one name",
        tar(GOOD, member("./index.json", index())),
        "@: index.json: is there twice, and not the same",
        "tarball.py",
        "return one.size == other.size and SHA256.digest(one.segments) == SHA256.digest(other.segments)",
        "return True",
    ),
    case(
        "file and directory of one name",
        tar(GOOD, member("a", b""), member("a", kind=DIRECTORY)),
        "@: a: is there twice, and not the same",
        "tarball.py",
        "    return one == other",
        "    return one == other or one is None or other is None",
    ),
    case(
        "member within a link",
        tar(GOOD, member("a", kind=SYMLINK, target="blobs"), member("blobs", kind=DIRECTORY), member("a/b", b"x")),
        "@: a/b: is within a, which is no directory",
        "tarball.py",
        "if self.found.get(parent) is not None:",
        "if False:",
    ),
]

LINKS = [
    case(
        "links in a loop",
        tar(GOOD, member("a", kind=SYMLINK, target="b"), member("b", kind=SYMLINK, target="./a")),
        "@: a: is a link in a loop",
        "tarball.py",
        "                if at in passed:\n",
        "                if at in passed:\n                    return {}\n",
    ),
    case(
        "link to an absolute path",
        tar(GOOD, member("a", kind=SYMLINK, target="/index.json")),
        "@: a: is a link to /index.json, an absolute path",
        "tarball.py",
        'if link.target.startswith("/"):',
        "if False:",
    ),
    case(
        "link out of the archive",
        tar(GOOD, member("blobs/a", kind=SYMLINK, target="../../index.json")),
        "@: blobs/a: is a link to ../../index.json, which leads out of the archive",
        "tarball.py",
        'if part == ".." and not parts:',
        'if part == ".." and not parts and link.is_hard:',
    ),
    case(
        "hard link out of the archive",
        tar(GOOD, member("blobs/a", kind=HARD_LINK, target="../index.json")),
        "@: blobs/a: is a link to ../index.json, which leads out of the archive",
        "tarball.py",
        "[] if link.is_hard else name",
        "name",
    ),
    case(
        "link to nothing",
        tar(GOOD, member("a", kind=SYMLINK, target="etc/passwd")),
        "@: a: is a link to etc/passwd, which is not in the archive",
        "tarball.py",
        'if (found := "/".join(parts)) not in self.found:\n',
        'if (found := "/".join(parts)) not in self.found:\n            return "index.json"\n',
    ),
]

TARS = STREAMS + HEADERS + NAMES + LINKS
