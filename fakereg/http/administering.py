"""Requests to the admin API: their bodies in, their answers out.

Law of this module: as of the wire's, it decides nothing. What waits here ends when the connection or the
server does.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDict

from fakereg.control.admin import Admin, Answer, Call
from fakereg.http.delivering import SERVER, SLICE, invite, nothing
from fakereg.http.workers import workers
from fakereg.oci.errors import BadRequest
from fakereg.registry.messages import Request, Response

# A unix socket has no address, and is on this machine.
HERE = "127.0.0.1"


async def administer(
    incoming: web.BaseRequest, admin: Admin, request: Request, bound: str | None
) -> web.StreamResponse:
    """One request, from its head to the last byte of its answer. `bound` is None in somebody else's server."""
    call = admin.open(request, _address(incoming) if bound is None else bound)
    if isinstance(call, Response):
        return await _send(incoming, call)
    try:
        return await _send(incoming, await _called(incoming, admin, call, request))
    except ConnectionError:
        return nothing()
    finally:
        call.abandon()


def _address(incoming: web.BaseRequest) -> str:
    """That at which the connection arrived."""
    transport = incoming.transport
    name: Any = None if transport is None else transport.get_extra_info("sockname")
    return str(name[0]) if isinstance(name, tuple) else HERE


async def _called(incoming: web.BaseRequest, admin: Admin, call: Call, request: Request) -> Response:
    await invite(incoming)
    try:
        while data := await incoming.content.readany():
            if (refusal := call.feed(data)) is not None:
                return refusal
    except (web.RequestPayloadError, HttpProcessingError) as error:
        return admin.refuse(BadRequest(f"the body cannot be read: {error}"), request.path)
    answer = await _run(call)
    return answer if isinstance(answer, Response) else await answer()


async def _run(call: Call) -> Answer:
    call.hand_over()
    if not call.is_slow:
        return call.run()
    try:
        work = asyncio.wrap_future(workers.submit(call.run))
    except RuntimeError:  # the process ends
        return call.run()
    return await asyncio.shield(work)


async def _send(incoming: web.BaseRequest, response: Response) -> web.StreamResponse:
    headers = CIMultiDict([*response.headers, ("Server", SERVER)])
    size = len(response.body)
    if size <= SLICE:
        outgoing: web.StreamResponse = web.Response(
            status=response.status, headers=headers, body=bytes(response.body) if size else None
        )
    else:
        outgoing = web.StreamResponse(status=response.status, headers=headers)
        outgoing.content_length = size
    if not incoming.content.is_eof():
        outgoing.force_close()
    if size > SLICE:
        await outgoing.prepare(incoming)
        for piece in response.body.slices(SLICE):
            await outgoing.write(piece)
    return outgoing
