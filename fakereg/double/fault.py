"""What every fault is: a frozen value, with up to three places where it takes part in a request.

Law of these modules: a fault never touches a socket. It asks for another request, another answer, or
another delivery of it; the pipeline and the wire carry that out, and operations know nothing of it.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from fakereg.registry.delivery import Delivery
from fakereg.registry.endpoints import Endpoint
from fakereg.registry.messages import Receiver, Request, Response, is_authority
from fakereg.registry.registry import Registry
from fakereg.store.store import Store

Chance = Callable[[str], float]

# The most that a number may be which must not be infinite.
FINITE = sys.float_info.max

# Characters of a field's value that are told.
_LONGEST = 200

_LAST_STATUS = 999

# What `Fault.connect` takes.
CONNECTING = "Delay, Reset, EmptyAnswer, Stall and SlowTls"

# RFC 9110, 5.6.2.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def own(chance: Chance, place: int) -> Chance:
    """What the fault at this place among those that fire together draws from: two delays are not alike."""
    return lambda what: chance(f"{place}: {what}")


@dataclass(slots=True)
class Firing:
    """One fault on its way through one request, and what it may decide about.

    `request`, `registry` and `endpoint` are what the operation will work on, and may be replaced.
    `memory` is what the fault kept when it was armed. `pace` limits how fast the request's body is read, in
    bytes per second. `chance("delay")` is a number from 0 up to 1, drawn for this firing alone.
    """

    request: Request
    registry: Registry
    endpoint: Endpoint | None
    chance: Chance
    memory: Any = None
    pace: float | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """The base of all faults.

    `only_suits` says that elsewhere than where it suits it would do nothing at all, so that nobody arms it there.
    """

    only_suits: ClassVar[bool] = False

    def suits(self) -> tuple[str, ...]:
        """The names of the endpoints where it fires if a test names none; () for all."""
        return ()

    def arm(self, store: Store) -> Any:
        """What to keep from the moment when the fault is armed: `memory` of its firings."""
        return None

    def begin(self, firing: Firing) -> Response | None:
        """Before anything is done; a response takes the place of it."""
        return None

    def receive(self, receiver: Receiver, firing: Firing) -> Receiver:
        """Where a body is about to be received."""
        return receiver

    def answer(self, response: Response, firing: Firing) -> Response:
        """What is answered instead."""
        return response

    def connect(self, delivery: Delivery, chance: Chance) -> Delivery:
        """How a new connection is taken. Raises ValueError for a fault that needs a request."""
        raise ValueError(f"{type(self).__name__} needs a request: on='connect' takes {CONNECTING}")

    def __str__(self) -> str:
        """`Respond(429, retry_after=1)`: the fields that differ from their defaults, the first one without its name."""
        told = []
        for index, one in enumerate(fields(self)):
            value = getattr(self, one.name)
            if value not in (one.default, {}, ()):
                text = shortened(value)
                told.append(text if index == 0 and not isinstance(value, bool) else f"{one.name}={text}")
        return f"{type(self).__name__}({', '.join(told)})"


class Interrupted(Exception):
    """A Receiver got as far as a fault lets it: the answer, whatever else of the body may come."""

    def __init__(self, response: Response) -> None:
        super().__init__("the body is interrupted by a fault")
        self.response = response


def shortened(value: object) -> str:
    """As Python writes it, a long body cut in the middle: it stands in the journal at every firing."""
    text = repr(value if not isinstance(value, (str, bytes)) else value[:_LONGEST])
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}...{text[-_LONGEST // 4 :]}"


def needs_request(fault: Fault, takes: str) -> ValueError:
    """What a fault says that is for connections, but not with these fields."""
    return ValueError(f"{fault} needs a request: on='connect' takes {takes}")


def authority_of(request: Request) -> str:
    """The host that the client spoke to; "" if it named none, or, which the edge meets, none that can be."""
    return request.authority if is_authority(request.authority) else ""


def whole(name: str, value: object, least: int = 0, *, most: float = math.inf) -> None:
    """Raises ValueError unless the field `name` is a whole number from `least` to `most`."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        span = f"{least} or more" if most == math.inf else f"from {least} to {most}"
        raise ValueError(f"{name} is a whole number, {span}, got {value!r}")


def flag(name: str, value: object) -> None:
    """Raises TypeError unless the field `name` is True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} is True or False, got {value!r}")


def number(name: str, value: object, *, least: float = 0, most: float = math.inf) -> None:
    """Raises ValueError unless the field `name` is a number from `least` to `most`, and one that a float can hold."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not least <= value <= most or FINITE < value < math.inf:  # type: ignore[operator] # NaN too
        span = f"{least:g} or more" if most >= FINITE else f"from {least:g} to {most:g}"
        raise ValueError(f"{name} is a number, {span}, got {value!r}")


def line(name: str, value: object) -> None:
    """Raises ValueError unless `value` can stand in a header."""
    if not isinstance(value, str) or any(one in "\r\n\0" or "\ud800" <= one <= "\udfff" for one in value):
        raise ValueError(f"{name} is text on one line, got {value!r}")


def text(name: str, value: object, *others: type | None) -> None:
    """Raises TypeError unless the field `name` is text, or of one of the others; ValueError if UTF-8 cannot hold it."""
    kind(name, value, str, *others)
    if not isinstance(value, str):
        return
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name} is text that can be sent as UTF-8, got {shortened(value)}") from None


def host(name: str, value: object) -> None:
    """Raises ValueError unless `value` can stand between the scheme and the path of a URL."""
    if not isinstance(value, str) or not is_authority(value):
        got = f"a URL: {value!r}" if isinstance(value, str) and "//" in value else repr(value)
        raise ValueError(f"{name} is host or host:port, such as registry.host, got {got}")


def kind(name: str, value: object, *kinds: type | None) -> None:
    """Raises TypeError unless the field `name` is of one of these types."""
    if not any(value is None if one is None else isinstance(value, one) for one in kinds):
        known = " or ".join("None" if one is None else one.__name__ for one in kinds)
        raise TypeError(f"{name} is {known}, got {value!r}")


def token(name: str, value: object) -> None:
    """Raises ValueError unless `value` can be the name of a header."""
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise ValueError(f"{name} is the name of a header, such as 'Docker-Content-Digest', got {value!r}")


def status(value: object, least: int = 200) -> None:
    """Raises ValueError unless `value` is what a status line can hold for an answer: 1xx is none."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= _LAST_STATUS:
        raise ValueError(f"status is a number from {least} to {_LAST_STATUS}, got {value!r}")


def one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    """Raises ValueError, listing what is known."""
    if value not in known:
        raise ValueError(f"{name} is {' or '.join(map(repr, known))}, got {value!r}")
