"""The registry inside an aiohttp application of somebody else's."""

from __future__ import annotations

from aiohttp import web

from fakereg.http.wire import Wire


def add_routes(app: web.Application, wire: Wire, *, admin: bool = False) -> None:
    """Answer every method and path under /v2, and with `admin` under /_fakereg; the application keeps the rest."""

    async def no_continue(request: web.Request) -> None:
        """The wire invites the body itself, once it knows that the body is wanted."""

    for path in ("/v2", "/v2/{rest:.*}", *(("/_fakereg", "/_fakereg/{rest:.*}") if admin else ())):
        app.router.add_route("*", path, wire.handle, expect_handler=no_continue)
