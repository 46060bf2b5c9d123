"""`Warning` headers that a test asks for (spec: Warnings)."""

from __future__ import annotations

import threading

from fakereg.registry.endpoints import ENDPOINTS, Endpoint, find_endpoints

# All Warning headers of one answer together (warn.3).
LIMIT = 4096


class Warnings:
    """Texts to warn with, and where."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: list[tuple[str, str | None]] = []

    def add(self, text: str, on: str | None = None) -> None:
        """`on` is an endpoint's name or id; without it every answer carries the warning.

        Raises ValueError for text that a header cannot hold, an unknown endpoint, and when an answer
        would carry more than 4096 bytes of warnings.
        """
        if not text or not text.isprintable():
            raise ValueError(f"a warning is one line of printable text, got {text!r}")
        if on is not None:
            find_endpoints(on)
        with self._lock:
            texts = [*self._texts, (text, on)]
            worst = max(sum(len(line.encode()) for line in _lines(texts, endpoint)) for endpoint in ENDPOINTS)
            if worst > LIMIT:
                raise ValueError(f"{worst} bytes of warnings on one answer; the specification allows {LIMIT}")
            self._texts = texts

    @property
    def texts(self) -> list[tuple[str, str | None]]:
        """What was asked for, and where: an endpoint's name or id, None for everywhere."""
        return list(self._texts)

    def lines(self, endpoint: Endpoint | None) -> list[str]:
        """The values of the Warning headers for an answer from this endpoint."""
        return _lines(self._texts, endpoint) if self._texts else []


def _lines(texts: list[tuple[str, str | None]], endpoint: Endpoint | None) -> list[str]:
    return [_line(text) for text, on in texts if on is None or (endpoint is not None and endpoint.answers_to(on))]


def _line(text: str) -> str:
    """Code 299, agent `-`, no date (warn.2)."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'299 - "{quoted}"'
