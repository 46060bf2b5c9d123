"""The tags of a repository (end-8)."""

from __future__ import annotations

from fakereg.registry.messages import Request, Response
from fakereg.registry.operations.paging import page, page_size
from fakereg.registry.registry import Registry


def get(registry: Registry, request: Request) -> Response:
    """Tags in byte order, strictly after `last`, `n` of them (end-8a, end-8b)."""
    repository = registry.repository(request)
    size = page_size(request, registry.profile)
    tags, more = repository.tags(after=request.query.one("last"), limit=size)
    return page(
        request,
        {"name": repository.name, "tags": tags},
        size=size,
        last=tags[-1] if more and tags else None,
    )
