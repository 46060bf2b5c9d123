from __future__ import annotations

import pytest
from api import Api

pytest_plugins = ["pytester"]  # only the top conftest may name plugins; tests/plugin uses it


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("fakereg's own tests")
    group.addoption("--slow", action="store_true", help="run the tests marked slow too")
    group.addoption("--clients-table", metavar="FILE", help="write what clients can do to FILE, as Markdown")
    group.addoption("--require-clients", action="store_true", help="fail, not skip, where a client program is missing")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--slow"):
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="slow: run with --slow"))


@pytest.fixture
def api() -> Api:
    """A registry without any network, with the default profile."""
    return Api.of()
