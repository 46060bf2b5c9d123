"""Many registries alive in one process: prints what each took, as JSON."""

from __future__ import annotations

import argparse
import json
import resource
import time
from contextlib import ExitStack
from pathlib import Path

from fakereg import FakeRegistry


def _own_bytes() -> int:
    """Resident memory that no other process shares."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["RssAnon"].split()[0]) * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    count: int = parser.parse_args().count
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each listens on a socket of its own
    with ExitStack() as stack:
        stack.enter_context(FakeRegistry())  # starts the thread that serves all of them
        memory, begin = _own_bytes(), time.perf_counter()
        for _ in range(count):
            stack.enter_context(FakeRegistry())
        seconds = time.perf_counter() - begin
        print(json.dumps({"seconds": seconds / count, "bytes": (_own_bytes() - memory) / count}))


if __name__ == "__main__":
    main()
