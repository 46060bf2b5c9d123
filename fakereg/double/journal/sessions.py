"""Upload sessions and manifests, read off the requests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from fakereg.double.journal.entry import Entry

_ACCEPTED = 202
_OPENING = ("start_upload", "start_upload_with", "mount_blob")
_SUCCESS = range(200, 300)


class Sessions:
    """The upload sessions that some requests opened."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._opened: dict[str, Entry] = {}
        self._ended: set[str] = set()
        for entry in entries:
            self._note(entry)

    def left_open(self) -> list[Entry]:
        """The requests whose session was neither closed nor cancelled, nor forgotten by the registry.

        One whose answer was lost is left out: its client never knew the session.
        """
        return [entry for session, entry in self._opened.items() if session not in self._ended]

    def _note(self, entry: Entry) -> None:
        session = entry.session
        if session is None:
            return
        if entry.endpoint in _OPENING and entry.status == _ACCEPTED and not entry.is_lost:
            self._opened[session] = entry
        if entry.error is not None and entry.error.startswith("BLOB_UPLOAD_UNKNOWN"):
            self._ended.add(session)
        if entry.endpoint in ("put_upload", "cancel_upload") and entry.status in _SUCCESS:
            self._ended.add(session)


def names_in(body: bytes | None) -> set[str] | None:
    """The digests that a manifest names, of whatever type it is; None if it cannot be read."""
    try:
        return None if body is None else set(_digests(json.loads(body)))
    except (ValueError, RecursionError):
        return None


def _digests(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        if isinstance(document.get("digest"), str):
            yield document["digest"]
        for value in document.values():
            yield from _digests(value)
    elif isinstance(document, list):
        for value in document:
            yield from _digests(value)
