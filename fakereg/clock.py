"""The one source of time and of identifiers; everything random or timed in the package comes from here.

Law of this module: it imports nothing of the package, and the rest of the package calls neither
`time`, `random` nor `uuid` to decide anything that a client can observe.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable


class Clock:
    """Seconds that pass by themselves and can be moved by hand.

    Only what the registry enforces (the expiry of upload sessions) reads this clock. What clients
    compare with their own clock, such as the `Date` header, stays wall time.
    """

    def __init__(self, source: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._start = source()
        self._advanced = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        """Seconds since this clock was made, `advance` included."""
        return self._source() - self._start + self._advanced

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass at once. Raises ValueError for a negative number."""
        if not seconds >= 0:  # NaN too
            raise ValueError(f"a clock only goes forward: cannot advance by {seconds} seconds")
        with self._lock:
            self._advanced += seconds


class Ids:
    """Identifiers drawn from a seed: the same seed and generation give the same ones in the same order.

    A generation is what lies between two resets: upload ids must not come again on the same port,
    where a late request could take the new session for its own.
    """

    def __init__(self, seed: int = 0, generation: int = 0) -> None:
        self._random = random.Random(f"{seed}/{generation}")  # noqa: S311 - to be repeated, not to be secret
        # Apart, so that a download does not shift the ids of uploads.
        self._boundaries = random.Random(f"{seed}/{generation}/boundaries")  # noqa: S311

    def uuid(self) -> str:
        """A version 4 UUID in its usual text form."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def boundary(self) -> str:
        """A MIME boundary: 32 hex digits."""
        return f"{self._boundaries.getrandbits(128):032x}"
