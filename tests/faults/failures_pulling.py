"""Failures of downloads, and of what every answer carries: status, digest, length and type."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

from failures import (
    GET_BLOB,
    GET_DIGEST,
    GET_TAG,
    HEAD_BLOB,
    HEAD_DIGEST,
    HEAD_TAG,
    PART,
    REST,
    Look,
    Row,
    armed,
    faults,
    row,
)
from on_the_wire import (
    BLOB,
    BLOB_DIGEST,
    MANIFEST,
    MANIFEST_DIGEST,
)

WRONG = "sha256:" + "0" * 64


ROWS: list[Row] = [
    *(
        row(
            f"status N times, then fine: {status}",
            armed(faults.Respond(status), on="get_manifest", times=2),
            see=[Look(GET_TAG, status), Look(GET_TAG, status), Look(GET_TAG, 200, body=MANIFEST)],
        )
        for status in (408, 429, 499, 500, 502, 503, 504, 522)
    ),
    *(
        row(
            f"429: {item}",
            armed(faults.Respond(429, retry_after=after), on="get_blob", times=1),
            see=[Look(GET_BLOB, 429, {"Retry-After": told}), Look(GET_BLOB, 200, {"Retry-After": None}, BLOB)],
        )
        for item, after, told in (
            ("without Retry-After", None, None),
            ("Retry-After in seconds", 7, "7"),
            (
                "Retry-After as HTTP date",
                datetime(2099, 12, 31, 23, 59, 58, tzinfo=UTC),
                "Thu, 31 Dec 2099 23:59:58 GMT",
            ),
            ("Retry-After garbage", "soon, perhaps", "soon, perhaps"),
            ("Retry-After in the past", datetime(1999, 1, 1, tzinfo=UTC), "Fri, 01 Jan 1999 00:00:00 GMT"),
        )
    ),
    # Downloads
    row(
        "download: short body, then resume",
        armed(faults.Truncate(40), on="get_blob", times=1),
        see=[
            Look(GET_BLOB, 200, {"Content-Length": "100"}, BLOB[:40], "closed"),
            Look(REST, 206, {"Content-Range": "bytes 40-99/100"}, BLOB[40:]),
        ],
    ),
    row(
        "download: two short reads in a row",
        armed(faults.Truncate(40, clean=False), on="get_blob", times=2),
        see=[
            Look(GET_BLOB, 200, {"Content-Length": "100"}, BLOB[:40], "reset"),
            Look(REST, 206, {"Content-Length": "60"}, BLOB[40:80], "reset"),
            Look(REST, 206, body=BLOB[40:]),
        ],
    ),
    row(
        "download: Range ignored",
        armed(faults.IgnoreRange()),
        see=[Look(PART, 200, {"Content-Range": None, "Content-Length": "100"}, BLOB)],
    ),
    row(
        "download: wrong Content-Range",
        armed(faults.WrongContentRange()),
        see=[Look(PART, 206, {"Content-Range": "bytes 21-30/100"}, BLOB[20:30])],
    ),
    row(
        "download: wrong Content-Range",
        armed(faults.WrongContentRange("bytes 0-9/10")),
        see=[Look(PART, 206, {"Content-Range": "bytes 0-9/10"}, BLOB[20:30])],
    ),
    row(
        "download: missing Content-Range",
        armed(faults.DropHeader("Content-Range"), on="get_blob"),
        see=[Look(PART, 206, {"Content-Range": None}, BLOB[20:30])],
    ),
    row(
        "download: 206 that ends early",
        armed(faults.Truncate(4), on="get_blob", header={"Range": "bytes=*"}),
        see=[
            Look(GET_BLOB, 200, body=BLOB),
            Look(PART, 206, {"Content-Length": "10"}, BLOB[20:24], "closed"),
        ],
    ),
    row(
        "download: 206 that ends early",
        armed(faults.Truncate(4, honest=True), on="get_blob"),
        see=[Look(PART, 206, {"Content-Length": "4", "Content-Range": "bytes 20-29/100"}, BLOB[20:24])],
    ),
    row(
        "download: stall mid-body",
        armed(faults.Stall(after=33), on="get_blob", times=1),
        see=[
            Look(GET_BLOB, 200, {"Content-Length": "100"}, BLOB[:33], "nothing"),
            Look(GET_BLOB, 200, body=BLOB),
        ],
    ),
    row(
        "download: stall mid-body",
        armed(faults.Stall(after=33, seconds=0.1), on="get_blob"),
        see=[Look(GET_BLOB, 200, body=BLOB, least=0.1)],
    ),
    row(
        "download: Content-Encoding on a blob",
        armed(faults.ContentEncoding(), on="get_blob"),
        see=[Look(GET_BLOB, 200, {"Content-Encoding": "gzip"}, gzip.compress(BLOB, mtime=0))],
    ),
    row(
        "download: Content-Encoding on a blob",
        armed(faults.ContentEncoding(compressed=False), on="get_blob"),
        see=[Look(GET_BLOB, 200, {"Content-Encoding": "gzip", "Content-Length": "100"}, BLOB)],
    ),
    row(
        "download: multipart byteranges",
        armed(faults.MultipartRange()),
        see=[
            Look(
                PART,
                206,
                {"Content-Type": "multipart/byteranges; boundary=BOUNDARY", "Content-Range": None},
                b"--BOUNDARY\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes 20-29/100\r\n\r\n"
                b"0123456789\r\n--BOUNDARY--\r\n",
            )
        ],
    ),
    row(
        "download: 200 for a range",
        armed(faults.SetStatus(200), on="get_blob"),
        see=[Look(PART, 200, {"Content-Range": "bytes 20-29/100"}, BLOB[20:30])],
    ),
    row(
        "download: bytes that do not match the digest",
        armed(faults.Corrupt(3), on="get_blob"),
        see=[Look(GET_BLOB, 200, {"Docker-Content-Digest": BLOB_DIGEST}, BLOB[:3] + b"\xcc" + BLOB[4:])],
    ),
    # Digest header: {tag, digest} x {missing, right, wrong} x {HEAD, GET}
    *(
        row(
            f"digest header: {by}, {how}, {one.method}",
            armed(fault, method=one.method, reference="v1" if by == "tag" else "sha256:*"),
            see=[Look(one, 200, {"Docker-Content-Digest": told}, MANIFEST if one.method == "GET" else b"")],
        )
        for by, asks in (("tag", (HEAD_TAG, GET_TAG)), ("digest", (HEAD_DIGEST, GET_DIGEST)))
        for how, fault, told in (
            ("missing", faults.DropHeader("Docker-Content-Digest"), None),
            ("right", faults.SetHeader("Docker-Content-Digest", MANIFEST_DIGEST), MANIFEST_DIGEST),
            ("wrong", faults.SetHeader("Docker-Content-Digest", WRONG), WRONG),
        )
        for one in asks
    ),
    row(
        "length and type: Content-Length missing, GET",
        armed(faults.DropHeader("Content-Length"), on="get_manifest"),
        see=[
            Look(
                GET_TAG,
                200,
                {"Content-Length": None, "Transfer-Encoding": None, "Connection": "close"},
                MANIFEST,
                "closed",
            )
        ],
    ),
    row(
        "length and type: Content-Length missing, GET",
        armed(faults.ChunkedEncoding(), on="get_manifest"),
        see=[Look(GET_TAG, 200, {"Content-Length": None, "Transfer-Encoding": "chunked"}, MANIFEST)],
    ),
    row(
        "length and type: Content-Length missing, HEAD",
        armed(faults.DropHeader("Content-Length"), on="head_manifest"),
        see=[Look(HEAD_TAG, 200, {"Content-Length": None, "Docker-Content-Digest": MANIFEST_DIGEST}, b"")],
    ),
    row(
        "length and type: Content-Length wrong, GET",
        armed(faults.SetHeader("Content-Length", "500"), on="get_blob"),
        see=[Look(GET_BLOB, 200, {"Content-Length": "500", "Connection": "close"}, BLOB, "closed")],
    ),
    row(
        "length and type: Content-Length wrong, GET",
        armed(faults.SetHeader("Content-Length", "5"), on="get_blob"),
        see=[Look(GET_BLOB, 200, {"Content-Length": "5", "Connection": "close"}, BLOB, "closed")],
    ),
    row(
        "length and type: Content-Length wrong, HEAD",
        armed(faults.SetHeader("Content-Length", "5"), on="head_blob"),
        see=[Look(HEAD_BLOB, 200, {"Content-Length": "5", "Connection": None}, b"")],
    ),
    row(
        "length and type: Content-Type missing",
        armed(faults.DropHeader("Content-Type"), on="end-3"),
        see=[Look(GET_TAG, 200, {"Content-Type": None}, MANIFEST), Look(HEAD_TAG, 200, {"Content-Type": None}, b"")],
    ),
    row(
        "length and type: Content-Type wrong",
        armed(faults.SetHeader("Content-Type", "text/html"), on="end-3"),
        see=[
            Look(GET_TAG, 200, {"Content-Type": "text/html"}, MANIFEST),
            Look(HEAD_TAG, 200, {"Content-Type": "text/html"}, b""),
        ],
    ),
    row(
        "length and type: Content-Type with parameters",
        armed(faults.SetHeader("Content-Type", "application/vnd.oci.image.manifest.v1+json; charset=utf-8")),
        see=[
            Look(GET_TAG, 200, {"Content-Type": "application/vnd.oci.image.manifest.v1+json; charset=utf-8"}, MANIFEST)
        ],
    ),
]
