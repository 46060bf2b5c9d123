"""Tests in other languages, from the first request to the last, against the command."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent

SCRIPTS = {"curl": ["sh", str(HERE / "e2e.sh")], "node": ["node", str(HERE / "e2e.mjs")]}


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Where `fakereg serve` serves, on a port of its own that it wrote into a file."""
    file = tmp_path / "port"
    server = subprocess.Popen(
        [sys.executable, "-m", "fakereg", "serve", "--port", "0", "--port-file", str(file), "--quiet"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    server.stdout.readline()
    yield f"http://127.0.0.1:{file.read_text().strip()}"
    server.send_signal(signal.SIGTERM)
    _, errors = server.communicate(timeout=30)
    assert (server.returncode, errors) == (0, "")


@pytest.mark.parametrize("program", list(SCRIPTS))
def test_a_test_in_another_language(program: str, url: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A script that knows the admin API alone seeds, arms, asserts, advances, snapshots, restores and exports."""
    if shutil.which(program) is None:
        told = f"{program} is not on the path"
        pytest.fail(told) if request.config.getoption("--require-clients") else pytest.skip(told)

    done = subprocess.run(
        [*SCRIPTS[program], str(tmp_path)],
        env={**os.environ, "FAKEREG_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "passed\n", "")
