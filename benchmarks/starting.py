"""What a registry costs that does nothing: its start and stop, and the plugin in a run that does not use it.

    python benchmarks/starting.py

Prints medians and the spread (10th to 90th percentile). Runs with and without the plugin alternate, so
that a machine that slows down slows both.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from fakereg import FakeRegistry

STARTS = 300
RUNS = 40


def milliseconds(work: Callable[[], object]) -> float:
    before = time.perf_counter()
    work()
    return (time.perf_counter() - before) * 1000


def start_and_stop() -> None:
    with FakeRegistry():
        pass


def pytest_run(folder: Path, *options: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "test_nothing.py"]
    # Other plugins would add their own time, and their noise, to both.
    environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True)


def report(what: str, figures: list[float]) -> None:
    tenths = statistics.quantiles(figures, n=10)
    median = statistics.median(figures)
    print(f"{what:<44} {median:8.2f} ms   ({tenths[0]:.2f} to {tenths[-1]:.2f}, {len(figures)} runs)")


def main() -> None:
    for _ in range(10):
        start_and_stop()
    report("a registry starts and stops", [milliseconds(start_and_stop) for _ in range(STARTS)])

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_nothing.py").write_text("def test_nothing(): pass\n")
        with_plugin, without = [], []
        for _ in range(RUNS):
            with_plugin.append(milliseconds(lambda: pytest_run(folder, "-p", "pytest_fakereg")))
            without.append(milliseconds(lambda: pytest_run(folder)))
    report("pytest with the plugin installed, unused", with_plugin)
    report("pytest without it", without)
    report("the difference, pair by pair", [one - other for one, other in zip(with_plugin, without, strict=True)])


if __name__ == "__main__":
    main()
