"""The registry as a whole: started over, put aside, moved in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from typing import Self, Unpack

from fakereg.clock import Clock
from fakereg.double.changes import Changes
from fakereg.double.journal import Journal
from fakereg.double.snapshots import Snapshot
from fakereg.registry.profile import Settings
from fakereg.server.core import Core


class State(Core):
    """Its clock, and what was there before."""

    @property
    def clock(self) -> Clock:
        """The clock by which uploads expire: `registry.clock.advance(seconds)`, `with registry.clock.freeze():`.

        A reset begins another one; whoever keeps this one then moves what nobody reads any more.
        """
        return self._pipeline.registry.clock

    def snapshot(self) -> Snapshot:
        """What is stored at this moment, open uploads and the clock's reading: to `restore`, or to compare by `diff`.

        It takes no longer for more content, which is not copied. An upload whose body is just arriving
        is in it with what has arrived.
        """
        registry = self._pipeline.registry  # one: a reset may put another in its place meanwhile
        return Snapshot(registry.store.copy(), registry.clock.now(), self._generation, repr(self))

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot: what was stored, the uploads that were open, and the clock's reading.

        The journal goes on, and so do faults, warnings and a frozen clock: they are the test's, not the
        content's. Requests under way end on what was; uploads that were begun here since are not known any
        more, and their ids do not come again. A snapshot may be restored many times, also into another
        registry; the limits of its profile are not applied to what comes with it.
        Raises TypeError for anything that `snapshot` did not give.
        """
        store = _checked(snapshot, "restore").store.copy()
        with self._swapping:
            pipeline = copy(self._pipeline)
            ids = self._new_ids(after=snapshot.generation)
            pipeline.registry = replace(pipeline.registry, store=store, ids=ids)
            # Before anybody sees the store: an upload in it must not expire by the time that is taken back.
            pipeline.registry.clock.put(snapshot.reading)
            self._pipeline = pipeline

    def diff(self, before: Snapshot, after: Snapshot | None = None) -> Changes:
        """What was pushed, retagged and deleted between two snapshots, or since `before`.

            before = registry.snapshot()
            my_tool_push(...)
            assert registry.diff(before).pushed == ["team/app:v2"]

        False if nothing changed; `str()` says it in words. Raises TypeError for anything that
        `snapshot` did not give.
        """
        earlier = _checked(before, "diff").store
        return Changes.between(earlier, self._store.copy() if after is None else _checked(after, "diff").store)

    def configure(self, **settings: Unpack[Settings]) -> None:
        """Change settings of the profile; what is stored stays, also where it would be refused now.

        Requests under way end under the settings under which they began. `reset` returns to those with which
        the registry was made, and so does `isolated` for its block.
        Raises ValueError for an unknown setting or value; nothing is changed then.
        """
        with self._swapping:
            pipeline = copy(self._pipeline)
            pipeline.registry = replace(pipeline.registry, profile=pipeline.registry.profile.replace(**settings))
            self._pipeline = pipeline

    def reset(self) -> None:
        """Start over: nothing stored, an empty journal, the clock at zero and running, the settings as it was made.

        Requests under way end on what was. The journal of before can still be read; whoever waits on it is told.
        """
        with self._swapping:
            journal = self._pipeline.journal
            self._pipeline = self._new_pipeline()
        journal.end("reset()")

    @contextmanager
    def isolated(self) -> Iterator[Self]:
        """Start over for a while, on the same port; what was there before returns afterwards.

        Blocks nest, and inside of one `reset` and `restore` are as good as anywhere: the journal, the
        clock, faults and warnings of before return with what was stored.
        """
        with self._swapping:
            before = self._pipeline
            self._pipeline = self._new_pipeline()
        try:
            yield self
        finally:
            with self._swapping:
                journal = self._pipeline.journal
                self._pipeline = before
            journal.end("isolated()")

    def watch(self, watcher: Callable[[Journal], object] | None) -> None:
        """Hand over each journal that reset() and isolated() begin from now on, to one watcher; None ends it.

        The registry itself forgets them when the next one begins or the block ends, and a failing test
        leaves the block before anybody can ask what went wrong in it.
        """
        self._watcher = watcher


def _checked(snapshot: object, method: str) -> Snapshot:
    if not isinstance(snapshot, Snapshot):
        raise TypeError(f"{method}() takes what snapshot() gave, not {type(snapshot).__name__} {repr(snapshot)[:60]}")
    return snapshot
