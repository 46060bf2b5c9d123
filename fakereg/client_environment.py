"""The environment in which container clients find and trust a registry on plain HTTP."""

from __future__ import annotations

import json
from pathlib import Path


def client_environment(host: str, folder: Path) -> dict[str, str]:
    """Variables for a client's process; the files that they name are written to `folder`.

    docker, crane, oras, regctl and helm read DOCKER_CONFIG; podman and buildah REGISTRY_AUTH_FILE and
    CONTAINERS_REGISTRIES_CONF; skopeo takes the latter by `--registries-conf`, and containerd's tools
    the folder CONTAINERD_HOSTS_DIR by `--hosts-dir`.
    """
    docker = folder / "docker"
    registries = folder / "registries.conf"
    hosts = folder / "hosts"
    _write(docker / "config.json", json.dumps({"auths": {}}))
    _write(registries, f'[[registry]]\nlocation = "{host}"\ninsecure = true\n')
    # No `host` table: containerd would take that for a mirror in front of the server, and ask both.
    _write(hosts / _folder(host) / "hosts.toml", f'server = "http://{host}"\n')
    return {
        "FAKEREG_URL": f"http://{host}",
        "FAKEREG_HOST": host,
        "FAKEREG_PORT": host.rpartition(":")[2],
        "DOCKER_CONFIG": str(docker),
        "REGISTRY_AUTH_FILE": str(docker / "config.json"),
        "CONTAINERS_REGISTRIES_CONF": str(registries),
        "CONTAINERD_HOSTS_DIR": str(hosts),
    }


def _folder(host: str) -> str:
    """`127.0.0.1_5000_` for port 5000: containerd reads that form on every system, and a colon only on some."""
    name, _, port = host.rpartition(":")
    return f"{name}_{port}_"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
