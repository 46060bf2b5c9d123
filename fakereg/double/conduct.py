"""What the code under test must not do: requests that a test forbids, and in strict mode all that make no sense."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from fakereg.double.journal import Entry
from fakereg.double.target import Target
from fakereg.oci.errors import RegistryError
from fakereg.registry.endpoints import Endpoint
from fakereg.registry.messages import Request

# Violations that are told; a client in a loop makes no more of them clearer.
KEPT = 100

_INVALID = 400


@dataclass(frozen=True, slots=True)
class Violation:
    """A request that should not have been sent, and why."""

    entry: Entry
    reason: str

    def __str__(self) -> str:
        return f"{self.reason}\n{self.entry}"


class Conduct:
    """Watches the requests of one pipeline; what it finds goes into `found`, which outlives a reset."""

    def __init__(self, found: deque[Violation], *, is_strict: bool) -> None:
        self.is_strict = is_strict
        self._found = found
        self._lock = threading.Lock()
        self.forbidden: tuple[tuple[Target, str], ...] = ()

    def forbid(self, target: Target, reason: str) -> None:
        """Raises ValueError for connections, which are no requests."""
        if target.is_connecting:
            raise ValueError("what is forbidden are requests, so 'connect' names none of them")
        with self._lock:
            self.forbidden = (*self.forbidden, (target, reason))

    def watch(self, request: Request, endpoint: Endpoint | None, entry: Entry) -> None:
        """A request that was matched, or that no endpoint takes."""
        for target, reason in self.forbidden:
            if target.fits(request, endpoint):
                self._found.append(Violation(entry, reason))

    def refused(self, error: RegistryError, entry: Entry, *, unmatched: bool) -> None:
        """A refusal; 401, 404 and the like are normal answers, a request that nothing could take is not."""
        if self.is_strict and (unmatched or error.status == _INVALID):
            reason = "strict: no endpoint takes it" if unmatched else "strict: malformed"
            self._found.append(Violation(entry, reason))


def told(violations: list[Violation]) -> str:
    """For people to read."""
    requests = len({id(one.entry) for one in violations})
    count = "a request" if requests == 1 else f"{requests} requests"
    head = f"{count} should not have been sent"
    if len(violations) == KEPT:
        head += f"; the latest {KEPT} violations"
    return "\n".join([f"{head}:", *map(str, violations)])
