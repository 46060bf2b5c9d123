"""aiohttp with nothing behind it: a handler that answers constants.

They are what fakereg answers, headers and all: the first GET of a path asks a registry in this process, without a
network, and every further one gets the same. Of an upload nothing is kept unless `--keep` says so.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Iterable

from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from benchmarks.servers.loop import new_event_loop
from fakereg import FakeRegistry, Request, Response

# As the registry that it is compared with: one write of 64 MiB is slow on CPython 3.11.
SLICE = 256 * 1024

UPLOAD = "/v2/bench/blobs/uploads/1"

Constant = tuple[int, CIMultiDictProxy[str], bytes]


class Bare:
    """Constants by method and target."""

    def __init__(self, *, keep: bool) -> None:
        self._keep = keep
        self._registry = FakeRegistry()
        self._constants: dict[tuple[str, str], Constant] = {}

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method not in ("GET", "HEAD"):
            return await (self._take(request) if self._keep else _throw_away(request))
        status, headers, body = self._constant(request)
        if request.method == "HEAD":
            return web.StreamResponse(status=status, headers=headers)
        if len(body) <= SLICE:
            return web.Response(status=status, headers=headers, body=body)
        return await _stream(request, web.StreamResponse(status=status, headers=headers), memoryview(body))

    def _constant(self, request: web.BaseRequest) -> Constant:
        key = request.method, request.raw_path
        found = self._constants.get(key)
        if found is None:
            answer = self._registry.handle(Request(*key, authority=request.host))
            headers = _headers(answer)
            found = self._constants[key] = answer.status, CIMultiDictProxy(headers), bytes(answer.body)
        return found

    async def _take(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read() if (request.content_length or 0) < SLICE else await _gather(request)
        asked = Request(request.method, request.raw_path, request.headers, authority=request.host, length=len(body))
        answer = self._registry.handle(asked, body)
        return web.Response(status=answer.status, headers=_headers(answer), body=bytes(answer.body))


async def _gather(request: web.BaseRequest) -> bytes:
    return b"".join([piece async for piece in request.content.iter_any()])


async def _throw_away(request: web.BaseRequest) -> web.StreamResponse:
    async for _ in request.content.iter_any():
        pass
    return web.Response(status=201 if request.method == "PUT" else 202, headers={"Location": UPLOAD})


async def _stream(request: web.BaseRequest, answer: web.StreamResponse, body: memoryview) -> web.StreamResponse:
    await answer.prepare(request)
    for start in range(0, len(body), SLICE):
        await answer.write(body[start : start + SLICE])
    return answer


def _headers(answer: Response) -> CIMultiDict[str]:
    lines: Iterable[tuple[str, str]] = answer.headers
    headers = CIMultiDict([*lines, ("Server", "fakereg")])
    headers["Content-Length"] = str(len(answer.body))
    return headers


async def _serve(port: int, *, keep: bool) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    server = web.Server(Bare(keep=keep).handle, access_log=None)
    listening = await loop.create_server(server, "127.0.0.1", port)
    await ended.wait()
    listening.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--keep", action="store_true", help="keep what is pushed, to answer it")
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=new_event_loop()) as runner:
        runner.run(_serve(options.port, keep=options.keep))


if __name__ == "__main__":
    main()
