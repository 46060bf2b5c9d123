"""Manifests and the tags on them (end-3, end-7, end-9)."""

from __future__ import annotations

from fakereg.oci.digest import Digest
from fakereg.oci.errors import Disabled, ManifestUnknown, NameInvalid
from fakereg.oci.manifest import Manifest
from fakereg.oci.media_types import Accept
from fakereg.oci.names import Reference, Tag, parse_reference
from fakereg.registry import paths
from fakereg.registry.headers import Headers
from fakereg.registry.messages import Receiver, Request, Response, WholeBody
from fakereg.registry.operations.conditions import etag, not_modified
from fakereg.registry.profile import Sparse, Switch
from fakereg.registry.registry import Registry
from fakereg.store.content import Content


def get(registry: Registry, request: Request) -> Response:
    """A manifest as it was pushed, by tag or digest (end-3); a HEAD is answered alike."""
    reference = _reference(request)
    manifest = registry.repository(request).manifest(reference)
    accept = Accept.parse(request.headers.getall("Accept", []))
    if not accept.accepts(manifest.media_type):
        # As distribution and olareg do; the specification has no word on it, and 406 no error code.
        raise ManifestUnknown(f"manifest {reference} is of type {manifest.media_type}; accepted are {accept}")
    return not_modified(request, manifest.digest) or Response(200, _headers(manifest), Content.of(manifest.body))


def put(registry: Registry, request: Request) -> Receiver:
    """Store a manifest under a tag or a digest (end-7a)."""
    reference = _reference(request)
    return _receive(registry, request, reference, [reference] if isinstance(reference, Tag) else [])


def put_with_tags(registry: Registry, request: Request) -> Receiver:
    """Store a manifest under its digest, and under every tag of `?tag=` (end-7b)."""
    reference = _reference(request)
    if isinstance(reference, Tag):
        raise NameInvalid("?tag= adds tags to a push by digest; this push is by tag")
    tags = [Tag.parse(text) for text in dict.fromkeys(request.query.all("tag"))]
    # One line: a hundred of them are more header lines than Python's http.client reads.
    return _receive(registry, request, reference, tags, {"OCI-Tag": ", ".join(tags)})


def _receive(
    registry: Registry, request: Request, reference: Reference, tags: list[Tag], extra: dict[str, str] | None = None
) -> Receiver:
    repository = registry.repository_for_push(request)
    digest = reference if isinstance(reference, Digest) else None

    def store(body: bytes) -> Response:
        manifest = Manifest.parse(body, content_type=request.headers.get("Content-Type") or "", digest=digest)
        whole = registry.profile.sparse is Sparse.REFUSE
        repository.put_manifest(manifest, tags, whole=whole, total=registry.profile.total_limit)
        return _created(registry, request, manifest, extra or {})

    return WholeBody(registry.profile.manifest_limit, store, length=request.length)


def _created(registry: Registry, request: Request, manifest: Manifest, extra: dict[str, str]) -> Response:
    location = request.url_of(paths.MANIFEST, name=request.name, reference=manifest.digest)
    headers = {"Location": location, "Docker-Content-Digest": manifest.digest, **extra}
    if manifest.subject and registry.profile.referrers is Switch.ON:
        headers["OCI-Subject"] = manifest.subject.digest
    return Response.of(201, headers)


def delete(registry: Registry, request: Request) -> Response:
    """Remove a tag, or a manifest with every tag on it (end-9)."""
    repository, reference = registry.repository(request), _reference(request)
    if registry.profile.deletes is Switch.OFF:
        raise Disabled("deleting manifests is switched off in this registry")
    if isinstance(reference, Digest):
        repository.delete_manifest(reference)
    elif registry.profile.tag_deletes is Switch.OFF:
        raise Disabled("deleting tags is switched off in this registry; delete by digest")
    else:
        repository.delete_tag(reference)
    return Response.of(202)


def _reference(request: Request) -> Reference:
    return parse_reference(request.params["reference"])


def _headers(manifest: Manifest) -> Headers:
    return Headers(
        {
            "Content-Type": manifest.media_type,
            "Docker-Content-Digest": manifest.digest,
            "ETag": etag(manifest.digest),
        }
    )
