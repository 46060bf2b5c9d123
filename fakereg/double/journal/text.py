"""Text that clients sent, made fit to be shown."""

from __future__ import annotations

import re
from urllib.parse import unquote

# Longer than any honest path or message; what is longer is cut when it is shown.
LONGEST_TEXT = 1000

# Digits of a digest or an upload id that are enough to tell it from others.
ENOUGH = 8

_LONG_HEX = re.compile(r"\b((?:sha256|sha512)(?::|%3[Aa]))([0-9a-f]{32,})\b", re.ASCII)
_UPLOAD_ID = re.compile(r"(/blobs/uploads/)([^/?\s]{16,})")


def printable(text: str) -> str:
    """`text` on one line and of sensible length, whatever a client put into it.

    A lone surrogate, for one, can be neither printed nor sent from one test process to another.
    """
    if len(text) > LONGEST_TEXT:
        text = f"{text[:LONGEST_TEXT]}... ({len(text) - LONGEST_TEXT} characters more)"
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def brief(text: str) -> str:
    """The same with digests and upload ids cut to their first digits, so that lines can be compared."""
    text = _LONG_HEX.sub(lambda found: f"{unquote(found[1])}{found[2][:ENOUGH]}…", printable(text))
    return _UPLOAD_ID.sub(lambda found: f"{found[1]}{found[2][:ENOUGH]}…", text)


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 request`, `2 requests`."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def times(count: int) -> str:
    """`once`, `2 times`."""
    return "once" if count == 1 else f"{count} times"


def columns(rows: list[tuple[str, ...]], gap: str = "  ") -> list[str]:
    """The rows with each cell but the last padded to the width of its column."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return [gap.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
