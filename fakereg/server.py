"""FakeRegistry: a registry for tests, in a thread, in an event loop, or inside an aiohttp application."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack

from aiohttp import web

from fakereg.client_environment import client_environment
from fakereg.clock import Clock, Ids
from fakereg.double.journal import Journal
from fakereg.double.pipeline import Pipeline
from fakereg.double.views import RepositoryView
from fakereg.http.app import add_routes
from fakereg.http.background import background
from fakereg.http.listener import Listener, check_address
from fakereg.http.wire import Wire
from fakereg.images.image import Image
from fakereg.images.layers import LayerSource
from fakereg.images.load import load
from fakereg.images.recipe import Recipe
from fakereg.images.save import save
from fakereg.images.seed import seed
from fakereg.oci.names import RepositoryName, split_image
from fakereg.registry.messages import Request, Response
from fakereg.registry.profile import Profile, Settings, Sparse, find_profile
from fakereg.registry.registry import Registry
from fakereg.store.store import Store


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
        self._profile = find_profile(profile).replace(**settings)
        self._bind = check_address(host, port)
        self._seed = seed
        self._generations = count()
        self._lock = threading.Lock()
        self._watcher: Callable[[Journal], object] | None = None
        self._pipeline = self._new_pipeline()
        self._listener: Listener | None = None

    # Serving

    def start(self) -> Self:
        """Serve from the shared background thread. Raises OSError at once if the address cannot be had."""
        with self._starting() as listener:
            background().run(listener.start(self._wire()))
        return self

    def stop(self) -> None:
        """Stop serving, at once, also with requests under way. What was pushed stays readable.

        Raises RuntimeError where it would wait for the event loop that serves.
        """
        listener = self._listener
        if listener is not None:
            background().run(listener.stop())
            self._listener = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        with self._starting() as listener:
            await listener.start(self._wire())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            await listener.stop()

    def add_to(self, app: web.Application) -> None:
        """Answer everything under /v2 of an aiohttp application, with whatever server and port it has.

        aiohttp unpacks bodies that are sent with `Content-Encoding: gzip`, and they are refused then;
        serve the application with `AppRunner(app, auto_decompress=False)` to store them as they come.
        What cannot be parsed as HTTP is answered, and logged, by aiohttp itself.
        """
        add_routes(app, self._wire())

    def handle(self, request: Request, body: bytes | Iterable[bytes] = b"") -> Response:
        """Answer a request without any network, as if it had come in; `body` may come in pieces."""
        return self._pipeline.handle(request, body)

    @property
    def profile(self) -> Profile:
        """What it allows and how it answers."""
        return self._profile

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
        """Environment variables for clients of this registry; the files that they name are written to `folder`.

        skopeo wants one of them as a flag: `--registries-conf $CONTAINERS_REGISTRIES_CONF`.
        """
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
        return [repository.name for repository in self._store.repositories()]

    def repository(self, name: str) -> RepositoryView:
        """What a repository holds; an empty one if nobody pushed to it. Raises NameInvalid."""
        return RepositoryView(RepositoryName.parse(name), lambda: self._store)

    def seed(
        self,
        image: str,
        *,
        layers: Sequence[LayerSource] | None = None,
        config: Mapping[str, Any] | None = None,
        platform: str | None = None,
        platforms: Sequence[str] | None = None,
        artifact_type: str | None = None,
        subject: Image | str | None = None,
        annotations: Mapping[str, str] | None = None,
        docker: bool = False,
    ) -> Image:
        """Build an image and store it as if it had been pushed; nothing appears in the journal.

            registry.seed("team/app:v1", layers=[{"etc/motd": b"hi"}], config={"Env": ["A=1"]})
            registry.seed("team/app:v2", platforms=["linux/amd64", "linux/arm64/v8"])     # an index
            registry.seed("team/app", artifact_type="application/spdx+json", layers=[b"{}"], subject=image)

        `image` is `name:tag`; without a tag `latest`, or no tag at all if there is a `subject`.
        `layers`, bottom first: a dict of files (bytes, str, `File` with a mode, `Symlink`), or bytes
        that are an archive already, gzip or not; for an artifact bytes are the artifact. Without
        `layers` there is one small layer that differs by name and tag, or for an artifact the empty blob.
        `config` is what a container runs with: Env, Cmd, Labels. `platform` is `linux/amd64` if not given.
        `platforms` makes an index with one image each, all of the same layers; `[]` an empty index.
        `artifact_type` makes an artifact. `subject` is an image of the same repository, or a digest;
        if nothing there has that digest, the descriptor gets the size 0 and the type of an OCI image.
        `annotations` stand in the outermost manifest. `docker` uses Docker's media types (schema 2).

        The same arguments give the same digests in every run. Limits of the profile do not apply.
        Raises ValueError for arguments that contradict each other and for unsafe file names, TypeError for
        an argument of the wrong type, NameInvalid, DigestInvalid; nothing is stored then.
        """
        recipe = Recipe(
            layers=layers,
            config=config,
            platform=platform,
            platforms=platforms,
            artifact_type=artifact_type,
            subject=subject,
            annotations=annotations,
            docker=docker,
        )
        return seed(self._store, image, recipe, host=self.host if self._listener else "")

    def load(self, path: Path | str, repository: str | None = None) -> list[str]:
        """Store what an OCI image layout holds, a directory; the references of its entries: `team/app:v1`.

        An entry's `org.opencontainers.image.ref.name` tells repository and tag (a host in front is
        dropped). If it is a tag alone, or missing, the repository is called like the directory.
        `repository` stands in for all of that. Other content that index.json lists becomes a blob.

        All is read and checked before anything is stored. Raises LayoutError, a ValueError that names
        the file: also for a missing blob, unless the profile has `sparse="accept"`. Foreign layers may
        be missing always. Raises NameInvalid for `repository`.
        """
        return load(self._store, path, repository, sparse=self.profile.sparse is Sparse.ACCEPT)

    def save(self, path: Path | str, repository: str | None = None) -> None:
        """Write one repository, or all of them, as an OCI image layout: a directory that is new, empty, or a layout.

        In a layout that exists, entries of the same name are replaced and the others stay. One repository
        is saved with its tags as names (`skopeo copy oci:DIR:v1 ...`), all of them as `team/app:v1`.
        Manifests without a tag are saved as `team/app@sha256:...`, or without a name; blobs that no
        manifest names as entries of the type application/octet-stream. So `load` restores every repository;
        not uploads under way, nor a repository that is empty again, nor manifests of a type of their own beyond 4 MiB.

        Raises LayoutError for a directory that holds something else, NameUnknown, NameInvalid, OSError.
        """
        save(self._store, path, repository)

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

    def watch(self, watcher: Callable[[Journal], object] | None) -> None:
        """Hand over each journal that reset() and isolated() begin from now on, to one watcher; None ends it.

        The registry itself forgets them when the next one begins or the block ends, and a failing test
        leaves the block before anybody can ask what went wrong in it.
        """
        self._watcher = watcher

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

    def _wire(self) -> Wire:
        return Wire(lambda: self._pipeline)

    @contextmanager
    def _starting(self) -> Iterator[Listener]:
        """A bound address, given back if it cannot be served."""
        with self._lock:
            if self._listener is not None:
                raise RuntimeError(f"this registry serves already, at {self.url}")
            self._listener = listener = Listener(*self._bind)
        try:
            yield listener
        except BaseException:
            self._listener = None
            listener.close()
            raise

    def __repr__(self) -> str:
        where = self.url if self._listener else "not serving"
        return f"<FakeRegistry {self.profile.name}, {where}>"
