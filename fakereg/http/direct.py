"""Small answers without a task.

Most requests are a GET whose answer fits into one write. They are answered where they were parsed;
a task, a request and a response of aiohttp's for each cost more than everything that the registry
does. Whatever needs to wait, for a body or for a slow reader, still gets its task.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from aiohttp import EMPTY_PAYLOAD, HttpVersion11
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http_parser import RawRequestMessage

from fakereg.double.exchange import Exchange
from fakereg.http.delivering import SLICE, phrase
from fakereg.http.wire import head_of
from fakereg.registry.delivery import PLAIN
from fakereg.registry.messages import Request


@cache
def _status_line(status: int) -> str:
    return f"HTTP/1.1 {status} {phrase(status)}"


def suits(message: Any, body: Any) -> bool:
    """Whether a parsed request may be answered directly: one without a body, on a connection that goes on."""
    return (
        isinstance(message, RawRequestMessage)  # aiohttp queues its refusals as something else
        and body is EMPTY_PAYLOAD
        and message.method in ("GET", "HEAD")
        and message.version == HttpVersion11
        and message.path[:1] == "/"
        and message.path[1:2] != "_"  # the admin API has answers that must be waited for
        and not message.should_close
        and not message.upgrade
    )


def request_of(message: Any, scheme: str, connection: int) -> Request:
    headers = message.headers
    authority = headers["Host"]
    return Request(message.method, message.path, headers, authority=authority, scheme=scheme, connection=connection)


def encode(exchange: Exchange) -> bytes | None:
    """The whole answer in one piece; None where it is not there yet, or is to be delivered in another way."""
    response = exchange.response
    if response is None or response.delivery is not PLAIN:
        return None
    has_body = response.has_body(exchange.request.method)
    if has_body and len(response.body) > SLICE:
        return None
    lines = [_status_line(response.status)]
    lines += [f"{name}: {value}" for name, value in head_of(response)]
    lines += [f"Date: {rfc822_formatted_time()}", "", ""]
    head = "\r\n".join(lines)
    if head.count("\n") >= len(lines) or head.count("\r") >= len(lines):
        raise ValueError("a header of the answer has more than one line")
    return b"".join((head.encode(), *response.body.segments)) if has_body else head.encode()
