"""What a client runs with is its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from environment import own_environment


@pytest.mark.parametrize("name", ["http_proxy", "HTTPS_PROXY", "All_Proxy"])
def test_proxies_are_left_out(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy stands between a client and the registry, however its variable is written."""
    monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert name not in own_environment(tmp_path)


@pytest.mark.parametrize("name", ["HOME", "TMPDIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"])
def test_folders_are_the_clients_own(name: str, tmp_path: Path) -> None:
    """The folders of a user and for temporary files exist, beneath the client's own."""
    folder = Path(own_environment(tmp_path)[name])

    assert folder.is_dir()
    assert folder.is_relative_to(tmp_path)
