"""What a test tells the registry to do, and learns of what was done."""

from __future__ import annotations

from fakereg.double.journal import Journal
from fakereg.server.core import Core


class Rehearsal(Core):
    """The journal, and answers out of the ordinary."""

    @property
    def journal(self) -> Journal:
        """What was asked and answered."""
        return self._pipeline.journal

    def warn(self, text: str, *, on: str | None = None) -> None:
        """Send a `Warning: 299` header with every answer, or with those of the endpoint `on` (its name or id).

        Raises ValueError for text that a header cannot hold, for an unknown endpoint, and beyond the
        4096 bytes that the specification allows on one answer.
        """
        self._pipeline.warnings.add(text, on)
