"""`fakereg run -- COMMAND`: a command with a registry beside it, which ends when the command does."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Self

from fakereg.cli import prepare
from fakereg.cli.log import RequestLog
from fakereg.cli.terminal import Terminal
from fakereg.cli.usage import UsageError, reason

if TYPE_CHECKING:
    from fakereg import FakeRegistry

EXAMPLES = """\
examples:
  fakereg run -- pytest -x
  fakereg run --port 5000 -- make test        for code that has localhost:5000 built in
  fakereg run --log --load image/ -- sh -c 'curl $FAKEREG_URL/v2/_catalog'
  fakereg run -- sh -c 'skopeo --registries-conf $CONTAINERS_REGISTRIES_CONF list-tags docker://$FAKEREG_HOST/a'

The command finds FAKEREG_URL, FAKEREG_HOST (host:port) and FAKEREG_PORT in its environment, and
DOCKER_CONFIG, REGISTRY_AUTH_FILE, CONTAINERS_REGISTRIES_CONF and CONTAINERD_HOSTS_DIR, with files made
for this registry. Its exit code is ours; 128 and the signal's number where a signal ended it.
"""

# What a shell returns for a command that cannot be executed, that is not found, that a signal ended.
_NOT_EXECUTABLE, _NOT_FOUND, _SIGNALLED = 126, 127, 128


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.usage = "fakereg run [options] -- COMMAND ..."
    parser.add_argument("--log", action="store_true", help="a line per request on stderr")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND ...", help="what to run")
    prepare.add_options(parser)


def run(options: argparse.Namespace) -> int:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise UsageError("there is no command to run: fakereg run [options] -- COMMAND ...")
    registry = prepare.registry(options)
    if options.log:
        prepare.subscribe(registry, RequestLog(Terminal(sys.stderr)))
    with _serving(registry), tempfile.TemporaryDirectory(prefix="fakereg-") as folder:
        return _run(command, {**os.environ, **registry.environ(folder)})


@contextmanager
def _serving(registry: FakeRegistry) -> Iterator[None]:
    """Only an address that cannot be had is the user's mistake; other errors are not told as one."""
    try:
        registry.start()
    except OSError as error:
        raise UsageError(reason(error)) from error
    try:
        yield
    finally:
        registry.stop()


def _run(command: Sequence[str], environment: dict[str, str]) -> int:
    with _Forwarding() as forwarding:
        try:
            process = subprocess.Popen(command, env=environment)  # noqa: S603 - running it is what the user asks for
        except FileNotFoundError:
            return _failed(f"command not found: {command[0]}", _NOT_FOUND)
        except OSError as error:
            return _failed(f"cannot run {reason(error)}", _NOT_EXECUTABLE)
        forwarding.to(process)
        code = process.wait()
    return code if code >= 0 else _SIGNALLED - code


def _failed(text: str, code: int) -> int:
    Terminal(sys.stderr).line(f"fakereg: {text}")
    return code


class _Forwarding:
    """While it lasts, what is meant to end us goes to the command, and the command decides.

    A signal that comes before the command has started is kept for it.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._take) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def to(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        for number in self._early:
            process.send_signal(number)

    def _take(self, number: int, _: FrameType | None) -> None:
        if self._process is None:
            self._early.append(number)
        elif number != signal.SIGINT or not _in_foreground():
            self._process.send_signal(number)


def _in_foreground() -> bool:
    """Whether a terminal's Ctrl-C reaches our whole process group, so that the command has it already.

    Twice would be once too often: pytest and others end hard on the second one.
    """
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY)
    except OSError:  # there is no terminal, or this is Windows
        return os.name == "nt"
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
