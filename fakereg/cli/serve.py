"""`fakereg serve`: a registry for other processes, until Ctrl-C or SIGTERM.

stdout holds the line that says where it serves, and with --json a line per request. The log for people
goes to stderr: a script that reads one line of a pipe and then nothing more must not stall the registry.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import importlib.util
import json
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fakereg.cli import prepare
from fakereg.cli.log import JsonLog, RequestLog
from fakereg.cli.terminal import Terminal
from fakereg.cli.usage import UsageError, reason

if TYPE_CHECKING:
    from fakereg import FakeRegistry

EXAMPLES = """\
examples:
  fakereg serve --port 5000                       for any client on this machine
  fakereg serve --port-file port --quiet &        a script waits for the file, then reads the port
  fakereg serve --load image/ --set deletes=off   with the images of an OCI layout; deletes are refused

The log of requests goes to stderr. With --json everything goes to stdout, which must then be read.
"""

_STOPPING = (signal.SIGINT, signal.SIGTERM)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port-file", type=Path, metavar="FILE", help="write the port there once it serves; removed at the end"
    )
    parser.add_argument("--quiet", action="store_true", help="no line per request")
    parser.add_argument("--json", action="store_true", help="JSON lines on stdout: one when ready, one per request")
    prepare.add_options(parser)


def run(options: argparse.Namespace) -> int:
    # From now on SIGTERM ends it as Ctrl-C does, also before it serves.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        registry = prepare.registry(options)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(registry, options))
    except OSError as error:
        raise UsageError(reason(error)) from error
    except KeyboardInterrupt:
        pass
    finally:
        for number in _STOPPING:
            signal.signal(number, signal.SIG_IGN)  # it ends already; impatience must not show a traceback
    return 0


async def _serve(registry: FakeRegistry, options: argparse.Namespace) -> None:
    told = _told_to_stop()
    out = Terminal(sys.stdout)
    if not options.quiet:
        prepare.subscribe(registry, JsonLog(out) if options.json else RequestLog(Terminal(sys.stderr)))
    async with registry:
        with _port_file(options.port_file, registry.port):
            out.line(_ready(registry, as_json=options.json))
            await told.wait()


def _told_to_stop() -> asyncio.Event:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _STOPPING:
        with suppress(NotImplementedError):  # on Windows the runner cancels us on Ctrl-C, which does as well
            loop.add_signal_handler(number, told.set)
    return told


def _ready(registry: FakeRegistry, *, as_json: bool) -> str:
    if not as_json:
        return f"fakereg serves {registry.url}"
    where = {"url": registry.url, "host": registry.host, "port": registry.port}
    return json.dumps({"event": "ready", **where, "profile": registry.profile.name})


@contextmanager
def _port_file(path: Path | None, port: int) -> Iterator[None]:
    """Whoever finds the file finds all of it: it is written beside its place and then renamed."""
    if path is None:
        yield
        return
    try:
        _replace(path, f"{port}\n")
    except OSError as error:
        raise UsageError(f"cannot write the port file {path}: {error.strerror}") from error
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()


def _replace(path: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        file.write(text)
    try:
        Path(file.name).chmod(0o644)  # a temporary file is for its owner alone
        Path(file.name).replace(path)
    except OSError:
        Path(file.name).unlink()
        raise


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's where it is installed (the extra `speed`)."""
    if importlib.util.find_spec("uvloop") is None:
        return None
    uvloop: Any = importlib.import_module("uvloop")
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
