"""Where the line breaks, and where bytes go wrong."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, NoReturn

from fakereg.double.fault import Chance, Fault, Firing, Interrupted, flag, needs_request, one_of, whole
from fakereg.registry.delivery import PLAIN, Delivery, Ending, Framing
from fakereg.registry.messages import NO_ANSWER, Receiver, Response
from fakereg.store.content import Content, Segment

WITH_BODY = ("push_blob", "patch_upload", "put_upload", "put_manifest", "put_manifest_tags")

# Bytes of padding that fit into any memory.
WIDEST = 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Reset(Fault):
    """The connection is reset (TCP RST).

    Reset()                       before anything is done
    Reset("upload", after=100)    within the request's body: 100 bytes of it arrive, and are kept
    Reset("within", after=100)    within the answer: 100 bytes of its body are sent
    Reset("after")                after the whole answer
    Reset(), on="connect"         as soon as the connection is there
    """

    only_suits: ClassVar[bool] = True

    when: Literal["before", "upload", "within", "after"] = "before"
    after: int = 0

    def __post_init__(self) -> None:
        one_of("when", self.when, ("before", "upload", "within", "after"))
        whole("after", self.after)

    def suits(self) -> tuple[str, ...]:
        return WITH_BODY if self.when == "upload" else ()

    def begin(self, firing: Firing) -> Response | None:
        return _silence(Ending.RESET) if self.when == "before" else None

    def receive(self, receiver: Receiver, firing: Firing) -> Receiver:
        return _Interrupting(receiver, self.after) if self.when == "upload" else receiver

    def answer(self, response: Response, firing: Firing) -> Response:
        if self.when == "within" and self.after <= _sent(response, firing):
            return replace(response, delivery=response.delivery.cut(self.after, Ending.RESET))
        if self.when == "after":
            return replace(response, delivery=response.delivery.ended(Ending.RESET))
        return response

    def connect(self, delivery: Delivery, chance: Chance) -> Delivery:
        if self != Reset():
            raise needs_request(self, "Reset()")
        return delivery.silent(Ending.RESET)


@dataclass(frozen=True, slots=True)
class LoseAnswer(Fault):
    """The work is done, and its answer never arrives: is the client's next try idempotent?

    `clean` closes the connection where otherwise it is reset.
    """

    clean: bool = False

    def __post_init__(self) -> None:
        flag("clean", self.clean)

    def answer(self, response: Response, firing: Firing) -> Response:
        ending = Ending.CLOSE if self.clean else Ending.RESET
        return replace(response, delivery=response.delivery.silent(ending))


@dataclass(frozen=True, slots=True)
class Truncate(Fault):
    """`after` bytes of the answer's body are sent, then the connection ends.

    `clean` closes it; otherwise it is reset. With `honest` the Content-Length tells the short length: the
    client takes the answer for complete, and only the digest shows that it is not.
    """

    after: int
    clean: bool = True
    honest: bool = False

    def __post_init__(self) -> None:
        whole("after", self.after)
        flag("clean", self.clean)
        flag("honest", self.honest)

    def answer(self, response: Response, firing: Firing) -> Response:
        if self.honest and self.after < len(response.body):
            return replace(response, body=response.body.part(0, self.after))
        if self.honest or self.after >= _sent(response, firing):
            return response
        ending = Ending.CLOSE if self.clean else Ending.RESET
        return replace(response, delivery=response.delivery.cut(self.after, ending))


@dataclass(frozen=True, slots=True)
class Corrupt(Fault):
    """The byte `at` this offset of the answer's body is another; the length stays, and the digest does not fit."""

    at: int = 0

    def __post_init__(self) -> None:
        whole("at", self.at)

    def answer(self, response: Response, firing: Firing) -> Response:
        body = response.body
        if self.at >= len(body):
            return response
        flipped = bytes([bytes(body.part(self.at, self.at + 1))[0] ^ 0xFF])
        segments = [*body.part(0, self.at).segments, flipped, *body.part(self.at + 1, len(body)).segments]
        return replace(response, body=Content(segments))


@dataclass(frozen=True, slots=True)
class Pad(Fault):
    """Spaces after the answer's body until it has `size` bytes, 1 GiB at most: a manifest beyond what a client reads.

    An answer without a body stays without one.
    """

    size: int

    def __post_init__(self) -> None:
        whole("size", self.size, most=WIDEST)

    def answer(self, response: Response, firing: Firing) -> Response:
        missing = self.size - len(response.body)
        if missing <= 0 or not _is_there(response):
            return response
        return replace(response, body=Content([*response.body.segments, b" " * missing]))


@dataclass(frozen=True, slots=True)
class ChunkedEncoding(Fault):
    """The answer comes with `Transfer-Encoding: chunked` and without Content-Length."""

    def answer(self, response: Response, firing: Firing) -> Response:
        return replace(response, delivery=response.delivery.framed(Framing.CHUNKED))


@dataclass(frozen=True, slots=True)
class ContentEncoding(Fault):
    """The answer's body is compressed, and says so (`Content-Encoding: gzip`).

    With `compressed` False only the header says so, and the body is as it was. An answer without a body stays as it is.
    """

    compressed: bool = True

    def __post_init__(self) -> None:
        flag("compressed", self.compressed)

    def answer(self, response: Response, firing: Firing) -> Response:
        if not _is_there(response):
            return response
        headers = response.headers.replaced("Content-Encoding", "gzip")
        body = Content.of(gzip.compress(bytes(response.body), mtime=0)) if self.compressed else response.body
        return replace(response, headers=headers, body=body)


def _is_there(response: Response) -> bool:
    """Whether there is a body; a HEAD tells of the one that a GET would get."""
    return len(response.body) > 0 and response.has_body("GET")


def _sent(response: Response, firing: Firing) -> int:
    """Bytes of the body that go out."""
    return len(response.body) if response.has_body(firing.request.method) else 0


def _silence(ending: Ending) -> Response:
    return Response(NO_ANSWER, delivery=PLAIN.silent(ending))


class _Interrupting:
    """Receives `left` bytes of a body for another Receiver, and then ends as if the client had vanished."""

    def __init__(self, inner: Receiver, left: int) -> None:
        self._inner = inner
        self._left = left

    def feed(self, data: Segment) -> None:
        if len(data) < self._left:
            self._inner.feed(data)
            self._left -= len(data)
            return
        if self._left:
            self._inner.feed(data[: self._left])
        self._interrupt()

    def finish(self) -> Response:
        """The body is shorter than the fault waits for: it is lost at its end."""
        self._interrupt()

    def abandon(self) -> None:
        self._inner.abandon()

    @property
    def is_slow(self) -> bool:
        return False

    def _interrupt(self) -> NoReturn:
        self._inner.abandon()
        raise Interrupted(_silence(Ending.RESET))
