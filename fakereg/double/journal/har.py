"""The journal as an HTTP Archive (HAR 1.2), which the network panels of browsers open."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from fakereg.double.journal.entry import Entry
from fakereg.registry.headers import Headers

# What the requests of sans-IO tests have no host for; the format wants absolute URLs.
NOWHERE = "http://fakereg.invalid"

PHRASES = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content"}
PHRASES |= {301: "Moved Permanently", 302: "Found", 304: "Not Modified", 307: "Temporary Redirect"}
PHRASES |= {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}
PHRASES |= {405: "Method Not Allowed", 408: "Request Timeout", 409: "Conflict", 413: "Content Too Large"}
PHRASES |= {416: "Range Not Satisfiable", 429: "Too Many Requests", 431: "Request Header Fields Too Large"}
PHRASES |= {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}

_UNKNOWN = -1  # the format's word for a size or time that nobody measured


def archive(entries: Iterable[Entry], version: str) -> dict[str, Any]:
    """The whole document; `version` is that of the program that writes it."""
    creator = {"name": "fakereg", "version": version}
    return {"log": {"version": "1.2", "creator": creator, "entries": [_entry(entry) for entry in entries]}}


def _entry(entry: Entry) -> dict[str, Any]:
    milliseconds = round(entry.seconds * 1000, 3)
    document: dict[str, Any] = {
        "startedDateTime": moment(entry.started),
        "time": milliseconds,
        "request": _request(entry),
        "response": _response(entry),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "comment": _comment(entry),
    }
    if entry.connection:
        document["connection"] = str(entry.connection)
    return document


def moment(when: datetime) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _comment(entry: Entry) -> str:
    said = [f"request {entry.number}", *(f"fault: {name}" for name in entry.faults)]
    said += [f"as {entry.user}"] if entry.user is not None else []
    said += [entry.error] if entry.error else []
    return "; ".join(said)


def _request(entry: Entry) -> dict[str, Any]:
    headers = entry.request_headers
    document: dict[str, Any] = {
        "method": entry.method,
        "url": entry.url if "://" in entry.url else f"{NOWHERE}{entry.url}",
        "httpVersion": "HTTP/1.1",
        "cookies": _cookies(part for line in headers.getall("Cookie", []) for part in line.split(";")),
        "headers": _lines(headers),
        "queryString": [{"name": name, "value": value} for name, values in entry.query.items() for value in values],
        "headersSize": _UNKNOWN,
        "bodySize": entry.received,
    }
    if entry.received or entry.unread:
        document["postData"] = _posted(entry, headers.get("Content-Type") or "")
    return document


def _posted(entry: Entry, media_type: str) -> dict[str, Any]:
    """The format has no place for bytes that are not text; browsers show the encoded ones."""
    body = entry.request_body
    if body is None:
        comment = "the request was answered before its body arrived" if entry.unread else "the body was not kept"
        return {"mimeType": media_type, "text": "", "comment": comment}
    text = as_text(body)
    if text is not None:
        return {"mimeType": media_type, "text": text}
    encoded = base64.b64encode(body).decode()
    return {"mimeType": media_type, "text": encoded, "_encoding": "base64", "comment": "binary, in base64"}


def _response(entry: Entry) -> dict[str, Any]:
    headers = entry.answer_headers
    status = entry.status or 0  # as browsers note an answer that never came
    return {
        "status": status,
        "statusText": PHRASES.get(status, ""),
        "httpVersion": "HTTP/1.1",
        "cookies": _cookies(line.partition(";")[0] for line in headers.getall("Set-Cookie", [])),
        "headers": _lines(headers),
        "content": _content(entry, headers.get("Content-Type") or "x-unknown"),
        "redirectURL": (headers.get("Location") or "") if status in range(300, 400) else "",
        "headersSize": _UNKNOWN,
        "bodySize": entry.sent,
    }


def _content(entry: Entry, media_type: str) -> dict[str, Any]:
    content: dict[str, Any] = {"size": entry.sent, "mimeType": media_type}
    body = entry.answer_body
    if body is None:
        return {**content, "comment": "the body was not kept"} if entry.sent else content
    text = as_text(body)
    if text is not None:
        return {**content, "text": text}
    return {**content, "text": base64.b64encode(body).decode(), "encoding": "base64"}


def as_text(body: bytes) -> str | None:
    """The body, if it is text that can be shown."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return text if all(one.isprintable() or one in "\t\r\n" for one in text) else None


def _lines(headers: Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers]


def _cookies(texts: Iterable[str]) -> list[dict[str, str]]:
    """Names alone say something: the values are hidden."""
    pairs = [text.partition("=") for text in texts if text.strip()]
    return [{"name": name.strip(), "value": value} for name, _, value in pairs]
