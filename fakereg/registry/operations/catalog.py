"""The repositories of a registry: Docker's catalog, which the specification reserves but does not describe."""

from __future__ import annotations

from bisect import bisect_right

from fakereg.registry.messages import Request, Response
from fakereg.registry.operations.paging import page, page_size
from fakereg.registry.registry import Registry


def get(registry: Registry, request: Request) -> Response:
    """Names in byte order, also of repositories that hold only blobs; paged as tags are."""
    names = [repository.name for repository in registry.store.repositories()]
    size = page_size(request, registry.profile)
    last = request.query.one("last")
    rest = names[bisect_right(names, last) :] if last is not None else names
    shown = rest[:size]
    return page(
        request,
        {"repositories": shown},
        size=size,
        last=shown[-1] if shown and len(shown) < len(rest) else None,
    )
