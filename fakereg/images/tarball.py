"""A tar archive as files in memory. Nothing of it is ever unpacked to the file system.

Law of this module: a name means a file within the archive, or the archive is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import BinaryIO

from fakereg.images.files import LayoutError, shown
from fakereg.images.limits import Meter
from fakereg.images.tar_reader import Data, Link, Member, TarReader
from fakereg.images.unpacking import Unpacked
from fakereg.oci.digest import SHA256
from fakereg.store.content import Content

# A layout needs three.
DEPTH_LIMIT = 16

_SUFFIXES = re.compile(r"(?:\.tar)?(?:\.gz)?$|\.tgz$", re.ASCII | re.IGNORECASE)
_DRIVE = re.compile(r"[a-zA-Z]:", re.ASCII)


@dataclass(frozen=True, slots=True)
class Archive:
    """The files of an archive, links followed, by names without `./`; see `images.files.Files`."""

    path: str
    entries: dict[str, Content | None]
    meter: Meter

    @classmethod
    def of(cls, file: BinaryIO, path: str, meter: Meter) -> Archive:
        """All of it, plain or gzip, from where the file stands. Raises LayoutError."""
        gathering = _Gathering(path)
        for member in TarReader(Unpacked.of_file(file, path, meter), path):
            gathering.add(member)
        gathering.check_parents()
        return cls(path, gathering.followed(), meter)

    @property
    def name(self) -> str:
        """The archive's, without its suffixes."""
        return _SUFFIXES.sub("", PurePath(self.path).name, count=1)

    def where(self, name: str) -> str:
        return f"{self.path}: {shown(name)}"

    def read(self, name: str) -> Content | None:
        content = self.entries.get(name)
        if content is None and name in self.entries:
            raise LayoutError(self.where(name), "is a directory, where a file should be")
        return content


@dataclass(frozen=True, slots=True)
class _Gathering:
    """The members by their plain names, while they are read."""

    archive: str
    found: dict[str, Data] = field(default_factory=dict)

    def add(self, member: Member) -> None:
        name = "/".join(self._parts(member.name))
        if not name:
            if member.data is not None:
                raise self._refused(member.name, "has no name")
        elif name not in self.found:
            self.found[name] = member.data
        elif not _same(self.found[name], member.data):
            raise self._refused(name, "is there twice, and not the same")

    def _parts(self, name: str) -> Sequence[str]:
        """Raises LayoutError for a name that an unpacker would put elsewhere."""
        if "\0" in name:
            raise self._refused(name, "has a NUL in its name")
        if "\\" in name:
            raise self._refused(name, "has a backslash in its name, which some take for a separator")
        if name.startswith("/"):
            raise self._refused(name, "is an absolute path")
        if _DRIVE.match(name):
            raise self._refused(name, "begins with a drive")
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise self._refused(name, "has a '..' in its path")
        if len(parts) > DEPTH_LIMIT:
            raise self._refused(name, f"has {len(parts)} parts; at most {DEPTH_LIMIT} are read")
        return parts

    def check_parents(self) -> None:
        """A member within a link would be written through it by an unpacker."""
        for name in self.found:
            parts = name.split("/")[:-1]
            for depth in range(1, len(parts) + 1):
                parent = "/".join(parts[:depth])
                if self.found.get(parent) is not None:
                    raise self._refused(name, f"is within {shown(parent)}, which is no directory")

    # Links

    def followed(self) -> dict[str, Content | None]:
        """What every name means in the end. Old versions of `docker save` link layers that images share."""
        final: dict[str, Content | None] = {}
        for name in self.found:
            passed, at = {name}, name
            while at not in final:
                data = self.found[at]
                if not isinstance(data, Link):
                    final[at] = data
                    break
                at = self._target(at, data)
                if at in passed:
                    raise self._refused(name, "is a link in a loop")
                passed.add(at)
            final |= dict.fromkeys(passed, final[at])
        return final

    def _target(self, name: str, link: Link) -> str:
        """The member that a link leads to."""
        target = shown(link.target)
        if link.target.startswith("/"):
            raise self._refused(name, f"is a link to {target}, an absolute path")
        parts = [] if link.is_hard else name.split("/")[:-1]
        for part in link.target.split("/"):
            if part == ".." and not parts:
                raise self._refused(name, f"is a link to {target}, which leads out of the archive")
            if part == "..":
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        if (found := "/".join(parts)) not in self.found:
            raise self._refused(name, f"is a link to {target}, which is not in the archive")
        return found

    def _refused(self, name: str, message: str) -> LayoutError:
        return LayoutError(f"{self.archive}: {shown(name)}", message)


def _same(one: Data, other: Data) -> bool:
    if isinstance(one, Content) and isinstance(other, Content):
        return one.size == other.size and SHA256.digest(one.segments) == SHA256.digest(other.segments)
    return one == other
