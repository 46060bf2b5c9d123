"""What every part of FakeRegistry stands on: the pipeline of this moment, and the profile."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count

from fakereg.clock import Clock, Ids
from fakereg.double.journal import Journal
from fakereg.double.pipeline import Pipeline
from fakereg.registry.messages import Request, Response
from fakereg.registry.profile import Profile
from fakereg.registry.registry import Registry
from fakereg.store.store import Store


class Core:
    """A registry that answers, without any network. `_pipeline` is swapped whole by a reset."""

    def __init__(self, profile: Profile, seed: int) -> None:
        self._profile = profile
        self._seed = seed
        self._generations = count()
        self._watcher: Callable[[Journal], object] | None = None
        self._pipeline = self._new_pipeline()

    def handle(self, request: Request, body: bytes | Iterable[bytes] = b"") -> Response:
        """Answer a request without any network, as if it had come in; `body` may come in pieces."""
        return self._pipeline.handle(request, body)

    @property
    def profile(self) -> Profile:
        """What it allows and how it answers."""
        return self._profile

    # Inside

    @property
    def _store(self) -> Store:
        return self._pipeline.registry.store

    def _new_pipeline(self) -> Pipeline:
        ids = Ids(self._seed, next(self._generations))
        pipeline = Pipeline(Registry(self._profile, clock=Clock(), ids=ids))
        if self._watcher is not None:
            self._watcher(pipeline.journal)
        return pipeline

    def _authority(self) -> str:
        """`127.0.0.1:PORT`, or "" while nothing is served."""
        return ""
