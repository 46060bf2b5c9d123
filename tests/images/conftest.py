from __future__ import annotations

from pathlib import Path

import pytest

from fakereg import FakeRegistry


@pytest.fixture
def registry() -> FakeRegistry:
    """Not serving: neither seeding nor layouts need a network."""
    return FakeRegistry()


@pytest.fixture
def layout(tmp_path: Path, registry: FakeRegistry) -> Path:
    """A layout of `team/app` with the tag v1."""
    registry.seed("team/app:v1", layers=[{"a": b"1"}])
    registry.save(tmp_path / "layout", "team/app")
    return tmp_path / "layout"
