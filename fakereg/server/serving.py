"""A registry on a port: in the background thread, in the running event loop, or inside an application."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from fakereg.client_environment import client_environment
from fakereg.control.admin import Admin
from fakereg.http.app import add_routes
from fakereg.http.background import background
from fakereg.http.listener import Listener, check_address
from fakereg.http.wire import Wire
from fakereg.oci.names import split_image
from fakereg.registry.profile import Profile
from fakereg.server.core import Core
from fakereg.server.waiting import runs_a_loop


class Serving(Core):
    """How it starts and stops, and where it is then."""

    def __init__(self, profile: Profile, *, host: str, port: int, seed: int, strict: bool) -> None:
        self._bind = check_address(host, port)
        self._lock = threading.Lock()
        self._listener: Listener | None = None
        self._is_embedded = False
        super().__init__(profile, seed, strict=strict)

    def start(self) -> Self:
        """Serve from the shared background thread. Raises OSError at once if the address cannot be had."""
        with self._starting() as listener:
            background().run(listener.start(self._wire(listener.address)))
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
        """Raises AssertionError where nothing else went wrong, but a request should not have been sent."""
        __tracebackhide__ = True
        self.stop()
        if kind is None:
            self.assert_no_violations()

    async def __aenter__(self) -> Self:
        with self._starting() as listener:
            await listener.start(self._wire(listener.address))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            await listener.stop()
        if kind is None:
            self.assert_no_violations()

    def add_to(self, app: web.Application, *, admin: bool = False) -> None:
        """Answer everything under /v2 of an aiohttp application, with whatever server and port it has.

        With `admin` also what is under /_fakereg, for clients on this machine, or with the registry's admin_token.

        aiohttp unpacks bodies that are sent with `Content-Encoding: gzip`, and they are refused then;
        serve the application with `AppRunner(app, auto_decompress=False)` to store them as they come.
        What cannot be parsed as HTTP is answered, and logged, by aiohttp itself.
        """
        add_routes(app, self._wire(None), admin=admin)
        self._is_embedded = True

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

    # Inside

    def _wire(self, bound: str | None) -> Wire:
        """`bound` is our own address, None in somebody else's application."""
        return Wire(lambda: self._pipeline, self._admin(), bound)

    def _admin(self) -> Admin:
        raise NotImplementedError

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

    def _authority(self) -> str:
        return self.host if self._listener else ""

    def _serves_here(self) -> bool:
        if not runs_a_loop():
            return False
        return self._is_embedded if self._listener is None else self._listener.serves_here()
