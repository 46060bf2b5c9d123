"""How a mistake on the command line is told: one line, and exit code 2; a refusal has exit code 1."""

from __future__ import annotations

import argparse
from typing import NoReturn


class UsageError(Exception):
    """What the user asked for cannot be done; the text is the line that they read."""


class Refused(Exception):
    """What was asked for was right, and could not be done; the text is the line that the user reads."""


class _Help(argparse.RawDescriptionHelpFormatter):
    """argparse, except that the column of summaries leaves room for the commands, which it indents once more."""

    def add_argument(self, action: argparse.Action) -> None:
        super().add_argument(action)
        if action.nargs == argparse.PARSER:
            self._action_max_length += self._indent_increment


class Parser(argparse.ArgumentParser):
    """argparse, except that a mistake is one line instead of a page of usage."""

    def __init__(self, **options: object) -> None:
        options.setdefault("formatter_class", _Help)
        super().__init__(allow_abbrev=False, **options)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")


def reason(error: Exception) -> str:
    """What went wrong, without the number that the operating system gives it."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
