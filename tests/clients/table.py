"""The tables of clients, scenarios and faults, made from what a run found; docs/clients.md is this page."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from client import Client
from fault_cases import CASES
from fault_endings import ENDINGS, REASONS
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

FAULTS_HEAD = """\
## What clients do when things go wrong

fakereg does something wrong on cue (`registry.fault`), and a cell tells how many requests for what it is wrong with
the client then makes, and how that ends:

- **done**: all is well, and every byte compared; **resumes** is done by asking for the rest alone.
- **gets the old one**: done, with the image that the tag was on before.
- **fails**: the client says so, leaves nothing wrong under a digest, and its next run without the fault is done.
- **leaves a part**: it fails, and leaves what came under the digest of the whole.
- **fails again**: it fails, and keeps what came, with which the next run fails too.
- **takes it**: the client says that all is well, and what it has is wrong.
- A dash: it makes no such request, or cannot do what it would make it for.

An image has one layer and a config here, and one that is pushed finds its config there already. So these
are the requests for one layer or one manifest; those for the others do not count. This is how the versions above
behave without any option; what oras-py waits between its tries was left out.
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
    lines = [HEAD, *table(known, results), "", FAULTS_HEAD, *faults_table(known, results)]
    lines += ["", "## The scenarios", "", *(f"- **{words(name)}**: {sentence(name)}" for name in SCENARIOS)]
    lines += ["", "## The faults", "", *(f"- **{name}**, {case}" for name, case in CASES.items())]
    lines += ["", "## What is behind some of it", ""]
    lines += [f"- **{client}**, {case}: {reason}." for (client, case), reason in REASONS.items()]
    for title, told in (("What clients cannot do", "cannot"), ("What is asked in another way", "notes")):
        lines += ["", f"## {title}", ""]
        for client in known:
            for text, names in grouped(getattr(client, told)).items():
                lines.append(f"- **{client.name}**, {', '.join(map(words, names))}: {text}.")
    lines += ["", "## What clients say that fail", "", *(line for client in known for line in sayings(client))]
    return "\n".join(lines) + "\n"


def table(known: Sequence[type[Client]], results: Results) -> list[str]:
    rows = [["version", *(results.versions.get(client.name, "not installed") for client in known)]]
    rows += [[words(name), *(cell(client, name, results) for client in known)] for name in SCENARIOS]
    return grid(known, rows)


def faults_table(known: Sequence[type[Client]], results: Results) -> list[str]:
    return grid(known, [[name, *(fault_cell(client, name, results) for client in known)] for name in CASES])


def grid(known: Sequence[type[Client]], rows: Sequence[Sequence[str]]) -> list[str]:
    """A column for each client, under its name."""
    lines = [f"| {' | '.join(row)} |" for row in (["", *(client.name for client in known)], *rows)]
    return [lines[0], "|---" * (len(known) + 1) + "|", *lines[1:]]


def cell(client: type[Client], scenario: str, results: Results) -> str:
    if scenario in client.cannot:
        return "-"
    outcome = results.outcomes.get((client.name, scenario), "not run")
    if outcome != PASSED:
        return outcome
    recovery = {"upload_cut": client.upload_cut, "download_cut": client.download_cut}.get(scenario)
    return (recovery.value if recovery else "✓") + ("*" if scenario in client.notes else "")


def fault_cell(client: type[Client], case: str, results: Results) -> str:
    ending = ENDINGS[client.name].get(case)
    if ending is None:
        return "-"
    outcome = results.outcomes.get((client.name, case), "not run")
    return str(ending) if outcome == PASSED else outcome


def sayings(client: type[Client]) -> list[str]:
    """What a client says in each case in which it fails: the part of it that is the same in every run."""
    found: dict[str, list[str]] = {}
    for name in CASES:
        ending = ENDINGS[client.name].get(name)
        if ending and ending.says:
            found.setdefault(ending.says, []).append(name)
    return [f"- **{client.name}**, {', '.join(names)}: `{text}`" for text, names in found.items()]


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
