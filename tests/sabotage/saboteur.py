"""Breaks a copy of the package in one place and runs one test against it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Sabotage:
    """An edit that breaks one behaviour, and the test that claims this behaviour.

    `before` stands exactly once in `file` (a path below fakereg/) and becomes `after`;
    `test` is a path below tests/ with class and name: `spec/test_tags.py::TestPages::test_order`.
    """

    behaviour: str
    file: str
    before: str
    after: str
    test: str

    def applied_to(self, text: str) -> str:
        """The file's text, sabotaged. Raises ValueError when it is not as the edit expects it."""
        if text.count(self.before) != 1:
            raise ValueError(f"{self.behaviour}: {self.before!r} stands {text.count(self.before)} times in {self.file}")
        return text.replace(self.before, self.after)


@dataclass(frozen=True)
class Verdict:
    """How the claiming test went: `failed` is what a sabotage should lead to, `broken` is no test result at all."""

    outcome: str
    output: str


class Workshop:
    """A copy of the package and its tests in which things may be broken."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("fakereg", "tests"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", folder)

    def run(self, *tests: str) -> Verdict:
        """Run tests against the copy as it is."""
        command = [sys.executable, "-B", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--tb=short"]
        done = subprocess.run(
            [*command, *(f"tests/{test}" for test in tests)],
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode == 0 and re.search(r"\d+ passed", done.stdout):
            return Verdict("passed", done.stdout)
        summary = done.stdout.rstrip().rpartition("\n")[2]
        failed = done.returncode == 1 and re.search(r"\d+ failed", summary) and not re.search(r"\d+ error", summary)
        return Verdict("failed" if failed else "broken", done.stdout + done.stderr)

    def try_out(self, sabotage: Sabotage) -> Verdict:
        """Run the claiming test against a sabotaged copy; the copy is whole again afterwards."""
        path = self._folder / "fakereg" / sabotage.file
        whole = path.read_text()
        try:
            path.write_text(sabotage.applied_to(whole))
            return self.run(sabotage.test)
        except ValueError as error:
            return Verdict("broken", str(error))
        finally:
            path.write_text(whole)
