"""docs/admin.md: its table is the table, and its examples run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from admin_client import AdminClient

from fakereg import FakeRegistry
from fakereg.control.operations.assertions import KINDS
from fakereg.control.operations.journal import CRITERIA
from fakereg.control.route import Route
from fakereg.control.routes import ROUTES
from fakereg.double import fault_forms

PAGE = Path(__file__).parents[2] / "docs" / "admin.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
SHELL = [text for language, text in BLOCKS if language == "sh"]
(NODE,) = [text for language, text in BLOCKS if language == "js"]
FORMS = [json.loads(text) for language, text in BLOCKS if language == "json"]


def table(heading: str) -> list[str]:
    """The lines of the table under a heading, without its head."""
    _, _, rest = PAGE.read_text().partition(f"\n## {heading}\n")
    section, _, _ = rest.partition("\n## ")
    return [line for line in section.splitlines() if line.startswith("| ")][1:]


def row(route: Route) -> str:
    return f"| `{route.name}` | `{route.method} {route.template}` | {route.summary} |"


def test_the_routes_are_listed_as_they_are() -> None:
    """The page has a line for every row of the table, in its order, and no other."""
    assert table("Routes") == [row(route) for route in ROUTES]


def test_the_assertions_are_listed_as_they_are() -> None:
    """The page names every kind of assertion in its order, and the fields of those that have fields of their own."""
    kinds, fields = zip(*(line.strip("|").split("|")[:2] for line in table("Assertions")), strict=True)

    assert re.findall(r"`(\w+)`", "".join(kinds)) == list(KINDS)
    for name, told in zip(KINDS, fields, strict=False):
        own = set(KINDS[name].takes["properties"]) - {"assert"}
        assert set(re.findall(r"`(\w+)`", told)) == (own - set(CRITERIA) if "method" in own else own), name


def run(command: list[str], script: str, registry: FakeRegistry, folder: Path) -> str:
    """What a script prints that is given on stdin; `fakereg` is found on its path."""
    program = folder / "bin" / "fakereg"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m fakereg "$@"\n')
    program.chmod(0o755)
    environ = {**os.environ, "FAKEREG_URL": registry.url, "PATH": f"{program.parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        command, input=script, env=environ, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on the path")
def test_curl(registry: FakeRegistry, tmp_path: Path) -> None:
    """The example with curl: the client tries again, and the assertion holds."""
    script = SHELL[0].replace("curl -sS --fail-with-body -X POST", ": curl")

    printed = run(["sh", "-eu"], script, registry, tmp_path)

    assert '{"seen": 2}' in printed
    assert [entry.status for entry in registry.journal] == [503, 200]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not on the path")
def test_node(registry: FakeRegistry, tmp_path: Path) -> None:
    """The example with Node.js: the client gives up, and the assertion holds; then it is reset."""
    registry.seed("other:v1")

    run(["node", "--input-type=module", "-"], NODE, registry, tmp_path)

    assert registry.repositories == []
    assert list(registry.journal) == []


def test_command(registry: FakeRegistry, tmp_path: Path) -> None:
    """The commands run, one after the other, and do what they say."""
    printed = run(["sh", "-eu"], SHELL[1], registry, tmp_path)

    assert "fault-1  Respond(429, retry_after=1) on get_blob, 2 times: fired 0 times" in printed
    assert printed.splitlines()[-1] == "team/app:v1"
    assert registry.repository("team/app").tags == ["v1"]


def test_forms(registry: FakeRegistry, admin: AdminClient) -> None:
    """The JSON that is shown: a fault that can be armed, and the problem that is really answered."""
    armed, problem = FORMS
    admin.post("faults", **armed)

    assert [type(fault_forms.from_json(one)).__name__ for one in armed["faults"]] == ["Truncate", "Delay"]
    assert admin.ask("POST", "clock/advance", {"seconds": "60"}).problem == problem
    assert len(registry.faults) == 1
    assert registry.faults[0].endswith(", after the first 1")
