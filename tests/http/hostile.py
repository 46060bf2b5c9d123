"""Requests that mean no good: valid ones with bytes changed, and ones put together from the worst parts."""

from __future__ import annotations

import random
from collections.abc import Iterator

from api import IMAGE, descriptor, encode, image, sha256

# What mutants may hit; what must not change is kept elsewhere.
NAME = "team/app"
SESSION = "e3e70682-c209-4cac-a29f-6fbed82c07cd"  # the first of every registry with the default seed
DIGEST = sha256(b"{}")
MANIFEST = encode(image())

VALID = (
    ("GET", "/v2/", {}, b""),
    ("GET", "/v2/_catalog?n=5&last=a", {}, b""),
    ("GET", f"/v2/{NAME}/tags/list?n=2&last=v1", {}, b""),
    ("GET", f"/v2/{NAME}/manifests/v1", {"Accept": f"{IMAGE};q=0.5, */*"}, b""),
    ("HEAD", f"/v2/{NAME}/manifests/{sha256(MANIFEST)}", {"If-None-Match": '"x", W/"y"'}, b""),
    ("GET", f"/v2/{NAME}/blobs/{DIGEST}", {"Range": "bytes=0-0,1-1,-1"}, b""),
    ("GET", f"/v2/{NAME}/referrers/{DIGEST}?artifactType=a/b", {}, b""),
    ("POST", f"/v2/{NAME}/blobs/uploads/", {"Content-Length": "0"}, b""),
    ("POST", f"/v2/{NAME}/blobs/uploads/?digest={DIGEST}", {"Content-Length": "2"}, b"{}"),
    ("POST", f"/v2/{NAME}/blobs/uploads/?mount={DIGEST}&from={NAME}", {}, b""),
    ("POST", f"/v2/{NAME}/blobs/uploads/?digest-algorithm=sha512", {}, b""),
    ("PATCH", f"/v2/{NAME}/blobs/uploads/{SESSION}", {"Content-Range": "0-1", "Content-Length": "2"}, b"{}"),
    (
        "PATCH",
        f"/v2/{NAME}/blobs/uploads/{SESSION}",
        {"Transfer-Encoding": "chunked"},
        b"2;a=b\r\n{}\r\n0\r\nX: y\r\n\r\n",
    ),
    ("PUT", f"/v2/{NAME}/blobs/uploads/{SESSION}?digest={DIGEST}", {"Content-Length": "0"}, b""),
    ("GET", f"/v2/{NAME}/blobs/uploads/{SESSION}", {}, b""),
    ("PUT", f"/v2/{NAME}/manifests/v1", {"Content-Type": IMAGE, "Content-Length": str(len(MANIFEST))}, MANIFEST),
    ("PUT", f"/v2/{NAME}/manifests/{sha256(MANIFEST)}?tag=a&tag=b", {"Content-Length": str(len(MANIFEST))}, MANIFEST),
    ("DELETE", f"/v2/{NAME}/manifests/v1", {}, b""),
    ("DELETE", f"/v2/{NAME}/blobs/{DIGEST}", {}, b""),
)

# Tokens that break what they stand in.
TOKENS = (
    *(b"\0", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" ", b"\t", b"\x7f", b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"%"),
    *(b"%00", b"%zz", b"%ff", b"%2f", b"%2e%2e", b"%0d%0aX:1", b"..", b"../", b"//", b"?", b"&", b"=", b"#", b":"),
    *(b"sha256:", b"sha512:" + b"0" * 128, b"-1", b"0-", b"bytes=", b"9" * 30, b"a" * 300, b"A" * 70_000, b"[" * 2_000),
    *(b"chunked", b"gzip", b"close", b"HTTP/1.0", b"HTTP/2.0", b"Content-Length: 5\r\n", b"Expect: 100-continue\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Host: x\r\n", b"Upgrade: websocket\r\nConnection: upgrade\r\n"),
)
METHODS = (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE") * 5 + (
    b"OPTIONS",
    b"TRACE",
    b"CONNECT",
    b"FOO",
    b"get",
    b"",
)
NAMES = (
    b"team/app",
    b"none",
    b"..",
    b"%2e%2e",
    b"A",
    b"",
    b"/",
    b"a" * 300,
    b"%ff",
    b"%00",
    b"_catalog",
    b"blobs/uploads",
)
TAILS = (
    *(b"manifests/v1", b"manifests/", b"manifests/" + DIGEST.encode(), b"manifests/a:b", b"blobs/" + DIGEST.encode()),
    *(b"blobs/sha256:0", b"blobs/uploads/", b"blobs/uploads/" + SESSION.encode(), b"blobs/uploads/%00", b"tags/list"),
    *(b"referrers/" + DIGEST.encode(), b"referrers/", b"", b"x"),
)
QUERIES = (
    *(b"", b"?", b"?n=", b"?n=-1", b"?n=1e3", b"?n=0", b"?last=%ff", b"?n=1&n=2", b"?digest=", b"?digest=sha256:"),
    *(
        b"?digest=" + DIGEST.encode(),
        b"?mount=" + DIGEST.encode(),
        b"?mount=x&from=..",
        b"?tag=" * 3,
        b"?tag=-",
        b"?a;b=c",
    ),
    *(b"?digest-algorithm=md5", b"?artifactType=%0d%0a", b"?" + b"&" * 1_000, b"?%", b"#"),
)
HEADERS = (
    *(
        b"Content-Length: 2",
        b"Content-Length: 0",
        b"Content-Length: -1",
        b"Content-Length: 2, 2",
        b"Content-Length: 99999999",
    ),
    *(b"Content-Length: 18446744073709551615", b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked"),
    *(
        b"Expect: 100-continue",
        b"Expect: x",
        b"Connection: close",
        b"Connection: upgrade",
        b"Upgrade: websocket",
        b"Upgrade: h2c",
    ),
    *(
        b"Content-Range: 0-1",
        b"Content-Range: 5-1",
        b"Content-Range: x",
        b"Range: bytes=0-0",
        b"Range: bytes=9-1",
        b"Range: lines=1",
    ),
    *(b"Range: bytes=" + b"0-0," * 5_000, b"Accept: " + b"a/b;q=x," * 1_000, b"Accept: */*;q=0", b"If-None-Match: *"),
    *(
        b"Content-Type: " + IMAGE.encode(),
        b"Content-Type: a/b\xff",
        b"Content-Type: ;;",
        b"Content-Encoding: gzip",
        b"Host: a",
    ),
    *(
        b"Host: \xff",
        b"Host: a b",
        b"X",
        b": x",
        b"X: \0",
        b" X: y",
        b"Sec-WebSocket-Key1: x",
        b"Sec-WebSocket-Version: 13",
    ),
)
BODIES = (
    *(
        b"",
        b"{}",
        MANIFEST,
        b"2\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}\r\n",
        b"zz\r\n",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"\xff" * 100,
    ),
    *(
        b"9" * 20_000,
        b'{"schemaVersion":NaN}',
        b'{"a":1,"a":1}',
        b'"\\ud800"',
        bytes(100_000),
        b"GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    *(encode(image(annotations={"a": "\ud800"})), encode(image(subject=descriptor(b"\0", "\0"))), b"\x1f\x8b\x08\0"),
)
VERSIONS = (b"HTTP/1.1",) * 20 + (b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.10", b"", b"X")


def requests(seed: int, count: int) -> Iterator[bytes]:
    """`count` requests; the same seed gives the same ones."""
    source = random.Random(seed)
    for _ in range(count):
        kind = source.random()
        if kind < 0.5:
            yield _mutated(source)
        elif kind < 0.9:
            yield _composed(source)
        else:
            yield _mutated(source) + _composed(source)  # pipelined


def _mutated(source: random.Random) -> bytes:
    """A valid request with changes: anywhere, or only in its target, or only in its body, whose length is told."""
    method, target, fields, body = source.choice(VALID)
    headers = dict(fields)
    where = source.choice(("anywhere", "target", "body"))
    if where == "target":
        target = _changed(source, target.encode()).decode("latin-1")
    if where == "body" and body:
        body = _changed(source, body)
        if "Content-Length" in headers:
            headers["Content-Length"] = str(len(body))
    lines = [f"{method} {target} HTTP/1.1", "Host: a:5000", *(f"{name}: {value}" for name, value in headers.items())]
    data = "\r\n".join([*lines, "", ""]).encode("latin-1") + body
    return _changed(source, data) if where == "anywhere" else data


def _changed(source: random.Random, data: bytes) -> bytes:
    for _ in range(source.choice((1, 1, 1, 2, 5))):
        data = source.choice((_flip, _insert, _remove, _repeat, _truncate, _insert_token))(source, data)
    return data


def _flip(source: random.Random, data: bytes) -> bytes:
    at = source.randrange(len(data) + 1)
    return data[:at] + source.randbytes(1) + data[at + 1 :]


def _insert(source: random.Random, data: bytes) -> bytes:
    at = source.randrange(len(data) + 1)
    return data[:at] + source.randbytes(source.choice((1, 2, 10))) + data[at:]


def _insert_token(source: random.Random, data: bytes) -> bytes:
    at = source.randrange(len(data) + 1)
    return data[:at] + source.choice(TOKENS) + data[at:]


def _remove(source: random.Random, data: bytes) -> bytes:
    start = source.randrange(len(data) + 1)
    return data[:start] + data[start + source.choice((1, 2, 10, 50)) :]


def _repeat(source: random.Random, data: bytes) -> bytes:
    start = source.randrange(len(data) + 1)
    stop = start + source.choice((1, 10, 100))
    return data[:stop] + data[start:]


def _truncate(source: random.Random, data: bytes) -> bytes:
    return data[: source.randrange(len(data) + 1)]


def _composed(source: random.Random) -> bytes:
    target = b"/v2/" + source.choice(NAMES) + b"/" + source.choice(TAILS) + source.choice(QUERIES)
    target = source.choice((target,) * 8 + (b"*", b"http://a" + target, b"http://", target[1:], b"/" + target))
    headers = [b"Host: a:5000"] * (source.random() < 0.95) + source.sample(HEADERS, source.choice((0, 0, 0, 1, 1, 3)))
    body = source.choice(BODIES)
    if source.random() < 0.7:
        headers.append(b"Content-Length: %d" % len(body))
    line = b" ".join((source.choice(METHODS), target, source.choice(VERSIONS)))
    return b"\r\n".join([line, *headers, b"", body])
