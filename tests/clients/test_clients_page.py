"""The page of clients says what their classes say."""

from __future__ import annotations

from pathlib import Path

from scenarios import SCENARIOS
from table import PASSED, Results, clients, page

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"


def lasting(text: str) -> list[str]:
    """The lines of the page, without the versions: those are of the run that wrote it."""
    return [line for line in text.splitlines() if not line.startswith("| version")]


def test_the_page_is_current() -> None:
    """docs/clients.md has every client and scenario, with what each client does and the reasons for what it cannot."""
    outcomes = {(client.name, scenario): PASSED for client in clients() for scenario in SCENARIOS}

    assert lasting(PAGE.read_text()) == lasting(page(Results(outcomes)))


def test_limits_are_of_scenarios() -> None:
    """What a client cannot do, or does in another way, is told by the name of a scenario."""
    for client in clients():
        assert {*client.cannot, *client.notes} <= set(SCENARIOS), client.name
