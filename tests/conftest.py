from __future__ import annotations

import pytest
from api import Api


@pytest.fixture
def api() -> Api:
    """A registry without any network, with the default profile."""
    return Api.of()
