"""docs/faults.md: its examples run, and its tables name what there is."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fakereg import faults, scenarios

PAGE = (Path(__file__).parents[2] / "docs" / "faults.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
TESTS = [text for text in BLOCKS if "def test_" in text]
SCRIPTS = [text for text in BLOCKS if "def test_" not in text]
NAMED = re.findall(r"^\| `(\w+)\(", PAGE, re.MULTILINE)


def test_there_are_examples() -> None:
    """The pattern above finds what the page shows."""
    assert len(TESTS) == 1
    assert len(SCRIPTS) == 5
    assert len(BLOCKS) == PAGE.count("```") / 2


@pytest.mark.parametrize("example", SCRIPTS)
def test_example_script(example: str, tmp_path: Path) -> None:
    """An example runs, and its assertions hold."""
    command = [sys.executable, "-W", "error", "-c", example]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("example", TESTS)
def test_example_test(example: str, pytester: pytest.Pytester) -> None:
    """An example that is a test passes."""
    pytester.makepyfile(example)
    result = pytester.runpytest_subprocess("-q")

    result.assert_outcomes(passed=example.count("def test_"))


def test_every_fault_is_named() -> None:
    """Each has a line, and no line is for a fault that there is not."""
    there = {name for name in faults.__all__ if name not in ("Fault", "Lognormal", "Uniform")}

    assert {name for name in NAMED if name[0].isupper()} == there


def test_every_scenario_is_named() -> None:
    """In the order in which the package has them, or another: but all of them."""
    there = {
        name
        for name, value in vars(scenarios).items()
        if inspect.isfunction(value) and value.__module__ == scenarios.__name__ and not name.startswith("_")
    }

    assert {name for name in NAMED if name[0].islower()} == there
