"""Blobs on their way in: sessions, chunks and the closing PUT (end-4, end-5, end-6, end-13, end-14)."""

from __future__ import annotations

from collections.abc import Callable

from fakereg.oci.digest import SHA256, Algorithm, Digest
from fakereg.oci.errors import BlobUploadInvalid, DigestInvalid
from fakereg.oci.ranges import ChunkRange, upload_range
from fakereg.registry import paths
from fakereg.registry.messages import Receiver, Request, Response
from fakereg.registry.operations.upload_body import UploadBody, check_announced
from fakereg.registry.registry import Registry
from fakereg.store.blobs import Blob
from fakereg.store.uploads import UploadSession, Writer


def start(registry: Registry, request: Request) -> Response:
    """Open a session (end-4a)."""
    return open_session(registry, request, SHA256)


def start_with(registry: Registry, request: Request) -> Response:
    """Open a session whose digest will be of another algorithm, so that it is computed on the way (end-4c)."""
    name = request.query.one("digest-algorithm", DigestInvalid) or ""
    return open_session(registry, request, Algorithm.parse(name))


def open_session(registry: Registry, request: Request, algorithm: Algorithm) -> Response:
    """The 202 of a POST: where to send the blob."""
    repository = registry.repository_for_push(request)
    session = repository.start_upload(registry.ids.uuid(repository.name), algorithm, registry.clock.now())
    return _progress(202, registry, request, session, 0)


def push(registry: Registry, request: Request) -> Receiver:
    """A whole blob in one POST (end-4b)."""
    digest = _digest(request)
    repository = registry.repository_for_push(request)
    check_announced(registry, request, held=0)
    # Nobody else knows this session: without the rest of its body it is worth nothing.
    session_id = registry.ids.uuid(repository.name)
    session = repository.start_upload(session_id, digest.algorithm, registry.clock.now(), resumable=False)
    return UploadBody(
        registry,
        session,
        then=_commit(registry, request, session, digest),
        after_failure=lambda: repository.cancel_upload(session.id),
    )


def patch(registry: Registry, request: Request) -> Receiver:
    """Append a chunk, or a stream of any length (end-5)."""
    session = _session(registry, request)
    chunk = _chunk(request, session)
    check_announced(registry, request, held=session.size, chunk=chunk)
    minimum = registry.profile.chunk_minimum or 0

    def finish(writer: Writer) -> Response:
        is_short = chunk is not None and 0 < writer.received < minimum
        size = writer.settle(registry.clock.now(), short_chunk=is_short)
        return _progress(202, registry, request, session, size)

    return UploadBody(registry, session, then=finish, chunk=chunk)


def put(registry: Registry, request: Request) -> Receiver:
    """Close a session, perhaps with its last or only bytes, and check the whole against `digest` (end-6)."""
    digest = _digest(request)
    session = _session(registry, request)
    chunk = _chunk(request, session)
    check_announced(registry, request, held=session.size, chunk=chunk)
    return UploadBody(
        registry,
        session,
        then=_commit(registry, request, session, digest),
        chunk=chunk,
        is_slow=digest.algorithm is not session.algorithm,
    )


def status(registry: Registry, request: Request) -> Response:
    """Where a session stands (end-13)."""
    session = _session(registry, request)
    return _progress(204, registry, request, session, session.size)


def cancel(registry: Registry, request: Request) -> Response:
    """Drop a session and what it holds (end-14)."""
    registry.repository_for_upload(request).cancel_upload(request.params["session"])
    return Response.of(204)


def _commit(
    registry: Registry, request: Request, session: UploadSession, digest: Digest
) -> Callable[[Writer], Response]:
    """What is left to do once all bytes of a blob have arrived."""
    repository = registry.store.repository(request.name)

    def commit(writer: Writer) -> Response:
        return created(request, repository.commit_upload(session, writer, digest, registry.clock.now()))

    return commit


def created(request: Request, blob: Blob) -> Response:
    """The 201 of a blob that is now held: where to pull it."""
    location = request.url_of(paths.BLOB, name=request.name, digest=blob.digest)
    return Response.of(201, {"Location": location, "Docker-Content-Digest": blob.digest})


def _progress(status: int, registry: Registry, request: Request, session: UploadSession, size: int) -> Response:
    headers = {
        "Location": request.url_of(paths.UPLOAD, name=request.name, session=session.id),
        "Range": upload_range(size),
        "Docker-Upload-UUID": session.id,
    }
    if registry.profile.chunk_minimum is not None:
        headers["OCI-Chunk-Min-Length"] = str(registry.profile.chunk_minimum)
    return Response.of(status, headers)


def _session(registry: Registry, request: Request) -> UploadSession:
    return registry.repository_for_upload(request).upload(request.params["session"])


def _digest(request: Request) -> Digest:
    text = request.query.one("digest", DigestInvalid)
    if not text:
        raise DigestInvalid("the query parameter 'digest' is missing: it names the digest of the whole blob")
    return Digest.parse(text)


def _chunk(request: Request, session: UploadSession) -> ChunkRange | None:
    """What Content-Range says; None without one: such a body goes to where the session stands."""
    header = request.headers.get("Content-Range")
    chunk = None if header is None else ChunkRange.parse(header)
    if chunk is not None and len(chunk) and session.short_chunk:
        raise BlobUploadInvalid("a chunk below the minimum was taken as the last one; more cannot follow it")
    return chunk
