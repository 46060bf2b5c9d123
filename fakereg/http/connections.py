"""The connections of a listening socket: how they begin, and how they end all at once."""

from __future__ import annotations

import asyncio
import os
from itertools import count
from typing import Any

from aiohttp import HttpVersion11, StreamReader, web
from yarl import URL

from fakereg.http.connection import OPTIONS, Connection
from fakereg.http.refusals import SPOKEN, check_head
from fakereg.http.wire import Wire
from fakereg.oci.errors import BadRequest


class Connections(web.Server):
    """The protocol factory of a listening socket, and the connections that it made."""

    def __init__(self, wire: Wire) -> None:
        async def handle(incoming: web.BaseRequest) -> web.StreamResponse:
            connection: Any = incoming.protocol
            if connection is None:
                raise ConnectionError("the connection is lost")
            begun, failure, connection.begun, connection.failure = connection.begun, connection.failure, None, None
            if failure is not None:
                raise failure
            if connection.refusal is not None:
                return wire.refuse(connection.refusal, incoming.method, incoming.raw_path)
            return await wire.handle(incoming, begun)

        self._wire = wire
        self._numbers = count(1)

        # With cancellation a client that hangs up ends its request at once, also one that only waits.
        super().__init__(handle, request_factory=_incoming, handler_cancellation=True)

    def __call__(self) -> Connection:
        return Connection(self, self._wire, next(self._numbers), loop=self._loop, **OPTIONS)

    async def abort(self) -> None:
        """Drop all connections at once, also within a request, and wait until nothing of them is left."""
        tasks = [task for connection in self.connections if (task := _abort(connection))]
        await asyncio.gather(*tasks, return_exceptions=True)

    def forget(self) -> None:
        """In a forked child: put nothing in the place of the sockets, so that the parent alone keeps them open.

        They are not closed, as their owners would do so once more, perhaps to another file.
        """
        nothing = os.open(os.devnull, os.O_RDWR)
        for connection in self.connections:
            transport = connection.transport
            number = transport.get_extra_info("socket").fileno() if transport is not None else -1
            if number >= 0:
                os.dup2(nothing, number, inheritable=False)
        os.close(nothing)


def _abort(connection: web.RequestHandler) -> asyncio.Task[None] | None:
    """Drop a connection at once; the task that served it, if there still is one."""
    task = connection._task_handler
    transport = connection.transport
    connection.force_close()
    if transport is not None:
        transport.abort()
    if task is not None:
        task.cancel()
    return task


def _incoming(message: Any, body: StreamReader, connection: Any, writer: Any, task: Any) -> web.BaseRequest:
    """aiohttp's request; with a refusal beside it for what its parser, in some version, lets pass."""
    connection.body = body
    connection.refusal = check_head(message)
    if message.version not in SPOKEN:
        message = message._replace(version=HttpVersion11)  # an answer has the version of its request
    try:
        return web.BaseRequest(message, body, connection, writer, task, connection._loop)
    except ValueError as error:  # from the URL
        connection.refusal = BadRequest(f"{message.path!r} is not a URL: {error}")
        return web.BaseRequest(message._replace(url=URL("/")), body, connection, writer, task, connection._loop)
