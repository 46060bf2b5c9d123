"""A peer as a process: started on a free port, waited for, looked at, ended."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from benchmarks.client import Connection, PeerError
from benchmarks.peers import Peer

CHECKOUT = Path(__file__).parents[1]

STARTING = 30.0  # seconds until a peer must answer
ENDING = 10.0  # seconds after which it is killed
POLL = 0.001  # seconds between two looks at one that starts
ROOM = 2 * 1024**3  # bytes that peers may store in files

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - Linux's file system in memory; folders below it are our own
_FOLDER = "fakereg-bench-"  # and the id of the process that made it

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes: resident now, at most so far, and resident without what other processes can share."""

    resident: int
    peak: int
    own: int


@dataclass(frozen=True, slots=True)
class Server:
    """A peer that answers."""

    peer: Peer
    port: int
    pid: int
    folder: Path

    def connect(self) -> Connection:
        return Connection(self.port)

    def memory(self) -> Memory:
        """Of the process, and of the files that it keeps its content in. Raises PeerError or OSError."""
        fields = dict(line.split(":", 1) for line in Path(f"/proc/{self.pid}/status").read_text().splitlines())
        kept = _size_of(self.folder / "store") if self.peer.stores_files else 0
        try:
            resident, peak, own = (int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM", "RssAnon"))
        except KeyError as error:  # one that has ended and was not waited for has no memory
            raise PeerError(f"/proc tells no {error.args[0]} of it; its state is {fields['State'].strip()}") from error
        return Memory(resident + kept, peak + kept, own + kept)


@contextmanager
def serving(
    peer: Peer,
    *,
    arguments: Sequence[str] = (),
    core: int | None = None,
    limit: float = STARTING,
    timed: bool = False,
) -> Iterator[Server]:
    """Start a peer and wait until it answers, `limit` seconds at most; end it afterwards.

    `arguments` follow those that the peer has anyway. `core` keeps it on one core from its first moment on,
    so that a Go program counts one core. `timed` says that its start is measured: it is not made to end with this
    process then, should that be killed, as this makes a start a millisecond longer. Raises PeerError.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-", dir=fast_folder()))
    try:
        port = _free_port()
        words = [*peer.command(port, folder), *arguments]
        with (folder / "stderr").open("wb") as log:
            process = _spawn(words, peer, log, core, None if timed else _end_with_parent)
            try:
                if failure := _failure(process, port, limit):
                    raise PeerError(f"{failure}{_said(folder)}\n  it was started as: {' '.join(words)}")
                yield Server(peer, port, process.pid, folder)
            finally:
                _end(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Keep this process, and those that it starts meanwhile, on one core; on all where it is None."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, before if core is None else {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def fast_folder() -> Path:
    """A file system in memory where there is one with room, so that no disk is measured."""
    if os.access(_SHARED_MEMORY, os.W_OK) and shutil.disk_usage(_SHARED_MEMORY).free > ROOM:
        return _SHARED_MEMORY
    return Path(tempfile.gettempdir())


def sweep() -> None:
    """Remove the folders of runs that were killed: those whose process is gone."""
    for place in {_SHARED_MEMORY, Path(tempfile.gettempdir())}:
        for folder in place.glob(f"{_FOLDER}*-*"):
            owner = folder.name.removeprefix(_FOLDER).partition("-")[0]
            if owner.isdecimal() and not Path(f"/proc/{owner}").exists():
                shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    """One that was free a moment ago: no peer can tell which one it took."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _end_with_parent() -> None:
    """Runs in the child, before the program does: the kernel is to kill it when its parent is gone (prctl(2))."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _spawn(
    words: Sequence[str], peer: Peer, log: IO[bytes], core: int | None, prepare: Callable[[], None] | None
) -> subprocess.Popen[bytes]:
    environ = {**os.environ, **peer.environ}
    errors = subprocess.DEVNULL if peer.logs_always else log
    with pinned(core):
        return subprocess.Popen(
            words,
            cwd=CHECKOUT,
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            preexec_fn=prepare,  # noqa: PLW1509 - takes no lock that another thread could hold
        )


def _failure(process: subprocess.Popen[bytes], port: int, limit: float) -> str | None:
    """What went wrong, or None as soon as it answers."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        if _answers(port):
            return None
        if process.poll() is not None:
            return f"ended with {process.returncode} as it started"
        time.sleep(POLL)
    return f"did not answer within {limit:.0f} s"


def _answers(port: int) -> bool:
    try:
        with Connection(port) as connection:
            return connection.ask("GET", "/v2/").status == 200  # noqa: PLR2004 - what a registry answers there
    except (OSError, PeerError):
        return False


def _said(folder: Path) -> str:
    """The last line that it wrote, if it wrote any that was kept."""
    lines = (folder / "stderr").read_text(errors="replace").strip().splitlines()
    return f": {lines[-1]}" if lines else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(ENDING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _size_of(folder: Path) -> int:
    """Bytes that the files below take."""
    block = 512  # of st_blocks, whatever the file system's own block is (stat(2))
    return sum(path.stat().st_blocks * block for path in folder.rglob("*"))
