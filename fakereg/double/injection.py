"""Where faults take part in a request; the rest of the line does not know of them."""

from __future__ import annotations

from fakereg.double.armed import Stage
from fakereg.double.exchange import Exchange
from fakereg.double.fault import Firing, own


def inject(exchange: Exchange, stage: Stage) -> None:
    """Let the faults that fire here have their say, in the order in which they were armed.

    The first that answers in the place of the registry is the one that counts; all of them may change the answer.
    """
    rules = exchange.plan.at(stage, exchange.endpoint)
    if not rules:
        return
    answer = None
    for rule in rules:
        chance = rule.fire(exchange.request, exchange.endpoint, exchange.registry, exchange.entry)
        if chance is None:
            continue
        for place, (fault, memory) in enumerate(rule.faults):
            drawn = own(chance, place)
            firing = Firing(exchange.request, exchange.registry, exchange.endpoint, drawn, memory, exchange.pace)
            exchange.note(fault, firing)
            begun = fault.begin(firing)
            exchange.request, exchange.registry = firing.request, firing.registry
            exchange.endpoint, exchange.pace = firing.endpoint, firing.pace
            answer = answer or begun
    if answer is not None:
        exchange.take(answer)
