"""Asking the journal for requests."""

from __future__ import annotations

from typing import Unpack

from fakereg.double.journal import near_miss
from fakereg.double.journal.entry import Entry
from fakereg.double.journal.record import Record
from fakereg.double.journal.wanted import Criteria, Wanted


class Queries(Record):
    """The requests that a test is interested in."""

    def requests(self, method: str | None = None, path: str | None = None, **criteria: Unpack[Criteria]) -> list[Entry]:
        """The entries that fit all that is given, oldest first; everything without arguments.

            journal.requests("PUT", "/v2/team/app/manifests/*")
            journal.requests(endpoint="end-7", status="4xx")
            journal.requests(repository="team/*", header={"Accept": "*index*"})

        A path is compared with its query and without, as it came and decoded. See Criteria for the
        keywords. Raises ValueError for an unknown endpoint, naming the known ones; TypeError for an
        unknown keyword.
        """
        return self._found(Wanted.of(method, path, criteria))

    def request(self, method: str | None = None, path: str | None = None, **criteria: Unpack[Criteria]) -> Wanted:
        """A request to look for, as a value: a step of `assert_order`. Arguments as for `requests`."""
        return Wanted.of(method, path, criteria)

    def _missing(self, wanted: Wanted, problem: str = "") -> str:
        """Why it was not found; `problem` says in other words what."""
        entries = list(self)
        return near_miss.missing(wanted, entries, len(self) - len(entries), problem=problem)

    def _failure(self, text: str) -> AssertionError:
        """What to raise; a journal that nothing is added to any more says so."""
        return AssertionError(f"{text}\nhint: {self.ended}" if self.ended else text)

    def _found(self, wanted: Wanted) -> list[Entry]:
        return [entry for entry in self if wanted.matches(entry)]
