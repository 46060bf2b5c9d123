"""Who is measured: a row per peer, that says how it is started, found and installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.figures import BARE, FAKEREG

GCR = "go-containerregistry"
DISTRIBUTION_2 = "distribution 2"
DISTRIBUTION_3 = "distribution 3"

# Content on a file system in memory for distribution: its driver `inmemory` copies what it holds of an upload
# for every piece that comes, which is quadratic; a blob of 256 MiB would never arrive.
_CONFIG = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: {folder}/store}}
  cache: {{blobdescriptor: inmemory}}
  delete: {{enabled: true}}
http: {{addr: "127.0.0.1:{port}", secret: benchmark}}
"""

Command = Callable[[int, Path], list[str]]


@dataclass(frozen=True, slots=True)
class Peer:
    """A column of the table.

    `command` starts it on a port, with a folder of its own. `stores_files` says that content is kept in
    that folder and counts as its memory; `logs_always` that it writes a line per request and cannot be
    told not to.
    """

    name: str
    program: str
    install: str
    command: Command
    version_command: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)
    stores_files: bool = False
    logs_always: bool = False

    @property
    def is_installed(self) -> bool:
        return shutil.which(self.program) is not None

    def version(self) -> str:
        """The last word of what its program says."""
        done = subprocess.run(self.version_command, capture_output=True, text=True, check=False, timeout=30)
        return (done.stdout.split() or ["unknown"])[-1]


def _python(*words: str) -> Command:
    return lambda port, _: [sys.executable, "-m", *words, "--port", str(port)]


def _distribution(program: str) -> Command:
    def command(port: int, folder: Path) -> list[str]:
        config = folder / "config.yml"
        config.write_text(_CONFIG.format(folder=folder, port=port))
        return [program, "serve", str(config)]

    return command


def _import_version(package: str) -> tuple[str, ...]:
    return (sys.executable, "-c", f"from importlib.metadata import version; print(version({package!r}))")


PEERS = (
    Peer(
        FAKEREG,
        sys.executable,
        "pip install -e .",
        _python("fakereg", "serve", "--quiet"),
        _import_version("fakereg"),
    ),
    Peer(
        GCR,
        "crane",
        "go install github.com/google/go-containerregistry/cmd/crane@v0.22.1",
        lambda port, _: ["crane", "registry", "serve", "--address", f"127.0.0.1:{port}"],
        ("crane", "version"),
        logs_always=True,
    ),
    Peer(
        DISTRIBUTION_2,
        "docker-registry",
        "apt-get install docker-registry",
        _distribution("docker-registry"),
        ("docker-registry", "--version"),
        stores_files=True,
    ),
    Peer(
        DISTRIBUTION_3,
        "registry",
        "go install github.com/distribution/distribution/v3/cmd/registry@v3.1.2",
        _distribution("registry"),
        ("registry", "--version"),
        environ={"OTEL_TRACES_EXPORTER": "none"},  # by default it sends traces to a collector that is not there
        stores_files=True,
    ),
    Peer(
        BARE,
        sys.executable,
        "pip install -e .",
        _python("benchmarks.servers.bare"),
        _import_version("aiohttp"),
    ),
)

# fakereg in a process that fills its own store before it serves.
FILLED = Peer(FAKEREG, sys.executable, "pip install -e .", _python("benchmarks.servers.filled"), ())
