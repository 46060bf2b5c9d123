"""The faults that are armed, ready to be asked for each request; and what a test holds in its hand."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self, get_args

from fakereg.double.armed import Act, Rule, Stage
from fakereg.double.fault import own
from fakereg.double.journal import Entry, Journal
from fakereg.double.journal.near_miss import listed, missing
from fakereg.double.target import CONNECT
from fakereg.registry.delivery import PLAIN, Delivery
from fakereg.registry.endpoints import ENDPOINTS, Endpoint
from fakereg.registry.registry import Registry

# Rules of requests by the name of their endpoint; None stands for a request that no endpoint takes.
_Index = dict[str | None, tuple[Rule, ...]]

_NOBODY: _Index = {}


class Plan:
    """Rules in the order in which they were armed: what is armed later changes what the earlier ones made."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.rules: tuple[Rule, ...] = ()
        self._indexes: dict[Stage, _Index] = {}
        self._connecting: tuple[Rule, ...] = ()

    def add(self, rules: Sequence[Rule]) -> None:
        with self._lock:
            self._index((*self.rules, *rules))

    def remove(self, rules: Sequence[Rule]) -> None:
        """Those that are not armed any more are none of its business."""
        with self._lock:
            self._index(tuple(rule for rule in self.rules if rule not in rules))

    def holds(self, rules: Sequence[Rule]) -> bool:
        """Whether all of them are armed."""
        return all(rule in self.rules for rule in rules)

    def at(self, stage: Stage, endpoint: Endpoint | None) -> tuple[Rule, ...]:
        """The rules that may fire on a request to this endpoint."""
        return self._indexes.get(stage, _NOBODY).get(None if endpoint is None else endpoint.name, ())

    def connect(self, registry: Registry) -> Delivery:
        """How a connection that begins is taken."""
        delivery = PLAIN
        for rule in self._connecting:
            chance = rule.connect(registry.clock.now())
            if chance is not None:
                for place, fault in enumerate(rule.act.faults):
                    delivery = fault.connect(delivery, own(chance, place))
        return delivery

    def _index(self, rules: tuple[Rule, ...]) -> None:
        """Once per change of the plan, so that a request pays for the rules of its own endpoint alone."""
        names = [None, *(endpoint.name for endpoint in ENDPOINTS)]
        self._indexes = {
            stage: {name: tuple(rule for rule in rules if _may_fire(rule, stage, name)) for name in names}
            for stage in get_args(Stage)
            if any(rule.act.stage == stage for rule in rules)
        }
        self._connecting = tuple(rule for rule in rules if rule.act.target.is_connecting)
        self.rules = rules


def _may_fire(rule: Rule, stage: Stage, name: str | None) -> bool:
    return rule.act.stage == stage and (not rule.act.target.endpoints or name in rule.act.target.endpoints)


def check_connecting(act: Act) -> None:
    """Raises ValueError for an act on connections with a fault that needs a request, or the other way round."""
    for fault in act.faults:
        if act.target.is_connecting:
            fault.connect(PLAIN, lambda _: 0.0)
        elif fault.suits() == (CONNECT,):
            raise ValueError(f"{fault} needs a connection that begins: on='connect'")


def _why(act: Act) -> list[str]:
    """What may have kept a fault from firing that is not seen in the requests."""
    if act.target.is_connecting:
        return ["hint: on='connect' is for connections that begin while it is armed; clients keep theirs"]
    if act.stage == "edge":
        return []
    return ["hint: requests that no endpoint takes, or that are refused before, are met with stage='edge' alone"]


class FaultNeverFired(AssertionError):
    """The test asked for a fault, and nothing was asked that it is for."""


class ArmedFault:
    """A fault that is armed until `remove()`, or until its `with` ends; a reset of the registry ends it, too.

        with registry.fault(faults.Respond(503), on="put_manifest", times=2) as fault:
            push()
        assert fault.fired == 2

    A `with` that ends well although the fault never fired raises FaultNeverFired, unless `must_fire` is False.
    """

    def __init__(self, rules: Sequence[Rule], plan: Plan, journal: Journal, *, name: str, must_fire: bool) -> None:
        self.rules = tuple(rules)
        self.name = name
        self._plan = plan
        self._journal = journal
        self._after = len(journal)
        self._must_fire = must_fire
        self._is_entered = False

    @property
    def fired(self) -> int:
        """How often."""
        return sum(rule.fired for rule in self.rules)

    @property
    def requests(self) -> list[Entry]:
        """The journal's entries of the requests that it fired on, oldest first; none for on='connect'."""
        return sorted((entry for rule in self.rules for entry in list(rule.requests)), key=lambda one: one.number)

    def remove(self) -> None:
        """It fires no more; once more does no harm."""
        self._plan.remove(self.rules)

    def __enter__(self) -> Self:
        """Raises RuntimeError for one that was used before: nothing would fire in this block."""
        if self._is_entered or not self._plan.holds(self.rules):
            raise RuntimeError(f"this fault was used before, or removed: arm another with registry.fault(): {self}")
        self._is_entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        self.remove()
        if kind is None and self._must_fire and not self.fired:
            raise FaultNeverFired(self._reason())

    def why_never_fired(self) -> str | None:
        """Which requests came instead, for people to read; None if it fired."""
        return None if self.fired else self._reason()

    def _reason(self) -> str:
        problem = f"the fault never fired: {self}"
        entries = self._journal.since(self._after)
        if not entries and not self.rules[0].act.target.is_connecting:
            return f"{problem}, as no request arrived while it was armed"
        if seen := sum(rule.seen for rule in self.rules):
            fitted = "a request" if seen == 1 else f"{seen} requests"
            return "\n".join([f"{problem}; {fitted} fitted, but its limits kept it from firing:", *listed(entries)])
        act = self.rules[0].act
        wanted = act.target.wanted()
        if act.target.is_connecting or not any(wanted.differences(entry) for entry in entries):
            return "\n".join([f"{problem}, as none fitted; these arrived meanwhile:", *listed(entries), *_why(act)])
        return missing(wanted, entries, problem=f"{problem}, as no request fitted")

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<fault {self.name}: fired {self.fired} times>"
