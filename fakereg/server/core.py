"""What every part of FakeRegistry stands on: the pipeline of this moment, and the settings of the first one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable

from fakereg.clock import Clock, Ids
from fakereg.double.conduct import KEPT, Conduct, Violation, told
from fakereg.double.journal import Journal
from fakereg.double.pipeline import Pipeline
from fakereg.registry.messages import Request, Response
from fakereg.registry.profile import Profile
from fakereg.registry.registry import Registry
from fakereg.store.store import Store


class Core:
    """A registry that answers, without any network. `_pipeline` is swapped whole by a reset."""

    def __init__(self, profile: Profile, seed: int, *, strict: bool) -> None:
        self._profile = profile
        self._seed = seed
        self._generation = -1
        self._swapping = threading.RLock()  # held while another pipeline takes its place
        self._strict = strict
        self._violations: deque[Violation] = deque(maxlen=KEPT)
        self._watcher: Callable[[Journal], object] | None = None
        self._pipeline = self._new_pipeline()

    def handle(self, request: Request, body: bytes | Iterable[bytes] = b"") -> Response:
        """Answer a request without any network, as if it had come in; `body` may come in pieces."""
        return self._pipeline.handle(request, body)

    @property
    def profile(self) -> Profile:
        """What it allows and how it answers."""
        return self._pipeline.registry.profile

    @property
    def violations(self) -> list[Violation]:
        """Requests that were forbidden, or that strict mode does not let pass; the latest 100 of them."""
        return list(self._violations)

    def assert_no_violations(self) -> None:
        """Raises AssertionError, naming the requests. Under pytest the fixtures do it, once the test has run."""
        __tracebackhide__ = True
        if self._violations:
            raise AssertionError(told(self.violations))

    def forget_violations(self) -> None:
        """Begin to count anew, which a reset does not."""
        self._violations.clear()

    # Inside

    @property
    def _store(self) -> Store:
        return self._pipeline.registry.store

    def _new_pipeline(self) -> Pipeline:
        registry = Registry(self._profile, clock=Clock(), ids=self._new_ids())
        pipeline = Pipeline(registry, conduct=Conduct(self._violations, is_strict=self._strict))
        if self._watcher is not None:
            self._watcher(pipeline.journal)
        return pipeline

    def _new_ids(self, *, after: int = -1) -> Ids:
        """Those of a generation that never was, here or, up to `after`, elsewhere."""
        with self._swapping:
            self._generation = max(self._generation, after) + 1
            return Ids(self._seed, self._generation)

    def _authority(self) -> str:
        """`127.0.0.1:PORT`, or "" while nothing is served."""
        return ""

    def _serves_here(self) -> bool:
        """Whether the calling thread runs the event loop that serves."""
        return False
