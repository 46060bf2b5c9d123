"""What takes longer than a client likes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from fakereg.double.fault import FINITE, Chance, Fault, Firing, flag, needs_request, number, one_of, whole
from fakereg.registry.delivery import Delivery, Pause
from fakereg.registry.messages import Response

# Of a lognormal: beyond it a delay is next to nothing or years.
WIDEST = 10


@dataclass(frozen=True, slots=True)
class Uniform:
    """Between `least` and `most` seconds."""

    least: float
    most: float

    def __post_init__(self) -> None:
        number("least", self.least, most=FINITE)
        number("most", self.most, least=self.least, most=FINITE)


@dataclass(frozen=True, slots=True)
class Lognormal:
    """Half of them below `median` seconds, and a long tail, as answers of real servers have: `sigma` 0.5 is usual."""

    median: float
    sigma: float = 0.5

    def __post_init__(self) -> None:
        number("median", self.median, most=FINITE)
        number("sigma", self.sigma, most=WIDEST)


@dataclass(frozen=True, slots=True)
class Delay(Fault):
    """Time passes before the answer: `seconds`, or a draw from Uniform or Lognormal; real time, not the clock's.

    `before` the "head", or the "body": a client that has the status waits for the rest.
    """

    seconds: float | Uniform | Lognormal
    before: Literal["head", "body"] = "head"

    def __post_init__(self) -> None:
        if not isinstance(self.seconds, (Uniform, Lognormal)):
            number("seconds", self.seconds)
        one_of("before", self.before, ("head", "body"))

    def answer(self, response: Response, firing: Firing) -> Response:
        drawn, delivery = self._drawn(firing.chance), response.delivery
        later = delivery.later(drawn) if self.before == "head" else delivery.pausing(Pause(0, drawn))
        return replace(response, delivery=later)

    def connect(self, delivery: Delivery, chance: Chance) -> Delivery:
        if self.before != "head":
            raise needs_request(self, "Delay(seconds)")
        return delivery.later(self._drawn(chance))

    def _drawn(self, chance: Chance) -> float:
        match self.seconds:
            case Uniform(least, most):
                return least + chance("delay") * (most - least)
            case Lognormal(median, sigma):
                # Box and Muller: two even draws make a normal one.
                radius = math.sqrt(-2 * math.log(1 - chance("delay")))
                return median * math.exp(sigma * radius * math.cos(math.tau * chance("angle")))
            case float() | int() as fixed:
                return fixed


@dataclass(frozen=True, slots=True)
class Stall(Fault):
    """Nothing more comes once `after` bytes of the body are out, for `seconds`, or until the client gives up.

    Without `after` nothing comes at all.
    """

    after: int | None = None
    seconds: float = math.inf

    def __post_init__(self) -> None:
        if self.after is not None:
            whole("after", self.after)
        number("seconds", self.seconds)

    def answer(self, response: Response, firing: Firing) -> Response:
        if self.after is None:
            return replace(response, delivery=response.delivery.later(self.seconds))
        return replace(response, delivery=response.delivery.pausing(Pause(self.after, self.seconds)))

    def connect(self, delivery: Delivery, chance: Chance) -> Delivery:
        if self.after is not None:
            raise needs_request(self, "Stall(seconds=...)")
        return delivery.later(self.seconds)


@dataclass(frozen=True, slots=True)
class Throttle(Fault):
    """At most `rate` bytes per second of the answer's body (`down`), and of the request's (`up`)."""

    rate: float
    down: bool = True
    up: bool = True

    def __post_init__(self) -> None:
        number("rate", self.rate, least=1, most=FINITE)
        flag("down", self.down)
        flag("up", self.up)
        if not (self.down or self.up):
            raise ValueError("down or up: one of them is to be slow")

    def begin(self, firing: Firing) -> None:
        if self.up:
            firing.pace = self.rate if firing.pace is None else min(self.rate, firing.pace)

    def answer(self, response: Response, firing: Firing) -> Response:
        return replace(response, delivery=response.delivery.slower(self.rate)) if self.down else response


@dataclass(frozen=True, slots=True)
class SlowTls(Fault):
    """A handshake that begins late: for `seconds` nothing that a new connection sends is read.

    As the registry speaks plain HTTP, what waits is the first request; a client sees what it would of a
    ClientHello that nobody answers: the connection is there, and silent.
    """

    seconds: float

    def __post_init__(self) -> None:
        number("seconds", self.seconds)

    def suits(self) -> tuple[str, ...]:
        return ("connect",)

    def connect(self, delivery: Delivery, chance: Chance) -> Delivery:
        return delivery.later(self.seconds)
