"""The table of the admin API, its OpenAPI document, and what each route really answers."""

from __future__ import annotations

import inspect
import io
import json
import tarfile
from collections.abc import Callable
from typing import Any

import pytest
from admin_client import V1, AdminClient, Answer
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from test_bad_admin_requests import BAD, Bad

from fakereg import FakeRegistry, scenarios
from fakereg.control.openapi import describe
from fakereg.control.operations import assertions, conduct, contents, faults, journal
from fakereg.control.problems import PROBLEMS, Problem
from fakereg.control.route import Body, Route, Routes
from fakereg.control.routes import ROUTES
from fakereg.double.journal import Criteria, Journal
from fakereg.registry.messages import Request
from fakereg.registry.profile import SETTINGS

BY_NAME = {route.name: route for route in ROUTES}

# By the name of the route: what is asked, with {digest} for the seeded manifest and {layer} for its layer.
CALLS: dict[str, tuple[str, Any]] = {
    "health": ("/_fakereg/health", None),
    "openapi": ("openapi.json", None),
    "problems": ("problems", None),
    "reset": ("reset", {}),
    "list_snapshots": ("snapshots", None),
    "create_snapshot": ("snapshots", {}),
    "delete_snapshot": ("snapshots/first", None),
    "restore_snapshot": ("snapshots/first/restore", None),
    "diff_snapshot": ("snapshots/first/diff", None),
    "seed": (
        "seed",
        {
            "image": "team/new:v1",
            "layers": [{"bin/x": {"text": "", "mode": "755"}, "bin/y": {"symlink": "x"}, "z": {"base64": "aGk="}}],
            "config": {"Env": ["A=1"]},
            "annotations": {"a": "b"},
        },
    ),
    "load": ("load?repository=team/loaded", b"archive"),
    "export": ("export", None),
    "list_repositories": ("repositories", None),
    "get_repository": ("repositories/team/app", None),
    "get_manifest_bytes": ("repositories/team/app/manifests/v1", None),
    "get_blob_bytes": ("repositories/team/app/blobs/{layer}", None),
    "get_journal": ("journal?endpoint=ping&header=Host", None),
    "assert_journal": ("journal/assert", {"assert": "requested", "method": "GET", "times": 1}),
    "list_faults": ("faults", None),
    "arm_fault": ("faults", {"fault": "Respond", "status": 429, "retry_after": 1, "on": "get_blob", "times": 2}),
    "delete_faults": ("faults", None),
    "get_fault": ("faults/fault-1", None),
    "delete_fault": ("faults/fault-1", None),
    "list_warnings": ("warnings", None),
    "add_warning": ("warnings", {"text": "careful", "on": "ping"}),
    "list_forbidden": ("forbid", None),
    "forbid": ("forbid", {"method": "DELETE", "reason": "we keep everything"}),
    "list_violations": ("violations", None),
    "delete_violations": ("violations", None),
    "get_clock": ("clock", None),
    "advance_clock": ("clock/advance", {"seconds": 0.5}),
    "freeze_clock": ("clock/freeze", {}),
    "thaw_clock": ("clock/thaw", {}),
    "get_settings": ("settings", None),
    "change_settings": ("settings", {"page_maximum": 2, "sparse": "accept", "blob_limit": None}),
}

DOCUMENT = describe(ROUTES)

ASSERTIONS = [name for name in dir(FakeRegistry) if name.startswith("assert_")]


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    """Of a schema of the document, whose references are found in it."""
    return Draft202012Validator({**schema, "components": DOCUMENT["components"]})


def operation(route: Route) -> dict[str, Any]:
    path = route.template.replace("<", "{").replace(">", "}")
    found: dict[str, Any] = DOCUMENT["paths"][path][route.method.lower()]
    return found


def call(registry: FakeRegistry, admin: AdminClient, name: str) -> Answer:
    """Ask a route, with something of everything there."""
    image = registry.seed("team/app:v1")
    admin.post("snapshots", id="first")
    admin.post("faults", scenario="flaky_cdn")
    admin.post("forbid", path="/v2/")
    admin.ask("GET", "/v2/")
    path, body = CALLS[name]
    headers = {}
    if name == "load":
        body, headers = admin.ask("GET", "export").body, {"Content-Type": "application/x-tar"}
    path = path.replace("{layer}", image.layers[0])
    answer = admin.ask(BY_NAME[name].method, path, body, headers=headers)
    registry.forget_violations()
    return answer


class TestDocument:
    def test_it_is_valid(self, admin: AdminClient) -> None:
        """What is served is OpenAPI 3.1, and it is what the table says."""
        served = admin.get("openapi.json")

        OpenAPIV31SpecValidator(served).validate()
        assert served == json.loads(json.dumps(DOCUMENT))

    def test_every_route_is_in_it(self) -> None:
        """Each row of the table is an operation, and nothing else is; names are not used twice."""
        operations = [one for methods in DOCUMENT["paths"].values() for one in methods.values()]

        assert sorted(one["operationId"] for one in operations) == sorted(route.name for route in ROUTES)
        assert len({(route.method, route.template) for route in ROUTES}) == len(ROUTES)

    @pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
    def test_each_route_tells_what_it_takes(self, route: Route) -> None:
        """Parameters of path and query, the body and its types, the answer's status, all as the table has them."""
        described = operation(route)

        given = [(one["name"], one["in"]) for one in described.get("parameters", [])]
        assert given == [(name, "path") for name in route.parameters] + [(name, "query") for name in route.query]
        kinds = tuple(described.get("requestBody", {"content": {}})["content"])
        assert kinds == route.body.value
        assert str(route.status) in described["responses"]
        assert (route.body is Body.NONE) == (route.method in ("GET", "DELETE"))

    @pytest.mark.parametrize("bad", BAD.values(), ids=list(BAD))
    def test_every_refusal_is_announced(self, bad: Bad) -> None:
        """Whatever status a route refuses with stands among its responses, as a problem."""
        path = bad.path if bad.path.startswith("/") else f"{V1}/{bad.path}"
        try:
            route, _ = Routes(ROUTES).match(Request(bad.method, path))
        except Problem:
            return  # there is no such route

        assert operation(route)["responses"][str(bad.status)] == {"$ref": "#/components/responses/Problem"}

    def test_every_fault_is_described(self) -> None:
        """Each fault has a schema of its own, with the fields that it takes."""
        schemas = DOCUMENT["components"]["schemas"]

        assert schemas["Truncate"]["required"] == ["fault", "after"]
        assert set(schemas["Respond"]["properties"]) >= {"status", "retry_after", "headers", "body"}
        validator(schemas["Stall"]).validate({"fault": "Stall", "seconds": "forever"})

    @pytest.mark.parametrize(
        ("form", "fits"),
        [
            ({"fault": "Truncate", "after": 3, "on": ["get_blob"], "times": 2}, True),
            ({"faults": [{"fault": "Stall"}, {"fault": "Reset", "when": "after"}], "probability": 0.5}, True),
            ({"scenario": "flaky_cdn", "arguments": {"after": 3}}, True),
            ({"fault": "Truncate"}, False),
            ({"fault": "Explode"}, False),
            ({"fault": "Stall", "times": 0}, False),
            ({"faults": [{"fault": "Truncate"}]}, False),
            ({"scenario": "chaos"}, False),
            ({}, False),
        ],
    )
    def test_what_arms_a_fault_is_described(self, admin: AdminClient, form: dict[str, Any], fits: bool) -> None:
        """The schema takes what the registry takes, and refuses what it refuses."""
        schema = operation(BY_NAME["arm_fault"])["requestBody"]["content"]["application/json"]["schema"]

        assert validator(schema).is_valid(form) == fits
        assert admin.ask("POST", "faults", form).status == (201 if fits else 422)

    @pytest.mark.parametrize(
        ("form", "status"),
        [
            ({}, 409),
            ({"method": "GET", "times": 0}, 200),
            ({"assert": "not_requested", "endpoint": ["get_blob", "end-3"]}, 200),
            ({"assert": "order", "steps": []}, 200),
            ({"assert": "order", "steps": ["ping", {"method": "GET", "path": "/v2/"}]}, 409),
            ({"assert": "pulled", "image": "team/app:v1", "whole": True}, 409),
            ({"assert": "no_violations"}, 200),
            ({"assert": "pulled", "image": "team/app:v1", "whole": "yes"}, 422),
            ({"assert": "order"}, 422),
            ({"assert": "order", "steps": [["GET", "/v2/"]]}, 422),
            ({"assert": "uploaded_once", "image": "team/app:v1"}, 422),
            ({"assert": "mounted", "digest": "sha256:00"}, 422),
            ({"assert": "everything"}, 422),
            ({"assert": None}, 422),
            ({"image": "team/app:v1"}, 422),
        ],
    )
    def test_what_is_asserted_is_described(self, admin: AdminClient, form: dict[str, Any], status: int) -> None:
        """The schema takes what the registry takes, whether it holds or not, and refuses what it refuses."""
        schema = operation(BY_NAME["assert_journal"])["requestBody"]["content"]["application/json"]["schema"]

        assert validator(schema).is_valid(form) == (status != 422)
        assert admin.ask("POST", "journal/assert", form).status == status


class TestAnswers:
    @pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
    def test_it_is_as_described(self, registry: FakeRegistry, admin: AdminClient, route: Route) -> None:
        """What each route really answers has the status, media type and form that the document promises."""
        answer = call(registry, admin, route.name)

        assert answer.status == route.status, answer
        assert answer.headers["Cache-Control"] == "no-store"
        response = operation(route)["responses"][str(answer.status)]
        if "content" not in response:
            assert answer.body == b""
            return
        kind = answer.headers["Content-Type"]
        assert kind in response["content"]
        if kind == "application/json":
            validator(response["content"][kind]["schema"]).validate(answer.json)

    @pytest.mark.parametrize("route", [one for one in ROUTES if one.body is Body.JSON], ids=lambda route: route.name)
    def test_its_own_example_fits(self, route: Route) -> None:
        """What the tests send is what the document says that a route takes."""
        schema = operation(route)["requestBody"]["content"]["application/json"]["schema"]

        validator(schema).validate(CALLS[route.name][1] or {})

    def test_problems_are_listed(self, admin: AdminClient) -> None:
        """Every type of problem is explained, under the name by which answers call it."""
        listed = {one["name"]: one for one in admin.get("problems")["problems"]}

        assert sorted(listed) == sorted(problem.name for problem in PROBLEMS)
        assert listed["foreign-host"]["status"] == 403
        assert all(one["description"] for one in listed.values())

    def test_a_problem_is_as_described(self, admin: AdminClient) -> None:
        """A refusal has the form that the document gives for it."""
        problem = admin.ask("POST", "clock/advance", {}).problem

        validator(DOCUMENT["components"]["schemas"]["Problem"]).validate(problem)
        assert problem["errors"] == [{"field": "seconds", "message": "is missing"}]

    def test_a_bug_shows_no_traceback(
        self,
        admin: AdminClient,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """What nobody foresaw is a problem too; the log has the details."""

        def fails(self: FakeRegistry) -> None:
            raise RuntimeError("out of ideas")

        monkeypatch.setattr(FakeRegistry, "reset", fails)
        answer = admin.ask("POST", "reset")

        assert answer.problem["detail"] == "this is a bug in fakereg: its log has the traceback"
        assert b"out of ideas" not in answer.body
        assert "out of ideas" in caplog.text

    def test_an_export_is_an_archive(self, registry: FakeRegistry, admin: AdminClient) -> None:
        """All of it is in there, so that a load gives the same images."""
        image = registry.seed("team/app:v1")
        archive = admin.ask("GET", "export", gzip="true").body
        registry.reset()

        loaded = admin.ask("POST", "load", archive, headers={"Content-Type": "application/gzip"})

        assert loaded.json == {"references": ["team/app:v1"]}
        assert registry.repository("team/app").manifest("v1").digest == image.digest
        with tarfile.open(fileobj=io.BytesIO(archive)) as members:
            assert "index.json" in members.getnames()


def arguments(method: Callable[..., Any], *others: str) -> set[str]:
    """The parameters of a method of FakeRegistry, but those that JSON has no form for."""
    return set(inspect.signature(method).parameters) - {"self", *others}


class TestKeptUp:
    """What is written down in the admin API a second time is what Python has."""

    def test_faults(self) -> None:
        """A fault is armed with every argument of `fault`."""
        assert set(faults.OPTIONS) == arguments(FakeRegistry.fault, "faults", "where", "must_fire")

    def test_seeding(self) -> None:
        """An image is described by every argument of `seed`."""
        assert set(contents.SEED["properties"]) == arguments(FakeRegistry.seed)

    def test_forbidding(self) -> None:
        """What is forbidden is named by every argument of `forbid`."""
        assert set(conduct.FORBID["properties"]) == arguments(FakeRegistry.forbid, "where")

    def test_criteria(self) -> None:
        """The journal is asked by every criterion; in a query each is a parameter."""
        assert set(journal.CRITERIA) == {"method", "path", *Criteria.__annotations__} - {"where"}
        assert set(journal.QUERY) == {*journal.CRITERIA, "after", "format", "wait", "times"}
        assert set(assertions.BOUNDS) == arguments(Journal.assert_requested, "criteria", "method", "path")

    def test_assertions(self) -> None:
        """Every assertion of a registry is offered, with every argument that it has."""
        methods = {name.removeprefix("assert_"): getattr(FakeRegistry, name) for name in ASSERTIONS}

        assert set(assertions.KINDS) == set(methods)
        for name, kind in assertions.KINDS.items():
            fields = {one.rstrip("_") for one in arguments(methods[name])}
            if "criteria" in fields:
                fields = fields - {"criteria"} | set(journal.CRITERIA)
            assert set(kind.takes["properties"]) == {"assert", *fields}

    def test_settings(self) -> None:
        """Every setting of a profile can be changed, and is shown."""
        assert set(conduct.CHANGED["properties"]) == set(SETTINGS)

    def test_scenarios(self) -> None:
        """Every scenario goes by its name."""
        made = {name for name, one in vars(scenarios).items() if not name.startswith("_") and inspect.isfunction(one)}

        assert set(faults.SCENARIOS) == made - {"names_of", "number", "whole"}
