"""A client of the admin API that knows its paths and JSON, and nothing of how fakereg works."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fakereg import FakeRegistry

V1 = "/_fakereg/v1"
JSON = "application/json"
PROBLEM = "application/problem+json"

PATIENCE = 20.0


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> dict[str, Any]:
        """A problem of RFC 9457, which every refusal must be."""
        assert self.headers["Content-Type"] == PROBLEM, self
        found = self.json
        assert found["status"] == self.status
        assert found["type"].startswith(f"{V1}/problems#")
        assert found["title"]
        return found


class AdminClient:
    """Requests to one registry, each on a connection of its own."""

    def __init__(self, registry: FakeRegistry) -> None:
        self.registry = registry
        self.headers: dict[str, str] = {}

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | list[bytes] | dict[str, Any] | None = None,
        /,
        *,
        headers: Any = None,
        **query: Any,
    ) -> Answer:
        """`path` below /_fakereg/v1, or from its first slash on where it has another beginning."""
        target = path if path.startswith("/") else f"{V1}/{path}"
        target += f"?{urlencode(query, doseq=True)}" if query else ""
        content = json.dumps(body).encode() if isinstance(body, dict) else body
        if isinstance(body, list):
            content = iter(body)  # in chunks, without Content-Length
        lines = {"Content-Type": JSON} if method in ("POST", "PATCH") else {}
        connection = http.client.HTTPConnection(self.registry.host, timeout=PATIENCE)
        try:
            connection.request(method, target, content, {**lines, **self.headers, **(headers or {})})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str, /, **query: Any) -> Any:
        """The document of an answer that must be 200."""
        answer = self.ask("GET", path, **query)
        assert answer.status == 200, answer
        return answer.json

    def post(self, path: str, /, **body: Any) -> Any:
        """The document of an answer that must be a success; None if it is empty."""
        answer = self.ask("POST", path, body)
        assert answer.status in (200, 201, 204), answer
        return answer.json if answer.body else None
