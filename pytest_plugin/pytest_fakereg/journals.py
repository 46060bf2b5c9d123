"""What the registries of the running test were asked, for the report of its failure.

A failing test leaves `isolated()` before there is a report, and `reset()` drops the journal. Exceptions
could carry the lines as notes, but reset() raises none; the registry could keep what it drops, but then it
does so for everybody who never asks. So the plugin watches, and keeps the latest few until the next test begins.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from fakereg.double.conduct import told

if TYPE_CHECKING:
    from fakereg import FakeRegistry
    from fakereg.double.journal import Entry, Journal

TITLE = "fakereg journal"

# A property-based test isolates each of its examples; the latest is the one that failed.
KEPT = 5

# Requests of one journal, and refusals before them: enough to see what led to a failure, and a report to scroll.
LATEST = 50

_REFUSED = 400


class Journals:
    """The journals of the running test's registries, also of the session's registry where there is one."""

    def __init__(self) -> None:
        self._records: list[_Record] = []
        self._session: FakeRegistry | None = None

    def begin(self) -> None:
        """A test begins: forget the one before; what the session's registry was asked then is not its doing."""
        for record in self._records:
            record.registry.watch(None)  # the registry held the record: now it is freed at once, and its blobs
        self._records = []
        if self._session is not None:
            self._records.append(_Record(self._session, shared=True))

    def follow(self, registry: FakeRegistry) -> None:
        """A registry that serves the running test from now on."""
        self._records.append(_Record(registry))

    def follow_session(self, registry: FakeRegistry | None) -> None:
        """A registry that serves the running test and all that follow; None when it stopped."""
        self._session = registry
        if registry is not None:
            self._records.append(_Record(registry, shared=True))

    def violations(self) -> str:
        """What the running test's registries should not have been asked since the last call; "" if nothing."""
        found = [record.violations() for record in self._records]
        return "\n".join(text for text in found if text)

    def sections(self, *, shared: bool) -> list[tuple[str, str]]:
        """Title and text of each journal. `shared`: whether the test asks for the session's registry by name.

        If it does not, it may reach it by another way: then there is a section if a request arrived.
        """
        wanted = [record for record in self._records if shared or not (record.shared and record.empty)]
        several = len(wanted) > 1
        return [(f"{TITLE} of {record.url}" if several else TITLE, record.report()) for record in wanted]


class _Record:
    """What one registry was asked since now."""

    def __init__(self, registry: FakeRegistry, *, shared: bool = False) -> None:
        self.registry = registry
        self.shared = shared
        self.url = registry.url  # a report is written when the registry stopped already
        self._first = registry.journal
        self._after = len(registry.journal)
        self._later: deque[Journal] = deque(maxlen=KEPT)
        self._begun = 0
        self._told = registry.violations
        registry.watch(self._begin)

    def _begin(self, journal: Journal) -> None:
        self._begun += 1
        self._later.append(journal)

    def violations(self) -> str:
        now = self.registry.violations
        before = {id(one) for one in self._told}
        self._told = now
        found = [one for one in now if id(one) not in before]
        return told(found) if found else ""

    @property
    def empty(self) -> bool:
        return len(self._first) == self._after and not any(map(len, self._later))

    def report(self) -> str:
        """The first journal, then one after another what reset() and isolated() began; no empty ones."""
        asked_first = len(self._first) > self._after
        parts = [_told(self._first, after=self._after)] if asked_first or self.empty else []
        left_out = self._begun - len(self._later)
        if left_out:
            parts.append(f"({left_out} earlier journals, of reset() or isolated(), are not kept)")
        parts += [f"after reset() or in isolated():\n{_told(journal)}" for journal in self._later if len(journal)]
        return "\n".join(parts)


def _told(journal: Journal, *, after: int = 0) -> str:
    """The journal's own report, or of a long one the latest entries, and of those before them the latest refusals."""
    entries = journal.since(after)
    before, latest = entries[:-LATEST], entries[-LATEST:]
    refusals = [entry for entry in before if _is_refusal(entry)][-LATEST:]
    if len(refusals) == len(before):
        return journal.report(after=after)
    left_out = latest[-1].number - after - len(refusals) - len(latest)  # also what the journal dropped
    head = f"({left_out} more requests; see the registry's journal. Here: latest refusals, then the last {LATEST})"
    return "\n".join([head, *map(str, refusals + latest)])


def _is_refusal(entry: Entry) -> bool:
    """Also what a fault took part in, which may look like success."""
    return entry.status is None or entry.status >= _REFUSED or bool(entry.faults)
