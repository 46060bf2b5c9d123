"""Whether the registry speaks the API at all (end-1)."""

from __future__ import annotations

from fakereg.oci import media_types
from fakereg.registry.messages import Request, Response
from fakereg.registry.registry import Registry


def get(registry: Registry, request: Request) -> Response:
    """Yes (end-1)."""
    return Response.of(200, {"Content-Type": media_types.JSON}, b"{}")
