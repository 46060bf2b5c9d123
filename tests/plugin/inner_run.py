"""Runs of pytest inside a test: what is run, and how it is read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import pytest

ASKING = """
    from http.client import HTTPConnection

    def ask(registry, path="/v2/"):
        connection = HTTPConnection(registry.host, timeout=10)
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status
"""

REQUEST = re.compile(r"\b(?:GET|PUT|POST|PATCH|HEAD|DELETE) /\S*")


# Plugins that are installed and have no part in most of these runs.
ASYNC = ("asyncio", "aiohttp", "anyio")


@dataclass
class Run:
    """What an inner run of pytest came to."""

    text: str
    reports: list[pytest.TestReport]

    @property
    def outcomes(self) -> dict[str, int]:
        """How many tests passed, failed and so on; `errors` are failures before or after a test."""
        return dict(Counter(_outcome(each) for each in self.reports if each.when == "call" or not each.passed))

    def sections(self, test: str, when: str = "call") -> dict[str, str]:
        """Title and text of the journals attached to a test's report."""
        (report,) = [each for each in self.reports if each.location[2] == test and each.when == when]
        return {title: text for title, text in report.sections if title.startswith("fakereg")}

    @property
    def errors(self) -> str:
        """What went wrong, as pytest prints it."""
        return "\n".join(str(each.longrepr) for each in self.reports if each.failed)


def _outcome(report: pytest.TestReport) -> str:
    if report.failed and report.when != "call":
        return "errors"
    return "xfailed" if hasattr(report, "wasxfail") else report.outcome


def requests_in(text: str) -> list[str]:
    """The requests and the headings between them, without numbers, statuses and sizes."""
    lines = [(REQUEST.search(line), line) for line in text.splitlines()]
    return [found.group() if found else line for found, line in lines if found or not line.startswith(" ")]


InnerRun: TypeAlias = Callable[..., Run]
