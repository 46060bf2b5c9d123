"""What refers to a manifest: signatures, SBOMs, anything with it as `subject` (end-12)."""

from __future__ import annotations

import json
from collections.abc import Iterator

from fakereg.oci.descriptor import Descriptor
from fakereg.oci.digest import Digest
from fakereg.oci.errors import EndpointUnknown
from fakereg.oci.media_types import OCI_INDEX
from fakereg.registry.messages import Request, Response
from fakereg.registry.operations.paging import page_size
from fakereg.registry.profile import MIB, Switch
from fakereg.registry.registry import Registry
from fakereg.store.repository import Repository

# Clients read at most 4 MiB of an index, so a longer answer goes on by Link (ref.11).
LONGEST = 4 * MIB - 4096
BATCH = 1000


def get(registry: Registry, request: Request) -> Response:
    """The referrers of a digest as an image index, of one `artifactType` if asked (end-12a, end-12b).

    Never 404 because of the subject: one that nobody pushed has an empty list (ref.2).
    """
    if registry.profile.referrers is Switch.OFF:
        raise EndpointUnknown("the referrers API is switched off in this registry; keep the fallback tag")
    name, subject = request.name, request.digest
    wanted = request.query.one("artifactType") or None
    size, after = page_size(request, registry.profile), request.query.one("last")
    repository = registry.store.find(name)
    found = _each(repository, subject, wanted, after, size) if repository else iter(())
    entries, last = _one_page(found, size)
    # The exact type, without parameters: clients take anything else for "not supported".
    headers = {"Content-Type": OCI_INDEX}
    if wanted:
        headers["OCI-Filters-Applied"] = "artifactType"
    if last is not None:
        headers["Link"] = request.next_page(artifactType=wanted, n=size, last=last)
    body = f'{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[{",".join(entries)}]}}'
    return Response.of(200, headers, body.encode())


def _each(
    repository: Repository, subject: Digest, wanted: str | None, after: str | None, size: int | None
) -> Iterator[Descriptor]:
    # One more than a page, to know whether more follow.
    limit = BATCH if size is None else min(BATCH, size + 1)
    while batch := repository.referrers(subject, artifact_type=wanted, after=after, limit=limit):
        yield from batch
        after = batch[-1].digest


def _one_page(found: Iterator[Descriptor], size: int | None) -> tuple[list[str], str | None]:
    """Descriptors as JSON, up to `size` of them and LONGEST bytes, but at least one; the last digest if more follow."""
    entries: list[str] = []
    last, length = None, 0
    for descriptor in found:
        entry = json.dumps(descriptor.to_json())
        length += len(entry) + 1
        if len(entries) == size or (entries and length > LONGEST):
            return entries, last
        entries.append(entry)
        last = descriptor.digest
    return entries, None
