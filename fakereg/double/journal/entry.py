"""One request and its answer, as they are remembered."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from fakereg.double.journal import redaction
from fakereg.double.journal.text import printable
from fakereg.registry.endpoints import ENDPOINTS
from fakereg.registry.headers import HeaderLookup, Headers
from fakereg.registry.messages import Request, Response
from fakereg.store.content import Content, Segment

# Bytes of a body that is kept; of a longer one nothing is, as part of it could be taken for the whole.
KEPT_BODY = 64 * 1024

_IDS = {endpoint.name: endpoint.id for endpoint in ENDPOINTS}

_ACCEPTED = 202

# What these carry is content, which is shown as it is; anything else may hold credentials.
_CONTENT = ("manifest", "blob", "upload", "referrers")


@dataclass(slots=True, repr=False, eq=False)
class Entry:
    """One request and its answer.

    `endpoint` is the name of the row in the endpoint table, None when no row matched. `status` is None
    while the request is under way, and when the client vanished before there was an answer. `received`
    and `sent` count the bytes of the bodies. `error` is the code and message of a refusal. `seconds`
    passed until the answer was handed over, or the client vanished; 0 until then. `faults` are the names
    of the faults that were put into it. `user` is who asked, None for an anonymous client.

    Credentials are hidden in all that an entry gives out.
    """

    number: int
    _request: Request
    endpoint: str | None = None
    status: int | None = None
    received: int = 0
    sent: int = 0
    error: str | None = None
    seconds: float = 0.0
    faults: tuple[str, ...] = ()
    user: str | None = None
    _subscribers: Sequence[Subscriber] = ()
    _has_ended: bool = field(default=False, init=False)
    _arrived: float = field(default_factory=time.perf_counter, init=False)
    # Whatever is told below is computed when it is asked for: to note a request must cost next to nothing.
    _body: bytes | bytearray | None = field(default=b"", init=False)
    _answer: Headers | None = field(default=None, init=False)
    _answer_body: bytes | None = field(default=None, init=False)
    _is_lost: bool = field(default=False, init=False)

    # What was asked

    @property
    def method(self) -> str:
        return self._request.method

    @property
    def target(self) -> str:
        """The path with its query as it came, still percent-encoded."""
        return redaction.target(self._request.target)

    @property
    def path(self) -> str:
        """The path as it came, still percent-encoded."""
        return redaction.target(self._request.path)

    @property
    def url(self) -> str:
        """The target on the host that the client spoke to; the target alone if it did not say which."""
        request = self._request
        if not request.authority or not self.target.startswith("/"):
            return self.target
        return f"{request.scheme}://{redaction.authority(request.authority)}{self.target}"

    @property
    def query(self) -> dict[str, list[str]]:
        """The values of each query parameter, decoded."""
        found: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.target.partition("?")[2], keep_blank_values=True, errors="replace"):
            found.setdefault(name, []).append(value)
        return found

    @property
    def request_headers(self) -> Headers:
        return _headers(self._request.headers)

    @property
    def request_body(self) -> bytes | None:
        """What arrived; None if it was longer than 64 KiB, and for the requests before the latest 1,000.

        None as well where the answer came before the end of a body that announced its length. Of a client
        that vanished it is what arrived.
        """
        return None if self.unread else self._shown(self._body, is_content=self._is_content)

    @property
    def unread(self) -> int:
        """Bytes of the body, of those that it announced, that the answer did not wait for."""
        length = self._request.length
        return 0 if length is None or self.status is None else max(0, length - self.received)

    @property
    def connection(self) -> int:
        """The number of the connection on which it came; 0 without a network."""
        return self._request.connection

    @property
    def started(self) -> datetime:
        """When it arrived, in UTC."""
        return datetime.fromtimestamp(time.time() - (time.perf_counter() - self._arrived), UTC)

    # What it was about

    @property
    def endpoint_id(self) -> str | None:
        """The specification's id of the endpoint, such as `end-7a`."""
        return None if self.endpoint is None else _IDS.get(self.endpoint, self.endpoint)

    @property
    def repository(self) -> str | None:
        """The name in the path."""
        return self._request.params.get("name")

    @property
    def reference(self) -> str | None:
        """The tag or digest in the path; of a blob its digest."""
        return self._request.params.get("reference", self._request.params.get("digest"))

    @property
    def session(self) -> str | None:
        """The id of the upload session that it was about, or that it opened."""
        return self._request.params.get("session", self._opened)

    @property
    def _opened(self) -> str | None:
        if self._answer is None or self.status != _ACCEPTED or self.method != "POST":
            return None
        location = self._answer.get("Location") or ""
        return self._answer.get("Docker-Upload-UUID") or location.partition("?")[0].rpartition("/")[2] or None

    @property
    def digests(self) -> tuple[str, ...]:
        """All digests that were named: in the path, by `digest` or `mount` in the query, by the answer."""
        query = self.query
        named = [self.reference or "", *query.get("digest", []), *query.get("mount", [])]
        named += [] if self._answer is None else self._answer.getall("Docker-Content-Digest", [])
        return tuple(dict.fromkeys(str(one) for one in named if ":" in one))

    # What was answered

    @property
    def answer_headers(self) -> Headers:
        """None but those that the registry gave: Content-Length, Server and Date are added on the way out."""
        return _headers(self._answer) if self._answer is not None else Headers()

    @property
    def answer_body(self) -> bytes | None:
        """What the client was sent; None if it was longer than 64 KiB, and for those before the latest 1,000."""
        return self._shown(self._answer_body, is_content=self._is_content and self.error is None)

    @property
    def has_ended(self) -> bool:
        """Whether its answer was handed over, or its client vanished."""
        return self._has_ended

    @property
    def is_lost(self) -> bool:
        """Whether a fault kept the head of the answer, or its end, from being sent: the client had no status."""
        return self._is_lost

    # How it is filled in

    def keep(self, data: Segment) -> None:
        """The next piece of the request's body, copied unless it is whole and small."""
        if not data or self._body is None:
            return
        kept = self._body
        if len(kept) + len(data) > KEPT_BODY:
            self._body = None
        elif isinstance(kept, bytearray):
            kept += data
        else:
            self._body = bytearray(kept) + data if kept else bytes(data)

    def answer(self, response: Response) -> None:
        """What is about to be answered: whoever has the answer finds it in the journal."""
        self.status = response.status or None  # of which nothing goes out
        self._answer = response.headers
        has_body = response.has_body(self._request.method)
        size = response.body.size if has_body else 0
        delivery = response.delivery
        self._is_lost = delivery.head_bytes is not None
        # Over the network it is counted anew, as it goes out.
        self.sent = 0 if self._is_lost else min(size, size if delivery.body_bytes is None else delivery.body_bytes)
        if size <= KEPT_BODY:
            self._answer_body = _own(response.body) if has_body else b""
        if self.error is not None:
            self.error = redaction.message(self.error, redaction.secrets(self._request))

    def end(self) -> None:
        """Nothing more is to come: tell those who subscribed, once."""
        if self._has_ended:
            return
        self.seconds = time.perf_counter() - self._arrived
        self._has_ended = True
        if self._subscribers:
            for subscriber in tuple(self._subscribers):  # one of them may go meanwhile
                subscriber(self)

    def note_fault(self, name: str) -> None:
        """What is put into it from here on; a fault's arguments may hold credentials."""
        self.faults = (*self.faults, redaction.message(name))

    def forget_bodies(self) -> None:
        """Let go of what would fill the memory; what arrives later is not kept either."""
        self._body = self._answer_body = None

    @property
    def _is_content(self) -> bool:
        return self.endpoint is not None and any(word in self.endpoint for word in _CONTENT)

    def _shown(self, body: bytes | bytearray | None, *, is_content: bool) -> bytes | None:
        if body is None:
            return None
        return bytes(body) if is_content else redaction.body(bytes(body), redaction.secrets(self._request))

    def __repr__(self) -> str:
        return f"<Entry {self.number}: {self.method} {printable(self.target)} {self.status}>"

    def __str__(self) -> str:
        status = "no answer" if self.status is None else self.status
        who = f", as {self.user}" if self.user is not None else ""
        line = f"{self.number:>4}  {status}  {self.method} {self.target}  in {self.received} B, out {self.sent} B{who}"
        remarks = [f"fault: {name}" for name in self.faults] + ([self.error] if self.error else [])
        return "\n".join([printable(line), *(f"            {printable(remark)}" for remark in remarks)])


Subscriber = Callable[[Entry], None]


def _own(content: Content) -> bytes:
    """The same bytes, but no view, which would keep alive all that it is a view on."""
    first = content.segments[0] if len(content.segments) == 1 else None
    if isinstance(first, bytes):
        return first
    return bytes(content)


def _headers(headers: HeaderLookup) -> Headers:
    """A copy without secrets."""
    return Headers([(name, redaction.header(name, value)) for name, value in redaction.lines(headers)])
