from __future__ import annotations

import pytest
from inner_run import ASKING, ASYNC, InnerRun, Run

import fakereg.server  # noqa: F401 - an inner run drops the modules that it imported itself


@pytest.fixture
def inner(pytester: pytest.Pytester) -> InnerRun:
    """Run a test module in a pytest of its own, with a client `ask(registry, path) -> status` to import.

    Of the plugins for asynchronous tests only those named by `plugins` take part.
    """
    pytester.makepyfile(asking=ASKING)

    def run(source: str, *arguments: str, ini: str = "", plugins: tuple[str, ...] = ()) -> Run:
        pytester.makepyfile(test_inner=source)
        pytester.makeini(f"[pytest]\n{ini}")
        left_out = [f"-pno:{name}" for name in ASYNC if name not in plugins]
        strict = ("-Werror", "--strict-markers", "--strict-config")
        result = pytester.runpytest_inprocess(*strict, *left_out, *arguments)
        reports = result.reprec.getreports("pytest_runtest_logreport")
        return Run(result.stdout.str(), reports)

    return run
