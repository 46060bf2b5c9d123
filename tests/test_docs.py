"""The pages that are made from data say what the data say."""

from __future__ import annotations

from pathlib import Path

from fakereg.registry.endpoints import ENDPOINTS, Endpoint

PAGE = Path(__file__).parents[1] / "docs" / "endpoints.md"


def row(endpoint: Endpoint) -> str:
    ids = ", ".join([endpoint.id, *(f"{alias} in v1.1" for alias in endpoint.aliases)])
    query = f"?{'&'.join(endpoint.query)}" if endpoint.query else ""
    return f"| `{endpoint.name}` | {ids} | `{endpoint.method} {endpoint.template}{query}` | {endpoint.action} |"


def test_the_endpoints_are_listed_as_they_are() -> None:
    """docs/endpoints.md has a line for every row of the table, in its order, and no other."""
    listed = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]

    assert listed == [row(endpoint) for endpoint in ENDPOINTS]
