from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from api import Api

from fakereg import FakeRegistry
from fakereg.double.journal import Journal

Failure = Callable[..., str]


@pytest.fixture
def journal(api: Api) -> Journal:
    """That of the registry behind `api`."""
    return api.pipeline.journal


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """A registry that serves on a port of its own."""
    with FakeRegistry() as registry:
        yield registry


@pytest.fixture
def failure() -> Failure:
    """Calls an assertion that must fail, and returns what it says."""

    def call(assertion: Callable[..., object], *arguments: object, **keywords: object) -> str:
        with pytest.raises(AssertionError) as caught:
            assertion(*arguments, **keywords)
        return str(caught.value)

    return call
