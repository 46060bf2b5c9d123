"""Where it was measured."""

from __future__ import annotations

import mmap
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.peers import Peer
from benchmarks.process import fast_folder
from benchmarks.servers.loop import has_uvloop

QUIET = 0.5  # load per core, above which others take part of what is measured


def describe(peers: Sequence[Peer]) -> dict[str, Any]:
    """Machine, system and the versions of everything that takes part."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB",
        "kernel": f"{platform.system()} {_major_minor(platform.release())}",
        "python": platform.python_version(),
        "loop": "uvloop" if has_uvloop() else "asyncio",
        "wrk": _wrk(),
        "load before": round(os.getloadavg()[0], 2),
        "files of peers": str(fast_folder()),
        "peers": {peer.name: peer.version() for peer in peers},
    }


def unquiet(machine: Mapping[str, Any]) -> str | None:
    """A warning where others were at work as the run began; `machine` is what `describe` gave."""
    load, cores = machine["load before"], machine["cores"]
    if load <= QUIET * cores:
        return None
    return f"the load was {load} on {cores} cores before the run began, above {QUIET} per core: figures vary with it"


def _major_minor(release: str) -> str:
    """What follows may name the host."""
    return ".".join(release.split(".")[:2])


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _wrk() -> str:
    try:
        printed = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False).stdout  # noqa: S607
    except FileNotFoundError:
        return "not installed"
    return next((word for word in printed.split()[1:]), "unknown")


def warm_memory(size: int) -> None:
    """Touch so many bytes of free memory and give them back.

    The host of a virtual machine takes back what is free for some seconds, and the next process to touch
    it waits for the host: up to a third of the time of an upload, for whoever has the bad luck.
    """
    with mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory.madvise(mmap.MADV_HUGEPAGE)
        for start in range(0, size, mmap.PAGESIZE):
            memory[start] = 1
