"""Entity tags: the digest of what is served, quoted (RFC 9110, 8.8.3)."""

from __future__ import annotations

from fakereg.oci.digest import Digest
from fakereg.registry.messages import Request, Response


def etag(digest: Digest) -> str:
    return f'"{digest}"'


def not_modified(request: Request, digest: Digest) -> Response | None:
    """A 304 if the client said that it has this content: `If-None-Match` with its tag, weak or strong, or `*`."""
    lines = request.headers.getall("If-None-Match", [])
    if not lines:
        return None
    known = {member.strip().removeprefix("W/") for line in lines for member in line.split(",")}
    if not known & {"*", etag(digest)}:
        return None
    return Response.of(304, {"ETag": etag(digest), "Docker-Content-Digest": digest})
