"""The versions of the clients stand in several places, and are the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from table import clients

ROOT = Path(__file__).parents[2]
HINTS = {need.how for client in clients() for need in client.needs}


def test_programs() -> None:
    """What the checks install with Go is what the tests name where it is missing."""
    script = ROOT / ".ci" / "run"
    if not script.exists():
        pytest.skip("a source distribution has no .ci/run")

    modules = re.findall(r"^  (\S+@v\S+)$", script.read_text(), re.MULTILINE)

    assert {f"go install {module}" for module in modules} == {hint for hint in HINTS if hint.startswith("go install")}


def test_packages() -> None:
    """The packages of the extra `clients` are those that the tests name where they are missing."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]

    assert {f"pip install {package}" for package in extras["clients"]} == {
        hint for hint in HINTS if hint.startswith("pip install")
    }
