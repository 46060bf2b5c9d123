"""The line that every request walks, as an ordered list of steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fakereg.double.exchange import Exchange
from fakereg.double.journal import Journal
from fakereg.double.warnings import Warnings
from fakereg.oci.errors import RegistryError
from fakereg.registry import access
from fakereg.registry.endpoints import Router
from fakereg.registry.messages import Request, Response
from fakereg.registry.registry import Registry

Step = Callable[[Exchange], None]

_ROUTER = Router()


def match(exchange: Exchange) -> None:
    """Find the endpoint."""
    exchange.request.parse()
    exchange.endpoint = _ROUTER.match(exchange.request)
    exchange.entry.endpoint = exchange.endpoint.name


def authorise(exchange: Exchange) -> None:
    """Find out who asks, and refuse those who may not."""
    if exchange.endpoint is not None:
        exchange.identity = access.authorise(exchange.request, exchange.endpoint.action)


def operate(exchange: Exchange) -> None:
    """Do what was asked."""
    if exchange.endpoint is not None:
        exchange.take(exchange.endpoint.run(exchange.registry, exchange.request))


# Outermost first; recording comes before all of them, so that a request that no step takes is seen too.
STEPS: tuple[Step, ...] = (match, authorise, operate)


class Pipeline:
    """A registry and what a test wants to know and decide about it. Swapped whole by a reset."""

    def __init__(self, registry: Registry, steps: tuple[Step, ...] = STEPS) -> None:
        self.registry = registry
        self.journal = Journal()
        self.warnings = Warnings()
        self._steps = steps

    def open(self, request: Request) -> Exchange:
        """Start on a request: the exchange is answered already, or wants the body."""
        entry = self.journal.open(request)
        exchange = Exchange(request, self.registry, entry, self.warnings)
        try:
            for step in self._steps:
                step(exchange)
        except RegistryError as error:
            exchange.refuse(error)
        except Exception:
            exchange.fail()
            raise
        return exchange

    def refuse(self, error: RegistryError, method: str, target: str) -> Exchange:
        """Answer what was not even a request, so that the journal tells of it as of any other."""
        request = Request(method, target)
        exchange = Exchange(request, self.registry, self.journal.open(request), self.warnings)
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
