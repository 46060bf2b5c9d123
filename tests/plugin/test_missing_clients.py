"""What our own tests with real clients tell where a client is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

CLIENTS = Path(__file__).parent.parent / "clients"

CONFTEST = f"""
import sys

sys.path.insert(0, {str(CLIENTS)!r})

from conftest_of_clients import *


def pytest_addoption(parser):
    parser.addoption("--require-clients", action="store_true")
    parser.addoption("--clients-table")
"""

SCENARIOS = """
from client import Client, Need
from scenarios import Scenarios


class Missing(Client):
    name = "missing"
    needs = (Need("no-such-program", "ask somebody"),)


class TestMissing(Scenarios):
    Client = Missing
"""

TOLD = "the client no-such-program is not installed (ask somebody)"


@pytest.fixture(autouse=True)
def scenarios(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nmarkers = clients: drives a real client\n    slow: takes seconds")
    pytester.makepyfile(conftest_of_clients=(CLIENTS / "conftest.py").read_text(), test_missing=SCENARIOS)
    pytester.makeconftest(CONFTEST)


def test_one_line_per_client(pytester: pytest.Pytester) -> None:
    """The scenarios of a missing client are skipped, and the summary tells it once."""
    run = pytester.runpytest_subprocess("-rs", "-k", "push")

    run.assert_outcomes(skipped=2)
    assert run.stdout.str().count(TOLD) == 1


def test_a_failure_each(pytester: pytest.Pytester) -> None:
    """Where clients are required each of the scenarios fails."""
    # -rN: the summary cuts its lines to the terminal's width, or does not where $CI is set.
    run = pytester.runpytest_subprocess("--require-clients", "--tb=line", "-rN", "-k", "push")

    run.assert_outcomes(errors=2)
    assert run.stdout.str().count(TOLD) == 2


def test_another_client_is_none_of_ours(pytester: pytest.Pytester) -> None:
    """A class whose `Client` is something else runs as any other."""
    pytester.makepyfile(
        test_missing="""
class TestOther:
    Client = object

    def test_it(self):
        pass
"""
    )

    run = pytester.runpytest_subprocess("--require-clients")

    run.assert_outcomes(passed=1)
