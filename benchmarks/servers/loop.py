"""The event loop that `fakereg serve` takes, for servers that are compared with it."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
from collections.abc import Callable
from typing import Any


def has_uvloop() -> bool:
    return importlib.util.find_spec("uvloop") is not None


def new_event_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop's where it is installed."""
    if not has_uvloop():
        return asyncio.new_event_loop
    uvloop: Any = importlib.import_module("uvloop")
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
