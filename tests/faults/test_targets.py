"""Which requests a fault is for: endpoints, paths, names, headers, conditions, and connections."""

from __future__ import annotations

from typing import Any

import pytest
from on_the_wire import BLOB_DIGEST, BLOB_PATH, BY_DIGEST, MANIFEST_DIGEST, NAME, REFERRERS, TAG, TAGS, UPLOADS
from unplugged import send

from fakereg import FakeRegistry, faults
from fakereg.double.armed import Act
from fakereg.double.scenario import Scenario
from fakereg.double.target import Target
from fakereg.registry.endpoints import ENDPOINTS

FAULT = faults.Respond(503)


def hit(registry: FakeRegistry, method: str, target: str, /, **headers: str) -> bool:
    """Whether a request meets the fault."""
    return send(registry, method, target, **headers).status == 503


class TestEndpoints:
    @pytest.mark.parametrize("label", ["get_manifest", "end-3", ["end-3"], ("get_manifest", "get_blob")])
    def test_by_name_or_id(self, offline: FakeRegistry, label: Any) -> None:
        """An endpoint is named by its name, by its id, or among several."""
        offline.fault(FAULT, on=label)

        assert hit(offline, "GET", TAG)
        assert not hit(offline, "GET", TAGS)

    def test_an_id_stands_for_all_its_rows(self, offline: FakeRegistry) -> None:
        """end-3 is GET and HEAD of a manifest, and v1.1's end-7 is end-7a."""
        offline.fault(FAULT, on=["end-3", "end-7"])

        assert [hit(offline, method, TAG) for method in ("GET", "HEAD", "PUT", "DELETE")] == [True, True, True, False]

    def test_every_endpoint_can_be_named(self, offline: FakeRegistry) -> None:
        """The endpoint table and the targets of faults are the same."""
        armed = offline.fault(FAULT, on=[endpoint.name for endpoint in ENDPOINTS])

        assert armed.rules[0].act.target.endpoints == tuple(endpoint.name for endpoint in ENDPOINTS)

    def test_the_first_row_that_takes_it_counts(self, offline: FakeRegistry) -> None:
        """A POST that mounts is no start of an upload, and a filtered list of referrers is not the whole list."""
        offline.fault(FAULT, on=["mount_blob", "filter_referrers"])

        assert not hit(offline, "POST", UPLOADS)
        assert hit(offline, "POST", f"{UPLOADS}?mount={BLOB_DIGEST}&from={NAME}")
        assert not hit(offline, "GET", REFERRERS)
        assert hit(offline, "GET", f"{REFERRERS}?artifactType=a")

    def test_without_one_it_is_for_all(self, offline: FakeRegistry) -> None:
        """A fault without a target fires on whatever is asked."""
        offline.fault(FAULT)

        assert all(hit(offline, "GET", target) for target in ("/v2/", TAG, TAGS, BLOB_PATH))

    @pytest.mark.parametrize(
        ("fault", "endpoints"),
        [
            (faults.IgnoreRange(), ("get_blob",)),
            (faults.WrongContentRange(), ("get_blob",)),
            (faults.MultipartRange(), ("get_blob",)),
            (faults.IgnoreFilter(), ("filter_referrers",)),
            (faults.DeclineMount(), ("mount_blob",)),
            (faults.ForgetUpload(), ("patch_upload", "put_upload", "get_upload", "cancel_upload")),
            (faults.PartialAccept(1), ("patch_upload",)),
            (faults.StaleRead(), ("get_blob", "head_blob", "get_manifest", "head_manifest")),
            (
                faults.LaggingList(),
                ("list_tags_page", "list_tags", "filter_referrers", "get_referrers", "catalog"),
            ),
            (faults.EndlessPages(), ("list_tags_page", "list_tags", "filter_referrers", "get_referrers", "catalog")),
            (faults.Relocate(), ("mount_blob", "start_upload_with", "start_upload", "patch_upload", "get_upload")),
            (faults.Reset("upload"), ("push_blob", "patch_upload", "put_upload", "put_manifest_tags", "put_manifest")),
            (faults.SlowTls(1), ("connect",)),
            (faults.Reset(), ()),
        ],
        ids=str,
    )
    def test_where_it_makes_sense(self, offline: FakeRegistry, fault: faults.Fault, endpoints: tuple[str, ...]) -> None:
        """A fault that makes sense in some places fires there, unless it is told where."""
        armed = offline.fault(fault)
        told = endpoints[-1] if endpoints else "ping"
        elsewhere = offline.fault(fault, on=told)

        assert set(armed.rules[0].act.target.endpoints) == set(endpoints)
        assert elsewhere.rules[0].act.target.endpoints == (told,)

    @pytest.mark.parametrize(
        ("fault", "better"),
        [
            (faults.IgnoreRange(), "get_blob"),
            (faults.MultipartRange(), "get_blob"),
            (faults.IgnoreFilter(), "filter_referrers"),
            (faults.DeclineMount(), "mount_blob"),
            (faults.ForgetUpload(), "patch_upload or put_upload or get_upload or cancel_upload"),
            (faults.PartialAccept(1), "patch_upload"),
            (
                faults.Reset("upload"),
                "push_blob or patch_upload or put_upload or put_manifest or put_manifest_tags",
            ),
        ],
        ids=str,
    )
    def test_where_it_would_do_nothing(self, offline: FakeRegistry, fault: faults.Fault, better: str) -> None:
        """It would count as fired and rehearse nothing, so it is not armed there, alone or beside others."""
        for what in ([fault], [faults.Delay(0), fault]):
            with pytest.raises(ValueError) as caught:
                offline.fault(*what, on=["head_manifest", "get_manifest"])
            told = f"{fault} does nothing on get_manifest or head_manifest: it makes sense on {better}"
            assert str(caught.value) == told
        with pytest.raises(ValueError, match="does nothing on ping"):
            offline.fault(Scenario("own", (Act((fault,), Target(("ping",))),)))
        offline.fault(fault, on=[better.partition(" ")[0], "ping"])

        assert len(offline.faults) == 1

    def test_two_that_are_for_different_places(self, offline: FakeRegistry) -> None:
        """Faults of one call fire on the same requests: there is none for both of these."""
        with pytest.raises(ValueError) as caught:
            offline.fault(faults.IgnoreRange(), faults.IgnoreFilter())

        assert str(caught.value) == "IgnoreFilter() does nothing on get_blob: it makes sense on filter_referrers"

    def test_elsewhere_others_do_something(self, offline: FakeRegistry) -> None:
        """Where most uses of a fault are is not where all of them are: a manifest's Location can be another one."""
        for fault in (faults.Relocate(absolute=True), faults.StaleRead(), faults.EndlessPages(), faults.Reset("after")):
            assert offline.fault(fault, on="put_manifest").rules[0].act.target.endpoints == ("put_manifest",)

    def test_with_several_faults_the_choosy_one_decides(self, offline: FakeRegistry) -> None:
        """A delay that comes with IgnoreRange is for blobs, as IgnoreRange is."""
        armed = offline.fault(faults.Delay(0), faults.IgnoreRange())

        assert armed.rules[0].act.target.endpoints == ("get_blob",)


class TestPartsOfARequest:
    def test_method(self, offline: FakeRegistry) -> None:
        """In upper or lower case."""
        offline.fault(FAULT, method="head")

        assert hit(offline, "HEAD", TAG)
        assert not hit(offline, "GET", TAG)

    def test_path(self, offline: FakeRegistry) -> None:
        """A glob on the whole path, in which * takes slashes too; the query does not matter."""
        offline.fault(FAULT, path="/v2/team/*/list")

        assert hit(offline, "GET", TAGS)
        assert hit(offline, "GET", f"{TAGS}?n=1")
        assert not hit(offline, "GET", TAG)

    def test_repository(self, offline: FakeRegistry) -> None:
        """A glob on the name."""
        offline.seed("other/app:v1")
        offline.fault(FAULT, repository="team/*")

        assert hit(offline, "GET", TAG)
        assert hit(offline, "POST", UPLOADS)
        assert not hit(offline, "GET", "/v2/other/app/manifests/v1")
        assert not hit(offline, "GET", "/v2/")  # has no name at all

    def test_reference(self, offline: FakeRegistry) -> None:
        """A glob on the tag or digest in the path, of manifests, blobs and referrers."""
        with offline.fault(FAULT, reference="v?"):
            assert (hit(offline, "GET", TAG), hit(offline, "GET", BY_DIGEST)) == (True, False)
        with offline.fault(FAULT, reference=f"{MANIFEST_DIGEST[:20]}*"):
            assert (hit(offline, "GET", TAG), hit(offline, "GET", BY_DIGEST)) == (False, True)
            assert (hit(offline, "GET", REFERRERS), hit(offline, "GET", BLOB_PATH)) == (True, False)
        with offline.fault(FAULT, reference=BLOB_DIGEST):
            assert (hit(offline, "HEAD", BLOB_PATH), hit(offline, "GET", BY_DIGEST)) == (True, False)

    def test_globs_know_case(self, offline: FakeRegistry) -> None:
        """Tags differ by case, and so do globs."""
        offline.fault(FAULT, reference="V1", must_fire=False)

        assert not hit(offline, "GET", TAG)

    def test_headers(self, offline: FakeRegistry) -> None:
        """A glob on one of the values; names in any case."""
        offline.fault(FAULT, header={"AUTHORIZATION": "Bearer *", "accept": "*json"})

        assert hit(offline, "GET", TAG, Authorization="Bearer abc", Accept="application/json")
        assert not hit(offline, "GET", TAG, Authorization="Basic abc", Accept="application/json")
        assert not hit(offline, "GET", TAG, Accept="application/json")

    def test_a_header_that_must_be_missing(self, offline: FakeRegistry) -> None:
        """None is for requests without it."""
        offline.fault(FAULT, header={"Authorization": None})

        assert hit(offline, "GET", TAG)
        assert not hit(offline, "GET", TAG, Authorization="Bearer abc")

    def test_where(self, offline: FakeRegistry) -> None:
        """A condition is asked last, with the request as it came."""
        asked: list[str] = []

        def is_long(one: Any) -> bool:
            asked.append(one.params["name"])
            return len(one.path) > 40

        offline.fault(FAULT, on="end-3", where=is_long)

        assert not hit(offline, "GET", TAG)
        assert hit(offline, "GET", BY_DIGEST)
        assert not hit(offline, "GET", TAGS)
        assert asked == [NAME, NAME]

    def test_all_of_it_must_fit(self, offline: FakeRegistry) -> None:
        """What is named is named together."""
        offline.fault(FAULT, on="get_manifest", repository=NAME, reference="v2", method="GET", must_fire=False)

        assert not hit(offline, "GET", TAG)


class TestStages:
    def test_the_edge_takes_what_no_endpoint_has(self, offline: FakeRegistry) -> None:
        """A path of its own, a token server for example, can be answered at the edge alone."""
        with offline.fault(faults.Respond(200, body="{}"), path="/token", must_fire=False):
            assert send(offline, "GET", "/token").status == 404
        with offline.fault(faults.Respond(200, body="{}"), path="/token", stage="edge"):
            assert send(offline, "POST", "/token?a=b").status == 200
            assert send(offline, "GET", "/other").status == 404

    def test_the_edge_takes_what_is_malformed(self, offline: FakeRegistry) -> None:
        """A request that would be refused for what it is meets the fault first."""
        with offline.fault(faults.Respond(502), stage="edge"):
            assert send(offline, "GET", "/v2/%zz").status == 502

        assert send(offline, "GET", "/v2/%zz").status == 400

    def test_a_fault_at_the_edge_that_lets_pass(self, offline: FakeRegistry) -> None:
        """The refusal comes all the same where the fault only changes answers."""
        with offline.fault(faults.SetHeader("X-Proxy", "seen"), stage="edge"):
            answer = send(offline, "GET", "/nowhere")

        assert (answer.status, answer.headers["X-Proxy"]) == (404, "seen")

    def test_both_stages(self, offline: FakeRegistry) -> None:
        """What happens at the edge comes before what happens behind it, whatever was armed first."""
        offline.fault(faults.SetHeader("X-Last", "inner"), on="ping")
        offline.fault(faults.SetHeader("X-Last", "edge"), on="ping", stage="edge")

        assert send(offline, "GET", "/v2/").headers["X-Last"] == "inner"
        assert offline.journal[-1].faults == (
            "SetHeader('X-Last', value='edge')",
            "SetHeader('X-Last', value='inner')",
        )


class TestText:
    @pytest.mark.parametrize(
        ("options", "text"),
        [
            ({}, "any request"),
            ({"on": "end-3"}, "get_manifest or head_manifest"),
            ({"on": "get_blob", "repository": "team/*"}, "get_blob, of team/*"),
            ({"method": "get", "path": "/token"}, "GET, /token"),
            ({"reference": "v1"}, "reference v1"),
            ({"header": {"Range": "*", "Accept": None}}, "with Range: *, without Accept"),
            ({"where": str.isupper}, "where isupper"),
        ],
    )
    def test_a_target_says_what_it_is(self, offline: FakeRegistry, options: dict[str, Any], text: str) -> None:
        """In the list of armed faults, and in the message of one that never fired."""
        offline.fault(FAULT, **options)

        assert offline.faults == [f"Respond(503) on {text}"]


class TestNonsense:
    @pytest.mark.parametrize(
        ("options", "error", "told"),
        [
            ({"on": "pull"}, ValueError, "unknown endpoint 'pull'; known are ping, head_ping"),
            ({"on": ["ping", "pull"]}, ValueError, "unknown endpoint 'pull'"),
            ({"on": []}, ValueError, "an empty list names no endpoint"),
            ({"on": 3}, TypeError, "on is str or Iterable, got 3"),
            ({"on": ["connect", "ping"]}, ValueError, "on='connect' stands alone"),
            ({"on": "connect"}, ValueError, "Respond needs a request: on='connect' takes Delay, Reset"),
            ({"method": 3}, TypeError, "method is str or None, got 3"),
            ({"path": b"/v2/"}, TypeError, "path is str or None, got b'/v2/'"),
            ({"repository": 3}, TypeError, "repository is str or None, got 3"),
            ({"reference": 3}, TypeError, "reference is str or None, got 3"),
            ({"header": "Range"}, TypeError, "header is Mapping, got 'Range'"),
            ({"header": {"Range": 3}}, TypeError, "header Range is str or None, got 3"),
            ({"header": {"no name": "x"}}, ValueError, "header is the name of a header"),
            ({"where": "x"}, TypeError, "where is Callable or None, got 'x'"),
        ],
    )
    def test_a_target_that_makes_no_sense(
        self, offline: FakeRegistry, options: dict[str, Any], error: type[Exception], told: str
    ) -> None:
        """It is refused where it is written, by name, and nothing is armed."""
        with pytest.raises(error) as caught:
            offline.fault(FAULT, **options)

        assert str(caught.value).startswith(told)
        assert offline.faults == []

    def test_a_connection_is_no_request(self, offline: FakeRegistry) -> None:
        """What begins has no method, path or name yet, and a handshake is not part of a request."""
        with pytest.raises(ValueError) as with_path:
            offline.fault(faults.Reset(), on="connect", path="/v2/*")
        with pytest.raises(ValueError) as on_request:
            offline.fault(faults.SlowTls(1), on="get_blob")

        assert "there is no request yet" in str(with_path.value)
        assert str(on_request.value) == "SlowTls(1) needs a connection that begins: on='connect'"

    def test_a_target_is_a_value(self) -> None:
        """Equal if its parts are, and hashable."""
        first, second = (Target(("ping",), path="/v2/*", header={"Range": "*"}) for _ in range(2))

        assert first == second
        assert len({first, second}) == 1
        with pytest.raises(AttributeError):
            first.path = "/"  # type: ignore[misc]

    def test_its_headers_are_a_copy(self) -> None:
        """Whoever gave them may go on with theirs."""
        given: dict[str, str | None] = {"Range": "*"}
        target = Target(header=given)
        given["a b"] = None

        assert target.header == {"Range": "*"}

    def test_methods_in_any_case(self, offline: FakeRegistry) -> None:
        """A target of one's own, a fault and what is forbidden take `get` for GET, and no list of methods."""
        offline.forbid("delete", "/v2/*")
        with offline.fault(FAULT, method="get"):
            assert send(offline, "GET", "/v2/").status == FAULT.status
        send(offline, "DELETE", TAG)
        with pytest.raises(TypeError, match=r"method is str or None, got \['GET'\]"):
            offline.forbid(["GET"])  # type: ignore[arg-type]

        assert Target(method="Head") == Target(method="HEAD")
        assert [one.entry.method for one in offline.violations] == ["DELETE"]
