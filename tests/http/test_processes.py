"""Processes that end, fork and warn with a registry inside."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# -X dev puts asyncio into debug mode, where it logs what took 0.1 s; on a busy machine anything does.
PRELUDE = """
import logging
logging.getLogger("asyncio").addFilter(lambda record: record.msg != "Executing %s took %.3f seconds")
"""


@pytest.fixture(name="run")
def run_(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Runs a program in a Python of its own that makes every warning an error; what it printed."""

    def run(program: str) -> str:
        path = tmp_path / "program.py"
        path.write_text(PRELUDE + textwrap.dedent(program))
        command = [sys.executable, "-X", "dev", "-W", "error", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


class TestProcess:
    def test_leaves_no_warning(self, run: Callable[[str], str]) -> None:
        """A process that used it in both forms ends without a word."""
        printed = run("""
            import asyncio, http.client
            from fakereg import FakeRegistry

            def ping(registry):
                connection = http.client.HTTPConnection("127.0.0.1", registry.port)
                connection.request("GET", "/v2/")
                print(connection.getresponse().read())
                connection.close()

            async def main():
                async with FakeRegistry() as registry:
                    await asyncio.to_thread(ping, registry)

            with FakeRegistry() as registry:
                ping(registry)
            asyncio.run(main())
        """)

        assert printed == "b'{}'\n" * 2

    def test_ends_with_a_registry_that_still_serves(self, run: Callable[[str], str]) -> None:
        """Nobody need stop it: the process ends at once, with connections open and a request under way."""
        printed = run("""
            import socket, time
            from fakereg import FakeRegistry

            registry = FakeRegistry().start()
            idle = socket.create_connection(("127.0.0.1", registry.port))
            idle.sendall(b"GET /v2/ HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
            print(idle.recv(12))
            idle.sendall(b"PUT /v2/a/manifests/b HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 9\\r\\n\\r\\n")
            idle.detach()
        """)

        assert printed == "b'HTTP/1.1 200'\n"

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
    def test_fork(self, run: Callable[[str], str]) -> None:
        """A child does not keep ports or connections of its parent, and has registries of its own."""
        printed = run("""
            import http.client, os, socket, sys, warnings
            from fakereg import FakeRegistry

            warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)

            def ping(registry):
                connection = http.client.HTTPConnection("127.0.0.1", registry.port, timeout=10)
                connection.request("GET", "/v2/")
                status = connection.getresponse().status
                connection.close()
                return status

            registry = FakeRegistry().start()
            port = registry.port
            idle = socket.create_connection(("127.0.0.1", port), 10)
            idle.sendall(b"GET /v2/ HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
            while b"{}" not in idle.recv(1000):
                pass
            ready, go = os.pipe(), os.pipe()
            child = os.fork()
            if child == 0:
                idle.close()
                with FakeRegistry() as own:
                    assert ping(own) == 200
                registry.stop()
                os.write(ready[1], b"x")
                os.read(go[0], 1)
                sys.exit(0)
            os.read(ready[0], 1)
            print("parent serves", ping(registry))
            registry.stop()
            print("connection ends", idle.recv(1))
            idle.close()
            with FakeRegistry(port=port) as again:
                print("port is free", ping(again))
            os.write(go[1], b"x")
            print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """)

        assert printed.splitlines() == ["parent serves 200", "connection ends b''", "port is free 200", "child 0"]

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
    def test_fork_within_with(self, run: Callable[[str], str]) -> None:
        """A child that leaves the parent's `with` block stops nothing but its own copy."""
        printed = run("""
            import http.client, os, sys, warnings
            from fakereg import FakeRegistry

            warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)

            with FakeRegistry() as registry:
                child = os.fork()
                if child == 0:
                    sys.exit(0)  # by the end of the block
                code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                for _ in range(2):
                    connection = http.client.HTTPConnection("127.0.0.1", registry.port, timeout=10)
                    connection.request("GET", "/v2/")
                    print(code, connection.getresponse().status)
                    connection.close()
        """)

        assert printed == "0 200\n0 200\n"
