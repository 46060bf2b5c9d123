"""The journal for other programs: an HTTP archive, lines of JSON, a shell script. Without any secret."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import fakereg
from fakereg.double.journal import curl, har
from fakereg.double.journal.entry import Entry
from fakereg.double.journal.record import Record


class Exports(Record):
    """The entries that are kept, written down."""

    def save(self, path: Path | str, format: str | None = None) -> None:  # noqa: A002 - the word that users look for
        """Write the journal: `.har`, `.jsonl` or `.sh`, by the suffix or by `format`, which needs no dot.

        Raises ValueError for another suffix, OSError.
        """
        path = Path(path)
        kind = (format if format is not None else path.suffix).removeprefix(".").lower()
        if kind not in FORMATS:
            wanted = ", ".join(f".{name}" for name in FORMATS)
            raise ValueError(f"a journal is saved as {wanted}; {path.name!r} is none of these, so name a format")
        path.write_text(FORMATS[kind](self), encoding="utf-8", newline="\n")
        if kind == "sh":
            path.chmod(path.stat().st_mode | 0o111)

    def to_har(self) -> str:
        """HAR 1.2, which the network panels of browsers open."""
        return json.dumps(har.archive(self, fakereg.__version__), indent=1)

    def to_jsonl(self) -> str:
        """A JSON object per request, a line each."""
        return "".join(f"{json.dumps(document(entry))}\n" for entry in self)

    def to_curl(self) -> str:
        """A shell script that asks the same of the registry at $FAKEREG_URL."""
        return curl.script(list(self))


FORMATS: Mapping[str, Callable[[Exports], str]] = {
    "har": Exports.to_har,
    "jsonl": Exports.to_jsonl,
    "sh": Exports.to_curl,
}


def document(entry: Entry) -> dict[str, Any]:
    """One entry as a JSON object, a key for each of its attributes."""
    code, _, message = (entry.error or "").partition(": ")
    return {
        "number": entry.number,
        "started": har.moment(entry.started),
        "seconds": round(entry.seconds, 6),
        "connection": entry.connection,
        "user": entry.user,
        "method": entry.method,
        "url": entry.url,
        "target": entry.target,
        "path": entry.path,
        "query": entry.query,
        "endpoint": entry.endpoint,
        "endpoint_id": entry.endpoint_id,
        "repository": entry.repository,
        "reference": entry.reference,
        "session": entry.session,
        "digests": list(entry.digests),
        "status": entry.status,
        "error": {"code": code, "message": message} if entry.error else None,
        "faults": list(entry.faults),
        "received": entry.received,
        "sent": entry.sent,
        "unread": entry.unread,
        "has_ended": entry.has_ended,
        "is_lost": entry.is_lost,
        "request_headers": [list(line) for line in entry.request_headers],
        "request_body": _body(entry.request_body),
        "answer_headers": [list(line) for line in entry.answer_headers],
        "answer_body": _body(entry.answer_body),
    }


def _body(body: bytes | None) -> dict[str, str] | None:
    """`{"text": ...}` or `{"base64": ...}`; None where it was not kept."""
    if body is None:
        return None
    text = har.as_text(body)
    return {"text": text} if text is not None else {"base64": base64.b64encode(body).decode()}
