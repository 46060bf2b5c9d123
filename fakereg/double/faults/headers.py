"""Headers that are missing, wrong or unusual, and statuses that lie."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from fakereg.double.fault import Fault, Firing, authority_of, flag, host, line, status, text, token
from fakereg.registry.delivery import Framing
from fakereg.registry.messages import Response

# These the wire writes itself, so the delivery tells what stands instead of them.
_OF_THE_WIRE = frozenset({"content-length", "date", "server"})

_PORT = re.compile(r":[0-9]*$")
_REFUSED = 400


@dataclass(frozen=True, slots=True)
class SetHeader(Fault):
    """A header has this value, whatever the registry said.

    A body with a Content-Length that is wrong ends the connection: nobody could find the next answer.
    """

    name: str
    value: str

    def __post_init__(self) -> None:
        token("name", self.name)
        line("value", self.value)
        _is_not_of_the_delivery(self.name)

    def answer(self, response: Response, firing: Firing) -> Response:
        if self.name.lower() not in _OF_THE_WIRE:
            return replace(response, headers=response.headers.replaced(self.name, self.value))
        return replace(response, delivery=response.delivery.with_line(self.name, self.value))


@dataclass(frozen=True, slots=True)
class DropHeader(Fault):
    """A header is missing. Without Content-Length the end of the connection ends the body."""

    name: str

    def __post_init__(self) -> None:
        token("name", self.name)
        _is_not_of_the_delivery(self.name)

    def answer(self, response: Response, firing: Firing) -> Response:
        if self.name.lower() not in _OF_THE_WIRE:
            return replace(response, headers=response.headers.without(self.name))
        delivery = response.delivery.with_line(self.name, None)
        if self.name.lower() == "content-length" and delivery.framing is Framing.LENGTH:
            delivery = delivery.framed(Framing.UNTIL_CLOSE)
        return replace(response, delivery=delivery)


def _is_not_of_the_delivery(name: str) -> None:
    """Raises ValueError, naming the faults that lead to such a header."""
    if name.lower() in ("transfer-encoding", "connection"):
        raise ValueError(f"{name} follows from how the answer is sent: use ChunkedEncoding, Truncate or Reset")


@dataclass(frozen=True, slots=True)
class SetStatus(Fault):
    """The answer is as it was, with another status: the work is done, 200 stands for 201, or 200 for a range's 206.

    With `of` only in the place of that one: `SetStatus(201, of=202)` leaves refusals alone.
    """

    status: int
    of: int | None = None

    def __post_init__(self) -> None:
        status(self.status)
        if self.of is not None:
            status(self.of)

    def answer(self, response: Response, firing: Firing) -> Response:
        return replace(response, status=self.status) if self.of in (None, response.status) else response


@dataclass(frozen=True, slots=True)
class WrongContentRange(Fault):
    """A part is not the one that was asked for, if Content-Range is to be believed.

    Without `value` it names the range one byte later. For a missing one see DropHeader.
    """

    value: str | None = None

    def suits(self) -> tuple[str, ...]:
        return ("get_blob",)

    def __post_init__(self) -> None:
        if self.value is not None:
            line("value", self.value)

    def answer(self, response: Response, firing: Firing) -> Response:
        told = response.headers.get("Content-Range")
        if self.value is None and told is None:
            return response
        return replace(response, headers=response.headers.replaced("Content-Range", self.value or _later(told or "")))


def _later(content_range: str) -> str:
    """`bytes 0-4/10` as `bytes 1-5/10`."""
    unit, _, rest = content_range.partition(" ")
    span, _, size = rest.partition("/")
    first, dash, last = span.partition("-")
    return f"{unit} {int(first) + 1}-{int(last) + 1}/{size}" if dash else content_range


@dataclass(frozen=True, slots=True)
class Relocate(Fault):
    """The answer's Location, told in another way; what is not named stays.

    absolute  with scheme and host, or (False) the path alone
    host      on another host and port
    port      False: the host without its port
    query     parameters that the client must keep: `Relocate(query={"_state": "abc"})`
    session   another upload session: one that nobody opened is a stale Location
    """

    absolute: bool | None = None
    host: str | None = None
    port: bool = True
    query: tuple[tuple[str, str], ...] = ()
    session: str | None = None

    def __post_init__(self) -> None:
        if self.absolute is not None:
            flag("absolute", self.absolute)
        if self.host is not None:
            host("host", self.host)
        flag("port", self.port)
        if self.session is not None:
            line("session", self.session)
        object.__setattr__(self, "query", _pairs(self.query))
        if self.absolute is False and (self.host is not None or not self.port):
            raise ValueError("absolute=False is the path alone: it names neither host nor port")

    def suits(self) -> tuple[str, ...]:
        return ("start_upload", "start_upload_with", "mount_blob", "patch_upload", "get_upload")

    def answer(self, response: Response, firing: Firing) -> Response:
        location = response.headers.get("Location")
        if location is None:
            return response
        parts = urlsplit(location)
        path = parts.path
        if self.session is not None and "/uploads/" in path:  # a blob that was mounted has none
            path = f"{path.rpartition('/')[0]}/{self.session}"
        query = "&".join(one for one in (parts.query, urlencode(self.query)) if one)
        told = f"{path}?{query}" if query else path
        authority = "" if self.absolute is False else self._authority(parts.netloc or authority_of(firing.request))
        if authority and (self.absolute or self.host or parts.netloc):
            told = f"{parts.scheme or firing.request.scheme}://{authority}{told}"
        return replace(response, headers=response.headers.replaced("Location", told))

    def _authority(self, own: str) -> str:
        authority = self.host or own
        return authority if self.port else _PORT.sub("", authority)


def _pairs(query: Any) -> tuple[tuple[str, str], ...]:
    """What is hashable; a dictionary is taken too. Raises ValueError."""
    pairs = query.items() if isinstance(query, Mapping) else query
    try:
        told = tuple((str(name), str(value)) for name, value in pairs)
    except (TypeError, ValueError) as error:
        raise ValueError(f"query is names and values such as {{'_state': 'abc'}}, got {query!r}") from error
    for one in (one for pair in told for one in pair):
        text("query", one)
    return told


@dataclass(frozen=True, slots=True)
class EndlessPages(Fault):
    """A list that never ends: every page says that the same page follows (Link, rel="next")."""

    def suits(self) -> tuple[str, ...]:
        return ("list_tags", "list_tags_page", "get_referrers", "filter_referrers", "catalog")

    def answer(self, response: Response, firing: Firing) -> Response:
        if response.status >= _REFUSED:
            return response
        return replace(response, headers=response.headers.replaced("Link", f'<{firing.request.target}>; rel="next"'))
