"""Every example of the README, run as a reader would run it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fakereg import FakeRegistry
from fakereg.registry.profile import SETTINGS

README = Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE)
PYTHON = [text for language, text in BLOCKS if language == "python"]
TESTS = [text for text in PYTHON if "def test_" in text]
SCRIPTS = [text for text in PYTHON if "def test_" not in text]
COMMANDS = [
    line.partition("#")[0].strip()
    for language, text in BLOCKS
    for line in text.splitlines()
    if language == "sh" and line.startswith("fakereg ")
]


def test_there_are_examples() -> None:
    """The patterns above find what the README shows."""
    assert len(TESTS) == 5
    assert len(SCRIPTS) == 4
    assert len(COMMANDS) == 10


@pytest.mark.parametrize("example", TESTS)
def test_example_test(example: str, pytester: pytest.Pytester) -> None:
    """An example that is a test passes."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\nasyncio_mode = auto")
    pytester.makepyfile(example)

    result = pytester.runpytest_subprocess("-q")

    result.assert_outcomes(passed=example.count("def test_"))


@pytest.mark.parametrize("example", SCRIPTS)
def test_example_script(example: str, tmp_path: Path) -> None:
    """An example that is a script runs, and its assertions hold."""
    command = [sys.executable, "-W", "error", "-c", example]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("fakereg serve")])
def test_example_server(command: str, tmp_path: Path) -> None:
    """`fakereg serve` tells its URL with the options shown, and ends cleanly."""
    registry = FakeRegistry()
    registry.seed("team/app:v1")
    registry.save(tmp_path / "layout")
    words = command.replace("--port 5000", "--port 0").split()[1:]
    server = subprocess.Popen(
        [sys.executable, "-m", "fakereg", *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        ready = server.stdout.readline()
        server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=30)
    finally:
        server.kill()

    assert "http://127.0.0.1:" in ready
    assert (server.returncode, errors) == (0, "")


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("fakereg run")])
def test_example_run(command: str, tmp_path: Path) -> None:
    """`fakereg run` gives its command the three variables that the README names."""
    program = tmp_path / "make"
    program.write_text('#!/bin/sh\necho "$1 $FAKEREG_URL $FAKEREG_HOST $FAKEREG_PORT"\n')
    program.chmod(0o755)
    environ = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    done = subprocess.run(
        [sys.executable, "-m", "fakereg", *command.replace("--port 5000", "--port 0").split()[1:]],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    target, url, host, port = done.stdout.split()
    assert target == command.rsplit(maxsplit=1)[-1]
    assert url == f"http://{host}"
    assert host == f"127.0.0.1:{port}"


def test_example_admin(tmp_path: Path) -> None:
    """The commands that speak to a registry do so, and the fault that they arm is armed."""
    commands = [command for command in COMMANDS if not command.startswith(("fakereg serve", "fakereg run"))]

    with FakeRegistry() as registry:
        environ = {**os.environ, "FAKEREG_URL": registry.url}
        for command in commands[:-1]:
            words = [sys.executable, "-m", "fakereg", *command.split()[1:]]
            subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, timeout=60, check=True)

        assert commands[-1] == "fakereg reset"
        assert registry.repository("team/app").tags == ["v1"]
        assert registry.faults == ["Respond(429, retry_after=1) on get_blob, 2 times"]


def test_the_report_shown(pytester: pytest.Pytester) -> None:
    """The journal of a failed test looks as the README says."""
    (shown,) = [text for language, text in BLOCKS if language == "text"]
    pytester.makepyfile(TESTS[0].replace('fake_registry.seed("team/app", layers=[{"etc/motd": b"hi"}])', "None"))

    result = pytester.runpytest_subprocess("-q")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["-* fakereg journal -*", *shown.splitlines()[1:]])


def test_the_settings_shown() -> None:
    """The table of settings names every field of a profile, with its default."""
    table = README.read_text().partition("| setting | default |")[2].partition("\n\n")[0]
    named = re.findall(r"`(\w+)`", " ".join(line.split("|")[1] for line in table.splitlines() if line.count("|") > 3))

    assert sorted(named) == sorted(SETTINGS)
