"""A fault that is armed: when it fires, how often it did, and on what."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, get_args

from fakereg.clock import draw
from fakereg.double.fault import Chance, Fault, kind, number, whole
from fakereg.double.journal import Entry
from fakereg.double.target import Target
from fakereg.registry.endpoints import Endpoint
from fakereg.registry.messages import Request
from fakereg.registry.registry import Registry

# Requests that a fault remembers; as many as a journal keeps.
KEPT = 10_000

Stage = Literal["authorised", "edge"]


@dataclass(frozen=True, slots=True)
class Act:
    """Faults, and when they fire together.

    times        at most so often; None: always
    after        not on the first so many requests that fit
    during       seconds of the registry's clock, counted from when it was armed, or from a restore that put the
                 clock back before that: from, up to; None: always
    probability  of firing, drawn for each request anew
    stage        "authorised": only for who may do it, so that the anonymous first try of a client does not use
                 it up; "edge": before anybody looked at credentials, also on requests that no endpoint takes
    name         what the draws are made from, with the seed; by default faults and target as text
    """

    faults: tuple[Fault, ...]
    target: Target = field(default_factory=Target)
    times: int | None = None
    after: int = 0
    during: tuple[float, float] | None = None
    probability: float = 1.0
    stage: Stage = "authorised"
    name: str = ""

    def __post_init__(self) -> None:
        if not self.faults or not all(isinstance(fault, Fault) for fault in self.faults):
            raise TypeError(f"faults are values such as faults.Respond(503), got {self.faults!r}")
        if self.times is not None:
            whole("times", self.times, 1)
        whole("after", self.after)
        number("probability", self.probability, most=1)
        if self.during is not None:
            _span(self.during)
        kind("name", self.name, str)
        if self.stage not in get_args(Stage):
            raise ValueError(f"stage is 'authorised' or 'edge', got {self.stage!r}")

    def __str__(self) -> str:
        """`Respond(429) on get_blob, 2 times`."""
        told = f"{' + '.join(map(str, self.faults))} on {self.target}"
        told += f", after the first {self.after}" if self.after else ""
        told += f", {'once' if self.times == 1 else f'{self.times} times'}" if self.times else ""
        told += ", from {:g} up to {:g} s".format(*self.during) if self.during else ""
        told += f", with probability {self.probability}" if self.probability < 1 else ""
        return told + (", at the edge" if self.stage == "edge" else "")


def _span(during: object) -> None:
    """Raises ValueError unless it is two numbers of seconds, the second one greater."""
    if not isinstance(during, tuple) or len(during) != 2:  # noqa: PLR2004 - a pair
        raise ValueError(f"during is a number of seconds from now on, or a pair (from, up to), got {during!r}")
    for seconds in during:
        number("during", seconds)
    if not during[0] < during[1]:
        raise ValueError(f"during ends after it begins, got {during!r}")


class Rule:
    """An act that is armed, and counts. Safe to ask from several threads.

    Every request that fits is numbered by its key, so that what is drawn for one depends neither on other
    faults nor on other requests that arrive at the same time.
    """

    def __init__(self, act: Act, seed: int, registry: Registry) -> None:
        self.act = act
        self.fired = 0
        self.seen = 0  # requests that fitted
        self.requests: deque[Entry] = deque(maxlen=KEPT)
        # Each with what it kept of this moment.
        self.faults = [(fault, fault.arm(registry.store)) for fault in act.faults]
        self._seed = seed
        self._name = act.name or str(act)
        self._armed_at = registry.clock.now()
        self._lock = threading.Lock()
        self._asked: Counter[str] = Counter()

    def fire(self, request: Request, endpoint: Endpoint | None, registry: Registry, entry: Entry) -> Chance | None:
        """Whether it fires on this request: then where its faults draw from."""
        if not self.act.target.fits(request, endpoint):
            return None
        chance = self._decide(_key(request, endpoint), registry.clock.now())
        if chance is not None:
            self.requests.append(entry)
        return chance

    def connect(self, now: float) -> Chance | None:
        """The same for a connection that begins."""
        return self._decide("connect", now)

    def _decide(self, key: str, now: float) -> Chance | None:
        act = self.act
        with self._lock:
            self._armed_at = min(self._armed_at, now)  # a restore has put the clock back
            if act.during is not None and not act.during[0] <= now - self._armed_at < act.during[1]:
                return None
            self.seen += 1
            if self.seen <= act.after or (act.times is not None and self.fired >= act.times):
                return None
            self._asked[key] += 1
            chance = partial(draw, self._seed, self._name, key, self._asked[key])
            if act.probability < 1 and chance("fires") >= act.probability:
                return None
            self.fired += 1
            return chance


def _key(request: Request, endpoint: Endpoint | None) -> str:
    """What makes a request the same again in another run: everything but ids that the registry made up."""
    params = {name: value for name, value in request.params.items() if name != "session"}
    parts: list[Any] = [request.method, endpoint.name if endpoint else request.path, sorted(params.items())]
    return repr([*parts, sorted(pair for pair in request.query.pairs if pair[0] != "_state")])
