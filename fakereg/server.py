"""FakeRegistry: a registry for tests, in a thread, in an event loop, or inside an aiohttp application."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack

from aiohttp import web

from fakereg.client_environment import client_environment
from fakereg.clock import Clock, Ids
from fakereg.double.journal import Journal
from fakereg.double.pipeline import Pipeline
from fakereg.double.views import RepositoryView
from fakereg.http.app import add_routes
from fakereg.http.background import background
from fakereg.http.listener import Listener
from fakereg.http.wire import Wire
from fakereg.oci.names import RepositoryName, split_image
from fakereg.registry.messages import Request, Response
from fakereg.registry.profile import Profile, Settings, find_profile
from fakereg.registry.registry import Registry
from fakereg.store.repository import Repository


class FakeRegistry:
    """A container registry in memory.

        with FakeRegistry() as registry:            # synchronous code, any test runner
        async with FakeRegistry() as registry:      # the running event loop
        FakeRegistry().add_to(app)                  # an aiohttp application of yours

    `profile` is the name of a preset or a Profile; `settings` are fields of Profile that differ from
    it, such as `sparse="accept"` or `page_maximum=50`. `port` 0 takes a free one. The same `seed`
    gives the same upload ids again. Raises ValueError for an unknown profile or setting.

    All methods may be called from any thread, before, while and after it serves.
    """

    def __init__(
        self,
        profile: str | Profile = "spec",
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int = 0,
        **settings: Unpack[Settings],
    ) -> None:
        self.profile = find_profile(profile).replace(**settings)
        self._bind = (host, port)
        self._seed = seed
        self._pipeline = self._new_pipeline()
        self._listener: Listener | None = None

    # Serving

    def start(self) -> Self:
        """Serve from the shared background thread. Raises OSError at once if the address cannot be had."""
        background().run(self._listen().start(self._wire()))
        return self

    def stop(self) -> None:
        """Stop serving, at once, also with requests under way. What was pushed stays readable."""
        listener, self._listener = self._listener, None
        if listener is not None:
            background().run(listener.stop())

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await self._listen().start(self._wire())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            await listener.stop()

    def add_to(self, app: web.Application) -> None:
        """Answer everything under /v2 of an aiohttp application, with whatever server and port it has."""
        add_routes(app, self._wire())

    def handle(self, request: Request, body: bytes | Iterable[bytes] = b"") -> Response:
        """Answer a request without any network, as if it had come in; `body` may come in pieces."""
        return self._pipeline.handle(request, body)

    # Where it is

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`, as it stands in an image reference. Raises RuntimeError if it does not serve."""
        if self._listener is None:
            raise RuntimeError("this registry does not serve: use `with`, `async with` or start()")
        return self._listener.authority

    @property
    def port(self) -> int:
        """Raises RuntimeError if it does not serve."""
        return int(self.host.rpartition(":")[2])

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`. Raises RuntimeError if it does not serve."""
        return f"http://{self.host}"

    def reference(self, image: str) -> str:
        """The full reference of `team/app:v1` on this registry. Raises NameInvalid or DigestInvalid."""
        split_image(image)
        return f"{self.host}/{image}"

    def environ(self, folder: Path | str) -> dict[str, str]:
        """Environment variables that make clients use this registry; files they need are written to `folder`."""
        return client_environment(self.host, Path(folder))

    # What a test prepares, moves and reads back

    @property
    def clock(self) -> Clock:
        """The clock by which uploads expire: `registry.clock.advance(seconds)`."""
        return self._pipeline.registry.clock

    @property
    def journal(self) -> Journal:
        """What was asked and answered."""
        return self._pipeline.journal

    @property
    def repositories(self) -> list[str]:
        """The names of all repositories that something was pushed to, in byte order."""
        return [repository.name for repository in self._pipeline.registry.store.repositories()]

    def repository(self, name: str) -> RepositoryView:
        """What a repository holds; an empty one if nobody pushed to it. Raises NameInvalid."""
        parsed = RepositoryName.parse(name)
        store = self._pipeline.registry.store
        return RepositoryView(store.find(parsed) or Repository(parsed, store.pool))

    def warn(self, text: str, *, on: str | None = None) -> None:
        """Send a `Warning: 299` header with every answer, or with those of the endpoint `on` (its name or id).

        Raises ValueError for text that a header cannot hold, for an unknown endpoint, and beyond the
        4096 bytes that the specification allows on one answer.
        """
        self._pipeline.warnings.add(text, on)

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

    # Inside

    def _new_pipeline(self) -> Pipeline:
        return Pipeline(Registry(self.profile, clock=Clock(), ids=Ids(self._seed)))

    def _wire(self) -> Wire:
        return Wire(lambda: self._pipeline)

    def _listen(self) -> Listener:
        if self._listener is not None:
            raise RuntimeError(f"this registry serves already, at {self.url}")
        self._listener = Listener(*self._bind)
        return self._listener

    def __repr__(self) -> str:
        where = self.url if self._listener else "not serving"
        return f"<FakeRegistry {self.profile.name}, {where}>"
