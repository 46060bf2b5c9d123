"""Whatever is not a good request is refused in the specification's form, quietly, and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from api import IMAGE, descriptor, encode, image, sha256
from raw_client import Raw, eventually, has_arrived

from fakereg import FakeRegistry

CONTENT = b"hello"
DIGEST = sha256(CONTENT)
MANIFEST = encode(image(config=CONTENT))
UPLOADS = "/v2/team/app/blobs/uploads/"


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """A registry that holds an image, and still holds exactly that when the test is over, and still serves."""
    with FakeRegistry() as registry:
        with Raw(registry) as client:
            assert client.request("POST", f"{UPLOADS}?digest={DIGEST}", CONTENT).status == 201
            stored = client.request("PUT", "/v2/team/app/manifests/v1", MANIFEST, Content_Type=IMAGE)
            assert stored.status == 201
        yield registry
        with Raw(registry) as client:
            found = client.request("GET", "/v2/team/app/manifests/v1")

        assert (found.status, found.body) == (200, MANIFEST)
        assert registry.repositories == ["team/app"]
        kept = registry.repository("team/app")
        assert (kept.tags, kept.blobs, len(kept.manifests)) == (["v1"], [DIGEST], 1)
        assert kept.blob(DIGEST) == CONTENT


def refused(registry: FakeRegistry, request: bytes) -> tuple[int, str, str]:
    """Status, code and message of the answer to these bytes; HOST stands for the registry's own."""
    with Raw(registry) as client:
        answer = client.send(request.replace(b"HOST", registry.host.encode())).answer()
    return answer.status, answer.error["code"], answer.error["message"]


def get(target: str, *, method: str = "GET", headers: str = "", body: bytes = b"") -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: HOST\r\n{headers}\r\n".encode() + body


class TestRequestLine:
    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("GET  HTTP/1.1", "char in url"),
            ("GET /v2/ HTTP/2.0", "HTTP/2.0"),
            ("GET /v2/ HTTP/0.9", "HTTP/0.9"),
            ("GET /v2/", "HTTP/0.9"),
            ("GET /v2/ HTTP/1.9", "HTTP/1.9"),
            ("GET /v2/ HTTX/1.1", "HTTX/1.1"),
            ("GET /v2/\0 HTTP/1.1", "url"),
            ("GET /v2/a b/tags/list HTTP/1.1", "b/tags/list"),
            ("GET /v2/\xe4/tags/list HTTP/1.1", "url"),
            ("GET http://host:port/v2/ HTTP/1.1", "host:port"),
            ("FOO /v2/ HTTP/1.1", "FOO"),
            ("get /v2/ HTTP/1.1", "get"),
            ("\x80\x01\x03", "not HTTP"),
            ("PRI * HTTP/2.0", "HTTP/2"),
        ],
    )
    def test_malformed(self, registry: FakeRegistry, line: str, said: str) -> None:
        """A request line that is none is 400, and the answer says which part of it is meant."""
        status, code, message = refused(registry, f"{line}\r\nHost: HOST\r\n\r\n".encode("latin-1"))

        assert (status, code) == (400, "UNSUPPORTED")
        assert said in message

    def test_connection_closes_after_what_cannot_be_parsed(self, registry: FakeRegistry) -> None:
        """Where the next request would begin is unknown then, so the connection ends."""
        with Raw(registry) as client:
            assert client.send(b"\0\1\2\xff\r\n\r\n").answer().status == 400

            assert client.is_closed()

    def test_tls_on_the_plain_port(self, registry: FakeRegistry) -> None:
        """A TLS ClientHello gets a 400 that says so: clients then fall back to plain HTTP."""
        hello = bytes.fromhex("16030100c8010000c40303") + bytes(200)

        status, code, message = refused(registry, hello)

        assert (status, code) == (400, "UNSUPPORTED")
        assert "this port speaks plain HTTP" in message

    @pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "CONNECT", "PATCH", "M-SEARCH"])
    def test_method_that_is_not_offered(self, registry: FakeRegistry, method: str) -> None:
        """A method that HTTP knows and the endpoint does not is 405, with those that it does in Allow."""
        with Raw(registry) as client:
            answer = client.send(get("/v2/", method=method).replace(b"HOST", b"a")).answer()

            assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
            assert answer.error["message"].startswith(f"{method} is not offered on /v2/")
            assert client.request("GET", "/v2/").status == 200

    @pytest.mark.parametrize(
        "target",
        ["//v2/", "/v2/../etc/passwd", "/v2/..%2fetc/passwd", "/%76%32/", "/v2/x", "/", "/v2%2F", "ftp://host/v2/"],
    )
    def test_path_of_no_endpoint(self, registry: FakeRegistry, target: str) -> None:
        """A path outside the API is 404, taken as it stands: nothing is normalised on the way."""
        status, code, message = refused(registry, get(target))

        assert (status, code) == (404, "UNSUPPORTED")
        assert repr(target) in message

    def test_asterisk_and_authority_form(self, registry: FakeRegistry) -> None:
        """What a server as a whole or a proxy is asked has no endpoint here."""
        assert refused(registry, get("*"))[0] in (400, 404)  # aiohttp from 3.14 on does not let it pass
        assert refused(registry, get("*", method="OPTIONS"))[0] == 404
        assert "'other:80'" in refused(registry, get("other:80", method="CONNECT"))[2]

    @pytest.mark.parametrize("target", ["/v2/#part", "/v2/team/app/tags/list?n=1#part"])
    def test_fragment(self, registry: FakeRegistry, target: str) -> None:
        """A fragment never leaves a browser; one that arrives is no part of a path or a parameter."""
        status, code, message = refused(registry, get(target))

        assert (status, code) == (400, "UNSUPPORTED")
        assert "fragment" in message


class TestHead:
    @pytest.mark.parametrize(
        ("headers", "said"),
        [
            ("", "Host"),
            ("Host: a\r\nHost: b\r\n", "Host"),
            ("Host: a b\r\n", "'a b'"),
            ("Host: a/b\r\n", "'a/b'"),
            ("Host: user@a\r\n", "'user@a'"),
            ("Host: a:80:90\r\n", "'a:80:90'"),
            ("Host: a:port\r\n", "'a:port'"),
            ('Host: a"><script>\r\n', "<script>"),
            ("Host: \xe4\r\n", "Host"),
            ("Host: a\r\nX : y\r\n", "header"),
            ("Host: a\r\nX: y\r\n folded\r\n", "whitespace"),
            ("Host: a\r\nX: y\0z\r\n", "header value"),
            ("Host: a\r\nX: y\rY: z\r\n", "LF"),
            ("Host: a\r\nno colon\r\n", "header"),
        ],
    )
    def test_malformed(self, registry: FakeRegistry, headers: str, said: str) -> None:
        """A header that is none is 400; so is a Host that cannot stand in a URL, or that is missing in HTTP/1.1."""
        status, code, message = refused(registry, f"GET /v2/ HTTP/1.1\r\n{headers}\r\n".encode("latin-1"))

        assert (status, code) == (400, "UNSUPPORTED")
        assert said in message

    def test_http_1_0_needs_no_host(self, registry: FakeRegistry) -> None:
        """HTTP/1.0 has no Host; a Location is relative then, as nobody said what to put in front of it."""
        with Raw(registry) as client:
            answer = client.send(b"POST /v2/team/app/blobs/uploads/ HTTP/1.0\r\n\r\n").answer()

            assert answer.status == 202
            assert answer.headers["Location"].startswith(UPLOADS)
            assert client.is_closed()

    @pytest.mark.parametrize(
        "request_",
        [
            get("/v2/" + "a" * 70_000),
            get("/v2/?" + "a" * 70_000),
            get("/v2/", headers=f"X: {'a' * 70_000}\r\n"),
            get("/v2/", headers=f"{'a' * 70_000}: x\r\n"),
            get("/v2/", headers="X: a\r\n" * 200),
        ],
        ids=["path", "query", "value", "name", "number"],
    )
    def test_oversized(self, registry: FakeRegistry, request_: bytes) -> None:
        """A head beyond what is read is 431."""
        status, code, message = refused(registry, request_)

        assert (status, code) == (431, "UNSUPPORTED")
        assert "line" in message

    def test_answer_survives_what_is_still_being_sent(self, registry: FakeRegistry) -> None:
        """A client that sends 8 MiB of header before it reads still finds the 431, and no reset."""
        with Raw(registry) as client:
            answer = client.send(get("/v2/", headers="X: " + "a" * 8 * 1024 * 1024)).answer()

            assert answer.status == 431
            assert client.is_closed()

    @pytest.mark.parametrize("host", ["a%0d%0aX: y", "a\\r\\nX", "a<b>", "a,b c", "[::1", "::1"])
    def test_nothing_is_injected_by_host(self, registry: FakeRegistry, host: str) -> None:
        """What Host says is only repeated where it is a host."""
        head = f"POST {UPLOADS} HTTP/1.1\r\nHost: {host}\r\n\r\n"

        status, _, message = refused(registry, head.encode())

        assert status == 400
        assert "is not host or host:port" in message or "Host" in message


class TestUrl:
    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("%zz", "UNSUPPORTED"),
            ("%", "UNSUPPORTED"),
            ("%f", "UNSUPPORTED"),
            ("%ff", "UNSUPPORTED"),
            ("%ed%a0%80", "UNSUPPORTED"),
            ("%00", "NAME_INVALID"),
            ("a%00b", "NAME_INVALID"),
            ("a%0d%0aX:%20y", "NAME_INVALID"),
            ("..", "NAME_INVALID"),
            ("../..", "NAME_INVALID"),
            ("team/../app", "NAME_INVALID"),
            ("..%2f..", "NAME_INVALID"),
            ("Team", "NAME_INVALID"),
            ("team//app", "NAME_INVALID"),
            ("%c3%a4", "NAME_INVALID"),
            ("a" * 256, "NAME_INVALID"),
            ("", "NAME_INVALID"),
        ],
    )
    def test_name(self, registry: FakeRegistry, name: str, code: str) -> None:
        """A name is taken as it stands, its escapes resolved once, and refused if the grammar does not allow it."""
        assert refused(registry, get(f"/v2/{name}/tags/list"))[:2] == (400, code)
        assert refused(registry, get(f"/v2/{name}/blobs/uploads/", method="POST"))[:2] == (400, code)

    def test_escaped_slash_in_a_name(self, registry: FakeRegistry) -> None:
        """%2F is a slash of the name: the same repository as with a bare one."""
        with Raw(registry) as client:
            answer = client.request("GET", "/v2/team%2Fapp/tags/list")

        assert answer.json == {"name": "team/app", "tags": ["v1"]}

    @pytest.mark.parametrize("reference", ["-v1", "v1%0a", "a" * 129, "v1%00", "%C3%A4", "v%201"])
    def test_tag(self, registry: FakeRegistry, reference: str) -> None:
        """A tag that the grammar does not allow is 400 for reading and for writing."""
        path = f"/v2/team/app/manifests/{reference}"
        put = get(path, method="PUT", headers=f"Content-Length: {len(MANIFEST)}\r\n", body=MANIFEST)

        assert refused(registry, get(path))[:2] == (400, "NAME_INVALID")
        assert refused(registry, put)[:2] == (400, "NAME_INVALID")

    @pytest.mark.parametrize(
        "digest",
        [
            "sha256:",
            "sha256:abc",
            DIGEST.upper(),
            f"{DIGEST}0",
            f"{DIGEST}%0a",
            "md5:" + "0" * 32,
            ":",
            "sha256:" + "g" * 64,
        ],
    )
    def test_digest(self, registry: FakeRegistry, digest: str) -> None:
        """A digest is of a known algorithm, in lower case, and as long as it must be."""
        for path in ("manifests", "blobs", "referrers"):
            assert refused(registry, get(f"/v2/team/app/{path}/{digest}"))[:2] == (400, "DIGEST_INVALID")

    @pytest.mark.parametrize(
        ("target", "code", "said"),
        [
            (f"{UPLOADS}?digest=a&digest=b", "DIGEST_INVALID", "'digest' stands 2 times"),
            (f"{UPLOADS}?mount={DIGEST}&mount={DIGEST}", "DIGEST_INVALID", "'mount' stands 2 times"),
            (f"{UPLOADS}?mount={DIGEST}&from=a&from=b", "NAME_INVALID", "'from' stands 2 times"),
            (f"{UPLOADS}?digest=%ff", "UNSUPPORTED", "UTF-8"),
            (f"{UPLOADS}?digest=%zz", "UNSUPPORTED", "'%zz'"),
            (f"{UPLOADS}?digest=", "DIGEST_INVALID", "digest"),
        ],
    )
    def test_query_of_a_post(self, registry: FakeRegistry, target: str, code: str, said: str) -> None:
        """A parameter that stands twice contradicts itself; one that is not UTF-8 says nothing."""
        status, found, message = refused(registry, get(target, method="POST", headers="Content-Length: 0\r\n"))

        assert (status, found) == (400, code)
        assert said in message

    @pytest.mark.parametrize("query", ["n=-1", "n=x", "n=1&n=2", "n=1.5", "n=%31%00", "n=" + "9" * 30, "last=a&last=b"])
    def test_query_of_a_list(self, registry: FakeRegistry, query: str) -> None:
        """The size of a page is a whole number, said once; where it starts is said once."""
        for path in ("/v2/team/app/tags/list", "/v2/_catalog", f"/v2/team/app/referrers/{DIGEST}"):
            assert refused(registry, get(f"{path}?{query}"))[:2] == (400, "UNSUPPORTED")

    def test_nothing_is_injected_into_link(self, registry: FakeRegistry) -> None:
        """What a Link repeats of the query stands in it percent-encoded."""
        with Raw(registry) as client:
            client.request("PUT", "/v2/team/app/manifests/v2", MANIFEST, Content_Type=IMAGE)
            target = "/v2/team/app/tags/list?n=1&last=%0d%0aX-Injected:%20yes%3E"
            answer = client.request("GET", target)
            client.request("DELETE", "/v2/team/app/manifests/v2")

        assert answer.headers["Link"] == '</v2/team/app/tags/list?n=1&last=v1>; rel="next"'
        assert "X-Injected" not in answer.headers


class TestRange:
    @pytest.mark.parametrize(
        "header", ["bytes=x", "bytes=5-", "bytes=3-1", "bytes=-", "bytes=--1", "bytes=-0", "bytes=0-1,x"]
    )
    def test_download(self, registry: FakeRegistry, header: str) -> None:
        """A range that is malformed, or of which nothing exists, is 416 with the true size."""
        with Raw(registry) as client:
            answer = client.request("GET", f"/v2/team/app/blobs/{DIGEST}", Range=header)

        assert (answer.status, answer.headers["Content-Range"]) == (416, "bytes */5")
        assert answer.error["code"] == "SIZE_INVALID"

    @pytest.mark.parametrize("header", ["x", "0-", "5-3", "-1-3", "bytes 0-4/5", "0-4\t-", "0-99999999999999999999"])
    def test_chunk(self, registry: FakeRegistry, header: str) -> None:
        """A chunk whose Content-Range is no range is refused."""
        with Raw(registry) as client:
            path = client.request("POST", UPLOADS).headers["Location"].partition(registry.host)[2]
            answer = client.request("PATCH", path, CONTENT, Content_Range=header)
            status = client.request("GET", path)
            client.request("DELETE", path)

        assert (answer.status, answer.error["code"]) == (400, "BLOB_UPLOAD_INVALID")
        assert repr(header) in answer.error["message"]
        assert status.headers["Range"] == "0-0"


class TestLength:
    @pytest.mark.parametrize(
        ("headers", "said"),
        [
            ("Content-Length: -1\r\n", "-1"),
            ("Content-Length: five\r\n", "five"),
            ("Content-Length: +5\r\n", "+5"),
            ("Content-Length: 0x5\r\n", "0x5"),
            ("Content-Length: 5, 5\r\n", "5, 5"),
            ("Content-Length: 5\r\nContent-Length: 6\r\n", "Duplicate"),
            ("Content-Length:\r\n", "Empty"),
            ("Content-Length: 99999999999999999999999\r\n", "overflow"),
            ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding"),
            ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "Content-Length"),
            ("Transfer-Encoding: gzip\r\n", "Transfer-Encoding"),
            ("Transfer-Encoding: gzip, chunked\r\n", "gzip, chunked"),
            ("Transfer-Encoding: chunked, gzip\r\n", "chunked, gzip"),
            ("Transfer-Encoding: chunked, chunked\r\n", "chunked, chunked"),
        ],
    )
    def test_of_a_body_that_cannot_be(self, registry: FakeRegistry, headers: str, said: str) -> None:
        """Where a body ends must be said, once, in one way."""
        target = f"{UPLOADS}?digest={DIGEST}"

        status, code, message = refused(registry, get(target, method="POST", headers=headers, body=b"0\r\n\r\n"))

        assert (status, code) == (400, "UNSUPPORTED")
        assert said in message

    @pytest.mark.parametrize("length", [2**63, 2**64 - 2, 2**64 - 1])
    def test_beyond_any_body(self, registry: FakeRegistry, length: int) -> None:
        """A length that no body has is refused before any of the body is read."""
        headers = f"Content-Length: {length}\r\n"
        status, code, message = refused(
            registry, get(f"{UPLOADS}?digest={DIGEST}", method="POST", headers=headers, body=CONTENT)
        )

        assert (status, code) == (400, "SIZE_INVALID")
        assert str(length) in message

    @pytest.mark.parametrize(
        ("body", "kept"),
        [
            (b"zz\r\n", 0),
            (b"-5\r\n", 0),
            (b"5\r\nhelloX", 5),
            (b"5\nhello\n", 0),
            (b"f" * 20 + b"\r\n", 0),
            (b"0\r\nbad trailer\r\n\r\n", 0),
            (b"\0", 0),
        ],
    )
    @pytest.mark.parametrize("at_once", [True, False], ids=["at once", "later"])
    def test_malformed_chunks(self, registry: FakeRegistry, body: bytes, kept: int, *, at_once: bool) -> None:
        """Broken framing is 400. Together with the head, nothing of the request counts; later, what came is kept."""
        with Raw(registry) as client:
            path = client.request("POST", UPLOADS).headers["Location"].partition(registry.host)[2]
            with Raw(registry) as other:
                head = get(path, method="PATCH", headers="Transfer-Encoding: chunked\r\n").replace(b"HOST", b"a")
                if at_once:
                    other.send(head + body)
                else:
                    other.send(head + b"3\r\nabc\r\n")
                    eventually(lambda: has_arrived(registry, 3))
                    other.send(body)
                answer = other.answer()

                assert (answer.status, answer.error["code"]) == (400, "UNSUPPORTED")
                assert other.is_closed()
            assert client.request("GET", path).headers["Range"] == ("0-0" if at_once else f"0-{2 + kept}")
            assert client.request("DELETE", path).status == 204

    def test_too_large_manifest(self, registry: FakeRegistry) -> None:
        """A manifest beyond the limit is 413, by its announced length or once too much of it came."""
        target, size = "/v2/team/app/manifests/v2", 5 * 1024 * 1024
        announced = get(target, method="PUT", headers=f"Content-Length: {size}\r\n")
        body = f"{size:x}\r\n".encode() + bytes(size) + b"\r\n0\r\n\r\n"
        chunked = get(target, method="PUT", headers="Transfer-Encoding: chunked\r\n", body=body)

        assert refused(registry, announced)[:2] == (413, "SIZE_INVALID")
        assert refused(registry, chunked)[:2] == (413, "SIZE_INVALID")


class TestManifest:
    DEEP = 100_000

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (b"", "JSON"),
            (b"\xff\xfe{}", "UTF-8"),
            (b'{"schemaVersion": 2, "\xc3\x28": 1}', "UTF-8"),
            (b"[" * DEEP + b"]" * DEEP, "nested"),
            (b'{"a":' * DEEP + b"1" + b"}" * DEEP, "nested"),
            (b'{"schemaVersion":2,"schemaVersion":2}', "'schemaVersion' stands twice"),
            (b'{"config":{"a":1,"a":2}}', "'a' stands twice"),
            (b'{"schemaVersion":NaN}', "NaN"),
            (b'{"schemaVersion":-Infinity}', "Infinity"),
            (b'{"schemaVersion":' + b"9" * 10_000 + b"}", "JSON"),
            (b'{"schemaVersion":2,"mediaType":"\\ud800/x"}', "mediaType"),
            (b'{"schemaVersion":2,"config":{"mediaType":"a/b","digest":"\\ud800","size":1}}', "digest"),
            (b"[]", "object"),
            (b"null", "object"),
            (b'"text"', "object"),
            (b"{} trailing", "JSON"),
            (b'{"schemaVersion":2}', "config"),
            (b"\xef\xbb\xbf{}", "JSON"),
        ],
        ids=range(18),
    )
    def test_malformed(self, registry: FakeRegistry, body: bytes, said: str) -> None:
        """What is no manifest is refused with the reason, however it is broken."""
        with Raw(registry) as client:
            answer = client.request("PUT", "/v2/team/app/manifests/v2", body, Content_Type=IMAGE)

            assert (answer.status, answer.error["code"]) == (400, "MANIFEST_INVALID")
            assert said in answer.error["message"]
            assert client.request("GET", "/v2/").status == 200

    @pytest.mark.parametrize("size", [-1, 1.5, "5", True, None, 10**400])
    def test_size(self, registry: FakeRegistry, size: object) -> None:
        """A size that no blob has is refused; one that none is likely to have is not ours to judge."""
        document = image(config=CONTENT)
        document["layers"] = [{**descriptor(b"missing"), "size": size}]
        with Raw(registry) as client:
            answer = client.request("PUT", "/v2/team/app/manifests/v2", encode(document), Content_Type=IMAGE)

        expected = "MANIFEST_BLOB_UNKNOWN" if size == 10**400 else "MANIFEST_INVALID"
        assert answer.error["code"] == expected

    @pytest.mark.parametrize(
        "media_type",
        ["a/b\\r\\nX: y", "a", "a/b/c", "a b/c", "application/vnd.oci.image.\u212a+json", "\u00e4/b", "a/b,c/d", "/"],
    )
    def test_media_type(self, registry: FakeRegistry, media_type: str) -> None:
        """A media type is sent back as a header, so it must be one, whether it came as a header or in the body."""
        body = json.dumps({"schemaVersion": 2, "mediaType": media_type.encode().decode("unicode_escape")}).encode()
        with Raw(registry) as client:
            within = client.request("PUT", "/v2/team/app/manifests/v2", body)
            header = client.request("PUT", "/v2/team/app/manifests/v2", b"{}", Content_Type=media_type)

        assert (within.status, within.error["code"]) == (400, "MANIFEST_INVALID")
        assert (header.status, header.error["code"]) == (400, "MANIFEST_INVALID")
