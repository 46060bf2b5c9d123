"""What a failing assertion tells: the nearest requests, what differs, and what may be the reason."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest
from api import IMAGE, Api, encode, image, sha256

from fakereg.double.journal import Journal
from fakereg.double.journal.near_miss import COMPARED, LISTED

LAYER = b"layer"

Failure = Callable[..., str]


def _never(entry: object) -> bool:
    return False


def text(block: str) -> str:
    """What an indented block says."""
    return dedent(block).strip("\n")


class TestNearest:
    def test_wrong_tag(self, api: Api, journal: Journal, failure: Failure) -> None:
        """The request that differs in the tag alone comes first, and says so."""
        api.push_blob("team/app", b"{}")
        api.push_manifest("team/app", image(), "v1")

        said = failure(journal.assert_requested, "PUT", "/v2/team/app/manifests/v2").splitlines()
        assert said[0] == "no PUT /v2/team/app/manifests/v2 was seen; the nearest of 3 requests:"
        assert " ".join(said[1].split()) == "3 PUT /v2/team/app/manifests/v1 201 reference differs: wanted v2, got v1"
        assert said[2].startswith("   2  PUT /v2/team/app/blobs/uploads/")
        assert said[2].endswith("  201  endpoint differs: wanted put_manifest, got put_upload")

    def test_fields_are_aligned(self, api: Api, journal: Journal, failure: Failure) -> None:
        """Each field that differs has a line, below one another, and the registry's words follow."""
        api("GET", "/v2/team/base/manifests/v9")

        assert failure(journal.assert_requested, "HEAD", "/v2/team/app/manifests/v1", status=200) == text(
            """
            no HEAD /v2/team/app/manifests/v1 with status 200 was seen; the nearest of 1 request:
               1  GET /v2/team/base/manifests/v9  404  method differs:     wanted HEAD, got GET
                                                       repository differs: wanted team/app, got team/base
                                                       reference differs:  wanted v1, got v9
                                                       status differs:     wanted 200, got 404
                  NAME_UNKNOWN: repository team/base is not known: nothing was pushed to it
            """
        )

    @pytest.mark.parametrize(
        ("criteria", "difference"),
        [
            ({"repository": "team/x"}, "repository differs: wanted team/x, got team/app"),
            ({"reference": "v2"}, "reference differs: wanted v2, got v1"),
            ({"status": "2xx"}, "status differs: wanted 2xx, got 404"),
            ({"status": {401, 403}}, "status differs: wanted 401 or 403, got 404"),
            ({"header": "Range"}, "header Range differs: wanted any, got none"),
            ({"header": {"Accept": "a/c"}}, "header Accept differs: wanted a/c, got a/b"),
            ({"query": {"n": "2"}}, "query n differs: wanted 2, got 1"),
            ({"user": "ann"}, "user differs: wanted ann, got none"),
            ({"fault": "Delay"}, "fault differs: wanted Delay, got none"),
            ({"error": "DENIED"}, "error differs: wanted DENIED, got NAME_UNKNOWN or "),
            ({"connection": 4}, "connection differs: wanted 4, got 0"),
            ({"where": _never}, "where differs: wanted _never, got false"),
            ({"path": "/v2/team/app/manifests/v1?n=2"}, "path differs: wanted /v2/team/app/manifests/v1?n=2, got "),
            ({"path": "/else"}, "path differs: wanted /else, got /v2/team/app/manifests/v1?n=1"),
            ({"path": "/v2/team/app/blobs/sha256:1"}, "endpoint differs: wanted get_blob, got get_manifest"),
        ],
    )
    def test_every_field(
        self, api: Api, journal: Journal, failure: Failure, criteria: dict[str, object], difference: str
    ) -> None:
        """Whatever can be asked for can be told as a difference."""
        api("GET", "/v2/team/app/manifests/v1?n=1", headers={"Accept": "a/b"})

        assert difference in failure(journal.assert_requested, "GET", **criteria)

    def test_the_latest_of_equals(self, api: Api, journal: Journal, failure: Failure) -> None:
        """Of requests that are equally near the latest are shown, and not all of many."""
        for _ in range(50):
            api("GET", "/v2/team/app/manifests/v1")

        lines = failure(journal.assert_requested, "GET", "/v2/team/app/manifests/v2").splitlines()
        shown = [line.split()[0] for line in lines if "GET" in line][1:]
        assert shown == ["50", "49", "48", "47", "46"]

    def test_what_is_far_is_left_out(self, api: Api, journal: Journal, failure: Failure) -> None:
        """Where something is near, what has nothing to do with it is no noise."""
        api("GET", "/v2/team/app/manifests/v1")
        for number in range(5):
            api("POST", f"/v2/other/{number}/blobs/uploads/")

        said = failure(journal.assert_requested, "GET", "/v2/team/app/manifests/v2")
        assert said.splitlines()[1].startswith("   1  GET /v2/team/app/manifests/v1 ")
        assert said.count("POST /v2/other/") == 1

    def test_many_requests(self, journal: Journal, api: Api, failure: Failure) -> None:
        """Only the latest are compared, so that ten thousand requests are no wait; all are counted."""
        for _ in range(COMPARED + 10):
            api("GET", "/v2/")

        said = failure(journal.assert_requested, "GET", "/v2/team/app/tags/list")
        assert f"the nearest of {COMPARED + 10} requests:" in said

    def test_endless_paths(self, journal: Journal, api: Api, failure: Failure) -> None:
        """A client that sends endless text does not make the test wait for the comparison."""
        for number in range(50):
            api("GET", f"/v2/{'x/' * 30_000}{number}")

        said = failure(journal.assert_requested, "GET", f"/v2/{'y/' * 30_000}")
        assert max(map(len, said.splitlines()[1:])) < 5000

    def test_digests_and_ids_are_cut(self, api: Api, journal: Journal, failure: Failure) -> None:
        """In the lines that are compared, digests and upload ids are short; what was wanted stands in full."""
        api.push_blob("team/app", LAYER)
        said = failure(journal.assert_requested, digest=sha256(b"other"))

        first, *rest = said.splitlines()
        assert sha256(b"other") in first
        assert all(len(line) < 160 for line in rest)
        assert "?digest=sha256:dac1d7cf…" in said


class TestCounts:
    def test_too_many(self, api: Api, journal: Journal, failure: Failure) -> None:
        """All of them are listed, with what became of each."""
        for _ in range(3):
            api("GET", "/v2/team/app/manifests/v1")

        said = failure(journal.assert_requested, "GET", "/v2/team/app/manifests/v1", times=1).splitlines()
        assert said[0] == "GET /v2/team/app/manifests/v1 was seen 3 times, wanted 1:"
        assert [line for line in said if line.startswith("   ") and "404" in line] == [
            f"   {number}  GET /v2/team/app/manifests/v1  404" for number in (1, 2, 3)
        ]
        assert said[-1] == "hint: the client repeats a request whose answer is final"

    def test_far_too_many(self, api: Api, journal: Journal, failure: Failure) -> None:
        """Of a loop the first and the last are listed."""
        for _ in range(100):
            api("GET", "/v2/")

        said = failure(journal.assert_requested, "GET", "/v2/", times=1).splitlines()
        assert len(said) == LISTED + 2
        assert said[6].strip() == "(90 more requests)"
        assert said[-1].split()[0] == "100"

    def test_too_few(self, api: Api, journal: Journal, failure: Failure) -> None:
        """Those that were seen are listed, then what came near."""
        api("GET", "/v2/team/app/tags/list")
        api("GET", "/v2/team/app/tags/list", n=1)
        api("HEAD", "/v2/team/app/tags/list")

        said = failure(journal.assert_requested, "GET", "/v2/team/app/tags/list", query={"n": "1"}, times=2)
        assert said.startswith("GET /v2/team/app/tags/list with query n: 1 was seen once, wanted 2:\n   2  GET ")
        assert "the nearest others:" in said
        assert "query n differs: wanted 1, got none" in said


class TestHints:
    def test_nothing_arrived(self, journal: Journal, failure: Failure) -> None:
        """A client that never came was probably sent elsewhere."""
        said = failure(journal.assert_requested, "GET", "/v2/")

        assert said.startswith("no GET /v2/ was seen: no request arrived at all\nhint: was the client given ")

    def test_asked_only(self, api: Api, journal: Journal, failure: Failure) -> None:
        """A HEAD where a GET was expected."""
        api.push_image("team/app", "v1")
        api("HEAD", "/v2/team/app/manifests/v1")

        for criteria in ({"path": "/v2/team/app/manifests/v1"}, {"endpoint": "get_manifest"}):
            said = failure(journal.assert_requested, "GET", **criteria)
            assert "hint: a HEAD of it was seen: the client asked and did not pull" in said

    @pytest.mark.parametrize(
        ("asked", "lesson"),
        [
            ("GET /v2/team/app/manifests/v9", "nothing was pushed under that tag or digest"),
            ("GET /v2/other/manifests/v1", "nothing was ever pushed to that repository"),
            (f"GET /v2/team/app/blobs/{sha256(b'x')}", "the blob was not pushed to, or mounted in"),
            (f"PUT /v2/team/app/blobs/uploads/gone?digest={sha256(b'x')}", "start another upload"),
            (f"POST /v2/team/app/blobs/uploads/?digest={sha256(b'x')}", "not that of the bytes that were sent"),
            ("GET /v2/Team/tags/list", "lower case"),
            ("PUT /v2/team/app/manifests/v2", "Content-Type"),
            ("GET /v2/team/app/elsewhere", "see the registry's words above"),
        ],
    )
    def test_refused(self, api: Api, journal: Journal, failure: Failure, asked: str, lesson: str) -> None:
        """A request that was right and was refused: what its author does about it."""
        method, path = asked.split()
        api.push_image("team/app", "v1")
        api(method, path)

        said = failure(journal.assert_requested, method, path, status="2xx")
        assert f"hint: request {len(journal)} was the right one and was refused: " in said
        assert lesson in said

    def test_under_way(self, api: Api, journal: Journal, failure: Failure) -> None:
        """A request that has no answer yet."""
        api.begin("PUT", "/v2/team/app/manifests/v1", headers={"Content-Type": IMAGE})

        said = failure(journal.assert_requested, "PUT", status=201)
        assert "hint: request 1 is still under way" in said

    def test_a_fault(self, api: Api, journal: Journal, failure: Failure) -> None:
        """A fault that the client did not get over."""
        api("GET", "/v2/team/app/manifests/v1")
        journal[0].faults = ("Respond 404",)

        said = failure(journal.assert_requested, "GET", status=200)
        assert "      fault: Respond 404" in said.splitlines()
        assert "hint: request 1 met a fault and was not repeated with success" in said

    def test_only_greeted(self, api: Api, journal: Journal, failure: Failure) -> None:
        """A client that stopped after the first question."""
        api("GET", "/v2/")

        assert "asked for /v2/ and nothing else" in failure(journal.assert_requested, "PUT")

    def test_a_fault_and_then_success(self, api: Api, journal: Journal, failure: Failure) -> None:
        """A fault that the client got over, or another answer that was wanted, is no reason."""
        for status in (503, 200):
            api("GET", "/v2/team/app/manifests/v1")
            journal[-1].status = status
        journal[0].faults = ("Respond 503",)

        for status in (206, 404):
            said = failure(journal.assert_requested, "GET", "/v2/team/app/manifests/v1", status=status)
            assert "met a fault" not in said

    def test_about_the_greeting(self, api: Api, journal: Journal, failure: Failure) -> None:
        """To have asked for /v2/ alone is no reason where that is what is looked for."""
        api("GET", "/v2/")

        for criteria in ({"path": "/v2/"}, {"endpoint": "ping"}):
            assert "nothing else" not in failure(journal.assert_requested, "GET", header="Range", **criteria)

    def test_paths_outside(self, api: Api, journal: Journal, failure: Failure) -> None:
        """A path that the API cannot have, and the upload path without its slash."""
        api("POST", "/v2/team/app/blobs/uploads/")

        assert "start with /v2/" in failure(journal.assert_requested, "POST", "/team/app/blobs/uploads/")
        said = failure(journal.assert_requested, "POST", "/v2/team/app/blobs/uploads")
        assert "hint: the path of uploads ends with a slash" in said

    def test_no_http(self, api: Api, journal: Journal, failure: Failure) -> None:
        """What could not even be read."""
        entry = journal.open(type(api.begin("GET", "/v2/").exchange.request)("?", "?"))
        entry.error = "UNSUPPORTED: TLS"

        assert "1 request could not be read as HTTP: UNSUPPORTED: TLS" in failure(journal.assert_requested, "PUT")

    def test_first_without_credentials(self, api: Api, journal: Journal, failure: Failure) -> None:
        """Clients ask first without credentials, which counts."""
        api("GET", "/v2/")
        api("GET", "/v2/")
        journal[0].status = 401

        said = failure(journal.assert_requested, "GET", "/v2/", times=1)
        assert said.endswith('hint: clients ask once without credentials: count with status="2xx", or with user=')

    def test_forgotten(self, journal: Journal, failure: Failure, api: Api) -> None:
        """That a request may have been seen and forgotten is said."""
        request = api.begin("GET", "/v2/").exchange.request
        for _ in range(10_004):
            journal.open(request)

        last = failure(journal.assert_requested, "PUT").splitlines()[-1]
        assert last == "(5 earlier requests are not kept any more)"


def test_retries_before_success(api: Api, journal: Journal, failure: Failure) -> None:
    """A client that pushed the manifest first, then its blobs, then the manifest again."""
    body = encode(image(b"{}", (LAYER,)))
    api("PUT", "/v2/team/app/manifests/v1", body, headers={"Content-Type": IMAGE})
    api.push_image("team/app", "v1", layers=(LAYER,))

    said = failure(journal.assert_requested, "PUT", "/v2/team/app/manifests/v1", times=1)
    assert "MANIFEST_BLOB_UNKNOWN" in said
    assert 'count the successes with status="2xx"' in said
