"""Threads of our own for what would keep an event loop busy.

Never the loop's default executor: the clients of a test may fill that, each waiting for an answer of ours.
No work that is done here waits for a client.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


class Workers:
    """A pool of threads, which begin as they are needed."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """In a forked child the pool would wait for threads that only the parent has."""
        self._pool = ThreadPoolExecutor(thread_name_prefix="fakereg-worker")

    def submit(self, work: Callable[[], Result]) -> Future[Result]:
        """Have it done soon. Raises RuntimeError when the process ends, and no thread begins any more."""
        return self._pool.submit(work)


workers = Workers()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=workers.renew)
