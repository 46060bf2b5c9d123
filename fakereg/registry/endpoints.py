"""THE table: every endpoint, with its readable name, its id in the specification, and its operation.

It drives routing, the names in the journal, the documentation and the tests. Order is precedence:
of the rows with the same method and path, the first whose query parameters are all there is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from fakereg.oci.errors import EndpointUnknown, MethodNotAllowed
from fakereg.registry import paths
from fakereg.registry.messages import Request, Run, decode
from fakereg.registry.operations import blobs, catalog, manifests, mounts, ping, referrers, tags, uploads
from fakereg.registry.paths import BLOB, CATALOG, MANIFEST, PING, REFERRERS, TAGS, UPLOAD, UPLOADS


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row. `id` is that of the specification's main branch, `aliases` are v1.1's.

    `action` is what the caller must be allowed to do; `query` names parameters that must be present.
    """

    name: str
    id: str
    method: str
    template: str
    action: str
    run: Run
    query: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    def answers_to(self, label: str) -> bool:
        """Whether `label` is this row's name or one of its ids, of the main branch or of v1.1."""
        return label in (self.name, self.id, *self.aliases)


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("ping", "end-1", "GET", PING, "ping", ping.get),
    Endpoint("head_ping", "end-1", "HEAD", PING, "ping", ping.get),
    Endpoint("get_blob", "end-2", "GET", BLOB, "pull", blobs.get),
    Endpoint("head_blob", "end-2", "HEAD", BLOB, "pull", blobs.head),
    Endpoint("get_manifest", "end-3", "GET", MANIFEST, "pull", manifests.get),
    Endpoint("head_manifest", "end-3", "HEAD", MANIFEST, "pull", manifests.get),
    # A mount that succeeds needs no body, so it is tried before the body of a single POST is read.
    Endpoint("mount_blob", "end-11", "POST", UPLOADS, "push", mounts.post, query=("mount",)),
    Endpoint("push_blob", "end-4b", "POST", UPLOADS, "push", uploads.push, query=("digest",)),
    Endpoint("start_upload_with", "end-4c", "POST", UPLOADS, "push", uploads.start_with, query=("digest-algorithm",)),
    Endpoint("start_upload", "end-4a", "POST", UPLOADS, "push", uploads.start),
    Endpoint("patch_upload", "end-5", "PATCH", UPLOAD, "push", uploads.patch),
    Endpoint("put_upload", "end-6", "PUT", UPLOAD, "push", uploads.put),
    Endpoint("get_upload", "end-13", "GET", UPLOAD, "push", uploads.status),
    Endpoint("cancel_upload", "end-14", "DELETE", UPLOAD, "push", uploads.cancel),
    Endpoint("put_manifest_tags", "end-7b", "PUT", MANIFEST, "push", manifests.put_with_tags, query=("tag",)),
    Endpoint("put_manifest", "end-7a", "PUT", MANIFEST, "push", manifests.put, aliases=("end-7",)),
    Endpoint("list_tags_page", "end-8b", "GET", TAGS, "pull", tags.get, query=("n",)),
    Endpoint("list_tags", "end-8a", "GET", TAGS, "pull", tags.get),
    Endpoint("delete_manifest", "end-9", "DELETE", MANIFEST, "delete", manifests.delete),
    Endpoint("delete_blob", "end-10", "DELETE", BLOB, "delete", blobs.delete),
    Endpoint("filter_referrers", "end-12b", "GET", REFERRERS, "pull", referrers.get, query=("artifactType",)),
    Endpoint("get_referrers", "end-12a", "GET", REFERRERS, "pull", referrers.get),
    # Docker's own, reserved but not described by the specification.
    Endpoint("catalog", "catalog", "GET", CATALOG, "catalog", catalog.get),
)


def find_endpoints(label: str) -> tuple[Endpoint, ...]:
    """The rows of this name or id: `put_manifest`, `end-7a`, v1.1's `end-7`. Raises ValueError, listing the known."""
    found = tuple(endpoint for endpoint in ENDPOINTS if endpoint.answers_to(label))
    if not found:
        known = ", ".join(endpoint.name for endpoint in ENDPOINTS)
        raise ValueError(f"unknown endpoint {label!r}; known are {known}, and the specification's ids")
    return found


class Router:
    """The table, compiled: which row a request takes, and what its path says."""

    def __init__(self, endpoints: Iterable[Endpoint] = ENDPOINTS) -> None:
        self._rows: dict[str, dict[str, list[Endpoint]]] = {}
        for endpoint in endpoints:
            self._rows.setdefault(endpoint.template, {}).setdefault(endpoint.method, []).append(endpoint)
        templates = sorted(self._rows, key=paths.specificity)
        self._patterns = [(paths.pattern(template), template) for template in templates]
        # Clients ask for the same paths again and again, and to try the patterns takes longer than the rest.
        self._find = lru_cache(maxsize=1024)(self._search)

    def match(self, request: Request) -> Endpoint:
        """The row that a request takes; fills in its params. Raises EndpointUnknown, MethodNotAllowed or BadRequest."""
        template, params = self._find(request.path)
        methods = self._rows[template]
        rows = methods.get(request.method, [])
        endpoint = next(
            (row for row in rows if not row.query or all(name in request.query for name in row.query)), None
        )
        if endpoint is None:
            allowed = ", ".join(sorted(methods))
            message = f"{request.method} is not offered on {template}; offered are {allowed}"
            raise MethodNotAllowed(message, headers={"Allow": allowed})
        request.params = params
        return endpoint

    def _search(self, path: str) -> tuple[str, Mapping[str, str]]:
        for pattern, template in self._patterns:
            if match := pattern.fullmatch(path):
                return template, {name: decode(value) for name, value in match.groupdict().items()}
        raise EndpointUnknown(f"no endpoint has the path {path!r}; those of the API start with /v2/")
