"""What a registry held at one moment, to go back to or to compare with."""

from __future__ import annotations

from dataclasses import dataclass

from fakereg.double.journal.text import counted
from fakereg.store.store import Store


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Snapshot:
    """What a registry held at one moment: repositories, open uploads, and the reading of its clock.

    Nothing changes it; it may be kept, restored many times, and into another registry. It costs no
    copy of any content, but keeps alive what it holds. Its parts are for `restore` and `diff`.
    """

    store: Store
    reading: float
    generation: int
    origin: str

    def __repr__(self) -> str:
        repositories = self.store.repositories()
        uploads = sum(len(one.uploads()) for one in self.store.places())
        parts = [
            counted(len(repositories), "repository", "repositories"),
            counted(sum(len(one.tagged()) for one in repositories), "tag"),
            counted(self.store.usage.bytes, "byte"),
            *([counted(uploads, "open upload")] if uploads else []),
        ]
        return f"<snapshot of {self.origin.strip('<>')}: {', '.join(parts)}>"
