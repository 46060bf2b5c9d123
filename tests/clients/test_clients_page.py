"""The page of clients says what their classes say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fault_cases import CASES
from fault_endings import ENDINGS, REASONS
from scenarios import SCENARIOS, Scenarios
from table import PASSED, Results, classes, clients, page

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"


def lasting(text: str) -> list[str]:
    """The lines of the page, without the versions: those are of the run that wrote it."""
    return [line for line in text.splitlines() if not line.startswith("| version")]


def test_the_page_is_current() -> None:
    """docs/clients.md has every client, scenario and fault, with what each does and the reasons for what it cannot."""
    outcomes = {(client.name, row): PASSED for client in clients() for row in (*SCENARIOS, *CASES)}

    assert lasting(PAGE.read_text()) == lasting(page(Results(outcomes)))


def test_limits_are_of_scenarios() -> None:
    """What a client cannot do, or does in another way, is told by the name of a scenario."""
    for client in clients():
        assert {*client.cannot, *client.notes} <= set(SCENARIOS), client.name
        assert not set(client.cannot) & set(client.notes), client.name


def test_endings_are_of_cases() -> None:
    """Every client has an ending for every case, except those for which it has no such feature."""
    needed = {"mount declined": "copy_with_mounts", "no referrers": "referrers_filtered"}
    for client in clients():
        left_out = {case for case, scenario in needed.items() if scenario in client.cannot}

        assert set(ENDINGS[client.name]) == set(CASES) - left_out, client.name


def test_reasons_are_of_endings() -> None:
    """What is told of a client and a fault is told of an ending that the table has."""
    assert {(client, case) for client, case in REASONS if case not in ENDINGS[client]} == set()


@pytest.mark.parametrize("asked", classes(), ids=lambda asked: asked.Client.name)
def test_another_way_has_a_note(asked: type[Scenarios]) -> None:
    """A scenario that a client is asked in another way than the others has a note that says how."""
    assert another_way(asked) <= {*asked.Client.notes, *asked.Client.cannot}


def another_way(asked: type[Scenarios]) -> set[str]:
    """The scenarios that a class or its mixins override, or that have another image than Scenarios' own."""
    tests = {name: getattr(asked, f"test_{name}") for name in SCENARIOS}
    replaced = {name for name, test in tests.items() if test is not getattr(Scenarios, f"test_{name}")}
    if asked.image is not Scenarios.image:
        replaced |= {name for name, test in tests.items() if reads_own_image(test)}
    return replaced


def reads_own_image(test: Callable[..., None]) -> bool:
    return "image" in test.__code__.co_names or "large_layout" in test.__code__.co_varnames
