"""Faults that belong together, by name: what a real registry or a real incident was like."""

from __future__ import annotations

from dataclasses import dataclass

from fakereg.double.armed import Act


@dataclass(frozen=True, slots=True)
class Scenario:
    """Acts that are armed together, in this order."""

    name: str
    acts: tuple[Act, ...]

    def __str__(self) -> str:
        return self.name
