"""Requests without any network, answered at once: for what does not depend on the wire."""

from __future__ import annotations

from fakereg import FakeRegistry, Request, Response
from fakereg.registry.headers import Headers

HOST = "registry.test:5000"


def send(registry: FakeRegistry, method: str, target: str, body: bytes = b"", /, **headers: str) -> Response:
    """Underscores in header names are dashes."""
    lines = {name.replace("_", "-"): value for name, value in headers.items()}
    return registry.handle(Request(method, target, Headers(lines), authority=HOST, length=len(body)), body)


def statuses(registry: FakeRegistry, count: int, method: str = "GET", target: str = "/v2/") -> list[int]:
    """Of so many equal requests."""
    return [send(registry, method, target).status for _ in range(count)]
