"""Many registries alive in one process: prints what each took, as JSON."""

from __future__ import annotations

import argparse
import json
import resource
import socket
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.client import PATIENCE, request
from fakereg import FakeRegistry

_QUESTION = request("GET", "/v2/")


def _own_bytes() -> int:
    """Resident memory that no other process shares."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["RssAnon"].split()[0]) * 1024


def _ask(port: int) -> None:
    """One answer, as the start of every other peer is timed up to it; no more is read of it than its first piece."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(_QUESTION)
        answer = connection.recv(4096)
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"a registry answered {answer[:100]!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    count: int = parser.parse_args().count
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each listens on a socket of its own
    with ExitStack() as stack:
        _ask(stack.enter_context(FakeRegistry()).port)  # starts the thread that serves all of them
        memory, begin = _own_bytes(), time.perf_counter()
        for _ in range(count):
            _ask(stack.enter_context(FakeRegistry()).port)
        seconds = time.perf_counter() - begin
        print(json.dumps({"seconds": seconds / count, "bytes": (_own_bytes() - memory) / count}))


if __name__ == "__main__":
    main()
