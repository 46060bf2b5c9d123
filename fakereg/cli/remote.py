"""A registry that serves already, asked by its admin API. Without aiohttp, so that a script need not wait for it."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import SplitResult, urlencode, urlsplit

from fakereg.cli.terminal import Terminal
from fakereg.cli.usage import Refused, UsageError

URL, TOKEN = "FAKEREG_URL", "FAKEREG_ADMIN_TOKEN"

# Seconds that an answer may take, beside those that the registry is asked to wait.
PATIENCE = 30.0

_V1 = "/_fakereg/v1"
_FAILED = 400

WHERE = f"""
The registry is that of --url, or else of ${URL}, as `fakereg run` sets it; a token is taken from ${TOKEN}.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", help=f"the registry's URL (default: ${URL})")
    parser.add_argument("--json", action="store_true", help="the registry's answer as it is, for programs")


def of(options: argparse.Namespace) -> Remote:
    """The registry that is meant. Raises UsageError."""
    url = options.url or os.environ.get(URL)
    if not url:
        raise UsageError(f"which registry? Give --url http://127.0.0.1:PORT, or set ${URL}")
    return Remote(url, os.environ.get(TOKEN))


class Remote:
    """A registry's admin API."""

    def __init__(self, url: str, token: str | None) -> None:
        """Raises UsageError for what is no URL."""
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname or not _has_port(parts):
            raise UsageError(f"{url!r} is no URL of a registry, such as http://127.0.0.1:5000")
        self._url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._parts = parts
        self._headers = {} if not token else {"Authorization": f"Bearer {token}"}

    def get(self, path: str, /, *, patience: float = 0.0, **query: Any) -> Any:
        """The answer's document, or its text where it is no JSON. What is None in the query is left out."""
        return _document(self._asked("GET", path, query, patience=patience)[1])

    def send(self, method: str, path: str, document: Mapping[str, Any] | None = None, /, **query: Any) -> Any:
        """What the registry answers; None for nothing."""
        body = json.dumps(document or {}).encode()
        return _document(self._asked(method, path, query, body, "application/json")[1])

    def upload(self, path: str, file: BinaryIO, size: int, /, **query: Any) -> Any:
        """Send a file of so many bytes."""
        headers = {"Content-Length": str(size)}
        return _document(self._asked("POST", path, query, file, "application/octet-stream", headers=headers)[1])

    def download(self, path: str, target: Path, /, **query: Any) -> int:
        """Write the answer to a file, whole or not at all; its size. Raises OSError."""
        unfinished = target.with_name(f".{target.name}.unfinished")
        try:
            with unfinished.open("wb") as file:
                self._asked("GET", path, query, into=file)
                size = file.tell()
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
        return size

    def _asked(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: bytes | BinaryIO | None = None,
        kind: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        into: BinaryIO | None = None,
        patience: float = 0.0,
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Raises Refused, in the registry's own words."""
        given = {name: value for name, value in query.items() if value is not None and value != []}
        target = f"{_V1}{path}{f'?{urlencode(given, doseq=True)}' if given else ''}"
        lines = {**self._headers, **({"Content-Type": kind} if kind else {}), **(headers or {})}
        connection = self._connection(PATIENCE + patience)
        try:
            self._connect(connection)
            with suppress(BrokenPipeError, ConnectionResetError):  # it refused, and has said why
                connection.request(method, target, body, lines)
            response = connection.getresponse()
            if response.status >= _FAILED:
                raise Refused(_told(response, response.read(), self._url))
            if into is not None:
                shutil.copyfileobj(response, into)
            return response, response.read()
        except TimeoutError as error:
            raise Refused(f"{self._url} does not answer") from error
        except (ConnectionError, http.client.HTTPException) as error:
            raise Refused(f"the connection to {self._url} was lost: {type(error).__name__}") from error
        finally:
            connection.close()

    def _connect(self, connection: http.client.HTTPConnection) -> None:
        try:
            connection.connect()
        except OSError as error:
            raise Refused(f"no registry answers at {self._url}: {error.strerror or error}") from error

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=timeout)
        return http.client.HTTPConnection(host, port, timeout=timeout)


def _has_port(parts: SplitResult) -> bool:
    """None, or one that can be."""
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


def _told(response: http.client.HTTPResponse, body: bytes, url: str) -> str:
    """The words of a problem, with which somebody can do something."""
    document = _document(body)
    if not isinstance(document, dict) or "detail" not in document:
        return f"what answers at {url} is no fakereg, or an older one: {response.status} {response.reason}"
    return str(document["detail"])


def _document(body: bytes) -> Any:
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="backslashreplace")


def show(options: argparse.Namespace, document: Any, *lines: str) -> int:
    """The lines for people, or with --json the answer; the exit code."""
    out = Terminal(sys.stdout)
    if options.json:
        out.line(json.dumps(document))
        return 0
    for line in lines:
        out.line(line)
    return 0
