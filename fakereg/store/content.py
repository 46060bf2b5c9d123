"""Bytes that are kept in the pieces in which they arrived, never joined and never changed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate

Segment = bytes | memoryview


class Content:
    """Read-only bytes in segments.

    Joining the segments of an upload would hold the blob twice for a moment (2.0 times its size,
    measured); kept as they came they cost their size once, and a range is a view on them.
    """

    __slots__ = ("_ends", "segments", "size")

    def __init__(self, segments: Iterable[Segment]) -> None:
        self.segments: tuple[Segment, ...] = tuple(segment for segment in segments if segment)
        self._ends = tuple(accumulate(map(len, self.segments)))
        self.size = self._ends[-1] if self._ends else 0

    @classmethod
    def of(cls, segment: Segment) -> Content:
        """Content in one piece; the shortest way to one, as every answer takes it."""
        content = cls.__new__(cls)
        content.segments, content.size = (segment,), len(segment)
        content._ends = (content.size,)  # noqa: SLF001 - it is ours
        return content

    def __len__(self) -> int:
        return self.size

    def __bytes__(self) -> bytes:
        """One copy of the whole."""
        return b"".join(self.segments)

    def part(self, start: int, stop: int) -> Content:
        """The bytes from `start` up to, not including, `stop`, as views: nothing is copied."""
        return Content(self._views(start, min(stop, self.size)))

    def _views(self, start: int, stop: int) -> Iterator[memoryview]:
        index = bisect_right(self._ends, start)
        while start < stop:
            begin = self._ends[index - 1] if index else 0
            end = min(stop, self._ends[index])
            yield memoryview(self.segments[index])[start - begin : end - begin]
            start, index = end, index + 1

    def slices(self, size: int) -> Iterator[memoryview]:
        """Views of at most `size` bytes each, in order."""
        for segment in self.segments:
            view = memoryview(segment)
            for start in range(0, len(view), size):
                yield view[start : start + size]


EMPTY = Content([])
