"""That the tests see: each claimed behaviour is broken on purpose, and its test must fail."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import pytest
from behaviours import BEHAVIOURS, ENDPOINT_TESTS
from fault_behaviours import FAULTS
from saboteur import ROOT, Sabotage, Verdict, Workshop
from state_behaviours import STATE

from fakereg.registry.endpoints import ENDPOINTS

WORKERS = 2


def missing_row(name: str, test: str) -> Sabotage:
    """The endpoint's row is gone from the table."""
    return Sabotage(f"endpoint {name}", "registry/endpoints.py", f'    Endpoint("{name}", ', f'    # ("{name}", ', test)


EVERY = [missing_row(name, test) for name, test in ENDPOINT_TESTS.items()] + BEHAVIOURS + STATE + FAULTS


def test_every_endpoint_is_claimed() -> None:
    """Each row of the table names the test that notices its absence, and at least forty behaviours do too."""
    assert sorted(ENDPOINT_TESTS) == sorted(endpoint.name for endpoint in ENDPOINTS)
    assert len({sabotage.behaviour for sabotage in BEHAVIOURS}) >= 40


def test_every_edit_still_fits() -> None:
    """The edits are kept up with the code: each finds its place, once, and changes it."""
    for sabotage in EVERY:
        text = (ROOT / "fakereg" / sabotage.file).read_text()

        assert sabotage.applied_to(text) != text


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """What became of every sabotage, tried out on several copies at once."""
    workshops: SimpleQueue[Workshop] = SimpleQueue()
    for _ in range(WORKERS):
        workshops.put(Workshop(tmp_path_factory.mktemp("workshop")))

    def try_out(sabotage: Sabotage) -> tuple[str, Verdict]:
        workshop = workshops.get()
        try:
            return sabotage.behaviour, workshop.try_out(sabotage)
        finally:
            workshops.put(workshop)

    with ThreadPoolExecutor(WORKERS) as pool:
        return dict(pool.map(try_out, EVERY))


@pytest.mark.slow
class TestSabotage:
    def test_the_claiming_tests_pass_on_whole_code(self, tmp_path: Path) -> None:
        """Otherwise their failures would say nothing."""
        verdict = Workshop(tmp_path / "copy").run(*sorted({sabotage.test for sabotage in EVERY}))

        assert verdict.outcome == "passed", verdict.output

    @pytest.mark.parametrize("sabotage", EVERY, ids=lambda sabotage: sabotage.behaviour)
    def test_it_is_noticed(self, sabotage: Sabotage, verdicts: dict[str, Verdict]) -> None:
        """The test that claims the behaviour fails, and it is the test that fails and not its set-up."""
        verdict = verdicts[sabotage.behaviour]

        assert verdict.outcome == "failed", verdict.output
