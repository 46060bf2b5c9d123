"""How a client ends that ran into a fault: how many requests it made, what came of it, and what it said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class How(Enum):
    """How it ends, as the table says it."""

    UNMET = "-"
    DONE = "done"
    RESUMED = "resumes"
    OLD = "gets the old one"
    FOOLED = "takes it"
    FAILED = "fails"
    LEFT_PART = "leaves a part"
    STUCK = "fails again"


@dataclass(frozen=True)
class Ending:
    """So many requests, and how it ended; `says` is part of what a client prints that fails."""

    requests: int
    how: How
    says: str = ""

    def __str__(self) -> str:
        return self.how.value if self.how is How.UNMET else f"{self.requests}, {self.how.value}"

    def fits(self, found: Ending) -> bool:
        """Whether this is what was found, which says all that was printed."""
        return (self.requests, self.how) == (found.requests, found.how) and self.says in found.says


def never_met() -> Ending:
    """It makes no request that the fault is for."""
    return Ending(0, How.UNMET)


def done(requests: int) -> Ending:
    return Ending(requests, How.DONE)


def resumes(requests: int) -> Ending:
    """Done, by a request for the rest alone."""
    return Ending(requests, How.RESUMED)


def gets_the_old(requests: int) -> Ending:
    """Done, and whole, with the image that the tag was on before."""
    return Ending(requests, How.OLD)


def takes_it(requests: int) -> Ending:
    """It says that all is well, and has something wrong."""
    return Ending(requests, How.FOOLED)


def fails(requests: int, says: str) -> Ending:
    """It says so; nothing wrong is left under a digest, and the next run is whole."""
    return Ending(requests, How.FAILED, says)


def leaves_a_part(requests: int, says: str) -> Ending:
    """It says so, and leaves what it got under the digest of the whole; the next run, elsewhere, is whole."""
    return Ending(requests, How.LEFT_PART, says)


def fails_again(requests: int, says: str) -> Ending:
    """It says so, and what it keeps makes the next run fail too."""
    return Ending(requests, How.STUCK, says)
