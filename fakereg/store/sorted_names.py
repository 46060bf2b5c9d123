"""A set of names that is read in order, page by page."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

Name = TypeVar("Name", bound=str)


class SortedNames(Generic[Name]):
    """Names in byte order; not thread-safe, its owner holds a lock.

    Additions are put aside and sorted in at the next reading: seeding a million tags stays linear,
    and a page costs the same however many there are.
    """

    __slots__ = ("_added", "_names")

    def __init__(self) -> None:
        self._names: list[Name] = []
        self._added: list[Name] = []

    def add(self, name: Name) -> None:
        """`name` must not be there yet."""
        self._added.append(name)

    def discard(self, name: Name) -> None:
        if name in self:
            del self._names[bisect_left(self._names, name)]

    def after(self, last: str | None, limit: int | None) -> tuple[list[Name], bool]:
        """Up to `limit` names strictly after `last`, which need not be there; and whether more follow."""
        names = self._settled()
        start = 0 if last is None else bisect_right(names, last)
        stop = len(names) if limit is None else min(len(names), start + limit)
        return names[start:stop], stop < len(names)

    def each_after(self, last: str | None) -> Iterator[Name]:
        """All names strictly after `last`, one by one."""
        names = self._settled()
        for index in range(0 if last is None else bisect_right(names, last), len(names)):
            yield names[index]

    def __bool__(self) -> bool:
        return bool(self._names or self._added)

    def __contains__(self, name: Name) -> bool:
        names = self._settled()
        index = bisect_left(names, name)
        return index < len(names) and names[index] == name

    def copy_with(self, names: Iterable[Name]) -> SortedNames[Name]:
        """An independent copy that holds `names`, none of which is here, too."""
        other: SortedNames[Name] = SortedNames()
        other._names = list(self._settled())
        other._added = list(names)
        return other

    def _settled(self) -> list[Name]:
        if self._added:
            self._names += self._added
            self._names.sort()  # linear on what is sorted already: timsort merges the two runs
            self._added.clear()
        return self._names
