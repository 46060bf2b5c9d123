"""FakeRegistry: a registry for tests, in a thread, in an event loop, or inside an aiohttp application."""

from __future__ import annotations

from typing import Unpack

from fakereg.control.admin import Admin
from fakereg.control.desk import Desk
from fakereg.control.guard import Guard
from fakereg.registry.profile import Profile, Settings, find_profile
from fakereg.server.assertions import Assertions
from fakereg.server.contents import Contents
from fakereg.server.serving import Serving
from fakereg.server.state import State
from fakereg.server.trouble import Trouble


class FakeRegistry(Serving, Contents, Assertions, Trouble, State):
    """A container registry in memory.

        with FakeRegistry() as registry:            # synchronous code, any test runner
        async with FakeRegistry() as registry:      # the running event loop
        FakeRegistry().add_to(app)                  # an aiohttp application of yours

    `profile` is the name of a preset or a Profile; `settings` are fields of Profile that differ from
    it, such as `sparse="accept"` or `page_maximum=50`. `port` 0 takes a free one. The same `seed`
    gives the same upload ids again. `strict` makes a violation of every request that no endpoint takes or
    that is malformed: `assert_no_violations`. Raises ValueError for an unknown profile or setting.

    `admin` serves the admin API under `/_fakereg/` too, for tests in other languages. On an address that other
    machines can reach it needs `admin_token`, which clients send as `Authorization: Bearer TOKEN`, and is off
    without one.

    All methods may be called from any thread, before, while and after it serves.
    """

    def __init__(
        self,
        profile: str | Profile = "spec",
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int = 0,
        strict: bool = False,
        admin: bool = True,
        admin_token: str | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        self._guard = Guard(admin, admin_token)
        self._desk = Desk()
        super().__init__(find_profile(profile).replace(**settings), host=host, port=port, seed=seed, strict=strict)

    def _admin(self) -> Admin:
        return Admin(self, lambda: self._pipeline, self._desk, self._guard, name=self._bind[0])

    def __repr__(self) -> str:
        where = self.url if self._listener else "not serving"
        return f"<FakeRegistry {self.profile.name}, {where}>"
