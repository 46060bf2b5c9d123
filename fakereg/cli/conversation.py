"""Requests over a real connection, each shown with its answer, and checked."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fakereg.cli.terminal import Style, Terminal, fitted, printable, shortened

_FAILED = 400

# Columns: before a target, of the longest target, and of the status behind it.
_BEFORE, _TARGET, _STATUS = 9, 68, 5


class Surprise(Exception):
    """An answer is not what it must be; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def location(self) -> str:
        """Path and query of the Location header."""
        parts = urlsplit(self.headers["Location"])
        return f"{parts.path}?{parts.query}" if parts.query else parts.path


class Conversation:
    """One connection to a registry, and the terminal on which it is shown."""

    def __init__(self, host: str, terminal: Terminal) -> None:
        """`host` is host:port."""
        self._connection = http.client.HTTPConnection(host, timeout=10)
        self._terminal = terminal

    def about(self, text: str) -> None:
        """Head the requests that follow."""
        self._terminal.line()
        self._terminal.line(self._terminal.paint(text, Style.BOLD))

    def say(self, text: str) -> None:
        """A remark on what just came back."""
        self._terminal.line(f"  {self._terminal.paint(text, Style.CYAN)}")

    def ask(
        self, method: str, target: str, body: bytes = b"", *, expect: int, note: str = "", **headers: str
    ) -> Answer:
        """Send a request and show it; `note` says what it was good for, a refusal speaks for itself.

        Headers are named with underscores: `Content_Type=...`. Raises Surprise for another status.
        """
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, target, body or None, named)
        response = self._connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        self._show(method, target, answer, note)
        if answer.status != expect:
            raise Surprise(f"{method} {target} answered {answer.status} instead of {expect}")
        return answer

    def close(self) -> None:
        self._connection.close()

    def _show(self, method: str, target: str, answer: Answer, note: str) -> None:
        width = self._terminal.width
        shown, room = shortened(target), _TARGET
        if width is not None:
            room = max(min(room, width - _BEFORE - _STATUS), 0)
            shown = fitted(shown, room)
        asked = f"  {method:<5}  {shown:<{room}}"
        if answer.status < _FAILED:
            status, told = self._terminal.paint(str(answer.status), Style.GREEN), note
        else:
            status = self._terminal.paint(str(answer.status), Style.YELLOW)
            told = printable(refusal(answer))
        self._terminal.line_with_remark(f"{asked}  {status}", told, Style.DIM, indent=_BEFORE)


def refusal(answer: Answer) -> str:
    """Code and message of an error body."""
    error = answer.json["errors"][0]
    return f"{error['code']}: {error['message']}"
