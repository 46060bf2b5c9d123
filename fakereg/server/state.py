"""The registry as a whole: started over, put aside, moved in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

from fakereg.clock import Clock
from fakereg.double.journal import Journal
from fakereg.server.core import Core


class State(Core):
    """Its clock, and what was there before."""

    @property
    def clock(self) -> Clock:
        """The clock by which uploads expire: `registry.clock.advance(seconds)`."""
        return self._pipeline.registry.clock

    def reset(self) -> None:
        """Start over: nothing stored, an empty journal, the clock at zero. Requests under way end on what was."""
        self._pipeline = self._new_pipeline()

    @contextmanager
    def isolated(self) -> Iterator[Self]:
        """Start over for a while, on the same port; what was there before returns afterwards."""
        before = self._pipeline
        self.reset()
        try:
            yield self
        finally:
            self._pipeline = before

    def watch(self, watcher: Callable[[Journal], object] | None) -> None:
        """Hand over each journal that reset() and isolated() begin from now on, to one watcher; None ends it.

        The registry itself forgets them when the next one begins or the block ends, and a failing test
        leaves the block before anybody can ask what went wrong in it.
        """
        self._watcher = watcher
