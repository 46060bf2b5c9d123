"""Where the command writes: colour only for people, and no complaint when the reader has gone."""

from __future__ import annotations

import io
import os
import re
import sys
import textwrap
from contextlib import suppress
from enum import Enum
from typing import TextIO

# Where a terminal does not tell: the VT100's.
_COLUMNS = 80

# Narrower than this a text is no longer readable; then the terminal may wrap it.
_LEAST = 20

_COLOUR = re.compile(r"\x1b\[\d+m")

# A line stays readable with the first digits of what identifies content and uploads.
_LONG = re.compile(r"(sha(?:256|512):[0-9a-f]{8})[0-9a-f]{56,120}|([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f-]{22,}")


class Style(Enum):
    """How a text stands out; the values are those of ECMA-48."""

    PLAIN = 0
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
        self._is_watched = stream is not None and stream.isatty()
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

    @property
    def width(self) -> int | None:
        """Columns, as many as there are now; None where it is no terminal, and nothing needs to fit."""
        if self._stream is None or not self._is_watched:
            return None
        columns = 0
        # shutil.get_terminal_size would ask stdout, which may be a file while stderr is watched.
        with suppress(OSError, ValueError):
            columns = int(os.environ.get("COLUMNS") or os.get_terminal_size(self._stream.fileno()).columns)
        return columns if columns > 0 else _COLUMNS

    def line_with_remark(self, text: str, remark: str, style: Style, *, indent: int) -> None:
        """The remark behind the text, or where the terminal is too narrow for both, below it and indented."""
        width = self.width
        length = len(_COLOUR.sub("", text))
        if not remark or width is None or length + 2 + len(remark) <= width:
            self.line(f"{text}  {self.paint(remark, style)}" if remark else text)
            return
        self.line(text.rstrip())
        for part in textwrap.wrap(remark, max(width - indent, _LEAST), break_on_hyphens=False):
            self.line(f"{' ' * indent}{self.paint(part, style)}")

    def paint(self, text: str, style: Style) -> str:
        """The text in that style, or as it is where nobody would see colour."""
        return f"\x1b[{style.value}m{text}\x1b[0m" if self._is_coloured and style is not Style.PLAIN else text


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


def shortened(text: str) -> str:
    """The text with its digests and upload ids cut to eight digits."""
    return _LONG.sub(lambda match: f"{match.group(1) or match.group(2)}..", text)


def fitted(text: str, room: int) -> str:
    """The text with its middle left out where it is longer than `room`; a path is known by both its ends."""
    room = max(room, _LEAST)
    if len(text) <= room:
        return text
    tail = (room - 2) // 2
    return f"{text[: room - 2 - tail]}..{text[-tail:]}"


def _shows_colour(stream: TextIO) -> bool:
    """Whether people look at it and want colour (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
