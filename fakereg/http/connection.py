"""aiohttp's server, with our answers to what is not HTTP, and a stop that does not wait."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import Any

from aiohttp import http_exceptions, web

from fakereg.http.wire import SERVER
from fakereg.oci.errors import BadRequest, HeadersTooLarge, RegistryError

log = logging.getLogger("fakereg")

# Room for a hundred `tag` parameters on one manifest push, and for tokens; aiohttp's 8190 bytes are too few.
LONGEST_LINE = 64 * 1024

# After an early refusal the rest of a body is read for so long, in seconds: a client that still sends
# would otherwise see a reset instead of the answer.
LINGER = 2.0

_OPTIONS: dict[str, Any] = {
    "auto_decompress": False,
    "access_log": None,
    "max_line_size": LONGEST_LINE,
    "max_field_size": LONGEST_LINE,
    "lingering_time": LINGER,
}


class Connection(web.RequestHandler):
    """One connection; refuses in the specification's form where aiohttp would answer text and log a traceback."""

    __slots__ = ()

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Answer a request that cannot be parsed, or in which our own code failed; then the connection closes."""
        if request.writer.output_size > 0:
            raise ConnectionError("the answer had begun; only the connection can still be closed")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("failed to answer %s %s", request.method, request.raw_path, exc_info=exc)
            return _failure(status, b'{"errors":[]}')
        error = _refusal(exc, message)
        return _failure(error.status, error.to_json())


class Connections(web.Server):
    """The protocol factory of a listening socket, and the connections that it made."""

    def __init__(self, handler: Any) -> None:
        # With cancellation a client that hangs up ends its request at once, also one that only waits.
        super().__init__(handler, handler_cancellation=True)

    def __call__(self) -> Connection:
        return Connection(self, loop=self._loop, **_OPTIONS)

    async def abort(self) -> None:
        """Drop all connections at once, also within a request, and wait until nothing of them is left."""
        tasks = [task for connection in self.connections if (task := _abort(connection))]
        await asyncio.gather(*tasks, return_exceptions=True)


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


def _refusal(error: BaseException | None, message: str | None) -> RegistryError:
    text = (message or "").partition("\n")[0]
    if isinstance(error, http_exceptions.LineTooLong):
        return HeadersTooLarge(f"a line of the request's head is longer than {LONGEST_LINE} bytes")
    if isinstance(error, http_exceptions.BadHttpMethod):
        return BadRequest("this is not HTTP; if it is TLS: this port speaks plain HTTP")
    return BadRequest(f"the request is not well-formed HTTP: {text[:200]}")


def _failure(status: int, body: bytes) -> web.Response:
    headers = {
        "Content-Type": "application/json",
        "Docker-Distribution-Api-Version": "registry/2.0",
        "Server": SERVER,
    }
    response = web.Response(status=status, body=body, headers=headers)
    response.force_close()
    return response
