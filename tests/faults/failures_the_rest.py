"""Failures of lists, redirects, the line itself, and of a registry that is behind."""

from __future__ import annotations

import json
import re

from api import index
from failures import (
    GET_BLOB,
    GET_TAG,
    HEAD_BLOB,
    HEAD_TAG,
    LIST,
    LIST_REFERRERS,
    Ask,
    Look,
    Row,
    armed,
    faults,
    row,
    scenarios,
)
from on_the_wire import (
    BLOB,
    BLOB_PATH,
    MANIFEST,
    MANIFEST_DIGEST,
    NAME,
    REFERRERS,
    ask,
)

from fakereg import FakeRegistry

OTHER = b"another layer"
ANOTHER = FakeRegistry().seed(f"{NAME}:v1", layers=[OTHER])
FALLBACK = f"/v2/{NAME}/manifests/{MANIFEST_DIGEST.replace(':', '-')}"
FILTER = Ask("GET", f"{REFERRERS}?artifactType=text/plain")
BASIC = 'Basic realm="fakereg"'


def push_another(registry: FakeRegistry) -> None:
    """Another image under the same tag, and one under a new tag."""
    registry.seed(f"{NAME}:v1", layers=[OTHER])
    registry.seed(f"{NAME}:v2", layers=[OTHER])


def refer_twice(registry: FakeRegistry) -> None:
    """Two referrers of different types."""
    subject = registry.repository(NAME).manifest("v1")
    for kind in ("text/plain", "text/html"):
        registry.seed(NAME, artifact_type=kind, subject=subject.digest, layers=[kind.encode()])


def push_fallback(registry: FakeRegistry) -> None:
    """The list of referrers that clients keep under a tag."""
    body = json.dumps(index()).encode()
    answer = ask(registry, "PUT", FALLBACK, body, Content_Type="application/vnd.oci.image.index.v1+json")
    assert answer.status == 201


ROWS: list[Row] = [
    # Referrers
    row("referrers: 404", armed(faults.Respond(404), on="end-12a"), see=[Look(LIST_REFERRERS, 404)]),
    row(
        "referrers: 401",
        armed(faults.Respond(401, challenge=BASIC), on="end-12a"),
        see=[Look(LIST_REFERRERS, 401, {"WWW-Authenticate": BASIC})],
    ),
    row(
        "referrers: wrong Content-Type",
        armed(faults.SetHeader("Content-Type", "application/json"), on="get_referrers"),
        see=[Look(LIST_REFERRERS, 200, {"Content-Type": "application/json"})],
    ),
    row(
        "referrers: NAME_UNKNOWN",
        armed(faults.Respond(404, code="NAME_UNKNOWN", message="no such repository"), on="get_referrers"),
        see=[
            Look(
                LIST_REFERRERS,
                404,
                body=b'{"errors": [{"code": "NAME_UNKNOWN", "message": "no such repository"}]}',
            )
        ],
    ),
    row(
        "referrers: paged",
        armed(faults.SetQuery("n", "1"), on="get_referrers"),
        see=[Look(LIST_REFERRERS, 200, {"Link": f'<{REFERRERS}?n=1&last=DIGEST>; rel="next"'})],
        meanwhile=refer_twice,
    ),
    row(
        "referrers: filter ignored",
        armed(faults.IgnoreFilter(), times=1),
        see=[
            Look(FILTER, 200, {"OCI-Filters-Applied": None}, re.compile(rb".*text/html.*")),
            Look(FILTER, 200, {"OCI-Filters-Applied": "artifactType"}, re.compile(rb"(?!.*text/html).*text/plain.*")),
        ],
        meanwhile=refer_twice,
    ),
    row(
        "referrers: stale fallback index",
        armed(faults.StaleRead(), reference="sha256-*", times=1),
        see=[Look(Ask("GET", FALLBACK), 404), Look(Ask("GET", FALLBACK), 200, body=json.dumps(index()).encode())],
        meanwhile=push_fallback,
        referrers="off",
    ),
    row(
        "referrers: endless pages",
        armed(faults.EndlessPages()),
        see=[Look(one, 200, {"Link": f'<{one.target}>; rel="next"'}) for one in (LIST_REFERRERS, FILTER, LIST)],
    ),
    # HEAD
    row(
        "HEAD: disabled (405)",
        armed(faults.Respond(405), method="HEAD"),
        see=[Look(HEAD_TAG, 405, {}, b""), Look(HEAD_BLOB, 405, {}, b""), Look(GET_TAG, 200)],
    ),
    row(
        "HEAD: disabled (405)",
        armed(scenarios.no_head()),
        see=[Look(HEAD_TAG, 405, {"Allow": "GET"}, b""), Look(HEAD_BLOB, 200), Look(GET_TAG, 200)],
    ),
    row(
        "HEAD: 403 that needs a GET for its body",
        armed(faults.Respond(403, code="DENIED", message="the licence ended"), on="end-3"),
        see=[
            Look(HEAD_TAG, 403, {"Content-Length": "64"}, b""),
            Look(GET_TAG, 403, body=b'{"errors": [{"code": "DENIED", "message": "the licence ended"}]}'),
        ],
    ),
    # Redirects
    row(
        "redirect: 307",
        armed(faults.Redirect("/elsewhere"), on="get_blob"),
        see=[Look(GET_BLOB, 307, {"Location": "/elsewhere", "Content-Length": "0"}, b"")],
    ),
    row(
        "redirect: another host",
        armed(faults.Redirect(host="cdn.test:8443"), on="end-2"),
        see=[Look(one, 307, {"Location": f"http://cdn.test:8443{BLOB_PATH}"}, b"") for one in (GET_BLOB, HEAD_BLOB)],
    ),
    row(
        "redirect: another host",
        armed(scenarios.redirected_to("cdn.test")),
        see=[Look(one, 307, {"Location": f"http://cdn.test{BLOB_PATH}"}, b"") for one in (GET_BLOB, HEAD_BLOB)],
    ),
    row(
        "redirect: loop",
        armed(faults.Redirect(), on="get_blob"),
        see=[Look(GET_BLOB, 307, {"Location": f"URL{BLOB_PATH}"}, b"") for _ in range(11)],
    ),
    # Transport
    row(
        "transport: slow handshake",
        armed(faults.SlowTls(0.1)),
        see=[Look(GET_TAG, 200, body=MANIFEST, least=0.05)],
    ),
    row(
        "transport: slow drip",
        armed(faults.Throttle(1000), on="get_blob"),
        see=[Look(GET_BLOB, 200, body=BLOB, least=0.09)],
    ),
    row(
        "transport: reset before the answer",
        armed(faults.Reset(), on="get_blob", times=1),
        see=[Look(GET_BLOB, None, {}, b"", "reset"), Look(GET_BLOB, 200)],
    ),
    row(
        "transport: reset before the answer",
        armed(faults.Reset(), on="connect", times=1),
        see=[Look(GET_BLOB, None, {}, b"", "reset"), Look(GET_BLOB, 200)],
    ),
    row(
        "transport: reset within the answer",
        armed(faults.Reset("within", after=41), on="get_blob"),
        see=[Look(GET_BLOB, 200, {"Content-Length": "100"}, BLOB[:41], "reset")],
    ),
    row(
        "transport: reset after the answer",
        armed(faults.Reset("after"), on="get_blob"),
        see=[Look(GET_BLOB, 200, {"Content-Length": "100"}, BLOB, "reset")],
    ),
    row(
        "transport: empty answer",
        armed(faults.EmptyAnswer(), on="get_blob", times=1),
        see=[Look(GET_BLOB, None, {}, b"", "closed"), Look(GET_BLOB, 200)],
    ),
    row(
        "transport: empty answer",
        armed(faults.EmptyAnswer(), on="connect", times=1),
        see=[Look(GET_BLOB, None, {}, b"", "closed"), Look(GET_BLOB, 200)],
    ),
    # Consistency
    row(
        "consistency: tag that reads stale N times",
        armed(faults.StaleRead(), reference="v1", times=2),
        see=[
            Look(GET_TAG, 200, body=MANIFEST),
            Look(HEAD_TAG, 200, {"Docker-Content-Digest": MANIFEST_DIGEST}),
            Look(GET_TAG, 200, {"Docker-Content-Digest": ANOTHER.digest}),
        ],
        meanwhile=push_another,
    ),
    row(
        "consistency: list that lags",
        armed(faults.LaggingList(), times=1),
        see=[
            Look(LIST, 200, body=b'{"name": "team/app", "tags": ["v1"]}'),
            Look(LIST, 200, body=b'{"name": "team/app", "tags": ["v1", "v2"]}'),
        ],
        meanwhile=push_another,
    ),
    # Other
    row(
        'other: Warning: 299 - "..."',
        armed(faults.SetHeader("Warning", '299 - "ends in May"')),
        see=[Look(GET_TAG, 200, {"Warning": '299 - "ends in May"'})],
    ),
    row(
        "other: oversized manifest",
        armed(faults.Pad(5_000_000), on="get_manifest"),
        see=[Look(GET_TAG, 200, {"Content-Length": "5000000"}, MANIFEST + b" " * (5_000_000 - len(MANIFEST)))],
    ),
    row(
        "other: error that is not JSON",
        armed(scenarios.bad_gateway(times=1)),
        see=[
            Look(
                GET_TAG,
                502,
                {"Content-Type": "text/html"},
                b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>\n",
            ),
            Look(GET_TAG, 200),
        ],
    ),
    row(
        "other: empty list",
        armed(faults.Respond(200, body='{"name": "team/app", "tags": null}'), on="list_tags"),
        see=[Look(LIST, 200, {"Content-Type": None}, b'{"name": "team/app", "tags": null}')],
    ),
    row(
        "other: malformed list",
        armed(faults.Truncate(9, honest=True), on="list_tags"),
        see=[Look(LIST, 200, {"Content-Length": "9"}, b'{"name": ')],
    ),
]
