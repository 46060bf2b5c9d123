"""Failures of uploads and mounts, and refusals for want of credentials."""

from __future__ import annotations

from api import sha256
from failures import (
    GET_TAG,
    PATCH,
    POST,
    STATUS,
    Ask,
    Look,
    Row,
    armed,
    faults,
    row,
    scenarios,
)
from on_the_wire import (
    BLOB_DIGEST,
    MANIFEST,
    NAME,
    UPLOADS,
)

PUT = Ask("PUT", f"{{session}}?digest={sha256(b'0123456789')}", b"456789")
MOUNT = Ask("POST", f"{UPLOADS}?mount={BLOB_DIGEST}&from={NAME}", b"")
MOUNT_ELSEWHERE = Ask("POST", f"/v2/team/other/blobs/uploads/?mount={BLOB_DIGEST}&from={NAME}", b"")
GET_TOKEN = Ask("GET", "/token?service=fakereg&scope=repository:team/app:pull")
POST_TOKEN = Ask("POST", "/token", b"grant_type=password")
BEARER = 'Bearer realm="{url}/token",service="fakereg",scope="repository:team/app:pull"'
BEARER_SEEN = BEARER.replace("{url}", "URL")
BASIC = 'Basic realm="fakereg"'


ROWS: list[Row] = [
    # Uploads
    row(
        "upload: PATCH fails, then status GET",
        armed(faults.Respond(500), on="patch_upload", times=1),
        see=[
            Look(PATCH, 500),
            Look(STATUS, 204, {"Range": "0-3"}),
            Look(PATCH, 202, {"Range": "0-9"}),
        ],
    ),
    row(
        "upload: 4xx with Location and Range",
        armed(faults.Respond(416, upload=True), on="patch_upload", times=1),
        see=[
            Look(PATCH, 416, {"Location": "URL{session}", "Range": "0-3"}),
            Look(PATCH, 202, {"Range": "0-9"}),
        ],
    ),
    row(
        "upload: part of a chunk accepted",
        armed(faults.PartialAccept(2), times=1),
        see=[
            Look(PATCH, 202, {"Range": "0-5"}),
            Look(Ask("PATCH", "{session}", b"6789", {"Content_Range": "6-9"}), 202, {"Range": "0-9"}),
            Look(Ask("PUT", PUT.target, b""), 201),
        ],
    ),
    row(
        "upload: reset mid-body",
        armed(faults.Reset("upload", after=3), on="patch_upload", times=1),
        see=[Look(PATCH, None, {}, b"", "reset"), Look(STATUS, 204, {"Range": "0-6"})],
    ),
    row(
        "upload: session forgotten",
        armed(faults.ForgetUpload(), times=1),
        see=[Look(PATCH, 404), Look(STATUS, 404)],
    ),
    row(
        "upload: stale Location",
        armed(faults.Relocate(session="long-gone"), on="start_upload"),
        see=[
            Look(POST, 202, {"Location": f"URL{UPLOADS}long-gone"}),
            Look(Ask("PATCH", f"{UPLOADS}long-gone", b"x"), 404),
        ],
    ),
    row(
        "upload: Location relative",
        armed(faults.Relocate(absolute=False), on="patch_upload"),
        see=[Look(PATCH, 202, {"Location": "{session}"})],
    ),
    row(
        "upload: Location absolute",
        armed(faults.Relocate(absolute=True), on="patch_upload"),
        see=[Look(PATCH, 202, {"Location": "URL{session}"})],
    ),
    row(
        "upload: Location with query",
        armed(faults.Relocate(query={"_state": "a b"}), on="patch_upload"),
        see=[
            Look(PATCH, 202, {"Location": "URL{session}?_state=a+b"}),
            Look(Ask("GET", "{session}?_state=a+b"), 204, {"Range": "0-9"}),
        ],
    ),
    row(
        "upload: Location on another host",
        armed(faults.Relocate(host="uploads.test:5001"), on="patch_upload"),
        see=[Look(PATCH, 202, {"Location": "http://uploads.test:5001{session}"})],
    ),
    row(
        "upload: Location without port",
        armed(faults.Relocate(port=False), on="patch_upload"),
        see=[Look(PATCH, 202, {"Location": "http://127.0.0.1{session}"})],
    ),
    row(
        "upload: OCI-Chunk-Min-Length",
        armed(faults.SetHeader("OCI-Chunk-Min-Length", "1000"), on=("start_upload", "patch_upload")),
        see=[Look(POST, 202, {"OCI-Chunk-Min-Length": "1000"}), Look(PATCH, 202, {"OCI-Chunk-Min-Length": "1000"})],
    ),
    row(
        "upload: PUT fails after the commit",
        armed(faults.LoseAnswer(), on="put_upload", times=1),
        see=[
            Look(PUT, None, {}, b"", "reset"),
            Look(Ask("HEAD", f"/v2/{NAME}/blobs/{sha256(b'0123456789')}"), 200, {"Content-Length": "10"}),
        ],
    ),
    row(
        "upload: PUT fails after the commit",
        armed(faults.SetStatus(500), on="put_upload", times=1),
        see=[Look(PUT, 500), Look(Ask("HEAD", f"/v2/{NAME}/blobs/{sha256(b'0123456789')}"), 200)],
    ),
    row(
        "upload: PUT fails after the commit",
        armed(scenarios.lost_put()),
        see=[Look(PUT, None, {}, b"", "reset"), Look(Ask("HEAD", f"/v2/{NAME}/blobs/{sha256(b'0123456789')}"), 200)],
    ),
    # Mounts
    row(
        "mount: 201",
        armed(faults.Delay(0), on="mount_blob"),
        see=[Look(MOUNT_ELSEWHERE, 201, {"Docker-Content-Digest": BLOB_DIGEST})],
    ),
    row(
        "mount: 202",
        armed(faults.DeclineMount(), times=1),
        see=[
            Look(MOUNT_ELSEWHERE, 202, {"Range": "0-0", "Docker-Content-Digest": None}),
            Look(Ask("HEAD", f"/v2/team/other/blobs/{BLOB_DIGEST}"), 404),
            Look(MOUNT_ELSEWHERE, 201),
        ],
    ),
    row("mount: an error", armed(faults.Respond(500), on="mount_blob"), see=[Look(MOUNT_ELSEWHERE, 500)]),
    row(
        "mount: 401",
        armed(faults.Respond(401, challenge=BEARER), on="mount_blob", times=1),
        see=[Look(MOUNT_ELSEWHERE, 401, {"WWW-Authenticate": BEARER_SEEN}), Look(MOUNT, 201)],
    ),
    # Auth, as far as it is an answer
    row(
        "auth: token expiry",
        armed(faults.Respond(401, challenge=f'{BEARER},error="invalid_token"'), on="get_manifest", after=1, times=1),
        see=[
            Look(GET_TAG, 200),
            Look(GET_TAG, 401, {"WWW-Authenticate": f'{BEARER_SEEN},error="invalid_token"'}),
            Look(GET_TAG, 200),
        ],
    ),
    row(
        "auth: expiry mid-push",
        armed(scenarios.token_expires_mid_push()),
        see=[
            Look(PATCH, 202, {"Range": "0-9"}),
            Look(
                Ask("PUT", PUT.target, b""),
                401,
                {
                    "WWW-Authenticate": 'Bearer realm="URL/token",service="fakereg",scope="repository:*:pull,push",'
                    'error="invalid_token"'
                },
            ),
            Look(GET_TOKEN, 200, body=b'{"token": "a-new-token", "expires_in": 300}'),
            Look(Ask("PUT", PUT.target, b""), 201),
        ],
    ),
    row(
        "auth: scope mismatch",
        armed(
            faults.Respond(401, challenge='Bearer realm="{url}/token",scope="repository:team/other:pull"'),
            repository="team/app",
        ),
        see=[Look(GET_TAG, 401, {"WWW-Authenticate": 'Bearer realm="URL/token",scope="repository:team/other:pull"'})],
    ),
    row(
        "auth: scheme that changes",
        armed(faults.Respond(401, challenge=BASIC), on="get_manifest", times=1),
        armed(faults.Respond(401, challenge=BEARER), on="get_manifest", after=1, times=1),
        see=[
            Look(GET_TAG, 401, {"WWW-Authenticate": BASIC}),
            Look(GET_TAG, 401, {"WWW-Authenticate": BEARER_SEEN}),
            Look(GET_TAG, 200, {"WWW-Authenticate": None}),
        ],
    ),
    row(
        "auth: bad token",
        armed(faults.Respond(200, body='{"token": ""}'), path="/token", stage="edge"),
        see=[Look(GET_TOKEN, 200, body=b'{"token": ""}'), Look(POST_TOKEN, 200, body=b'{"token": ""}')],
    ),
    row(
        "auth: POST disabled",
        armed(faults.Respond(405, headers={"Allow": "GET"}), method="post", path="/token", stage="edge"),
        armed(faults.Respond(200, body='{"token": "t"}'), method="GET", path="/token", stage="edge"),
        see=[Look(POST_TOKEN, 405, {"Allow": "GET"}), Look(GET_TOKEN, 200, body=b'{"token": "t"}')],
    ),
    row(
        "auth: POST 404",
        armed(faults.Respond(404, body=""), method="POST", path="/token", stage="edge"),
        see=[Look(POST_TOKEN, 404, {"Content-Length": "0"}, b"")],
    ),
    row(
        "auth: several challenges",
        armed(faults.Respond(401, challenge=(BASIC, BEARER)), on="ping"),
        see=[Look(Ask("GET", "/v2/"), 401, {"WWW-Authenticate": f"{BASIC} | {BEARER_SEEN}"})],
    ),
    row(
        "auth: unsupported challenge",
        armed(faults.Respond(401, challenge="Negotiate"), on="ping"),
        see=[Look(Ask("GET", "/v2/"), 401, {"WWW-Authenticate": "Negotiate"})],
    ),
    row(
        "auth: missing realm",
        armed(faults.Respond(401, challenge='Bearer service="fakereg"'), on="ping"),
        see=[Look(Ask("GET", "/v2/"), 401, {"WWW-Authenticate": 'Bearer service="fakereg"'})],
    ),
    row(
        "auth: insufficient_scope, then fine",
        armed(faults.Respond(401, challenge=f'{BEARER},error="insufficient_scope"'), on="put_manifest", times=1),
        see=[
            Look(
                Ask("PUT", f"/v2/{NAME}/manifests/v2", MANIFEST, {"Content_Type": "application/json"}),
                401,
                {"WWW-Authenticate": f'{BEARER_SEEN},error="insufficient_scope"'},
            ),
            Look(
                Ask(
                    "PUT",
                    f"/v2/{NAME}/manifests/v2",
                    MANIFEST,
                    {"Content_Type": "application/vnd.oci.image.manifest.v1+json"},
                ),
                201,
            ),
        ],
    ),
]
