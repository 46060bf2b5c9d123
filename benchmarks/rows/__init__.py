"""What is measured: a module per group of rows, each with ROWS and `measure`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.bench import Bench
from benchmarks.figures import Row
from benchmarks.rows import memory, rates, referrers, registries, starts, tags, transfers


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that are measured together."""

    rows: Sequence[Row]
    measure: Callable[[Bench], None]


# In the order of the table.
GROUPS = tuple(
    Group(module.ROWS, module.measure) for module in (starts, rates, tags, referrers, transfers, memory, registries)
)
