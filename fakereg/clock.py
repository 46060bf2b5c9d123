"""The one source of time and of identifiers; everything random or timed in the package comes from here.

Law of this module: it imports nothing of the package, and the rest of the package calls neither
`time`, `random` nor `uuid` to decide anything that a client can observe.
"""

from __future__ import annotations

import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from hashlib import blake2b


class Clock:
    """Seconds that pass by themselves and can be moved by hand, or that pass by hand alone.

        registry.clock.advance(3600)         # an hour later
        with registry.clock.freeze():        # inside, time passes by advance() alone

    Only what the registry enforces (the expiry of upload sessions) reads this clock. What clients
    compare with their own clock, such as the `Date` header, stays wall time.
    Safe to use from any thread.
    """

    def __init__(self, source: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._lock = threading.Lock()
        # A reading, and the source's at that moment, or None while the clock is frozen. In one attribute,
        # so that reading the clock needs no lock.
        self._known: tuple[float, float | None] = (0.0, source())

    def now(self) -> float:
        """Seconds since this clock was made, `advance` included, and without those for which it was frozen."""
        reading, since = self._known
        return reading if since is None else reading + (self._source() - since)

    @property
    def is_frozen(self) -> bool:
        """Whether time passes by `advance` alone."""
        return self._known[1] is None

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass at once. Raises ValueError for a negative number, and for more than a float can hold."""
        with self._lock:
            reading, since = self._known
            if not 0 <= seconds <= sys.float_info.max - reading:  # NaN too
                raise ValueError(f"a clock only goes forward, and not for ever: cannot advance by {seconds} seconds")
            self._known = (reading + seconds, since)

    def freeze(self) -> AbstractContextManager[Clock]:
        """Stop at this moment, until `thaw`, or until the end of the block if it is used with `with`.

        No harm if it is frozen already; the end of an inner block then thaws nothing.
        """
        with self._lock:
            was_frozen = self.is_frozen
            self._known = (self.now(), None)
        return _Freeze(self, thaws=not was_frozen)

    def thaw(self) -> None:
        """Let time pass by itself again, from where the clock stands. No harm if it does."""
        with self._lock:
            if self.is_frozen:
                self._known = (self.now(), self._source())

    def put(self, reading: float) -> None:
        """Show `reading`, which may have been earlier, and go on or stay frozen: for what is restored."""
        with self._lock:
            self._known = (reading, None if self.is_frozen else self._source())


class _Freeze:
    """What is left to do at the end of `with clock.freeze():`."""

    def __init__(self, clock: Clock, *, thaws: bool) -> None:
        self._clock = clock
        self._thaws = thaws

    def __enter__(self) -> Clock:
        return self._clock

    def __exit__(self, *exception: object) -> None:
        if self._thaws:
            self._clock.thaw()


class Ids:
    """Identifiers derived from a seed, a generation, a place and how many were drawn there before.

    A place is a repository's name: what goes on in one shifts nothing in another, so that clients which
    race each other get the same identifiers in every run, as long as each has a repository of its own.
    A generation ends with a reset or a restore: upload ids must not come again on the same port,
    where a late request could take the new session for its own. Safe to call from any thread.
    """

    def __init__(self, seed: int = 0, generation: int = 0) -> None:
        self._seed = seed
        self._generation = generation
        self._lock = threading.Lock()
        self._drawn: Counter[tuple[str, str]] = Counter()

    def uuid(self, place: str) -> str:
        """A version 4 UUID in its usual text form."""
        return str(uuid.UUID(bytes=self._next("uuid", place), version=4))

    def boundary(self, place: str) -> str:
        """A MIME boundary: 32 hex digits."""
        # Counted apart, so that a download does not shift the ids of uploads.
        return self._next("boundary", place).hex()

    def _next(self, kind: str, place: str) -> bytes:
        with self._lock:
            number = self._drawn[kind, place]
            self._drawn[kind, place] += 1
        return _mix(16, self._seed, self._generation, kind, place, number)


def draw(seed: int, *parts: object) -> float:
    """A number from 0 up to, not including, 1 that depends on nothing but the seed and the text of `parts`.

    The same in every process, so that "one request in ten" is the same one in every run.
    """
    # 53 bits: with more, the largest numbers would be rounded up to 1.
    return (int.from_bytes(_mix(8, seed, *parts)) >> 11) / 2**53


def _mix(size: int, *parts: object) -> bytes:
    """`size` bytes out of the text of `parts`; the lengths are in it, so that ("a", "bc") is not ("ab", "c")."""
    texts = [str(part) for part in parts]
    key = "".join(f"{len(text)}:{text}" for text in texts)
    # A path that a client sent may hold what is no valid text.
    return blake2b(key.encode(errors="surrogatepass"), digest_size=size).digest()
