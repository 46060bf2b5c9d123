"""What a test in another language does by requests is what a Python test does by methods."""

from __future__ import annotations

import json
import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from admin_client import V1, AdminClient
from raw_client import PATIENCE, PROMPT, Raw, eventually

from fakereg import FakeRegistry, File, Symlink, faults
from fakereg.control import desk
from fakereg.control.operations import contents
from fakereg.oci.errors import BadRequest

MANIFEST = "/v2/team/app/manifests/v1"


class TestApart:
    def test_nothing_of_it_is_in_the_journal(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """Requests to the admin API are none of the client's, whether they are right or wrong."""
        admin.get("journal")
        admin.ask("GET", "nothing")
        admin.ask("POST", "reset", b"{")

        assert list(registry.journal) == []
        assert registry.violations == []

    def test_what_is_no_request_is_not_either(self, registry: FakeRegistry) -> None:
        """What HTTP does not allow is a problem too, where it can be seen that it is meant for the admin API."""
        answer = registry._wire("127.0.0.1").refuse(BadRequest("one Host, no more"), "GET", f"{V1}/clock")

        assert (answer.status, answer.content_type) == (400, "application/problem+json")
        assert json.loads(answer.body)["detail"] == "one Host, no more"
        assert list(registry.journal) == []

    def test_no_fault_meets_it(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """A fault on every request, at the edge, leaves the admin API as it is."""
        registry.fault(faults.Respond(503), stage="edge", must_fire=False)
        admin.post("warnings", text="careful")

        clock = admin.ask("GET", "clock")

        assert clock.status == 200
        assert "Warning" not in clock.headers
        assert admin.ask("GET", "/v2/").status == 503

    def test_strict_mode_is_not_about_it(self) -> None:
        """What the admin API refuses is no violation of the client under test."""
        with FakeRegistry(strict=True) as registry:
            assert AdminClient(registry).ask("GET", "nothing").status == 404
            assert registry.violations == []

    def test_its_paths_are_its_own(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """What only begins like it belongs to the registry, and is in the journal."""
        answer = admin.ask("GET", "/_fakeregistry")

        assert answer.json["errors"][0]["code"] == "UNSUPPORTED"
        assert [entry.target for entry in registry.journal] == ["/_fakeregistry"]


class TestBodies:
    def test_too_much_is_refused_before_it_is_sent(self, registry: FakeRegistry) -> None:
        """What announces more than a route takes is answered at once, and the connection ends."""
        with Raw(registry) as connection:
            head = f"POST {V1}/reset HTTP/1.1\r\nHost: {registry.host}\r\nContent-Type: application/json\r\n"
            answer = connection.send(f"{head}Content-Length: 99999999\r\n\r\n".encode()).answer("POST")

            assert (answer.status, answer.json["type"].partition("#")[2]) == (413, "too-large")
            assert connection.half_close().is_closed()

    def test_a_body_that_waits_is_invited(self, registry: FakeRegistry) -> None:
        """curl waits a second for it with a body of any size, and only where it is wanted."""
        head = f"Host: {registry.host}\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
        with Raw(registry) as connection:
            connection.send(f"POST {V1}/reset HTTP/1.1\r\n{head}Content-Type: application/json\r\n\r\n".encode())
            invited, _ = connection.head()
            answer = connection.send(b"{}").answer("POST")
        with Raw(registry) as connection:
            refused = connection.send(f"POST {V1}/reset HTTP/1.1\r\n{head}\r\n".encode()).answer("POST")

        assert (invited, answer.status, refused.status) == (100, 204, 415)

    def test_a_client_that_vanishes(self, registry: FakeRegistry) -> None:
        """A body that never comes to its end changes nothing."""
        registry.seed("team/app:v1")
        with Raw(registry) as connection:
            head = f"POST {V1}/reset HTTP/1.1\r\nHost: {registry.host}\r\nContent-Type: application/json\r\n"
            connection.send(f"{head}Content-Length: 2\r\n\r\n{{".encode()).reset()

        assert AdminClient(registry).get("/_fakereg/health")["counts"]["tags"] == 1

    def test_a_client_that_does_not_wait(
        self,
        registry: FakeRegistry,
        admin: AdminClient,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """Once the body is complete the work is done, also if nobody reads the answer."""
        registry.seed("team/app:v1")
        archive = admin.ask("GET", "export").body
        registry.reset()
        begun, may_go_on, load = threading.Event(), threading.Event(), contents.load_archive

        def slow(*arguments: Any, **options: Any) -> list[str]:
            begun.set()
            may_go_on.wait(PATIENCE)
            return load(*arguments, **options)

        monkeypatch.setattr(contents, "load_archive", slow)
        head = f"POST {V1}/load HTTP/1.1\r\nHost: {registry.host}\r\nContent-Type: application/x-tar\r\n"
        with Raw(registry) as connection:
            connection.send(f"{head}Content-Length: {len(archive)}\r\n\r\n".encode() + archive)
            assert begun.wait(PATIENCE)
            connection.reset()
        admin.get("/_fakereg/health")
        may_go_on.set()

        eventually(lambda: registry.repositories == ["team/app"])
        assert caplog.records == []


class TestHealth:
    def test_a_reset_does_not_wipe_it(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """Its uptime goes on, whatever becomes of the clock; its counts are those of the moment."""
        registry.seed("team/app:v1")
        admin.post("clock/advance", seconds=3600)
        before = admin.get("/_fakereg/health")
        admin.post("reset")
        after = admin.get("/_fakereg/health")

        assert (before["counts"]["tags"], after["counts"]["tags"]) == (1, 0)
        assert before["counts"]["bytes"] > after["counts"]["bytes"] == 0
        assert before["uptime"] <= after["uptime"] < 3600


class TestFaults:
    def test_it_fires_and_tells_on_what(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """A fault that came as JSON works as one from Python, and its answers can be looked at."""
        registry.seed("team/app:v1")
        armed = admin.post("faults", fault="Respond", status=429, retry_after=7, on="end-3", times=2)
        answers = [admin.ask("GET", MANIFEST) for _ in range(3)]
        told = admin.get(f"faults/{armed['id']}")

        assert [(one.status, one.headers["Retry-After"]) for one in answers] == [(429, "7"), (429, "7"), (200, None)]
        assert (armed["fired"], told["fired"], told["seen"], told["requests"]) == (0, 2, 3, [1, 2])
        assert told["name"] == "Respond(429, retry_after=7) on get_manifest, head_manifest, 2 times".replace(
            ", head", " or head"
        )
        assert told["acts"][0]["faults"] == [{"fault": "Respond", "status": 429, "retry_after": 7}]
        assert registry.faults == [told["acts"][0]["description"]]

    def test_several_on_one_request(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """Given as a list they work together, and leave no doubt whose field `after` is."""
        registry.seed("team/app:v1")
        admin.post(
            "faults",
            faults=[{"fault": "SetHeader", "name": "X-A", "value": "1"}, {"fault": "SetStatus", "status": 203}],
            on=["get_manifest", "head_manifest"],
            after=1,
            header={"X-Wanted": "*"},
        )
        asked = [admin.ask("GET", MANIFEST, headers={"X-Wanted": "yes"}) for _ in range(2)]

        assert [(one.status, one.headers["X-A"]) for one in asked] == [(200, None), (203, "1")]

    @pytest.mark.parametrize(
        ("during", "told"),
        [
            ("forever", [0, "forever"]),
            ([1, "forever"], [1, "forever"]),
            ([1, 2.5], [1, 2.5]),
            (60, [0, 60]),
            (None, None),
        ],
    )
    def test_how_long(self, registry: FakeRegistry, admin: AdminClient, during: Any, told: Any) -> None:
        """Seconds without end have a word, as JSON has no infinity; what is told can be sent again."""
        armed = admin.post("faults", fault="Respond", status=503, during=during, on="ping")
        again = admin.post("faults", fault="Respond", status=503, during=armed["acts"][0]["during"], on="ping")

        assert armed["acts"][0]["during"] == again["acts"][0]["during"] == told
        assert registry.faults[0] == registry.faults[1]

    def test_how_long_from_python(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """A fault that was armed in Python for infinitely many seconds is told in the same way."""
        registry.fault(faults.Respond(503), during=math.inf, must_fire=False)
        registry.fault(faults.Respond(503), during=(1, math.inf), must_fire=False)
        answer = admin.ask("GET", "faults")

        assert b"Infinity" not in answer.body
        assert [one["acts"][0]["during"] for one in answer.json["faults"]] == [[0, "forever"], [1, "forever"]]

    def test_a_field_of_the_fault_comes_first(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """Beside a single fault `after` is the bytes of Truncate, not the requests that are let pass."""
        armed = admin.post("faults", fault="Truncate", after=3, on="get_manifest", times=1)

        (act,) = armed["acts"]
        assert act["faults"] == [{"fault": "Truncate", "after": 3}]
        assert (act["after"], act["times"], act["on"]) == (0, 1, ["get_manifest"])
        assert len(registry.faults) == 1

    def test_a_scenario(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """By its name and arguments; it is one fault with several acts, removed at once."""
        armed = admin.post("faults", scenario="rate_limited", arguments={"times": 1})
        first = admin.ask("GET", MANIFEST)
        admin.ask("DELETE", f"faults/{armed['id']}")

        assert first.status == 429
        assert first.headers["RateLimit-Limit"] == "100;w=21600"
        assert admin.get("faults") == {"faults": []}
        assert registry.faults == []

    def test_those_of_python_are_listed_too(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """In the order in which they work, each under an id by which it can be removed."""
        armed = registry.fault(faults.Reset(), on="get_blob", name="mine", must_fire=False)
        admin.post("faults", fault="Stall")
        listed = admin.get("faults")["faults"]

        assert [one["name"] for one in listed] == ["mine", "Stall() on any request"]
        assert admin.ask("DELETE", f"faults/{listed[0]['id']}").status == 200
        assert registry.faults == ["Stall() on any request"]
        assert armed.fired == 0

    def test_removing_tells_what_it_did(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """The answer is what was told of the fault while it was armed; of all faults it is their list."""
        fired = admin.post("faults", fault="Respond", status=503, on="ping")
        other = admin.post("faults", fault="Stall", on="get_blob")
        admin.ask("GET", "/v2/")
        (listed, _) = admin.get("faults")["faults"]
        removed = admin.ask("DELETE", f"faults/{fired['id']}", must_fire="true")
        rest = admin.ask("DELETE", "faults")

        assert removed.json == listed
        assert (removed.json["fired"], removed.json["requests"]) == (1, [1])
        assert [(one["id"], one["fired"]) for one in rest.json["faults"]] == [(other["id"], 0)]
        assert registry.faults == []

    def test_one_that_must_fire(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """With must_fire, one that never did is told in the words of Python's `with`, and removed all the same."""
        fault = faults.Respond(503)
        with pytest.raises(AssertionError) as raised, registry.fault(fault, on="put_manifest"):
            admin.ask("GET", "/v2/")
        registry.reset()
        armed = admin.post("faults", fault="Respond", status=503, on="put_manifest")
        admin.ask("GET", "/v2/")
        removed = admin.ask("DELETE", f"faults/{armed['id']}", must_fire="true")

        assert removed.status == 409
        assert removed.problem["type"].endswith("#assertion-failed")
        assert removed.problem["detail"] == str(raised.value)
        assert removed.problem["detail"].startswith("the fault never fired: Respond(503) on put_manifest, as no ")
        assert registry.faults == []

    def test_all_of_them_must_fire(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """Each that did not is told; all are removed, those that fired too."""
        admin.post("faults", fault="Respond", status=503, on="ping", name="first")
        admin.post("faults", fault="Stall", on="get_blob", name="second")
        admin.post("faults", fault="SetStatus", status=201, on="ping", after=1, name="third")
        admin.ask("GET", "/v2/")
        removed = admin.ask("DELETE", "faults", must_fire="true")

        detail = removed.problem["detail"]
        assert removed.status == 409
        assert "first" not in detail
        assert "the fault never fired: second, as no request fitted" in detail
        assert "the fault never fired: third; a request fitted, but its limits kept it from firing:" in detail
        assert registry.faults == []

    def test_removed_in_python(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """A fault that is gone is not listed any more, and its id does not come again."""
        with registry.fault(faults.Reset(), must_fire=False):
            first = admin.get("faults")["faults"][0]["id"]
        second = admin.post("faults", fault="Stall")["id"]

        assert first != second
        assert [one["id"] for one in admin.get("faults")["faults"]] == [second]

    def test_isolated_brings_them_back(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """Inside of isolated() there are none; afterwards they are there under their ids."""
        armed = admin.post("faults", fault="Stall")
        with registry.isolated():
            inside = admin.get("faults")["faults"]

        assert inside == []
        assert admin.get(f"faults/{armed['id']}")["name"] == armed["name"]


class TestJournal:
    def test_criteria(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """The query parameters are those of journal.requests; only what fits is told."""
        registry.seed("team/app:v1")
        admin.ask("GET", MANIFEST, headers={"Accept": "*/*"})
        admin.ask("GET", "/v2/team/app/manifests/v2")
        admin.ask("GET", "/v2/team/app/tags/list?n=5")

        def found(**query: Any) -> list[int]:
            return [entry["number"] for entry in admin.get("journal", **query)["requests"]]

        assert found() == [1, 2, 3]
        assert found(endpoint=["list_tags_page", "end-4a"]) == [3]
        assert found(status="4xx") == found(error="MANIFEST_UNKNOWN") == [2]
        assert found(status=200, repository="team/*", after=1) == [3]
        assert found(path="/v2/*/manifests/*", header="Accept=*/*") == [1]
        assert found(query="n=5") == found(query="n") == [3]
        assert found(user="") == [1, 2, 3]
        assert admin.get("journal", status=200)["last"] == 3

    def test_forms(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """JSON lines, HAR and a script of curl hold the same requests as the journal itself."""
        admin.ask("GET", "/v2/")
        lines = admin.ask("GET", "journal", format="jsonl")
        har = admin.ask("GET", "journal", format="har")
        script = admin.ask("GET", "journal", format="curl")

        assert [json.loads(line)["target"] for line in lines.body.splitlines()] == ["/v2/"]
        assert lines.headers["Content-Type"] == "application/jsonl"
        assert har.json["log"]["entries"][0]["request"]["url"] == f"{registry.url}/v2/"
        assert '"$FAKEREG_URL"/v2/' in script.body.decode()

    def test_waiting(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """The answer comes with the request that was waited for, and the registry goes on meanwhile."""
        with ThreadPoolExecutor() as pool:
            waiting = pool.submit(admin.get, "journal", wait=20, times=2, path="/v2/")
            eventually(lambda: len(registry.journal._subscribers) > 0)
            admin.ask("GET", "/v2/")
            admin.ask("HEAD", "/v2/")
            found = waiting.result()

        assert [entry["method"] for entry in found["requests"]] == ["GET", "HEAD"]

    def test_waiting_in_vain(self, admin: AdminClient) -> None:
        """After so many seconds the problem says what came instead."""
        admin.ask("GET", "/v2/")

        problem = admin.ask("GET", "journal", wait=0, method="PUT").problem

        assert problem["status"] == 408
        assert problem["detail"].startswith("after 0 s: no PUT was seen; the nearest of 1 request:\n   1  GET /v2/")

    def test_asserting(self, admin: AdminClient) -> None:
        """What holds is 200 with the count; what does not is told as a Python test is told it."""
        admin.ask("GET", "/v2/")
        seen = admin.post("journal/assert", method="GET", path="/v2/", times=1, status="2xx")
        none = admin.post("journal/assert", method="PUT", times=0)
        failed = admin.ask("POST", "journal/assert", {"method": "GET", "path": "/v2/", "times": 2})

        assert (seen, none) == ({"seen": 1}, {"seen": 0})
        assert failed.status == 409
        assert failed.problem["detail"].startswith("GET /v2/ was seen once, wanted 2:\n   1  GET /v2/  200")


class TestAssertions:
    """Every kind, where it holds and where it does not."""

    def test_order(self, admin: AdminClient) -> None:
        """Steps are endpoints, or criteria; the step that came too early is named."""
        admin.ask("GET", "/v2/")
        admin.ask("GET", MANIFEST)
        steps = ["ping", {"method": "GET", "path": MANIFEST, "status": 404}]
        held = admin.post("journal/assert", **{"assert": "order", "steps": steps})
        failed = admin.ask("POST", "journal/assert", {"assert": "order", "steps": steps[::-1]})

        assert held == {}
        assert failed.status == 409
        assert failed.problem["detail"].startswith("step 2 of 2, request with endpoint ping, was not seen after ")

    def test_not_requested(self, admin: AdminClient) -> None:
        """Without criteria it is nothing at all."""
        nothing = admin.post("journal/assert", **{"assert": "not_requested"})
        admin.ask("GET", "/v2/")
        no_put = admin.post("journal/assert", **{"assert": "not_requested", "method": "PUT"})
        failed = admin.ask("POST", "journal/assert", {"assert": "not_requested"})

        assert nothing == no_put == {"seen": 0}
        assert failed.problem["detail"].splitlines()[1] == "   1  GET /v2/  200"

    def test_pushed(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """The manifest was put, and the registry holds all of the image, which requests alone do not tell."""
        image = registry.seed("team/app:v1")
        kind = {"Content-Type": image.media_type}
        admin.ask("PUT", "/v2/team/app/manifests/v2", image.body, headers=kind)
        held = admin.post("journal/assert", **{"assert": "pushed", "image": "team/app:v2"})
        admin.ask("DELETE", f"/v2/team/app/blobs/{image.layers[0]}")
        failed = admin.ask("POST", "journal/assert", {"assert": "pushed", "image": "team/app:v2"})

        assert held == {}
        assert failed.status == 409
        assert failed.problem["detail"].startswith(
            f"team/app:v2 was pushed and is not whole: 1 part of it missing in team/app:\n  blob {image.layers[0]}, "
        )

    def test_pulled(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """The manifest alone, or with `whole` its blobs too."""
        image = registry.seed("team/app:v1")
        admin.ask("GET", MANIFEST)
        held = admin.post("journal/assert", **{"assert": "pulled", "image": "team/app:v1"})
        failed = admin.ask("POST", "journal/assert", {"assert": "pulled", "image": "team/app:v1", "whole": True})
        for digest in image.blobs:
            admin.ask("GET", f"/v2/team/app/blobs/{digest}")
        whole = admin.post("journal/assert", **{"assert": "pulled", "image": "team/app:v1", "whole": True})

        assert held == whole == {}
        assert failed.problem["detail"].startswith("the manifest of team/app:v1 was pulled, and 2 blobs of it not:")

    def test_blobs(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """A mount is no upload, and an upload no mount; of both the place can be said."""
        layer = registry.seed("team/base:v1").layers[0]
        admin.ask("POST", f"/v2/team/app/blobs/uploads/?mount={layer}&from=team/base")
        mounted = {"assert": "mounted", "digest": layer, "into": "team/app"}
        assert admin.post("journal/assert", **mounted) == {}
        assert admin.post("journal/assert", **mounted, **{"from": "team/base"}) == {}
        elsewhere = admin.ask("POST", "journal/assert", {**mounted, "from": "team/other"})
        not_sent = admin.ask("POST", "journal/assert", {"assert": "uploaded_once", "digest": layer})
        content = registry.repository("team/base").blob(layer)
        admin.ask("POST", f"/v2/team/new/blobs/uploads/?digest={layer}", content)
        sent = admin.post("journal/assert", **{"assert": "uploaded_once", "digest": layer, "into": "team/new"})

        assert sent == {}
        assert elsewhere.problem["detail"].startswith(f"{layer} was not mounted in team/app from team/other; ")
        assert not_sent.problem["detail"].endswith("\nhint: it was mounted instead, by request 1")

    def test_uploads(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """An upload that was left open is told; a blob that a manifest in the store names is used."""
        image = registry.seed("team/app:v1")
        content = registry.repository("team/app").blob(image.layers[0])
        admin.ask("POST", f"/v2/team/app/blobs/uploads/?digest={image.layers[0]}", content)
        held = admin.post("journal/assert", **{"assert": "no_unused_uploads"})
        admin.ask("POST", "/v2/team/app/blobs/uploads/")
        failed = admin.ask("POST", "journal/assert", {"assert": "no_unused_uploads"})

        assert held == {}
        assert failed.status == 409
        assert failed.problem["detail"].startswith("1 upload opened, and neither closed nor cancelled:\n   2  POST ")

    def test_violations(self, admin: AdminClient) -> None:
        """What was forbidden and asked all the same is told, until it is forgotten."""
        admin.post("forbid", method="DELETE", reason="we keep everything")
        held = admin.post("journal/assert", **{"assert": "no_violations"})
        admin.ask("DELETE", MANIFEST)
        failed = admin.ask("POST", "journal/assert", {"assert": "no_violations"})
        admin.ask("DELETE", "violations")

        assert held == admin.post("journal/assert", **{"assert": "no_violations"}) == {}
        assert failed.status == 409
        told = "a request should not have been sent:\nforbidden: we keep everything\n"
        assert failed.problem["detail"].startswith(f"{told}   1  404  DELETE {MANIFEST}  ")


class TestStopping:
    def test_a_long_poll_does_not_keep_it(self) -> None:
        """Whoever waits loses the connection at once when the registry stops."""
        registry = FakeRegistry().start()
        with Raw(registry) as connection:
            connection.send(f"GET {V1}/journal?wait=600 HTTP/1.1\r\nHost: {registry.host}\r\n\r\n".encode())
            eventually(lambda: len(registry.journal._subscribers) > 0)
            journal = registry.journal
            started = time.monotonic()
            registry.stop()
            took = time.monotonic() - started

            assert connection.is_closed()
        assert took < PROMPT
        assert journal._subscribers == []

    def test_a_client_that_hangs_up_is_forgotten(self, registry: FakeRegistry) -> None:
        """Nobody waits for a client that is gone."""
        with Raw(registry) as connection:
            connection.send(f"GET {V1}/journal?wait=600 HTTP/1.1\r\nHost: {registry.host}\r\n\r\n".encode())
            eventually(lambda: len(registry.journal._subscribers) > 0)
            connection.reset()

            eventually(lambda: registry.journal._subscribers == [])


class TestState:
    def test_there_and_back(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """A snapshot is restored by its id, compared with now, and with another one."""
        registry.seed("team/app:v1")
        admin.post("snapshots", id="seeded")
        registry.seed("team/app:v2")
        later = admin.post("snapshots")["id"]
        changes = admin.get("snapshots/seeded/diff")
        admin.post("snapshots/seeded/restore")

        assert (changes["changed"], changes["pushed"]) == (True, ["team/app:v2"])
        assert changes["lines"][0].startswith("team/app:v2 was pushed: sha256:")
        assert registry.repository("team/app").tags == ["v1"]
        assert not admin.get("snapshots/seeded/diff")["changed"]
        assert admin.get("snapshots/seeded/diff", to=later)["pushed"] == ["team/app:v2"]

    def test_snapshots_outlive_a_reset(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """They are the test's, until it deletes them."""
        registry.seed("team/app:v1")
        admin.post("snapshots", id="seeded")
        admin.post("reset")
        admin.post("snapshots/seeded/restore")
        admin.ask("DELETE", "snapshots/seeded")

        assert registry.repositories == ["team/app"]
        assert admin.get("snapshots") == {"snapshots": []}

    def test_snapshots_are_not_kept_without_end(self, admin: AdminClient, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whoever never deletes one is told so before the memory is full."""
        monkeypatch.setattr(desk, "MOST_SNAPSHOTS", 2)
        admin.post("snapshots")
        admin.post("snapshots")

        answer = admin.ask("POST", "snapshots")

        assert answer.problem["detail"] == ("2 snapshots are kept already, and keep alive what they hold: delete some")

    def test_a_clock_is_never_at_infinity(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """JSON could not tell of it: what is too much for a number is refused, and the clock stays where it is."""
        registry.clock.freeze()
        admin.post("clock/advance", seconds=1e308)
        answer = admin.ask("POST", "clock/advance", {"seconds": 1e308})

        assert answer.status == 422
        assert answer.problem["errors"][0]["field"] == "seconds"
        assert answer.problem["detail"].startswith("seconds are too many: a clock only goes forward, and not for ever")
        assert admin.get("clock")["now"] == 1e308

    def test_the_clock(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """It stops, moves by hand, and goes on; uploads expire by it."""
        upload = admin.ask("POST", "/v2/team/app/blobs/uploads/").headers["Location"].removeprefix(registry.url)
        frozen = admin.post("clock/freeze")
        advanced = admin.post("clock/advance", seconds=3601)
        thawed = admin.post("clock/thaw")

        assert (frozen["frozen"], advanced["frozen"], thawed["frozen"]) == (True, True, False)
        assert advanced["now"] == frozen["now"] + 3601
        assert admin.ask("GET", upload).status == 404

    def test_settings_change_while_it_serves(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """Content stays, later requests obey, the journal goes on; a reset returns to how it was made."""
        registry.seed("team/app:v1")
        registry.seed("team/app:v2")
        changed = admin.ask("PATCH", "settings", {"page_maximum": 1, "deletes": "off"}).json["settings"]
        page = admin.ask("GET", "/v2/team/app/tags/list")
        refused = admin.ask("DELETE", MANIFEST)
        admin.post("reset")

        assert (changed["page_maximum"], changed["deletes"], changed["sparse"]) == (1, "off", "refuse")
        assert page.json["tags"] == ["v1"]
        assert refused.status == 405
        assert admin.get("settings")["settings"]["page_maximum"] is None
        assert registry.profile.page_maximum is None

    def test_configure_in_python(self, registry: FakeRegistry) -> None:
        """A block of isolated() begins with the settings of the registry, and those of before return after it."""
        registry.configure(page_maximum=1)
        with registry.isolated():
            inside = registry.profile.page_maximum

        assert (inside, registry.profile.page_maximum) == (None, 1)
        with pytest.raises(ValueError, match="setting 'page_maximum' takes a whole number"):
            registry.configure(page_maximum=0)
        assert registry.profile.page_maximum == 1

    def test_violations(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """What was forbidden and asked all the same is listed, until it is forgotten."""
        admin.post("forbid", method="DELETE", reason="we keep everything")
        admin.ask("DELETE", MANIFEST)
        (violation,) = admin.get("violations")["violations"]
        listed = admin.get("forbid")["forbidden"]
        admin.ask("DELETE", "violations")

        assert violation["reason"] == "forbidden: we keep everything"
        assert violation["request"]["target"] == MANIFEST
        assert listed == [{"requests": "DELETE", "reason": "forbidden: we keep everything"}]
        assert registry.violations == []

    def test_warnings(self, admin: AdminClient) -> None:
        """What is warned of is on the answers, and listed."""
        listed = admin.post("warnings", text="careful", on="end-1")

        assert listed == {"warnings": [{"text": "careful", "on": "end-1"}]}
        assert admin.ask("GET", "/v2/").headers["Warning"] == '299 - "careful"'


class TestContents:
    def test_seeding(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """The same image as a Python test seeds, digest for digest."""
        given = admin.post(
            "seed",
            image="team/app:v1",
            layers=[{"etc/motd": "hi", "bin/x": {"base64": "AAE=", "mode": "755"}, "bin/y": {"symlink": "x"}}],
            config={"Env": ["A=1"]},
            annotations={"a": "b"},
        )
        same = FakeRegistry().seed(
            "team/app:v1",
            layers=[{"etc/motd": "hi", "bin/x": File(b"\0\1", 0o755), "bin/y": Symlink("x")}],
            config={"Env": ["A=1"]},
            annotations={"a": "b"},
        )

        assert given["digest"] == same.digest == registry.repository("team/app").manifest("v1").digest
        assert given["reference"] == f"{registry.host}/team/app:v1"
        assert given["layers"] == list(same.layers)

    def test_an_artifact_and_an_index(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """Platforms make an index; a subject makes a referrer, of bytes that come in base64."""
        index = admin.post("seed", image="team/app:v1", platforms=["linux/amd64", "linux/arm64"])
        artifact = admin.post(
            "seed", image="team/app", artifact_type="text/plain", subject=index["digest"], layers=[{"base64": "aGk="}]
        )

        assert len(index["children"]) == 2
        assert artifact["tag"] is None
        (referrer,) = registry.repository("team/app").referrers(index["digest"])
        assert referrer.digest == artifact["digest"]
        assert registry.repository("team/app").blob(artifact["layers"][0]) == b"hi"

    def test_looking(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """A repository is shown with all that it holds, and its bytes are given out."""
        image = registry.seed("team/app:v1")
        admin.ask("POST", "/v2/team/app/blobs/uploads/")
        held = admin.get("repositories/team/app")
        escaped = admin.get("repositories/team%2Fapp")
        manifest = admin.ask("GET", f"repositories/team/app/manifests/{image.digest}")

        assert held == escaped
        assert held["tags"] == {"v1": image.digest}
        assert [one["tags"] for one in held["manifests"]] == [["v1"]]
        assert {one["digest"] for one in held["blobs"]} == set(image.blobs)
        assert [one["size"] for one in held["uploads"]] == [0]
        assert manifest.body == image.body
        assert manifest.headers["X-Media-Type"] == image.media_type
        assert admin.get("repositories") == {"repositories": ["team/app"]}

    def test_a_large_archive_is_streamed(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """More than is kept in memory while it arrives, and more than one write of an answer."""
        layer = bytes(20 * 1024 * 1024)
        image = registry.seed("team/app:v1", layers=[layer])
        archive = admin.ask("GET", "export", repository="team/app", format="oci-archive").body
        registry.reset()
        admin.ask("POST", "load", archive, headers={"Content-Type": "application/x-tar"}, repository="team/app")

        assert registry.repository("team/app").blob(image.layers[0]) == layer

    def test_many_at_once(self, admin: AdminClient) -> None:
        """Requests of several clients do not disturb each other."""
        with ThreadPoolExecutor(8) as pool:
            ids = list(pool.map(lambda _: admin.post("faults", fault="Stall", on="get_blob")["id"], range(40)))

        assert len(set(ids)) == 40
        assert len(admin.get("faults")["faults"]) == 40
        assert threading.active_count() < 40
