"""The table of clients and scenarios, made from what a run found; docs/clients.md is this page."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from client import Client
from scenarios import SCENARIOS, Scenarios

HEAD = """\
# Clients

Real clients drive fakereg in `tests/clients`, and this page is written by such a run:

```sh
python -m pytest tests/clients --slow --require-clients --clients-table docs/clients.md
```

A tick is a scenario that passed; where contents move they are compared digest by digest and every byte is hashed.
Where a line is cut in the middle of a body, the table says what the client does about it by itself; one that
gives up is run again, and then nothing may be missing. A dash is what a client cannot do; the reasons stand
below. An asterisk is for a client that was asked in another way, which stands below too.

buildah and skopeo also push and pull images that umoci made. Docker, buildkit and podman want a daemon or
a machine to themselves: their requests, containerd's and those of a download that is resumed, written
from the clients' sources, are sent whole and a byte at a time in `tests/replays`.
"""

PASSED = "passed"


@dataclass
class Results:
    """What a run found: the outcome of each (client, scenario), and the clients' versions."""

    outcomes: dict[tuple[str, str], str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def add(self, client: str, scenario: str, outcome: str) -> None:
        """One outcome; a failure stays."""
        known = self.outcomes.get((client, scenario), PASSED)
        self.outcomes[client, scenario] = outcome if known == PASSED else known


def clients() -> list[type[Client]]:
    """The clients of all files beside this one, by the names of the files."""
    return [asked.Client for asked in classes()]


def classes() -> list[type[Scenarios]]:
    """The scenarios as each client is asked them."""
    files = sorted(Path(__file__).parent.glob("test_*.py"))
    modules = [importlib.import_module(file.stem) for file in files]
    return [
        found
        for module in modules
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Scenarios) and found.__module__ == module.__name__
    ]


def page(results: Results) -> str:
    """The whole page, in Markdown."""
    known = clients()
    lines = [HEAD, *table(known, results), "", "## The scenarios", ""]
    lines += [f"- **{words(name)}**: {sentence(name)}" for name in SCENARIOS]
    for title, told in (("What clients cannot do", "cannot"), ("What is asked in another way", "notes")):
        lines += ["", f"## {title}", ""]
        for client in known:
            for text, names in grouped(getattr(client, told)).items():
                lines.append(f"- **{client.name}**, {', '.join(map(words, names))}: {text}.")
    return "\n".join(lines) + "\n"


def table(known: Iterable[type[Client]], results: Results) -> list[str]:
    known = list(known)
    rows = [["", *(client.name for client in known)]]
    rows += [["version", *(results.versions.get(client.name, "not installed") for client in known)]]
    rows += [[words(name), *(cell(client, name, results) for client in known)] for name in SCENARIOS]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return [lines[0], "|---" * len(rows[0]) + "|", *lines[1:]]


def cell(client: type[Client], scenario: str, results: Results) -> str:
    if scenario in client.cannot:
        return "-"
    outcome = results.outcomes.get((client.name, scenario), "not run")
    if outcome != PASSED:
        return outcome
    recovery = {"upload_cut": client.upload_cut, "download_cut": client.download_cut}.get(scenario)
    return (recovery.value if recovery else "✓") + ("*" if scenario in client.notes else "")


def grouped(told: Mapping[str, str]) -> Mapping[str, list[str]]:
    """The scenarios of each text, which may stand for several."""
    found: dict[str, list[str]] = {}
    for name in SCENARIOS:
        if name in told:
            found.setdefault(told[name], []).append(name)
    return found


def words(scenario: str) -> str:
    return scenario.replace("_", " ")


def sentence(scenario: str) -> str:
    told = getattr(Scenarios, f"test_{scenario}").__doc__ or ""
    return told.split("\n")[0]
