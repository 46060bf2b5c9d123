"""How an answer goes out, as a value; carried out by whoever owns the socket."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum, auto


class Ending(IntEnum):
    """How the connection goes on after an answer; of two endings the greater counts."""

    KEEP = auto()
    CLOSE = auto()  # cleanly: the client reads an end of file
    RESET = auto()  # at once: the client reads an error


class Framing(IntEnum):
    """How the client knows where the body ends."""

    LENGTH = auto()
    CHUNKED = auto()
    UNTIL_CLOSE = auto()


@dataclass(frozen=True, slots=True)
class Pause:
    """`seconds` without a byte, once `after` bytes of the body are out; infinite: until the client gives up."""

    after: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Delivery:
    """The steps of an answer on its way out.

    delay       seconds before the first byte
    head_bytes  of the head that go out at all, then the ending; None: all of it
    body_bytes  of the body that go out, then the ending; None: all of it
    pauses      within the body
    rate        bytes per second of the body; None: as fast as the client reads
    framing     how the end of the body is told
    lines       of the head that are the wire's own (Content-Length, Date, Server), otherwise: None leaves one out
    """

    ending: Ending = Ending.KEEP
    delay: float = 0.0
    head_bytes: int | None = None
    body_bytes: int | None = None
    pauses: tuple[Pause, ...] = ()
    rate: float | None = None
    framing: Framing = Framing.LENGTH
    lines: tuple[tuple[str, str | None], ...] = ()

    def later(self, seconds: float) -> Delivery:
        return replace(self, delay=self.delay + seconds)

    def pausing(self, pause: Pause) -> Delivery:
        return replace(self, pauses=(*self.pauses, pause))

    def slower(self, rate: float) -> Delivery:
        """At most `rate` bytes per second."""
        return replace(self, rate=rate if self.rate is None else min(rate, self.rate))

    def cut(self, body_bytes: int, ending: Ending) -> Delivery:
        """At most `body_bytes` of the body, then `ending`: of two cuts the shorter counts, of two endings the ruder."""
        shorter = body_bytes if self.body_bytes is None else min(body_bytes, self.body_bytes)
        return replace(self, body_bytes=shorter, ending=max(self.ending, ending))

    def silent(self, ending: Ending) -> Delivery:
        """Not a byte goes out."""
        return replace(self, head_bytes=0, ending=max(self.ending, ending))

    def ended(self, ending: Ending) -> Delivery:
        return replace(self, ending=max(self.ending, ending))

    def framed(self, framing: Framing) -> Delivery:
        return replace(self, framing=framing)

    def with_line(self, name: str, value: str | None) -> Delivery:
        """Another value for a line that the wire writes itself, or None for none."""
        return replace(self, lines=(*self.lines, (name, value)))


PLAIN = Delivery()
CLOSING = Delivery(ending=Ending.CLOSE)
