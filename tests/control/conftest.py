from __future__ import annotations

from collections.abc import Iterator

import pytest
from admin_client import AdminClient

from fakereg import FakeRegistry


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """A registry that serves, its admin API with it."""
    with FakeRegistry() as registry:
        yield registry


@pytest.fixture
def admin(registry: FakeRegistry) -> AdminClient:
    return AdminClient(registry)
