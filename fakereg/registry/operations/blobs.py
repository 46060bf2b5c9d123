"""Blobs: reading them, whole or in part, and deleting them (end-2, end-10)."""

from __future__ import annotations

from collections.abc import Sequence

from fakereg.oci import ranges
from fakereg.oci.errors import Disabled
from fakereg.oci.media_types import OCTET_STREAM
from fakereg.oci.ranges import ByteRange
from fakereg.registry.headers import Headers
from fakereg.registry.messages import Request, Response
from fakereg.registry.operations.conditions import etag, not_modified
from fakereg.registry.profile import Switch
from fakereg.registry.registry import Registry
from fakereg.store.blobs import Blob
from fakereg.store.content import Content, Segment


def head(registry: Registry, request: Request) -> Response:
    """What a GET would answer, without the bytes (end-2). Range has no meaning here (RFC 9110, 14.2)."""
    blob = registry.repository(request).blob(request.digest)
    return not_modified(request, blob.digest) or _whole(blob)


def get(registry: Registry, request: Request) -> Response:
    """A blob, or the ranges of it that `Range` asks for (end-2)."""
    blob = registry.repository(request).blob(request.digest)
    asked = request.headers.get("Range")
    unchanged = not_modified(request, blob.digest)
    if unchanged or asked is None or request.headers.get("If-Range") not in (None, etag(blob.digest)):
        return unchanged or _whole(blob)
    pieces = ranges.resolve(asked, len(blob))
    if not pieces:
        return _whole(blob)
    return _part(blob, pieces[0]) if len(pieces) == 1 else _parts(blob, pieces, registry.ids.boundary(request.name))


def delete(registry: Registry, request: Request) -> Response:
    """Unlink a blob from this repository; others that hold it keep it (end-10)."""
    repository, digest = registry.repository(request), request.digest
    if registry.profile.deletes is Switch.OFF:
        raise Disabled("deleting blobs is switched off in this registry")
    repository.delete_blob(digest)
    return Response.of(202)


def _whole(blob: Blob) -> Response:
    return Response(200, _headers(blob, OCTET_STREAM), blob.content)


def _part(blob: Blob, piece: ByteRange) -> Response:
    headers = _headers(blob, OCTET_STREAM)
    headers.add("Content-Range", piece.content_range(len(blob)))
    return Response(206, headers, blob.content.part(piece.start, piece.stop))


def _parts(blob: Blob, pieces: Sequence[ByteRange], boundary: str) -> Response:
    """Several ranges in one body (RFC 9110, 14.6)."""
    segments: list[Segment] = []
    for piece in pieces:
        content_range = piece.content_range(len(blob))
        head = f"\r\n--{boundary}\r\nContent-Type: {OCTET_STREAM}\r\nContent-Range: {content_range}\r\n\r\n"
        segments += [head.encode(), *blob.content.part(piece.start, piece.stop).segments]
    segments.append(f"\r\n--{boundary}--\r\n".encode())
    return Response(206, _headers(blob, f"multipart/byteranges; boundary={boundary}"), Content(segments))


def _headers(blob: Blob, content_type: str) -> Headers:
    return Headers(
        {
            "Content-Type": content_type,
            "Docker-Content-Digest": blob.digest,
            "ETag": etag(blob.digest),
            "Accept-Ranges": "bytes",
        }
    )
