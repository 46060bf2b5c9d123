from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

LIMIT = 20  # seconds until a process that hangs is ended, and the test fails

COMMAND = (sys.executable, "-m", "fakereg")


@pytest.fixture
def fakereg() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command to its end: `fakereg("run", "--", "true")`."""

    def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "timeout": LIMIT}
        return subprocess.run([*COMMAND, *arguments], **{**streams, **options}, check=False)

    return run


class Running:
    """A command that goes on until it is told to stop; its first line is out."""

    def __init__(self, *arguments: str) -> None:
        # A session of its own: the signals of these tests must not depend on who sits at the terminal.
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._limit = threading.Timer(LIMIT, self._kill)
        self._limit.start()
        assert self.process.stdout is not None
        self.first = self.process.stdout.readline().rstrip("\n")

    @property
    def port(self) -> int:
        """That of `fakereg serves http://127.0.0.1:PORT`."""
        return int(self.first.rpartition(":")[2])

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Exit code, and what was left to read of stdout and stderr."""
        self.process.send_signal(number)
        out, err = self.process.communicate()
        return self.process.returncode, out, err

    def end(self) -> None:
        self._limit.cancel()
        self._kill()
        self.process.communicate()

    def _kill(self) -> None:
        """With what it started, which would keep its pipes open."""
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    """Start the command and wait for its first line: `start("serve")`."""
    running: list[Running] = []

    def begin(*arguments: str) -> Running:
        running.append(Running(*arguments))
        return running[-1]

    yield begin
    for one in running:
        one.end()


@pytest.fixture
def on_terminal() -> Callable[..., str]:
    """What the command writes to a terminal: `on_terminal("demo", NO_COLOR="1")`."""
    pty = pytest.importorskip("pty")

    def run(*arguments: str, **environment: str) -> str:
        ours, theirs = pty.openpty()
        plain = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        process = subprocess.Popen(
            [*COMMAND, *arguments], stdout=theirs, stderr=theirs, env={**plain, "TERM": "xterm", **environment}
        )
        os.close(theirs)
        output = b"".join(iter(lambda: _read(ours), b""))
        os.close(ours)
        assert process.wait(LIMIT) == 0
        return output.decode()

    return run


def _read(terminal: int) -> bytes:
    """Linux tells the end of a terminal by an error."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""
