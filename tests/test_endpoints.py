"""The names under which requests appear in the journal, and by which warnings find them; written by hand."""

from __future__ import annotations

import pytest
from api import Api

from fakereg.registry.endpoints import ENDPOINTS

DIGEST = "sha256:" + "0" * 64
UPLOADS = "/v2/team/app/blobs/uploads/"

NAMED = [
    ("GET", "/v2/", "ping", "end-1"),
    ("HEAD", "/v2/", "head_ping", "end-1"),
    ("GET", f"/v2/team/app/blobs/{DIGEST}", "get_blob", "end-2"),
    ("HEAD", f"/v2/team/app/blobs/{DIGEST}", "head_blob", "end-2"),
    ("GET", "/v2/team/app/manifests/v1", "get_manifest", "end-3"),
    ("HEAD", "/v2/team/app/manifests/v1", "head_manifest", "end-3"),
    ("POST", UPLOADS, "start_upload", "end-4a"),
    ("POST", f"{UPLOADS}?digest={DIGEST}", "push_blob", "end-4b"),
    ("POST", f"{UPLOADS}?digest-algorithm=sha512", "start_upload_with", "end-4c"),
    ("PATCH", f"{UPLOADS}1", "patch_upload", "end-5"),
    ("PUT", f"{UPLOADS}1?digest={DIGEST}", "put_upload", "end-6"),
    ("PUT", "/v2/team/app/manifests/v1", "put_manifest", "end-7"),
    ("PUT", "/v2/team/app/manifests/v1", "put_manifest", "end-7a"),
    ("PUT", f"/v2/team/app/manifests/{DIGEST}?tag=v1", "put_manifest_tags", "end-7b"),
    ("GET", "/v2/team/app/tags/list", "list_tags", "end-8a"),
    ("GET", "/v2/team/app/tags/list?n=1", "list_tags_page", "end-8b"),
    ("DELETE", "/v2/team/app/manifests/v1", "delete_manifest", "end-9"),
    ("DELETE", f"/v2/team/app/blobs/{DIGEST}", "delete_blob", "end-10"),
    ("POST", f"{UPLOADS}?mount={DIGEST}", "mount_blob", "end-11"),
    ("POST", f"{UPLOADS}?digest={DIGEST}&mount={DIGEST}", "mount_blob", "end-11"),
    ("GET", f"/v2/team/app/referrers/{DIGEST}", "get_referrers", "end-12a"),
    ("GET", f"/v2/team/app/referrers/{DIGEST}?artifactType=a/b", "filter_referrers", "end-12b"),
    ("GET", f"{UPLOADS}1", "get_upload", "end-13"),
    ("DELETE", f"{UPLOADS}1", "cancel_upload", "end-14"),
    ("GET", "/v2/_catalog", "catalog", "catalog"),
]


@pytest.mark.parametrize(("method", "target", "name", "label"), NAMED)
def test_request_has_a_name(api: Api, method: str, target: str, name: str, label: str) -> None:
    """A request is known by its readable name and by the specification's id, of either version."""
    api.pipeline.warnings.add("here", label)

    answer = api(method, target)

    (entry,) = api.pipeline.journal
    assert entry.endpoint == name
    assert answer.headers["Warning"] == '299 - "here"'


def test_every_row_is_named_here() -> None:
    """A new row needs a line above."""
    assert sorted({name for _, _, name, _ in NAMED}) == sorted(endpoint.name for endpoint in ENDPOINTS)
