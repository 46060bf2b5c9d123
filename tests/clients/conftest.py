"""Real client programs, found on PATH; each test says which it needs."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from fakereg import FakeRegistry

SECONDS = 60

HOW_TO_INSTALL = {
    "crane": "go install github.com/google/go-containerregistry/cmd/crane@v0.22.1",
    "skopeo": "apt-get install skopeo",
    "umoci": "apt-get install umoci",
}


@dataclass(frozen=True)
class Program:
    """A client program, run in a folder of its own with the registry's environment."""

    path: str
    folder: Path
    environ: dict[str, str]
    options: tuple[str, ...] = ()

    def __call__(self, *arguments: str | Path, fails: bool = False) -> str:
        """Run it and answer what it printed; `fails` says that it should not succeed."""
        command = [self.path, *self.options, *map(str, arguments)]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environ, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        if (done.returncode != 0) is not fails:
            pytest.fail(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}", pytrace=False)
        return done.stdout


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Without its client a test is skipped, or fails under --require-clients.

    A hook and not a fixture: pytest then tells in one line per client, not per test, what is missing.
    """
    for name, how in HOW_TO_INSTALL.items():
        if name in getattr(item, "fixturenames", ()) and shutil.which(name) is None:
            missing = f"the client {name} is not installed ({how})"
            if item.config.getoption("--require-clients"):
                pytest.fail(missing, pytrace=False)
            pytest.skip(missing)


@pytest.fixture
def program(tmp_path: Path, fake_registry: FakeRegistry) -> Callable[[str], Program]:
    """Finds a client program, which is there: see pytest_runtest_setup."""

    def find(name: str) -> Program:
        path = shutil.which(name)
        assert path is not None
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        environ = {**os.environ, **fake_registry.environ(tmp_path / "environ"), "HOME": str(home)}
        return Program(path, tmp_path, environ)

    return find


@pytest.fixture
def crane(program: Callable[[str], Program]) -> Program:
    return program("crane")


@pytest.fixture
def skopeo(program: Callable[[str], Program]) -> Program:
    found = program("skopeo")
    # Of all that reads registries.conf, skopeo alone wants it as a flag.
    return replace(found, options=("--registries-conf", found.environ["CONTAINERS_REGISTRIES_CONF"]))


@pytest.fixture
def umoci(program: Callable[[str], Program]) -> Program:
    return program("umoci")
