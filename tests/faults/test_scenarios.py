"""Each scenario from its first request to the last, as a client lives through it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

import pytest
from api import sha256
from on_the_wire import (
    BLOB,
    BLOB_DIGEST,
    BLOB_PATH,
    MANIFEST,
    MANIFEST_DIGEST,
    NAME,
    REFERRERS,
    TAG,
    TAGS,
    UPLOADS,
    Line,
    Seen,
    ask,
    request,
    session,
)

from fakereg import FakeRegistry, scenarios
from fakereg.double.scenario import Scenario
from fakereg.registry.messages import Request

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONTENT = b"0123456789"
CONTENT_PATH = f"/v2/{NAME}/blobs/{sha256(CONTENT)}"

MADE = {
    name: make
    for name, make in vars(scenarios).items()
    if inspect.isfunction(make) and inspect.signature(make).return_annotation == "Scenario" and name[0] != "_"
}


def put(registry: FakeRegistry, path: str, content: bytes = b"") -> Seen:
    return ask(registry, "PUT", f"{path}?digest={sha256(CONTENT)}", content)


class TestPulling:
    def test_flaky_cdn(self, registry: FakeRegistry) -> None:
        """A download is cut, then reset, then refused; with the next try it is whole."""
        with registry.fault(scenarios.flaky_cdn(after=30)) as fault:
            tries = [ask(registry, "GET", BLOB_PATH) for _ in range(4)]

        assert [(one.status, one.body, one.end) for one in tries if one.status == 200] == [
            (200, BLOB[:30], "closed"),
            (200, BLOB[:30], "reset"),
            (200, BLOB, "kept"),
        ]
        assert tries[2].status == 503
        assert fault.fired == 3

    def test_redirected_to(self, registry: FakeRegistry) -> None:
        """Blobs are elsewhere, for HEAD too; manifests are here."""
        with registry.fault(scenarios.redirected_to("cdn.test")):
            blobs = [ask(registry, method, f"{BLOB_PATH}?sig=1") for method in ("GET", "HEAD")]
            manifest = ask(registry, "GET", TAG)

        assert [(one.status, one.headers["Location"]) for one in blobs] == [
            (307, f"http://cdn.test{BLOB_PATH}?sig=1")
        ] * 2
        assert manifest.body == MANIFEST

    def test_rate_limited(self, registry: FakeRegistry) -> None:
        """So many pulls of any kind are refused; pushes are not."""
        with registry.fault(scenarios.rate_limited(times=2, retry_after=9)):
            pulls = [ask(registry, "HEAD", TAG), ask(registry, "GET", BLOB_PATH), ask(registry, "GET", TAG)]
            push = ask(registry, "POST", UPLOADS, b"")

        assert [one.status for one in pulls] == [429, 429, 200]
        assert pulls[1].headers["Retry-After"] == "9"
        assert pulls[1].headers["RateLimit-Remaining"] == "0;w=21600"
        assert b'"TOOMANYREQUESTS"' in pulls[1].body
        assert push.status == 202

    def test_abuse_limited(self, registry: FakeRegistry) -> None:
        """The other refusal is text, which is no JSON."""
        with registry.fault(scenarios.abuse_limited()):
            first, second = ask(registry, "GET", TAG), ask(registry, "GET", TAG)

        assert (first.status, first.headers["Content-Type"]) == (429, "text/plain")
        assert first.body == b"Too Many Requests (HAP429).\n"
        assert first.headers["Retry-After"] == "60"
        assert second.status == 200

    def test_no_head(self, registry: FakeRegistry) -> None:
        """HEAD of a manifest is not allowed, and GET is."""
        with registry.fault(scenarios.no_head()):
            head, get = ask(registry, "HEAD", TAG), ask(registry, "GET", TAG)

        assert (head.status, head.headers["Allow"], head.body) == (405, "GET", b"")
        assert get.body == MANIFEST

    def test_bad_gateway(self, registry: FakeRegistry) -> None:
        """Whatever is asked is answered by a proxy first, also what no endpoint has."""
        with registry.fault(scenarios.bad_gateway()):
            asked = (("GET", TAG), ("GET", "/x"), ("HEAD", "/v2/"))
            seen = [ask(registry, method, target, Connection="close") for method, target in asked]
            after = ask(registry, "GET", TAG)

        assert [one.status for one in seen] == [502, 502, 502]
        assert seen[0].headers["Content-Type"] == "text/html"
        assert seen[0].body.startswith(b"<html>")
        assert after.body == MANIFEST

    def test_eventually_consistent(self, registry: FakeRegistry) -> None:
        """So many reads and so many lists show what was; each of both kinds counts for itself."""
        with registry.fault(scenarios.eventually_consistent(reads=2)):
            registry.seed(f"{NAME}:v2", layers=[b"new"])
            bill = registry.seed(NAME, subject=MANIFEST_DIGEST, artifact_type="text/plain", layers=[b"bill"])
            reads = [ask(registry, "HEAD", f"/v2/{NAME}/manifests/v2").status for _ in range(3)]
            lists = [ask(registry, "GET", target).body for target in (f"{TAGS}?n=5", REFERRERS, TAGS, REFERRERS)]

        assert reads == [404, 404, 200]
        assert lists[0] == b'{"name": "team/app", "tags": ["v1"]}'
        assert bill.digest.encode() not in lists[1]
        assert lists[2] == b'{"name": "team/app", "tags": ["v1", "v2"]}'
        assert bill.digest.encode() in lists[3]

    def test_slow_line(self, registry: FakeRegistry) -> None:
        """Everything takes its time, and comes whole."""
        with registry.fault(scenarios.slow_line(rate=2000, latency=0.01)):
            seen = ask(registry, "GET", BLOB_PATH)

        assert (seen.body, seen.end) == (BLOB, "kept")
        assert seen.seconds >= 0.05


class TestPushing:
    def test_token_expires_mid_push(self, registry: FakeRegistry) -> None:
        """Later in a push a token is no good any more, and with a new one it goes on where it was."""
        path = session(registry)
        with registry.fault(scenarios.token_expires_mid_push()):
            first = ask(registry, "PATCH", path, CONTENT[:4], Content_Range="0-3")
            refused = ask(registry, "PATCH", path, CONTENT[4:], Content_Range="4-9")
            realm = re.search(r'realm="([^"]+)"', refused.headers["WWW-Authenticate"])
            assert realm
            token = ask(registry, "GET", f"{realm[1].removeprefix(registry.url)}?service=fakereg")
            second = ask(registry, "PATCH", path, CONTENT[4:], Content_Range="4-9")
            last = put(registry, path)

        assert [one.status for one in (first, refused, token, second, last)] == [202, 401, 200, 202, 201]
        assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
        assert token.body == b'{"token": "a-new-token", "expires_in": 300}'
        assert ask(registry, "GET", CONTENT_PATH).body == CONTENT

    def test_lost_put(self, registry: FakeRegistry) -> None:
        """Blob and manifest are stored, and nobody is told; to do it again is answered as if for the first time."""
        path = session(registry)
        with registry.fault(scenarios.lost_put()):
            blob = put(registry, path, CONTENT)
            stored = ask(registry, "GET", CONTENT_PATH)
            manifests = [
                ask(registry, "PUT", f"/v2/{NAME}/manifests/v2", MANIFEST, Content_Type=MANIFEST_TYPE) for _ in range(2)
            ]

        assert (blob.raw, blob.end) == (b"", "reset")
        assert stored.body == CONTENT
        assert (manifests[0].raw, manifests[0].end) == (b"", "reset")
        assert manifests[1].status == 201
        assert registry.repository(NAME).tags == ["v1", "v2"]

    def test_lost_session(self, registry: FakeRegistry) -> None:
        """The second request of an upload finds no session; a new upload is taken."""
        path = session(registry)
        with registry.fault(scenarios.lost_session()):
            first = ask(registry, "PATCH", path, CONTENT[:4])
            second = ask(registry, "PATCH", path, CONTENT[4:])
            again = put(registry, session(registry), CONTENT)

        assert [one.status for one in (first, second, again)] == [202, 404, 201]
        assert b"BLOB_UPLOAD_UNKNOWN" in second.body

    def test_small_chunks(self, registry: FakeRegistry) -> None:
        """A chunk that is too large is refused and leaves nothing; smaller ones pass, and so does a stream."""
        path = session(registry)
        with registry.fault(scenarios.small_chunks(most=6)):
            large = ask(registry, "PATCH", path, CONTENT)
            standing = ask(registry, "GET", path)
            small = ask(registry, "PATCH", path, CONTENT[:6])
            with Line(registry.port) as line:
                line.send(request(registry.port, "PATCH", path, Transfer_Encoding="chunked"))
                stream = line.send(b"9\r\nlong text\r\n0\r\n\r\n").answer()

        assert (large.status, standing.headers["Range"], small.status) == (416, "0-0", 202)
        assert b"maximum permissible limit of 0.00MiB" in large.body
        assert (stream.status, stream.headers["Range"]) == (202, "0-14")

    def test_patch_is_201(self, registry: FakeRegistry) -> None:
        """The status is another and the range never grows, but the bytes are kept; a refusal stays a refusal."""
        path = session(registry)
        with registry.fault(scenarios.patch_is_201()):
            chunks = [ask(registry, "PATCH", path, part) for part in (CONTENT[:4], CONTENT[4:])]
            refused = ask(registry, "PATCH", f"{UPLOADS}none", CONTENT)
            last = put(registry, path)

        assert [(one.status, one.headers["Range"]) for one in chunks] == [(201, "0-0"), (201, "0-0")]
        assert refused.status == 404
        assert last.status == 201
        assert ask(registry, "GET", CONTENT_PATH).body == CONTENT


class TestAll:
    def test_every_scenario_has_a_test(self) -> None:
        """Whoever adds one shows what it does."""
        tests = {name for group in (TestPulling, TestPushing) for name in vars(group)}

        assert {f"test_{name}" for name in MADE} <= tests

    @pytest.mark.parametrize("name", MADE)
    def test_it_is_made_of_the_same_values(self, name: str) -> None:
        """A scenario shows what it consists of, and has the name by which it is found."""
        make = MADE[name]
        made = make("cdn.test") if name == "redirected_to" else make()

        assert isinstance(made, Scenario)
        assert str(made) == made.name == name
        assert made.acts
        assert make.__doc__
        assert len(make.__doc__.strip().splitlines()) >= 1

    def test_the_list_of_what_is_armed(self) -> None:
        """Each of its parts is told for itself, and all of them end together."""
        registry = FakeRegistry()
        with registry.fault(scenarios.lost_put(), must_fire=False):
            assert registry.faults == [
                "LoseAnswer() on push_blob or put_upload, once",
                "LoseAnswer() on put_manifest, once",
            ]

        assert registry.faults == []

    def test_no_scenario_is_large_for_a_request_without_length(self) -> None:
        """small_chunks lets chunked transfer encoding pass, as the registry that it rehearses does."""
        (act,) = scenarios.small_chunks(most=6).acts
        assert act.target.where is not None

        assert not act.target.where(Request("PATCH", "/"))
        assert not act.target.where(Request("PATCH", "/", length=6))
        assert act.target.where(Request("PATCH", "/", length=7))

    def test_sizes_are_checked(self) -> None:
        """What a scenario is made with is checked by the faults that it is made of."""
        with pytest.raises(ValueError) as caught:
            scenarios.flaky_cdn(after=-1)

        assert str(caught.value) == "after is a whole number, 0 or more, got -1"

    @pytest.mark.parametrize(
        ("make", "told"),
        [
            (lambda: scenarios.small_chunks("4MiB"), "most is a whole number, 0 or more, got '4MiB'"),
            (lambda: scenarios.eventually_consistent(0), "reads is a whole number, 1 or more, got 0"),
            (lambda: scenarios.slow_line(latency=-1), "latency is a number, 0 or more, got -1"),
            (
                lambda: scenarios.redirected_to("http://cdn:1"),
                "host is host or host:port, such as registry.host, got a URL: 'http://cdn:1'",
            ),
        ],
    )
    def test_its_own_arguments_too(self, make: Callable[[], object], told: str) -> None:
        """They are named as the scenario names them."""
        with pytest.raises(ValueError) as caught:
            make()

        assert str(caught.value) == told

    def test_digests_tell_of_the_blob(self, registry: FakeRegistry) -> None:
        """What comes from a flaky network is the right blob as far as it comes."""
        with registry.fault(scenarios.flaky_cdn(after=30)):
            assert ask(registry, "GET", BLOB_PATH).headers["Docker-Content-Digest"] == BLOB_DIGEST
