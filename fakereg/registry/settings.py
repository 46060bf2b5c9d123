"""What values a profile's fields take, and how they are read from text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Setting(Protocol):
    """The values that a field takes."""

    def check(self, value: object) -> object:
        """The value itself. Raises ValueError, saying what is taken."""

    def read(self, text: str) -> object:
        """The value that this text stands for. Raises ValueError, saying what is taken."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A member of an enum, or its value in any case."""

    enum: type[Enum]

    def check(self, value: object) -> Enum:
        try:
            return self.enum(value.lower() if isinstance(value, str) else value)
        except ValueError:
            choices = " or ".join(str(member.value) for member in self.enum)
            raise ValueError(f"takes {choices}, got {value!r}") from None

    def read(self, text: str) -> Enum:
        return self.check(text)


@dataclass(frozen=True, slots=True)
class Number:
    """A number of `unit`, at least `least`, or None for no limit; whole unless `kind` is float."""

    unit: str
    least: int = 0
    kind: type[int | float] = int

    def check(self, value: object) -> float | None:
        if value is None:
            return None
        fits = isinstance(value, (int, self.kind)) and not isinstance(value, bool)
        if not fits or not isinstance(value, (int, float)) or not value >= self.least:  # NaN too
            raise ValueError(f"takes {self._wanted()}, got {value!r}")
        return value

    def read(self, text: str) -> float | None:
        if text.lower() == "none":
            return None
        try:
            return self.check(self.kind(text))
        except ValueError:
            raise ValueError(f"takes {self._wanted()}, got {text!r}") from None

    def _wanted(self) -> str:
        whole = "a whole number" if self.kind is int else "a number"
        return f"{whole} of {self.unit}, {self.least} or more, or none"
