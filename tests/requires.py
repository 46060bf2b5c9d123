"""The decorator by which a test says which requirements of the specification it checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., object])


def requires(*ids: str) -> Callable[[Test], Test]:
    """`@requires("push.chunked.3")`: the ids of tests/requirements.py that this test shows to hold."""

    def mark(test: Test) -> Test:
        test.requirements = ids  # type: ignore[attr-defined]
        return test

    return mark
