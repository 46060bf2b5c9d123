"""What a test learns of what was done."""

from __future__ import annotations

from fakereg.double.journal import Journal
from fakereg.server.assertions import Assertions
from fakereg.server.waiting import AsyncioLoops


class Rehearsal(Assertions):
    """The journal."""

    @property
    def journal(self) -> Journal:
        """What was asked and answered."""
        journal = self._pipeline.journal
        journal.loops = AsyncioLoops(self._serves_here)
        return journal
