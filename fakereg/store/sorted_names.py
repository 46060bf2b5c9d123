"""A set of names that is read in order, page by page."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

Name = TypeVar("Name", bound=str)


class SortedNames(Generic[Name]):
    """Names in byte order; whoever changes them holds a lock, and is alone with them.

    Additions are put aside and sorted in at the next reading: seeding a million tags stays linear,
    and a page costs the same however many there are.
    """

    __slots__ = ("_state",)

    def __init__(self, names: Iterable[Name] = (), added: Iterable[Name] = ()) -> None:
        # Those in order, and those put aside. In one attribute, so that two who only read, each under
        # the lock of a repository of its own, may both sort: they find, and leave, the same.
        self._state: tuple[list[Name], list[Name]] = (list(names), list(added))

    def add(self, name: Name) -> None:
        """`name` must not be there yet."""
        self._state[1].append(name)

    def discard(self, name: Name) -> None:
        if name in self:
            names = self._settled()
            del names[bisect_left(names, name)]

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
        return any(self._state)

    def __contains__(self, name: Name) -> bool:
        names = self._settled()
        index = bisect_left(names, name)
        return index < len(names) and names[index] == name

    def copy(self) -> SortedNames[Name]:
        """An independent copy."""
        return SortedNames(*self._state)

    def copy_with(self, names: Iterable[Name]) -> SortedNames[Name]:
        """An independent copy that holds `names`, none of which is here, too."""
        return SortedNames(self._settled(), names)

    def _settled(self) -> list[Name]:
        names, added = self._state
        if added:
            names = sorted(names + added)  # linear on what is sorted already: timsort merges the two runs
            self._state = (names, [])
        return names
