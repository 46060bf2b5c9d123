"""Headers: what a request's must offer, and our own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol


class HeaderLookup(Protocol):
    """Headers of a request, names in any case; the multi-dicts of HTTP libraries fit as they are."""

    def get(self, key: str, /) -> str | None: ...
    def getall(self, key: str, default: list[str], /) -> list[str]: ...


class Headers:
    """Headers in order; a name may stand on several lines and is found in any case."""

    __slots__ = ("_lines",)

    def __init__(self, lines: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        # dict first: every answer asks this, and to ask an abstract class takes longer.
        self._lines = list(lines.items() if isinstance(lines, (dict, Mapping)) else lines)

    def get(self, key: str, /) -> str | None:
        """The first line of this name."""
        return next(iter(self.getall(key, [])), None)

    def getall(self, key: str, default: list[str], /) -> list[str]:
        wanted = key.lower()
        return [value for name, value in self._lines if name.lower() == wanted] or default

    def __getitem__(self, key: str) -> str:
        """Raises KeyError."""
        value = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._lines)

    def add(self, name: str, value: str) -> None:
        self._lines.append((name, value))

    def without(self, name: str) -> Headers:
        """The same lines but those of this name."""
        wanted = name.lower()
        return Headers([line for line in self._lines if line[0].lower() != wanted])

    def replaced(self, name: str, value: str) -> Headers:
        """The same lines with one of this name, at the end."""
        headers = self.without(name)
        headers.add(name, value)
        return headers

    def __repr__(self) -> str:
        return f"Headers({self._lines!r})"


class Altered:
    """The headers of a request, some of them with another value, or left out."""

    __slots__ = ("_changes", "_headers")

    def __init__(self, headers: HeaderLookup, changes: Mapping[str, str | None]) -> None:
        """`changes`: None for a header that is left out."""
        self._headers = headers
        self._changes = {name.lower(): value for name, value in changes.items()}

    def get(self, key: str, /) -> str | None:
        return next(iter(self.getall(key, [])), None)

    def getall(self, key: str, default: list[str], /) -> list[str]:
        if key.lower() not in self._changes:
            return self._headers.getall(key, default)
        value = self._changes[key.lower()]
        return default if value is None else [value]
