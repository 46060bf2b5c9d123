"""A line per request: for people, or as JSON for programs."""

from __future__ import annotations

import json
from typing import Any

from fakereg.cli.terminal import Style, Terminal, fitted, printable, shortened
from fakereg.double.journal import Entry

# By the hundreds of the status; a refusal is no error of the registry, so it is not red.
_STYLES = {2: Style.GREEN, 3: Style.CYAN, 4: Style.YELLOW, 5: Style.RED}

_THOUSAND = 1000

# Columns before a target: status, method and the space between them.
_BEFORE = 12


class RequestLog:
    """`404  GET    /v2/team/app/manifests/v9  out 163 B  0.2 ms  MANIFEST_UNKNOWN: ...`

    A terminal gets what fits its width; a file or a pipe every digit.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def __call__(self, entry: Entry) -> None:
        style = _STYLES.get((entry.status or 0) // 100, Style.RED)
        target, told = printable(entry.target), printable(_told(entry) or "")
        measures = "  ".join(_measures(entry))
        if (width := self._terminal.width) is not None:
            target = fitted(shortened(target), width - _BEFORE - 2 - len(measures))
            told = shortened(told)
        status = self._terminal.paint("---" if entry.status is None else str(entry.status), style)
        asked = f"{printable(entry.method):<6} {target}"
        text = f"{status}  {asked}  {self._terminal.paint(measures, Style.DIM)}"
        self._terminal.line_with_remark(text, told, style, indent=_BEFORE)


class JsonLog:
    """One JSON object per line, with `"event": "request"`."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def __call__(self, entry: Entry) -> None:
        self._terminal.line(json.dumps(_document(entry)))


def size(count: int) -> str:
    """A number of bytes for people: `512 B`, `1.5 kB`, `20.1 MB`."""
    if count < _THOUSAND:
        return f"{count} B"
    amount = float(count)
    for unit in ("kB", "MB"):
        amount /= _THOUSAND
        if amount < _THOUSAND:
            return f"{amount:.1f} {unit}"
    return f"{amount / _THOUSAND:.1f} GB"


def _measures(entry: Entry) -> list[str]:
    measures = [f"in {size(entry.received)}"] if entry.received else []
    measures += [f"out {size(entry.sent)}"] if entry.sent else []
    return [*measures, f"{entry.seconds * 1000:.1f} ms"]


def _told(entry: Entry) -> str | None:
    said = "the connection ended before the answer" if entry.status is None else entry.error
    return "; ".join([*(f"fault: {name}" for name in entry.faults), *([said] if said else [])]) or None


def _document(entry: Entry) -> dict[str, Any]:
    code, _, message = (entry.error or "").partition(": ")
    return {
        "event": "request",
        "number": entry.number,
        "method": entry.method,
        "target": entry.target,
        "endpoint": entry.endpoint,
        "status": entry.status,
        "received": entry.received,
        "sent": entry.sent,
        "milliseconds": round(entry.seconds * 1000, 3),
        "error": {"code": code, "message": message} if entry.error else None,
    }
