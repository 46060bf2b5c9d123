"""Files that are written whole or not at all."""

from __future__ import annotations

import re
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_UNFINISHED = re.compile(r"\.fakereg-[0-9a-f]{16}\.unfinished", re.ASCII)


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """What `write` writes takes the place of `path`, and its mode; a link of that name is replaced, not followed.

    Who reads or writes the same path meanwhile sees a whole file: that of before, or one of those that are
    written. Whatever `write` raises is raised, and the file of before stays.
    """
    mode = _mode(path)
    # Never a name that exists: somebody may have put a link there. Short, so that any name that can be is one of ours.
    unfinished = path.with_name(f".fakereg-{secrets.token_hex(8)}.unfinished")
    file = unfinished.open("xb")
    try:
        with file:
            write(file)
        if mode is not None:
            unfinished.chmod(mode)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def is_unfinished(path: Path) -> bool:
    """Whether it was left by a process that was killed while it wrote."""
    return _UNFINISHED.fullmatch(path.name) is not None


def _mode(path: Path) -> int | None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return stat.S_IMODE(found.st_mode) if stat.S_ISREG(found.st_mode) else None
