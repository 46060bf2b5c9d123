"""What the admin API refuses: each with words of its own, and nothing is changed by it."""

from __future__ import annotations

import io
import re
import tarfile
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from admin_client import V1, AdminClient

from fakereg import FakeRegistry, faults

TAR = {"Content-Type": "application/x-tar"}


def not_a_layout() -> bytes:
    """A tar archive with something else in it."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("README"))
    return file.getvalue()


@dataclass(frozen=True)
class Bad:
    """A request, the type of its problem, and a pattern that the whole detail fits."""

    method: str
    path: str
    problem: str
    detail: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    status: int = 422


FORM = {"Content-Type": "application/x-www-form-urlencoded"}

BAD = {
    # Where, and how
    "unknown route": Bad(
        "GET", "nothing", "unknown-route", r"the admin API has no route '/_fakereg/v1/nothing'; .*", status=404
    ),
    "unknown version": Bad(
        "GET", "/_fakereg/v9/clock", "unknown-route", r".* no route '/_fakereg/v9/clock'; .*", status=404
    ),
    "method": Bad(
        "PUT", "clock", "method-not-offered", r"PUT is not offered on /_fakereg/v1/clock; offered are GET", status=405
    ),
    "escape": Bad(
        "GET", f"{V1}/faults/%zz", "malformed-request", r"'%zz' in the URL is not a percent-escape", status=400
    ),
    "escape that is not UTF-8": Bad(
        "GET", f"{V1}/faults/%ff", "malformed-request", r"'%ff' in the URL does not decode to UTF-8", status=400
    ),
    # The form of the body
    "no content type": Bad(
        "POST",
        "reset",
        "wrong-content-type",
        r".*reset needs the Content-Type application/json; got ''",
        headers={"Content-Type": ""},
        status=415,
    ),
    "a form": Bad(
        "POST",
        "reset",
        "wrong-content-type",
        r".* application/json; got 'application/x-www-form-urlencoded'",
        headers=FORM,
        status=415,
    ),
    "JSON where an archive is taken": Bad(
        "POST",
        "load",
        "wrong-content-type",
        r".*load needs the Content-Type application/x-tar or .*; got 'application/json'",
        {},
        status=415,
    ),
    "compressed": Bad(
        "POST",
        "reset",
        "wrong-content-type",
        r"the Content-Encoding 'gzip' is not understood here: .*",
        headers={"Content-Encoding": "gzip"},
        status=415,
    ),
    "not UTF-8": Bad(
        "POST", "clock/advance", "not-json", r"the body is not UTF-8: byte 1 is invalid", b'"\xff"', status=400
    ),
    "not JSON": Bad(
        "POST", "clock/advance", "not-json", r"the body is not valid JSON: Expecting .*", b"{seconds: 1}", status=400
    ),
    "no object": Bad(
        "POST", "clock/advance", "not-json", r"the body must be a JSON object, got \[60\]", b"[60]", status=400
    ),
    "a number that JSON does not have": Bad(
        "POST",
        "clock/advance",
        "not-json",
        r"the body is not valid JSON: NaN is not a JSON value",
        b'{"seconds": NaN}',
        status=400,
    ),
    "a key twice": Bad(
        "POST",
        "clock/advance",
        "not-json",
        r"the body is not valid JSON: the key 'seconds' stands twice in one object",
        b'{"seconds": 1, "seconds": 2}',
        status=400,
    ),
    "nested too deep": Bad(
        "POST",
        "clock/advance",
        "not-json",
        r"the body is nested too deeply to be read",
        b'{"seconds":' + b"[" * 100_000,
        status=400,
    ),
    "a number of 5000 digits": Bad(
        "POST",
        "clock/advance",
        "not-json",
        r"the body is not valid JSON: a number of 5000 digits is too long to be read",
        b'{"seconds": ' + b"1" * 5000 + b"}",
        status=400,
    ),
    "half of a surrogate pair": Bad(
        "POST",
        "faults",
        "not-json",
        r"the body holds '\\ud800' alone, half of a surrogate pair: that is no text",
        b'{"fault": "Respond", "status": 200, "body": "\\uD83D\\uDE00 \\ud800"}',
        status=400,
    ),
    "too large": Bad(
        "POST",
        "clock/advance",
        "too-large",
        r"POST .*advance takes a body of at most 1048576 bytes",
        b" " * 1048577,
        status=413,
    ),
    "too large, and nobody said so": Bad(
        "POST",
        "clock/advance",
        "too-large",
        r"POST .*advance takes a body of at most 1048576 bytes",
        [b" " * 1048576, b" "],
        status=413,
    ),
    # Fields
    "missing field": Bad("POST", "clock/advance", "invalid-fields", r"seconds is missing", {}, fields=("seconds",)),
    "a number that no float holds": Bad(
        "POST",
        "clock/advance",
        "invalid-fields",
        r"seconds takes a number, 0 or more, got 1000.*",
        b'{"seconds": 1' + b"0" * 400 + b"}",
        {"Content-Type": "application/json"},
        ("seconds",),
    ),
    "unknown field": Bad(
        "POST",
        "clock/advance",
        "invalid-fields",
        r"minutes is unknown; known are seconds",
        {"seconds": 1, "minutes": 1},
        fields=("minutes",),
    ),
    "wrong type": Bad(
        "POST",
        "clock/advance",
        "invalid-fields",
        r'seconds takes a number, 0 or more, got "60"',
        {"seconds": "60"},
        fields=("seconds",),
    ),
    "true is no number": Bad(
        "POST",
        "clock/advance",
        "invalid-fields",
        r"seconds takes a number, 0 or more, got true",
        {"seconds": True},
        fields=("seconds",),
    ),
    "backwards": Bad(
        "POST",
        "clock/advance",
        "invalid-fields",
        r"seconds takes a number, 0 or more, got -1",
        {"seconds": -1},
        fields=("seconds",),
    ),
    "a field where none is": Bad(
        "POST", "reset", "invalid-fields", r"hard is unknown; known are none", {"hard": True}, fields=("hard",)
    ),
    # The query
    "unknown parameter": Bad(
        "GET",
        "journal?verb=PUT",
        "invalid-query",
        r"verb is unknown; known are method, .*",
        fields=("verb",),
        status=400,
    ),
    "parameter twice": Bad(
        "GET",
        "journal?method=PUT&method=GET",
        "invalid-query",
        r"method stands more than once",
        fields=("method",),
        status=400,
    ),
    "parameter of another type": Bad(
        "GET",
        "journal?after=x",
        "invalid-query",
        r'after takes a whole number, 0 or more, got "x"',
        fields=("after",),
        status=400,
    ),
    "unknown format": Bad(
        "GET",
        "journal?format=xml",
        "invalid-query",
        r'format takes json or jsonl or har or curl, got "xml"',
        fields=("format",),
        status=400,
    ),
    "waiting too long": Bad(
        "GET",
        "journal?wait=1e9",
        "invalid-query",
        r"wait takes a number from 0 to 600, got 1000000000.0",
        fields=("wait",),
        status=400,
    ),
    "times without wait": Bad(
        "GET", "journal?times=2", "invalid-query", r"times says how many to wait for: it needs wait=SECONDS", status=400
    ),
    "unknown endpoint": Bad(
        "GET",
        "journal?endpoint=put_image",
        "invalid-query",
        r"unknown endpoint 'put_image'; known are ping, .*",
        status=400,
    ),
    "unknown endpoint to wait for": Bad(
        "GET",
        "journal?endpoint=put_image&wait=9",
        "invalid-query",
        r"unknown endpoint 'put_image'; known are ping, .*",
        status=400,
    ),
    # Snapshots
    "unknown snapshot": Bad(
        "POST", "snapshots/other/restore", "not-found", r"there is no snapshot 'other'; there is first", status=404
    ),
    "unknown snapshot to delete": Bad(
        "DELETE", "snapshots/other", "not-found", r"there is no snapshot 'other'; there is first", status=404
    ),
    "unknown snapshot to compare with": Bad(
        "GET", "snapshots/first/diff?to=other", "not-found", r"there is no snapshot 'other'; there is first", status=404
    ),
    "snapshot that is there": Bad(
        "POST",
        "snapshots",
        "conflict",
        r"there is a snapshot 'first' already; delete it first, or .*",
        {"id": "first"},
        status=409,
    ),
    "an id that is no id": Bad(
        "POST",
        "snapshots",
        "invalid-fields",
        r"id takes up to 100 letters, digits, .* got 'a/b'",
        {"id": "a/b"},
        fields=("id",),
    ),
    # Contents
    "image with a digest": Bad(
        "POST", "seed", "invalid-fields", r"'team/app@sha256:00' names a digest, .*", {"image": "team/app@sha256:00"}
    ),
    "image with a wrong name": Bad("POST", "seed", "invalid-fields", r".*Team.*", {"image": "Team/app:v1"}),
    "unsafe file": Bad(
        "POST",
        "seed",
        "invalid-fields",
        r"layer entry '/etc' is absolute: .*",
        {"image": "a:v1", "layers": [{"/etc": "x"}]},
    ),
    "layer that is no layer": Bad(
        "POST",
        "seed",
        "invalid-fields",
        r"layers\[0\] takes an object, got 7",
        {"image": "a:v1", "layers": [7]},
        fields=("layers[0]",),
    ),
    "file that is no file": Bad(
        "POST",
        "seed",
        "invalid-fields",
        r'layers\[0\]\["etc/motd"\] takes text or an object, got 5',
        {"image": "a:v1", "layers": [{"etc/motd": 5}]},
        fields=('layers[0]["etc/motd"]',),
    ),
    "mode that is no mode": Bad(
        "POST",
        "seed",
        "invalid-fields",
        r'layers\[0\]\["bin/x"\]\.mode takes octal digits as text, .* got \'rwx\'',
        {"image": "a:v1", "layers": [{"bin/x": {"text": "", "mode": "rwx"}}]},
        fields=('layers[0]["bin/x"].mode',),
    ),
    "layer that is no base64": Bad(
        "POST",
        "seed",
        "invalid-fields",
        r"layers\[0\]\.base64 is not base64: .*",
        {"image": "a:v1", "layers": [{"base64": "?"}]},
        fields=("layers[0].base64",),
    ),
    "contradicting arguments": Bad(
        "POST",
        "seed",
        "invalid-fields",
        r"artifact_type and docker contradict each other: .*",
        {"image": "a:v1", "artifact_type": "a/b", "docker": True},
    ),
    "no archive": Bad(
        "POST", "load", "invalid-archive", r"archive: is neither a tar archive nor .*", b"hello", headers=TAR
    ),
    "an empty archive": Bad("POST", "load", "invalid-archive", r"the body is empty: send .*", b"", headers=TAR),
    "an archive of something else": Bad("POST", "load", "invalid-archive", r"archive.*", not_a_layout(), headers=TAR),
    "export of nothing": Bad(
        "GET", "export?repository=team/none", "not-found", r"nothing was ever pushed to team/none, .*", status=404
    ),
    "export in an unknown format": Bad(
        "GET",
        "export?format=zip",
        "invalid-query",
        r'format takes oci-archive or docker-archive, got "zip"',
        fields=("format",),
        status=400,
    ),
    "export of what the format cannot hold": Bad(
        "GET", "export?repository=team/index&format=docker-archive", "cannot-export", r".*team/index.*", status=409
    ),
    "unknown repository": Bad(
        "GET",
        "repositories/team/none",
        "not-found",
        r"repository team/none is not known: nothing was pushed to it",
        status=404,
    ),
    "repository with a wrong name": Bad("GET", "repositories/Team", "invalid-fields", r".*'Team'.*"),
    "unknown manifest": Bad(
        "GET", "repositories/team/app/manifests/v9", "not-found", r".*holds no manifest v9", status=404
    ),
    "wrong digest": Bad("GET", "repositories/team/app/blobs/sha256:0", "invalid-fields", r"sha256 needs 64 .*"),
    # Faults
    "no fault": Bad(
        "POST",
        "faults",
        "invalid-fields",
        r"a fault is given by one of 'fault', 'faults' and 'scenario', got none of them",
        {},
        fields=("",),
    ),
    "fault and scenario": Bad(
        "POST",
        "faults",
        "invalid-fields",
        r".*, got 'fault' and 'scenario'",
        {"fault": "Reset", "scenario": "no_head"},
        fields=("",),
    ),
    "unknown fault": Bad(
        "POST",
        "faults",
        "invalid-fields",
        r"fault is unknown: 'Explode'; known are ChunkedEncoding, .*",
        {"fault": "Explode"},
        fields=("fault",),
    ),
    "missing field of a fault": Bad(
        "POST",
        "faults",
        "invalid-fields",
        r"status is missing: Respond needs it",
        {"fault": "Respond"},
        fields=("status",),
    ),
    "wrong field of a fault": Bad(
        "POST",
        "faults",
        "invalid-fields",
        r'status takes a whole number, got "x"',
        {"fault": "Respond", "status": "x"},
        fields=("status",),
    ),
    "field of another fault": Bad(
        "POST",
        "faults",
        "invalid-fields",
        r"seconds is no field of the fault; it has after, when, and is armed with on, .*",
        {"fault": "Reset", "seconds": 1},
        fields=("seconds",),
    ),
    "wrong field of one of several faults": Bad(
        "POST",
        "faults",
        "invalid-fields",
        r"faults\[1\]\.after takes a whole number, got null",
        {"faults": [{"fault": "Stall"}, {"fault": "Truncate", "after": None}]},
        fields=("faults[1].after",),
    ),
    "option of one of several faults": Bad(
        "POST",
        "faults",
        "invalid-fields",
        r"time is unknown; known are faults, on, .*",
        {"faults": [{"fault": "Stall"}], "time": 1},
        fields=("time",),
    ),
    "fault never": Bad(
        "POST",
        "faults",
        "invalid-fields",
        r"times takes a whole number, 1 or more or null, got 0",
        {"fault": "Reset", "times": 0},
        fields=("times",),
    ),
    "fault on an unknown endpoint": Bad(
        "POST",
        "faults",
        "invalid-fields",
        r"unknown endpoint 'get_image'; known are .*",
        {"fault": "Reset", "on": "get_image"},
    ),
    "fault that needs a request": Bad(
        "POST",
        "faults",
        "invalid-fields",
        r"Truncate needs a request: on='connect' takes .*",
        {"fault": "Truncate", "after": 1, "on": "connect"},
    ),
    "unknown scenario": Bad(
        "POST",
        "faults",
        "invalid-fields",
        r"scenario is unknown: 'chaos'; known are flaky_cdn, .*",
        {"scenario": "chaos"},
        fields=("scenario",),
    ),
    "unknown argument of a scenario": Bad(
        "POST",
        "faults",
        "invalid-fields",
        r"arguments.often is unknown; flaky_cdn takes after",
        {"scenario": "flaky_cdn", "arguments": {"often": 1}},
        fields=("arguments.often",),
    ),
    "wrong argument of a scenario": Bad(
        "POST",
        "faults",
        "invalid-fields",
        r"arguments do not fit flaky_cdn: after is .*",
        {"scenario": "flaky_cdn", "arguments": {"after": "x"}},
        fields=("arguments",),
    ),
    "scenario with a target": Bad(
        "POST",
        "faults",
        "invalid-fields",
        r"on is unknown; known are scenario, arguments",
        {"scenario": "no_head", "on": "get_blob"},
        fields=("on",),
    ),
    "unknown fault to remove": Bad(
        "DELETE", "faults/fault-9", "not-found", r"there is no fault 'fault-9'; there is fault-1", status=404
    ),
    "fault that perhaps must fire": Bad(
        "DELETE",
        "faults/fault-1?must_fire=perhaps",
        "invalid-query",
        r'must_fire takes true or false, got "perhaps"',
        fields=("must_fire",),
        status=400,
    ),
    # The rest
    "assertion on an unknown criterion": Bad(
        "POST",
        "journal/assert",
        "invalid-fields",
        r"verb is unknown; known are assert, method, .*",
        {"verb": "PUT"},
        fields=("verb",),
    ),
    "assertion of an unknown kind": Bad(
        "POST",
        "journal/assert",
        "invalid-fields",
        r'assert takes requested or not_requested or order or pushed or .*, got "pullled"',
        {"assert": "pullled", "image": "team/app:v1"},
        fields=("assert",),
    ),
    "assertion without its field": Bad(
        "POST",
        "journal/assert",
        "invalid-fields",
        r"into is missing; image is unknown; known are assert, digest, into, from",
        {"assert": "mounted", "digest": "sha256:00", "image": "team/app:v1"},
        fields=("into", "image"),
    ),
    "assertion with a field of another kind": Bad(
        "POST",
        "journal/assert",
        "invalid-fields",
        r"whole is unknown; known are assert, image",
        {"assert": "pushed", "image": "team/app:v1", "whole": True},
        fields=("whole",),
    ),
    "assertion that nothing was asked, so often": Bad(
        "POST",
        "journal/assert",
        "invalid-fields",
        r"times is unknown; known are assert, method, .*",
        {"assert": "not_requested", "times": 0},
        fields=("times",),
    ),
    "assertion on a wrong image": Bad(
        "POST",
        "journal/assert",
        "invalid-fields",
        r"image cannot be: leave the host 'localhost:5000' out: 'app:v1'",
        {"assert": "pulled", "image": "localhost:5000/app:v1"},
        fields=("image",),
    ),
    "assertion on a wrong digest": Bad(
        "POST",
        "journal/assert",
        "invalid-fields",
        r"digest cannot be: 'abc' is not a digest: .*",
        {"assert": "uploaded_once", "digest": "abc"},
        fields=("digest",),
    ),
    "order of what is no step": Bad(
        "POST",
        "journal/assert",
        "invalid-fields",
        r"steps\[1\] takes text or an object, got 7",
        {"assert": "order", "steps": ["ping", 7]},
        fields=("steps[1]",),
    ),
    "order of an unknown criterion": Bad(
        "POST",
        "journal/assert",
        "invalid-fields",
        r"steps\[0\]\.verb is unknown; known are method, .*",
        {"assert": "order", "steps": [{"verb": "PUT"}]},
        fields=("steps[0].verb",),
    ),
    "order of an unknown endpoint": Bad(
        "POST",
        "journal/assert",
        "invalid-fields",
        r"steps\[1\] cannot be: unknown endpoint 'put_image'; known are ping, .*",
        {"assert": "order", "steps": ["ping", "put_image"]},
        fields=("steps[1]",),
    ),
    "assertion with two bounds": Bad(
        "POST",
        "journal/assert",
        "invalid-fields",
        r"times says exactly how often: .*",
        {"times": 1, "at_least": 1},
        fields=("",),
    ),
    "assertion on a wrong path": Bad(
        "POST", "journal/assert", "invalid-fields", r"a path starts with '/' .*", {"path": "v2/"}, fields=("",)
    ),
    "assertion that fails": Bad(
        "POST",
        "journal/assert",
        "assertion-failed",
        r"no PUT was seen; the nearest of 1 request:\n   1  GET /v2/ .*",
        {"method": "PUT"},
        status=409,
    ),
    "push that never was": Bad(
        "POST",
        "journal/assert",
        "assertion-failed",
        r"team/app:v1 was not pushed; the nearest of 1 request:\n   1  GET /v2/ .*",
        {"assert": "pushed", "image": "team/app:v1"},
        status=409,
    ),
    "nothing forbidden": Bad("POST", "forbid", "invalid-fields", r"name what is forbidden, .*", {}),
    "warning on two lines": Bad("POST", "warnings", "invalid-fields", r"a warning is one line of .*", {"text": "a\nb"}),
    "no setting": Bad(
        "PATCH", "settings", "invalid-fields", r"name the settings that change: sparse, .*", {}, fields=("",)
    ),
    "unknown setting": Bad(
        "PATCH",
        "settings",
        "invalid-fields",
        r"spares is unknown; known are sparse, .*",
        {"spares": "accept"},
        fields=("spares",),
    ),
    "wrong setting": Bad(
        "PATCH",
        "settings",
        "invalid-fields",
        r"page_maximum takes a whole number, 1 or more or null, got 0",
        {"page_maximum": 0},
        fields=("page_maximum",),
    ),
}


@pytest.fixture
def used(registry: FakeRegistry, admin: AdminClient) -> FakeRegistry:
    """A registry with something in each of its parts; nothing moves in it by itself."""
    registry.seed("team/app:v1")
    registry.seed("team/index:v1", platforms=["linux/amd64", "linux/arm64"])
    admin.ask("GET", "/v2/")
    registry.fault(faults.Respond(503), on="put_manifest", must_fire=False)
    registry.warn("careful")
    registry.clock.freeze()
    admin.post("snapshots", id="first")
    return registry


def state(registry: FakeRegistry, admin: AdminClient) -> dict[str, Any]:
    """All that a request could change."""
    health = admin.get("/_fakereg/health")
    return {
        "counts": health["counts"],
        "faults": admin.get("faults"),
        "clock": (registry.clock.now(), registry.clock.is_frozen),
        "settings": registry.profile,
        "warnings": admin.get("warnings"),
        "journal": registry.journal.report(),
        "forbidden": admin.get("forbid"),
    }


@pytest.mark.parametrize("bad", BAD.values(), ids=list(BAD))
def test_it_is_refused(used: FakeRegistry, admin: AdminClient, bad: Bad) -> None:
    """A bad request has its own problem and words, names the fields that are wrong, and changes nothing."""
    before, snapshot = state(used, admin), used.snapshot()

    answer = admin.ask(bad.method, bad.path, bad.body, headers=bad.headers)

    problem = answer.problem
    assert (answer.status, problem["type"].partition("#")[2]) == (bad.status, bad.problem)
    assert re.fullmatch(bad.detail, problem["detail"], re.DOTALL), problem["detail"]
    assert tuple(error["field"] for error in problem.get("errors", [])) == bad.fields
    assert problem["instance"].startswith("/_fakereg/")
    assert state(used, admin) == before
    assert not used.diff(snapshot)


def test_a_key_twice_among_many(admin: AdminClient) -> None:
    """However many keys there are: to look for the one that stands twice takes one pass, not one for each."""
    keys = ",".join(f'"k{number}":0' for number in range(60_000))
    started = time.perf_counter()
    answer = admin.ask("POST", "reset", f'{{{keys},"k59999":1}}'.encode())

    assert (answer.status, answer.problem["type"].partition("#")[2]) == (400, "not-json")
    assert "the key 'k59999' stands twice in one object" in answer.problem["detail"]
    assert time.perf_counter() - started < 5  # in squares of the keys it would take a minute


def test_the_words_tell_them_apart() -> None:
    """There are more than twenty-five of them, and no two say the same for another mistake."""
    assert len(BAD) > 25
    assert len({(bad.method, bad.path, repr(bad.body), str(bad.headers)) for bad in BAD.values()}) == len(BAD)
