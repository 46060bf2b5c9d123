"""Where the command writes: colour only for people, and no complaint when the reader has gone."""

from __future__ import annotations

import io
import os
import sys
from enum import Enum
from typing import TextIO


class Style(Enum):
    """How a text stands out; the values are those of ECMA-48."""

    BOLD = 1
    DIM = 2
    RED = 31
    GREEN = 32
    YELLOW = 33
    CYAN = 36


class Terminal:
    """Lines on a stream, each visible at once to whoever reads it."""

    def __init__(self, stream: TextIO | None) -> None:
        """`stream` is None where a process was started without it."""
        self._stream = stream
        self._is_coloured = stream is not None and _shows_colour(stream)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # no path or name is worth a crash

    def line(self, text: str = "") -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(text + "\n")
            self._stream.flush()
        except (OSError, ValueError):  # closed pipe, full disk, closed stream: serving matters more
            self._stream = None

    def paint(self, text: str, style: Style) -> str:
        """The text in that style, or as it is where nobody would see colour."""
        return f"\x1b[{style.value}m{text}\x1b[0m" if self._is_coloured else text


def let_go() -> None:
    """Flush what was printed; called last, or Python itself would complain of a reader that has gone."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def printable(text: str) -> str:
    """The text with everything escaped that could move a terminal's cursor or change its colour."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def _shows_colour(stream: TextIO) -> bool:
    """Whether people look at it and want colour (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
