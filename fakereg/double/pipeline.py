"""The line that every request walks, as an ordered list of steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from fakereg.double.conduct import Conduct
from fakereg.double.exchange import Exchange
from fakereg.double.injection import inject
from fakereg.double.journal import Journal
from fakereg.double.plan import Plan
from fakereg.double.warnings import Warnings
from fakereg.oci.errors import RegistryError
from fakereg.registry import access
from fakereg.registry.delivery import Delivery
from fakereg.registry.endpoints import Router
from fakereg.registry.messages import Request, Response
from fakereg.registry.registry import Registry

Step = Callable[[Exchange], None]

_ROUTER = Router()


def match(exchange: Exchange) -> None:
    """Find the endpoint. A refusal waits: a fault at the edge may answer what no endpoint takes."""
    try:
        exchange.request.parse()
        exchange.endpoint = _ROUTER.match(exchange.request)
        exchange.entry.endpoint = exchange.endpoint.name
    except RegistryError as error:
        exchange.unmatched = error


def watch(exchange: Exchange) -> None:
    """Note what a test forbids; it is answered all the same."""
    exchange.conduct.watch(exchange.request, exchange.endpoint, exchange.entry)


def inject_at_the_edge(exchange: Exchange) -> None:
    """Let faults fire on whoever asks."""
    inject(exchange, "edge")


def authorise(exchange: Exchange) -> None:
    """Find out who asks, and refuse those who may not."""
    if exchange.unmatched is not None:
        raise exchange.unmatched
    if exchange.endpoint is not None:
        exchange.identity = access.authorise(exchange.request, exchange.endpoint.action)


def inject_authorised(exchange: Exchange) -> None:
    """Let faults fire on those who may."""
    inject(exchange, "authorised")


def operate(exchange: Exchange) -> None:
    """Do what was asked."""
    if exchange.endpoint is not None:
        exchange.take(exchange.endpoint.run(exchange.registry, exchange.request))


# Outermost first; recording comes before all of them, so that a request that no step takes is seen too.
STEPS: tuple[Step, ...] = (match, watch, inject_at_the_edge, authorise, inject_authorised, operate)

# Left out while a test has asked for nothing of the kind: to run them for nothing would cost 7 % (measured).
ON_DEMAND = (watch, inject_at_the_edge, inject_authorised)


class Pipeline:
    """A registry and what a test wants to know and decide about it. Swapped whole by a reset."""

    def __init__(self, registry: Registry, steps: tuple[Step, ...] = STEPS, *, conduct: Conduct | None = None) -> None:
        self.registry = registry
        self._steps = steps
        self._quiet = tuple(step for step in steps if step not in ON_DEMAND)
        self.journal = Journal()
        self.warnings = Warnings()
        self.plan = Plan()
        self.conduct = conduct or Conduct(deque(), is_strict=False)

    def open(self, request: Request) -> Exchange:
        """Start on a request: the exchange is answered already, or wants the body."""
        exchange = self._begin(request)
        try:
            for step in self._steps if self.plan.rules or self.conduct.forbidden else self._quiet:
                step(exchange)
                if exchange.response is not None:
                    break
        except RegistryError as error:
            exchange.refuse(error)
        except Exception as error:
            exchange.fail(error)
            raise
        return exchange

    def connect(self) -> Delivery:
        """How a connection that begins is taken: PLAIN, or what faults make of it."""
        return self.plan.connect(self.registry)

    def refuse(self, error: RegistryError, method: str, target: str) -> Exchange:
        """Answer what was not even a request, so that the journal tells of it as of any other."""
        exchange = self._begin(Request(method, target))
        exchange.refuse(error)
        return exchange

    def handle(self, request: Request, body: bytes | Iterable[bytes] = b"") -> Response:
        """Answer a request without any network; `body` may come in pieces."""
        exchange = self.open(request)
        try:
            for piece in [body] if isinstance(body, (bytes, bytearray, memoryview)) else body:
                if not exchange.feed(bytes(piece)):
                    break
            return exchange.finish()
        finally:
            exchange.abandon()  # a body that raises is a client that vanishes
            exchange.entry.end()

    def _begin(self, request: Request) -> Exchange:
        entry = self.journal.open(request)
        return Exchange(request, self.registry, entry, warnings=self.warnings, plan=self.plan, conduct=self.conduct)
