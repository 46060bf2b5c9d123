"""What the operations work on: the registry as a test sees it, and what the admin API keeps for those who ask."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol
from weakref import WeakKeyDictionary

from fakereg.clock import Clock
from fakereg.control.problems import Conflict, NotFound
from fakereg.double.armed import Rule
from fakereg.double.changes import Changes
from fakereg.double.conduct import Violation
from fakereg.double.journal import Journal
from fakereg.double.pipeline import Pipeline
from fakereg.double.plan import ArmedFault
from fakereg.double.snapshots import Snapshot
from fakereg.double.views import RepositoryView
from fakereg.images.image import Image
from fakereg.registry.messages import Request
from fakereg.registry.profile import Profile

# Snapshots that are kept at a time: each keeps alive what it holds.
MOST_SNAPSHOTS = 1000


class Fake(Protocol):
    """What FakeRegistry offers, as far as it is asked for here."""

    @property
    def profile(self) -> Profile: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def repositories(self) -> list[str]: ...
    @property
    def violations(self) -> list[Violation]: ...

    # Whatever their arguments are: they are checked where they are taken.
    def seed(self, *args: Any, **options: Any) -> Image: ...
    def fault(self, *args: Any, **options: Any) -> ArmedFault: ...
    def forbid(self, *args: Any, **options: Any) -> None: ...
    def warn(self, *args: Any, **options: Any) -> None: ...
    def configure(self, *args: Any, **options: Any) -> None: ...
    def assert_order(self, *steps: Any) -> None: ...
    def assert_pushed(self, image: str) -> None: ...
    def assert_pulled(self, image: str, *, whole: bool) -> None: ...
    def assert_mounted(self, digest: str, *, into: str, from_: str | None) -> None: ...
    def assert_uploaded_once(self, digest: str, *, into: str | None) -> None: ...
    def assert_no_unused_uploads(self) -> None: ...
    def assert_no_violations(self) -> None: ...

    def repository(self, name: str) -> RepositoryView: ...
    def snapshot(self) -> Snapshot: ...
    def restore(self, snapshot: Snapshot) -> None: ...
    def diff(self, before: Snapshot, after: Snapshot | None = None) -> Changes: ...
    def reset(self) -> None: ...
    def forget_violations(self) -> None: ...


class Desk:
    """What outlives a reset: when it began, and the snapshots. It knows no registry, and may be kept by one."""

    def __init__(self) -> None:
        self.clock = Clock()  # nobody advances this one
        self._lock = threading.Lock()
        self._snapshots: dict[str, Snapshot] = {}
        self._numbers: Counter[str] = Counter()
        # By the plan on which they are armed: a reset begins another, and isolated() may bring one back.
        self._armed: WeakKeyDictionary[object, dict[str, ArmedFault]] = WeakKeyDictionary()

    # Snapshots

    @property
    def snapshots(self) -> Mapping[str, Snapshot]:
        """By their ids, the oldest first."""
        with self._lock:
            return dict(self._snapshots)

    def keep(self, snapshot: Snapshot, wanted: str | None) -> str:
        """The id under which it is kept from now on. Raises Conflict."""
        with self._lock:
            identity = wanted if wanted is not None else self._next("snapshot-", self._snapshots)
            if identity in self._snapshots:
                raise Conflict(f"there is a snapshot {identity!r} already; delete it first, or take another id")
            if len(self._snapshots) >= MOST_SNAPSHOTS:
                raise Conflict(
                    f"{MOST_SNAPSHOTS} snapshots are kept already, and keep alive what they hold: delete some"
                )
            self._snapshots[identity] = snapshot
        return identity

    def snapshot(self, identity: str) -> Snapshot:
        """Raises NotFound, listing what there is."""
        found = self.snapshots
        if identity not in found:
            raise _nothing("snapshot", identity, found)
        return found[identity]

    def forget(self, identity: str) -> None:
        """Raises NotFound."""
        self.snapshot(identity)
        with self._lock:
            self._snapshots.pop(identity, None)

    # Faults

    def armed(self, pipeline: Pipeline) -> dict[str, ArmedFault]:
        """All faults by their ids, also those that were armed in Python, in the order in which they work."""
        rules = pipeline.plan.rules
        with self._lock:
            book = self._armed.setdefault(pipeline.plan, {})
            known = {rule for fault in book.values() for rule in fault.rules}
            for rule in rules:
                if rule not in known:
                    fault = ArmedFault([rule], pipeline.plan, pipeline.journal, name=_name(rule), must_fire=False)
                    book[self._next("fault-", book)] = fault
            for identity in [one for one, fault in book.items() if not set(fault.rules) & set(rules)]:
                del book[identity]  # removed by whoever armed it
            places = {rule: place for place, rule in enumerate(rules)}
            return dict(sorted(book.items(), key=lambda one: min(places.get(rule, 0) for rule in one[1].rules)))

    def note(self, fault: ArmedFault, pipeline: Pipeline) -> str:
        """The id of a fault that was just armed here."""
        with self._lock:
            book = self._armed.setdefault(pipeline.plan, {})
            identity = self._next("fault-", book)
            book[identity] = fault
        return identity

    def fault(self, identity: str, pipeline: Pipeline) -> ArmedFault:
        """Raises NotFound, listing what there is."""
        found = self.armed(pipeline)
        if identity not in found:
            raise _nothing("fault", identity, found)
        return found[identity]

    def _next(self, prefix: str, taken: Mapping[str, object]) -> str:
        """An id that never was, and that nobody chose. The lock is held."""
        while True:
            self._numbers[prefix] += 1
            if (identity := f"{prefix}{self._numbers[prefix]}") not in taken:
                return identity


def _name(rule: Rule) -> str:
    return rule.act.name or str(rule.act)


def _nothing(kind: str, identity: str, found: Mapping[str, object]) -> NotFound:
    return NotFound(f"there is no {kind} {identity!r}; there {'is' if len(found) == 1 else 'are'} {_listed(found)}")


def _listed(found: Mapping[str, object]) -> str:
    return ", ".join(found) or "none"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to an operation: its parts are parsed and checked.

    `body` is the JSON object, {} where none is taken, or the file that holds an archive.
    """

    fake: Fake
    pipeline: Pipeline
    desk: Desk
    request: Request
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    file: BinaryIO | None = None

    def options(self, *names: str) -> dict[str, Any]:
        """Those of these fields that the body has, to be passed on."""
        return {name: self.body[name] for name in names if name in self.body}
