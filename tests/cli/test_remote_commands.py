"""The commands that speak to a registry which serves already."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fakereg import FakeRegistry, faults
from fakereg.cli import main as command
from fakereg.cli import remote
from fakereg.registry.headers import Headers
from fakereg.registry.messages import Request

REMOTE = ("seed", "load", "export", "repositories", "journal", "violations")
REMOTE += ("assert", "fault", "clock", "snapshot", "restore", "reset")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRegistry]:
    """A registry that serves at $FAKEREG_URL."""
    with FakeRegistry() as registry:
        monkeypatch.setenv("FAKEREG_URL", registry.url)
        monkeypatch.delenv("FAKEREG_ADMIN_TOKEN", raising=False)
        yield registry
        registry.forget_violations()


Run = Callable[..., list[str]]


@pytest.fixture
def run(registry: FakeRegistry, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command that must succeed, in this process; the lines that it prints."""

    def run(*arguments: str, code: int = 0) -> list[str]:
        ended = command.main(arguments)
        out, err = capsys.readouterr()
        assert (ended, err) == (code, "")
        return out.splitlines()

    return run


def asked(registry: FakeRegistry, method: str, target: str) -> int:
    """The status of a request without any network; it is in the journal."""
    return registry.handle(Request(method, target, Headers())).status


class TestContents:
    def test_seed(self, registry: FakeRegistry, run: Run, tmp_path: Path) -> None:
        """An image with files of the command line and of the disk; its reference and digest are printed."""
        (tmp_path / "tool").write_bytes(b"\0\1")
        (line,) = run("seed", "team/app:v1", "--file", "etc/motd=hi", "--file", f"bin/tool=@{tmp_path / 'tool'}")
        same = FakeRegistry().seed("team/app:v1", layers=[{"etc/motd": "hi", "bin/tool": b"\0\1"}])

        assert line == f"{registry.host}/team/app:v1  {same.digest}"
        assert registry.repository("team/app").manifest("v1").digest == same.digest

    def test_seed_everything(self, registry: FakeRegistry, run: Run) -> None:
        """An index, a config with annotations, Docker's types, and an artifact that refers to an image."""
        run("seed", "a:v1", "--platform", "linux/amd64", "--platform", "linux/arm64")
        run("seed", "b:v1", "--platform", "linux/s390x", "--config", '{"Env": ["A=1"]}', "--annotation", "k=v")
        run("seed", "c:v1", "--docker")
        digest = registry.repository("b").manifest("v1").digest
        artifact = json.loads(
            run("seed", "b", "--artifact-type", "text/plain", "--subject", digest, "--json")[0],
        )

        assert len(registry.repository("a").manifest("v1").manifests) == 2
        assert registry.repository("b").manifest("v1").annotations == {"k": "v"}
        assert "docker" in registry.repository("c").manifest("v1").media_type
        assert [one.digest for one in registry.repository("b").referrers(digest)] == [artifact["digest"]]

    def test_export_and_load(self, registry: FakeRegistry, run: Run, tmp_path: Path) -> None:
        """What was exported is loaded again, compressed or not, in one repository or all."""
        digest = registry.seed("team/app:v1").digest
        file = tmp_path / "all.tar.gz"
        (written,) = run("export", str(file))
        docker = run("export", str(tmp_path / "app.tar"), "--repository", "team/app", "--format", "docker-archive")
        registry.reset()
        loaded = run("load", str(file))
        moved = run("load", str(tmp_path / "app.tar"), "--repository", "other")

        assert written.startswith(f"{file}  ")
        assert file.read_bytes().startswith(b"\x1f\x8b")
        assert len(docker) == 1
        assert (loaded, moved) == (["team/app:v1"], ["other:v1"])
        assert registry.repository("team/app").manifest("v1").digest == digest
        assert sorted(one.name for one in tmp_path.iterdir()) == ["all.tar.gz", "app.tar"]

    @pytest.mark.parametrize("name", ["all.TAR.GZ", "all.Tgz"])
    def test_export_to_a_name_in_capitals(self, registry: FakeRegistry, run: Run, tmp_path: Path, name: str) -> None:
        """An ending in capitals means the same."""
        registry.seed("team/app:v1")
        run("export", str(tmp_path / name))

        assert (tmp_path / name).read_bytes().startswith(b"\x1f\x8b")

    def test_repositories(self, registry: FakeRegistry, run: Run) -> None:
        """Names, or what one holds: tags, what has none, and counts."""
        image = registry.seed("team/app:v1")
        referrer = registry.seed("team/app", artifact_type="text/plain", subject=image)

        assert run("repositories") == ["team/app"]
        assert run("repositories", "team/app") == [
            f"team/app:v1  {image.digest}",
            f"team/app@{referrer.digest}  {referrer.media_type}",
            "2 manifests, 3 blobs, 0 open uploads",
        ]


class TestWhatHappens:
    def test_journal(self, registry: FakeRegistry, run: Run) -> None:
        """A line per request that fits, with the registry's own words."""
        asked(registry, "GET", "/v2/")
        asked(registry, "GET", "/v2/team/app/manifests/v1")
        (line,) = run("journal", "--status", "4xx")

        assert line.startswith("   2  404  GET    /v2/team/app/manifests/v1  out ")
        assert line.endswith("  NAME_UNKNOWN: repository team/app is not known: nothing was pushed to it")
        assert len(run("journal")) == 2
        assert len(run("journal", "--endpoint", "ping", "--wait", "5", "--times", "1")) == 1

    def test_journal_in_other_forms(self, registry: FakeRegistry, run: Run) -> None:
        """For programs: JSON, lines of JSON, HAR, a script; an empty journal is no mistake."""
        assert run("journal", "--format", "jsonl") == [""]
        asked(registry, "GET", "/v2/")
        asked(registry, "HEAD", "/v2/")

        assert [json.loads(line)["method"] for line in run("journal", "--format", "jsonl")] == ["GET", "HEAD"]
        assert json.loads(run("journal", "--json")[0])["last"] == 2
        assert len(json.loads(run("journal", "--format", "har")[0])["log"]["entries"]) == 2
        assert run("journal", "--format", "curl")[0] == "#!/bin/sh"

    def test_faults(self, registry: FakeRegistry, run: Run) -> None:
        """Armed, listed with how often they fired, removed by id or all at once."""
        armed = run("fault", "add", "Respond", "status=429", "retry_after=1", "--on", "ping", "--times", "2")
        run("fault", "add", "SetHeader", "name=X-A", "value=5", "--path", "/v2/*", "--after", "1")
        run("fault", "add", "rate_limited", "times=3")
        assert asked(registry, "GET", "/v2/") == 429
        listed = run("fault", "list")
        removed = run("fault", "remove", "fault-1", "--must-fire")
        left = list(registry.faults)
        run("fault", "remove")

        assert armed == ["fault-1  Respond(429, retry_after=1) on ping, 2 times"]
        assert listed[0] == "fault-1  Respond(429, retry_after=1) on ping, 2 times: fired 1 times"
        assert removed == listed[:1]
        assert len(left) == 2
        assert left[0].startswith("SetHeader('X-A', value='5') on /v2/*")
        assert run("fault", "list") == ["no fault is armed"]

    def test_every_limit_of_a_fault(self, run: Run) -> None:
        """Each argument of `registry.fault` is an option, all but `where`, which is code, and must_fire."""
        texts = ["--method", "get", "--path", "/v2/*", "--repository", "team/*", "--reference", "v*"]
        headers = ["--header", "User-Agent=test/*", "--header", "X-A=*", "--without", "Range"]
        numbers = ["--times", "2", "--after", "1", "--during", "0.5,60", "--probability", "0.5"]
        rest = ["--on", "get_manifest", "--on", "get_blob", "--stage", "edge", "--name", "all of it"]
        (armed,) = run("fault", "add", "Reset", *texts, *headers, *numbers, *rest, "--json")
        (act,) = json.loads(armed)["acts"]

        assert json.loads(armed)["name"] == "all of it"
        assert act["on"] == ["get_blob", "get_manifest"]
        assert [act[name] for name in ("method", "path", "repository", "reference")] == ["GET", "/v2/*", "team/*", "v*"]
        assert act["header"] == {"User-Agent": "test/*", "X-A": "*", "Range": None}
        assert [act[name] for name in ("times", "after", "during", "probability")] == [2, 1, [0.5, 60], 0.5]
        assert act["stage"] == "edge"
        given = {option.removeprefix("--") for option in [*texts, *headers, *numbers, *rest] if option[:2] == "--"}
        limits = set(inspect.signature(FakeRegistry.fault).parameters) - {"self", "faults", "where", "must_fire"}
        assert given - {"without"} == limits

    def test_seconds_from_now_on(self, registry: FakeRegistry, run: Run) -> None:
        """--during with one number begins at once, and counts the registry's clock."""
        run("fault", "add", "Respond", "status=503", "--on", "ping", "--during", "60")
        before = asked(registry, "GET", "/v2/")
        run("clock", "advance", "60")

        assert (before, asked(registry, "GET", "/v2/")) == (503, 200)

    def test_assertions(self, registry: FakeRegistry, run: Run) -> None:
        """What holds is silent; --json has the answer."""
        image = registry.seed("team/app:v1")
        layer = image.layers[0]
        asked(registry, "GET", "/v2/")
        asked(registry, "GET", "/v2/team/app/manifests/v1")
        asked(registry, "POST", f"/v2/other/blobs/uploads/?mount={layer}&from=team/app")

        assert run("assert", "requested", "--endpoint", "ping", "--status", "200", "--times", "1", "--user", "") == []
        assert run("assert", "requested", "--at-least", "1", "--at-most", "3", "--json") == ['{"seen": 3}']
        assert run("assert", "not-requested", "--method", "PUT") == []
        assert run("assert", "not-requested", "--header", "Range", "--query", "n=5", "--connection", "9") == []
        assert run("assert", "order", "ping", "GET /v2/team/app/manifests/v1") == []
        assert run("assert", "pulled", "team/app:v1") == []
        assert run("assert", "mounted", layer, "--into", "other", "--from", "team/app") == []
        assert run("assert", "no-violations", "--json") == ["{}"]

    def test_assertions_on_a_push(self, registry: FakeRegistry, run: Run) -> None:
        """An image that is pushed again is pushed, and its blob, sent once, is used."""
        image = registry.seed("team/app:v1")
        digest, content = image.layers[0], registry.repository("team/app").blob(image.layers[0])
        headers = Headers({"Content-Type": image.media_type})
        registry.handle(Request("POST", f"/v2/team/app/blobs/uploads/?digest={digest}", Headers()), content)
        registry.handle(Request("PUT", "/v2/team/app/manifests/v2", headers), image.body)

        assert run("assert", "pushed", "team/app:v2") == []
        assert run("assert", "uploaded-once", digest, "--into", "team/app") == []
        assert run("assert", "no-unused-uploads") == []

    def test_violations(self, registry: FakeRegistry, run: Run) -> None:
        """Exit code 1 as long as there are any."""
        registry.forbid("DELETE", reason="we keep everything")
        assert run("violations") == []
        asked(registry, "DELETE", "/v2/a/manifests/v1")

        assert run("violations", code=1) == ["forbidden: we keep everything: DELETE /v2/a/manifests/v1"]
        run("violations", "--clear")
        assert run("violations") == []

    def test_a_fault_that_must_fire(self, registry: FakeRegistry, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        """Exit code 1 and the reason if it never did; it is removed all the same."""
        run("fault", "add", "Respond", "status=503", "--on", "ping")
        ended = command.main(["fault", "remove", "--must-fire"])

        out, err = capsys.readouterr()
        assert (ended, out) == (1, "")
        assert err.startswith("fakereg: the fault never fired: Respond(503) on ping, as no request arrived while")
        assert registry.faults == []


class TestState:
    def test_snapshots(self, registry: FakeRegistry, run: Run) -> None:
        """Put aside, compared, gone back to, forgotten."""
        registry.seed("team/app:v1")
        assert run("snapshot", "seeded") == ["seeded"]
        assert run("snapshot", "--diff", "seeded") == ["nothing changed"]
        registry.seed("team/app:v2")
        changes = run("snapshot", "--diff", "seeded")
        listed = run("snapshot", "--list")
        run("restore", "seeded")
        run("snapshot", "--delete", "seeded")

        assert changes[0].startswith("team/app:v2 was pushed: ")
        assert listed[0].startswith("seeded  snapshot of FakeRegistry spec")
        assert registry.repository("team/app").tags == ["v1"]
        assert run("snapshot", "--list") == []

    def test_reset(self, registry: FakeRegistry, run: Run) -> None:
        """Nothing is left."""
        registry.seed("team/app:v1")
        run("reset")

        assert registry.repositories == []

    def test_clock(self, registry: FakeRegistry, run: Run) -> None:
        """Frozen, it shows what it is advanced by."""
        run("clock", "freeze")
        before = registry.clock.now()
        (advanced,) = run("clock", "advance", "3600")
        (thawed,) = run("clock", "thaw")

        assert advanced == f"{before + 3600:.3f} s, frozen"
        assert not thawed.endswith("frozen")
        assert run("clock")[0].endswith(" s")


class TestMistakes:
    @pytest.mark.parametrize(
        ("arguments", "code", "line"),
        [
            (["restore", "other"], 1, "there is no snapshot 'other'; there are none"),
            (["fault", "remove", "fault-9"], 1, "there is no fault 'fault-9'; there are none"),
            (["journal", "--wait", "0"], 1, "after 0 s: no request was seen: no request arrived at all\nhint: "),
            (["seed", "Team/App"], 1, ""),
            (["seed", "a", "--file", "x"], 2, "--file takes NAME=TEXT, got 'x'"),
            (["seed", "a", "--file", "x=@/no/such"], 2, "cannot read /no/such: No such file or directory"),
            (["seed", "a", "--config", "[]"], 2, "argument --config: takes a JSON object, got '[]'"),
            (["load", "/no/such"], 2, "cannot read /no/such: No such file or directory"),
            (["export", "/no/such/file"], 2, "cannot write /no/such/"),
            (["clock", "advance"], 2, "advance takes seconds, and nothing else does: fakereg clock advance 60"),
            (["fault", "add", "Explode"], 2, "fault is unknown: 'Explode'; known are ChunkedEncoding, "),
            (["fault", "add", "Respond", "staus=1"], 2, "staus is no field of Respond; it has status, code, "),
            (["fault", "add", "Respond", "status"], 2, "a field is given as FIELD=VALUE, got 'status'"),
            (
                ["fault", "add", "no_head", "--on", "ping"],
                2,
                "the scenario no_head brings its own targets and limits: ",
            ),
            (
                ["fault", "add", "no_head", "--header", "A=b", "--during", "3"],
                2,
                "the scenario no_head brings its own targets and limits: leave --during and --header out\n",
            ),
            (
                ["fault", "add", "Reset", "--header", "Range"],
                2,
                "--header takes NAME=GLOB, such as Range='*', or --without Range for none; got 'Range'\n",
            ),
            (
                ["fault", "add", "Reset", "--header", "Range=*", "--without", "Range"],
                2,
                "--header and --without name Range more than once: ",
            ),
            (
                ["fault", "add", "Reset", "--during", "1,2,3"],
                2,
                "argument --during: takes seconds, such as 60 or 10,60, got '1,2,3' (see fakereg fault add --help)\n",
            ),
            (["fault", "add", "Reset", "--during", "inf"], 2, "argument --during: takes seconds, such as "),
            (["fault", "add", "Reset", "--during", "3,1"], 1, "during ends after it begins, got (3.0, 1.0)\n"),
            (["fault", "add", "Reset", "--stage", "end"], 1, 'stage takes authorised or edge, got "end"\n'),
            (["assert"], 2, "the following arguments are required: ASSERTION (see fakereg assert --help)\n"),
            (["assert", "seen"], 2, "argument ASSERTION: invalid choice: 'seen' (choose from "),
            (["assert", "pushed"], 2, "the following arguments are required: IMAGE"),
            (["assert", "mounted", "sha256:0"], 2, "the following arguments are required: --into"),
            (["assert", "requested", "--method", "PUT"], 1, "no PUT was seen: no request arrived at all\nhint: "),
            (["assert", "pulled", "team/app:v1", "--whole"], 1, "team/app:v1 was not pulled: no request arrived "),
            (["assert", "pushed", "Team/App"], 1, "image cannot be: invalid repository name 'Team/App': "),
            (["assert", "uploaded-once", "x"], 1, "digest cannot be: 'x' is not a digest: "),
            (["assert", "order", "ping", "nowhere"], 1, "steps[1] cannot be: unknown endpoint 'nowhere'; "),
            (["fault", "add", "chaos"], 1, "scenario is unknown: 'chaos'; known are "),
            (["fault", "add", "Reset", "--on", "nowhere"], 1, "unknown endpoint 'nowhere'; known are "),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else "",
    )
    @pytest.mark.usefixtures("registry")
    def test_it_is_told_in_its_words(
        self, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, line: str
    ) -> None:
        """Exit code 1 for what the registry refuses, 2 for what the command can see itself."""
        ended = command.main(arguments)

        out, err = capsys.readouterr()
        assert (ended, out) == (code, "")
        assert err.startswith(f"fakereg: {line}")

    @pytest.mark.parametrize("name", REMOTE)
    def test_which_registry(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
    ) -> None:
        """Without --url and $FAKEREG_URL each command says what is missing."""
        monkeypatch.delenv("FAKEREG_URL", raising=False)
        needed = {"seed": ["a"], "load": ["x"], "export": ["x"], "restore": ["x"], "fault": ["list"]}
        needed["assert"] = ["no-violations"]

        assert command.main([name, *needed.get(name, [])]) == 2
        assert capsys.readouterr().err == (
            "fakereg: which registry? Give --url http://127.0.0.1:PORT, or set $FAKEREG_URL\n"
        )

    @pytest.mark.parametrize("url", ["ftp://x", "http://", "http://a:b", "http://a:99999"])
    def test_no_url(self, capsys: pytest.CaptureFixture[str], url: str) -> None:
        """What is no URL is told as such."""
        assert command.main(["reset", "--url", url]) == 2
        assert capsys.readouterr().err == (f"fakereg: {url!r} is no URL of a registry, such as http://127.0.0.1:5000\n")

    def test_nobody_answers(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A registry that has stopped is told with its URL."""
        with FakeRegistry() as registry:
            url = registry.url

        assert command.main(["reset", "--url", url]) == 1
        assert capsys.readouterr().err.startswith(f"fakereg: no registry answers at {url}: ")

    def test_a_connection_that_ends(self, registry: FakeRegistry, capsys: pytest.CaptureFixture[str]) -> None:
        """Whatever answers without saying anything is told too."""
        registry.fault(faults.EmptyAnswer(), on="connect", must_fire=False)

        assert command.main(["reset"]) == 1
        assert capsys.readouterr().err.startswith(f"fakereg: the connection to {registry.url} was lost: ")


class TestToken:
    def test_it_is_taken_from_the_environment(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Not from the command line, where everybody could read it."""
        monkeypatch.setenv("FAKEREG_ADMIN_TOKEN", "correct-horse")
        with FakeRegistry(admin_token="correct-horse") as registry:
            registry.seed("team/app:v1")

            assert command.main(["reset", "--url", registry.url]) == 0
            assert registry.repositories == []
            monkeypatch.setenv("FAKEREG_ADMIN_TOKEN", "wrong")
            assert command.main(["reset", "--url", registry.url]) == 1
        assert capsys.readouterr().err == "fakereg: this is not the admin token of this registry\n"

    def test_serve_takes_it(self, start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """`fakereg serve` where others reach it has an admin API only with a token, and none with --no-admin."""
        monkeypatch.setenv("FAKEREG_ADMIN_TOKEN", "correct-horse")
        guarded = start("serve", "--host", "0.0.0.0", "--quiet")
        none = start("serve", "--no-admin", "--quiet")

        assert remote.Remote(f"127.0.0.1:{guarded.port}", "correct-horse").get("/repositories") == {"repositories": []}
        with pytest.raises(remote.Refused, match="the admin API of this registry is switched off"):
            remote.Remote(f"127.0.0.1:{none.port}", "correct-horse").get("/repositories")

    def test_one_that_cannot_be(self, fakereg: Any) -> None:
        """A token that no header carries is a mistake of the user's."""
        ended = fakereg("serve", env={**os.environ, "FAKEREG_ADMIN_TOKEN": "two words"})

        assert ended.returncode == 2
        assert ended.stderr == "fakereg: admin_token is printable ASCII without spaces, and not empty\n"


@pytest.mark.parametrize("arguments", [("reset",), ("journal",), ("fault", "list")])
def test_it_does_not_wait_for_aiohttp(
    registry: FakeRegistry, fakereg: Callable[..., subprocess.CompletedProcess[str]], arguments: tuple[str, ...]
) -> None:
    """A command that asks another process needs no server of its own."""
    ended = fakereg(*arguments, env={**os.environ, "PYTHONPROFILEIMPORTTIME": "1"})

    assert ended.returncode == 0
    assert "http.client" in ended.stderr
    assert "aiohttp" not in ended.stderr
