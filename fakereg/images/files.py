"""Where a layout is read from, by names such as `blobs/sha256/...`: a directory here, an archive in `tarball`.

Law of this module: only regular files are opened, and only within the directory.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fakereg.store.content import Content

SEGMENT = 1024 * 1024

_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}

# Longer names and values are cut in messages.
_SHOWN = 200


class LayoutError(ValueError):
    """An OCI image layout or docker-archive that is none, or is broken, or cannot be written.

    The message is one line, and names the file, in an archive as `archive.tar: member`; so does `where`.
    """

    def __init__(self, where: Path | str, message: str) -> None:
        super().__init__(f"{where}: {message}")
        self.where = str(where)


class Files(Protocol):
    """Files by their names, which are relative and use `/`."""

    @property
    def name(self) -> str:
        """What a repository is called after, if nothing else names it."""

    def where(self, name: str) -> str:
        """How a message names a file."""

    def read(self, name: str) -> Content | None:
        """None if there is no such file. Raises LayoutError for what is no regular file."""


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of a directory, which need not exist yet."""

    root: Path

    @property
    def name(self) -> str:
        return self.root.resolve().name

    def where(self, name: str) -> str:
        return str(self.root / name)

    def inside(self, name: str) -> Path:
        """Where the file really is, every link followed. Raises LayoutError if that is out of the directory."""
        # Not `resolve`, which up to Python 3.12 raises RuntimeError for links in a loop.
        real = Path(os.path.realpath(self.root / name))
        if not real.is_relative_to(os.path.realpath(self.root)):
            raise LayoutError(
                self.where(name), f"is reached by a link that leads out of the directory, to {shown(str(real))}"
            )
        return real

    def read(self, name: str) -> Content | None:
        """In segments of 1 MiB."""
        path = self.inside(name)
        try:
            # Asked before it is opened: to open a FIFO is to wait until somebody writes to it.
            if not is_regular(path):
                raise LayoutError(self.where(name), f"is {kind_of(path)}, where a file should be")
            with path.open("rb") as file:
                return Content(iter(lambda: file.read(SEGMENT), b""))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise LayoutError(self.where(name), error.strerror or str(error)) from error


def is_regular(path: Path) -> bool:
    """Raises OSError, as for a path where nothing is."""
    return stat.S_ISREG(path.stat().st_mode)


def kind_of(path: Path) -> str:
    return _KINDS.get(stat.S_IFMT(path.stat().st_mode), "a special file")


def shown(text: str) -> str:
    """A name from outside as part of a message: in one line, without control characters, and not too long."""
    cut = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return cut if cut.isprintable() else ascii(cut)
