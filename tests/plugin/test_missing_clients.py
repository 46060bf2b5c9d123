"""What our own tests with real clients tell where a client is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from inner_run import InnerRun

CLIENTS = Path(__file__).parent.parent / "clients" / "conftest.py"

TWO_TESTS = """
    def test_one(crane): raise ValueError
    def test_other(crane): raise ValueError
"""

OPTION = """

def pytest_addoption(parser):
    parser.addoption("--require-clients", action="store_true")
"""

MISSING = "the client crane is not installed (go install github.com/"


@pytest.fixture(autouse=True)
def no_clients(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makeconftest(CLIENTS.read_text() + OPTION)
    monkeypatch.setenv("PATH", "")


def test_one_line_per_client(inner: InnerRun) -> None:
    """The tests that miss a client are skipped, and the summary tells it once."""
    run = inner(TWO_TESTS, "-rs")

    assert run.outcomes == {"skipped": 2}
    assert run.text.count(MISSING) == 1
    assert "SKIPPED [2]" in run.text


def test_a_failure_each(inner: InnerRun) -> None:
    """Where clients are required each of the tests fails."""
    run = inner(TWO_TESTS, "--require-clients")

    assert run.outcomes == {"errors": 2}
    assert run.errors.count(MISSING) == 2
