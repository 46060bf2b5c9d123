"""The command: which subcommands there are, and how they end.

Law of this package: a subcommand is imported when it is asked for, and aiohttp when it needs a registry,
so that --help and --version answer at once; and no traceback reaches a user.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from functools import partial
from keyword import iskeyword

from fakereg import __version__
from fakereg.cli.terminal import Terminal, let_go
from fakereg.cli.usage import Parser, Refused, UsageError

# Each is a module of this package, with EXAMPLES, `add_options(parser)`, and `run(options)` for the exit code.
COMMANDS = {
    "serve": "serve a registry until Ctrl-C or SIGTERM",
    "run": "run a command with a registry beside it",
    "demo": "push, pull, sign and list an image, and show each request",
    "seed": "build an image and store it in a registry that serves",
    "load": "store what an archive of images holds",
    "export": "write an archive of what a registry holds",
    "repositories": "list the repositories, or what one of them holds",
    "journal": "show what was asked, or wait for it",
    "assert": "check what was asked, and that a push is whole",
    "violations": "show the requests that should not have been sent",
    "fault": "arm, list and remove faults",
    "clock": "read, advance, freeze and thaw the registry's clock",
    "snapshot": "put aside what is stored",
    "restore": "go back to a snapshot",
    "reset": "start over: content, journal, faults, clock and settings",
}

EXAMPLES = """\
examples:
  fakereg demo                                what it does, in half a second
  fakereg serve --port 5000                   a registry at http://127.0.0.1:5000
  fakereg serve --set sparse=accept --json    with a setting changed, and a log for programs
  fakereg run -- pytest                       a registry at $FAKEREG_URL while the tests run
"""

_INTERRUPTED, _BUG = 130, 70


def parser(chosen: str = "") -> argparse.ArgumentParser:
    """All commands with their summaries, and the options of the `chosen` one."""
    top = Parser(prog="fakereg", description="A container registry in memory, for tests.", epilog=EXAMPLES)
    top.add_argument("--version", action="version", version=f"fakereg {__version__}")
    top.set_defaults(run=partial(_help, top), parser=top)
    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if name == chosen:
            module = importlib.import_module(f"fakereg.cli.{name}{'_' if iskeyword(name) else ''}")
            module.add_options(command)
            command.epilog = module.EXAMPLES
            command.set_defaults(run=module.run, parser=command)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 2 for a mistake of the user's, 1 for what a registry refuses.

    Raises SystemExit for --help and --version.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        options, unknown = parser(*given[:1]).parse_known_args(given)
        if unknown:
            options.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
        return int(options.run(options))
    except UsageError as error:
        return _told(str(error), 2)
    except Refused as error:
        return _told(str(error), 1)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        kind = type(error).__name__
        return _told(f"this is a bug in fakereg ({kind}: {error}); `python -X dev -m fakereg` shows where", _BUG)
    finally:
        let_go()


def _told(text: str, code: int) -> int:
    Terminal(sys.stderr).line(f"fakereg: {text}")
    return code


def _help(top: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    top.print_help()
    return 2
