"""What was asked and what was answered, in the order in which requests arrived."""

from __future__ import annotations

from fakereg.double.journal.assertions import Assertions
from fakereg.double.journal.export import Exports
from fakereg.double.journal.pushes import PushAssertions
from fakereg.double.journal.waiting import Waiting


class Journal(Assertions, PushAssertions, Waiting, Exports):
    """The entries of the latest 10,000 requests: to read, to query, to assert on, to wait for, to save."""
