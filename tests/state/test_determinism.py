"""The same seed and the same requests: the same answers and the same journal, in every run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
import rehearsed

SCRIPT = Path(rehearsed.__file__)


def played(order: int, hash_seed: int) -> Any:
    """What another process tells of the conversation."""
    environ = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    command = [sys.executable, str(SCRIPT), str(order)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def differing(expected: Any, orders: Iterable[int]) -> list[tuple[int, Any, Any]]:
    """Each entry of every run that is not as expected."""
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda order: (order, played(order, hash_seed=order)), orders))
    assert all(len(run) == len(expected) for _, run in runs)
    return [
        (order, one, other)
        for order, run in runs
        for client, others in zip(expected, run, strict=True)
        for part in ("answers", "journal")
        for one, other in zip_longest(client[part], others[part])
        if one != other
    ]


@pytest.fixture(scope="module")
def expected() -> Any:
    """What is told in this process, one repository after the other."""
    return json.loads(json.dumps(rehearsed.play(0)))


class TestConversation:
    def test_it_says_enough(self, expected: Any) -> None:
        """It opens uploads, meets every kind of refusal and asks for boundaries; the journal has all of it."""
        answers = [answer for client in expected for answer in client["answers"]]
        assert {status for _, _, status, _, _ in answers} >= {200, 201, 202, 204, 206, 400, 404, 416, 500, 503}
        assert any("boundary=" in told.get("content-type", "") for _, _, _, told, _ in answers)
        for client in expected:
            assert len({entry[0][2] for entry in client["journal"]}) >= 14
            assert len(client["answers"]) == len(client["journal"]) >= 40

    def test_faults_fire_by_chance(self, expected: Any) -> None:
        """Every fault fires on some requests, and on few of them."""
        fired = Counter(
            fault.partition("(")[0] for client in expected for entry in client["journal"] for fault in entry[1][4]
        )

        assert set(fired) == {"Respond", "Corrupt", "Delay"}
        assert fired.total() < sum(len(client["journal"]) for client in expected) / 4

    def test_another_seed_gives_other_ids(self, expected: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """The comparisons below can fail."""
        monkeypatch.setattr(rehearsed, "SEED", 12)

        other = rehearsed.play(0)

        assert other[0]["answers"][0][3]["location"] != expected[0]["answers"][0][3]["location"]


class TestSameSeed:
    def test_in_other_processes(self, expected: Any) -> None:
        """No hash seed and no port shifts anything."""
        runs = [played(0, hash_seed) for hash_seed in (0, 1, 4711)]

        assert runs == [expected] * 3

    def test_from_threads_in_any_order(self, expected: Any) -> None:
        """Eight clients at once, each in repositories of its own, meet what they would have met alone."""
        assert differing(expected, [1, 2]) == []

    @pytest.mark.slow
    def test_a_hundred_times(self, expected: Any) -> None:
        """The same, in a hundred processes with a hash seed and an order each."""
        assert differing(expected, range(100)) == []
