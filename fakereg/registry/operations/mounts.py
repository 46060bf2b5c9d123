"""Taking a blob over from another repository instead of pushing it (end-11)."""

from __future__ import annotations

from fakereg.oci.digest import Digest
from fakereg.oci.errors import DigestInvalid, NameInvalid
from fakereg.oci.names import RepositoryName
from fakereg.registry.messages import Request, Response
from fakereg.registry.operations.uploads import created, open_session
from fakereg.registry.registry import Registry
from fakereg.store.blobs import Blob


def post(registry: Registry, request: Request) -> Response:
    """Mount the blob from `from`, or from anywhere without it; where it is not found, open a session instead."""
    digest = Digest.parse(request.query.one("mount", DigestInvalid) or "")
    source = request.query.one("from", NameInvalid)
    blob = _find(registry, digest, RepositoryName.parse(source) if source else None)
    if blob is None:
        return open_session(registry, request, digest.algorithm)
    # Taken out of one repository, then linked in the other: never two locks at once.
    registry.repository_for_push(request).link_blob(blob)
    return created(request, blob)


def _find(registry: Registry, digest: Digest, source: RepositoryName | None) -> Blob | None:
    if source is None:
        return registry.store.find_blob(digest)
    repository = registry.store.find(source)
    return repository.find_blob(digest) if repository else None
