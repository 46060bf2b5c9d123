"""Answers in the place of the registry's own: nothing is done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from fakereg.double.fault import (
    FINITE,
    Chance,
    Fault,
    Firing,
    authority_of,
    flag,
    host,
    kind,
    line,
    number,
    status,
    text,
)
from fakereg.double.faults.headers import SetHeader
from fakereg.oci.errors import BlobUploadUnknown, NameUnknown
from fakereg.oci.media_types import JSON
from fakereg.registry.delivery import PLAIN, Delivery, Ending
from fakereg.registry.messages import NO_ANSWER, Response
from fakereg.registry.operations import uploads

_REFUSED = 400
_REDIRECTS = (301, 302, 303, 307, 308)

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# What the specification calls these; all else is told as UNKNOWN, as registries do.
_CODES = {401: "UNAUTHORIZED", 403: "DENIED", 404: "NAME_UNKNOWN", 405: "UNSUPPORTED", 429: "TOOMANYREQUESTS"}


@dataclass(frozen=True, slots=True)
class Respond(Fault):
    """Any answer at all.

    status       200 to 999, sent as it is
    code         of the specification's error body; without it the one that is usual for the status
    message      the text beside it
    body         in place of the error body; text is sent as UTF-8, b"" is no body
    headers      more of them, or others: a Content-Type goes with `body`
    retry_after  Retry-After: seconds, a moment (sent as an HTTP date), or any text, which is sent as it is
    challenge    WWW-Authenticate: one, or several, each on a line of its own; `{url}` stands for where the client
                 reached the registry: 'Bearer realm="{url}/token",service="fakereg"'; for nothing if it named no host
    upload       also tell where the request's upload session stands (Location, Range), so that a client can recover
    """

    status: int
    code: str | None = None
    message: str = "a fault that the test asked for"
    body: bytes | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    retry_after: float | datetime | str | None = None
    challenge: str | tuple[str, ...] = ()
    upload: bool = False

    def __post_init__(self) -> None:
        status(self.status)
        text("code", self.code, None)
        text("message", self.message)
        text("body", self.body, bytes, None)
        flag("upload", self.upload)
        kind("headers", self.headers, Mapping)
        object.__setattr__(self, "headers", dict(self.headers))  # the caller's may change
        for name, value in self.headers.items():
            SetHeader(name, value)
        kind("retry_after", self.retry_after, int, float, datetime, str, None)
        if isinstance(self.retry_after, str):
            line("retry_after", self.retry_after)
        elif isinstance(self.retry_after, (int, float)):
            number("retry_after", self.retry_after, most=FINITE)
        kind("challenge", self.challenge, str, tuple, list)
        if not isinstance(self.challenge, str):
            object.__setattr__(self, "challenge", tuple(self.challenge))  # hashable
        for one in self._challenges():
            line("challenge", one)

    def begin(self, firing: Firing) -> Response:
        response = Response.of(self.status, {"Content-Type": JSON} if self.body is None else {}, self._body())
        for challenge in self._challenges():
            response.headers.add("WWW-Authenticate", challenge.replace("{url}", _url(firing)))
        for name, value in self._told(firing).items():
            response = SetHeader(name, value).answer(response, firing)
        return response

    def _told(self, firing: Firing) -> dict[str, str]:
        told = {} if self.retry_after is None else {"Retry-After": _retry_after(self.retry_after)}
        return {**told, **(_standing(firing) if self.upload else {}), **self.headers}

    def _body(self) -> bytes:
        if self.body is not None:
            return self.body.encode() if isinstance(self.body, str) else self.body
        if self.status < _REFUSED:
            return b"{}"
        code = self.code or _CODES.get(self.status, "UNKNOWN")
        return json.dumps({"errors": [{"code": code, "message": self.message}]}).encode()

    def _challenges(self) -> tuple[str, ...]:
        return (self.challenge,) if isinstance(self.challenge, str) else self.challenge


def _url(firing: Firing) -> str:
    authority = authority_of(firing.request)
    return f"{firing.request.scheme}://{authority}" if authority else ""


def _retry_after(value: float | datetime | str) -> str:
    if isinstance(value, datetime):
        return _http_date(value.astimezone(UTC))
    return str(value)


def _http_date(moment: datetime) -> str:
    """RFC 9110, 5.6.7; the standard library's way to it imports sockets."""
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day:02} {month} {moment:%Y %H:%M:%S} GMT"


def _standing(firing: Firing) -> dict[str, str]:
    """Where the session of an upload request stands; nothing if there is none."""
    if "session" not in firing.request.params:
        return {}
    try:
        told = uploads.status(firing.registry, firing.request).headers
    except (BlobUploadUnknown, NameUnknown):
        return {}
    return {name: told[name] for name in ("Location", "Range")}


@dataclass(frozen=True, slots=True)
class Redirect(Fault):
    """Somewhere else: `to` another path or URL, to the same path on another `host`, or, with neither, to itself.

    Clients stop after 10 redirects to the same place. `status` is 301, 302, 303, 307 or 308.
    """

    to: str | None = None
    host: str | None = None
    status: int = 307

    def __post_init__(self) -> None:
        if type(self.status) is not int or self.status not in _REDIRECTS:
            raise ValueError(f"status is {', '.join(map(str, _REDIRECTS))}, got {self.status!r}")
        if self.to is not None and self.host is not None:
            raise ValueError("give `to` or `host`: a redirect leads to one place")
        if self.to is not None:
            line("to", self.to)
        if self.host is not None:
            host("host", self.host)

    def begin(self, firing: Firing) -> Response:
        request = firing.request
        authority = self.host or authority_of(request)
        own = f"{request.scheme}://{authority}{request.target}" if authority else request.target
        return Response.of(self.status, {"Location": own if self.to is None else self.to})


@dataclass(frozen=True, slots=True)
class EmptyAnswer(Fault):
    """The connection is closed cleanly without a byte of an answer. For a registry that did its work see LoseAnswer."""

    def begin(self, firing: Firing) -> Response:
        return Response(NO_ANSWER, delivery=PLAIN.silent(Ending.CLOSE))

    def connect(self, delivery: Delivery, chance: Chance) -> Delivery:
        return delivery.silent(Ending.CLOSE)
