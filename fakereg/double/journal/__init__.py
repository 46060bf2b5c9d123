"""What was asked and what was answered: kept, queried, asserted, waited for, exported."""

from fakereg.double.journal.entry import KEPT_BODY, Entry, Subscriber
from fakereg.double.journal.journal import Journal
from fakereg.double.journal.record import KEPT, KEPT_BODIES
from fakereg.double.journal.text import LONGEST_TEXT, printable
from fakereg.double.journal.waiting import WaitTimeoutError
from fakereg.double.journal.wanted import Criteria, Wanted

__all__ = [
    "KEPT",
    "KEPT_BODIES",
    "KEPT_BODY",
    "LONGEST_TEXT",
    "Criteria",
    "Entry",
    "Journal",
    "Subscriber",
    "WaitTimeoutError",
    "Wanted",
    "printable",
]
