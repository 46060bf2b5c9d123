"""What a client's process runs with: a home of its own, and nothing of whoever runs the tests."""

from __future__ import annotations

import os
from pathlib import Path

PROXIES = ("http_proxy", "https_proxy", "all_proxy")

# skopeo and buildah keep their cache of blobs in /var/lib/containers for root, whatever HOME says, and in
# XDG_DATA_HOME for anybody else. They take this variable's word for who it is that runs them.
# Our own program of containers/image needs none of it: it names the folder of its cache.
NOT_ROOT = {"_CONTAINERS_ROOTLESS_UID": "1000"}


def own_environment(folder: Path) -> dict[str, str]:
    """Variables for a client's process: this one's, without proxies and with a user's folders made in `folder`."""
    kept = {name: value for name, value in os.environ.items() if name.lower() not in PROXIES}
    folders = {
        "HOME": folder / "home",
        "TMPDIR": folder / "tmp",
        "XDG_DATA_HOME": folder / "home" / "data",
        "XDG_CONFIG_HOME": folder / "home" / "config",
        "XDG_CACHE_HOME": folder / "home" / "cache",
        "XDG_RUNTIME_DIR": folder / "run-user",
    }
    for path in folders.values():
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {**kept, **{name: str(path) for name, path in folders.items()}}
