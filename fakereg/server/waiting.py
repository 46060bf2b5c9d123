"""How a journal waits in an asyncio event loop, and where it must not block."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from weakref import WeakMethod

from fakereg.double.journal.waiting import Waiter


class AsyncioLoops:
    """Tells a journal of event loops. It does not keep the registry alive, which has the journal."""

    def __init__(self, serves_here: Callable[[], bool]) -> None:
        """`serves_here` is a method of the registry."""
        self._serves_here = WeakMethod(serves_here)

    def serves_here(self) -> bool:
        serves_here = self._serves_here()
        return serves_here is not None and serves_here()

    def runs_here(self) -> bool:
        return runs_a_loop()

    async def wait(self, waiter: Waiter, timeout: float) -> None:  # noqa: ASYNC109 - as the journal's own
        if not runs_a_loop():
            raise RuntimeError("wait_for_async needs asyncio; elsewhere let a thread wait: trio.to_thread.run_sync")
        loop = asyncio.get_running_loop()
        over = loop.create_future()

        def wake() -> None:
            if not over.done():
                over.set_result(None)

        def call_back() -> None:
            with suppress(RuntimeError):  # the loop is closed, and nobody waits
                loop.call_soon_threadsafe(wake)

        waiter.when_over(call_back)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await over


def runs_a_loop() -> bool:
    """Whether an asyncio event loop runs in the calling thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
