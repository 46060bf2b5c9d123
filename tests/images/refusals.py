"""Runs the table of hostile archives against the package, or against a copy of it with one branch taken out."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hostile_case import Case
from hostile_contents import CONTENTS
from hostile_tars import TARS

import fakereg
from fakereg.images import LayoutError
from fakereg.images.load import load
from fakereg.store.store import Store

CASES = TARS + CONTENTS

PACKAGE = Path(fakereg.__file__).parent
HERE = Path(__file__).parent

# Seconds for one case when the branch that refuses it is gone: to open a FIFO is to wait for ever.
PATIENCE = 5


def failing() -> Iterator[str]:
    """The names of the cases that are not refused as they say, by the code as it is imported."""
    signal.signal(signal.SIGALRM, _too_long)
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            path = case.path(Path(folder))
            signal.alarm(PATIENCE)
            try:
                load(Store(), path, limits=case.limits)
            except LayoutError as error:
                if case.is_told(path, str(error)):
                    continue
            except Exception:  # noqa: BLE001 - that too is not what it says
                pass
            finally:
                signal.alarm(0)
            yield case.name


def tell() -> None:
    print(json.dumps([fakereg.__file__, *failing()]))  # noqa: T201 - for the process that waits


def _too_long(*_: object) -> None:
    raise TimeoutError


class Copy:
    """A copy of the package, of which one file may be edited."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(PACKAGE, folder / "fakereg", ignore=shutil.ignore_patterns("__pycache__"))

    def failing(self, case: Case | None) -> list[str]:
        """The cases that fail without the branch of one of them, or on whole code."""
        if case is None:
            return self._run()
        file, before, after = case.edit
        path = self.folder / "fakereg" / "images" / file
        whole = path.read_text()
        path.write_text(whole.replace(before, after))
        try:
            return self._run()
        finally:
            path.write_text(whole)

    def _run(self) -> list[str]:
        places = [str(self.folder), str(HERE.parent), str(HERE)]
        script = f"import sys; sys.path[:0] = {places}; import refusals; refusals.tell()"
        done = subprocess.run([sys.executable, "-B", "-c", script], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        imported, *found = json.loads(done.stdout)
        assert Path(imported).is_relative_to(self.folder)
        return found
