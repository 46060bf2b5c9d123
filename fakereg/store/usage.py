"""How many bytes a store keeps in all, counted as they come and go."""

from __future__ import annotations

import threading
from collections import Counter

from fakereg.oci.digest import Digest
from fakereg.oci.errors import ContentTooLarge


class Usage:
    """Blobs, each once however many repositories hold it, manifests, and what open uploads took.

    Counted and not added up when somebody asks: a limit is checked for every piece of every body.
    It has a lock of its own, so it is told after a repository's lock was given back, never under it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._links: Counter[Digest] = Counter()
        self.bytes = 0

    def reserve(self, size: int, limit: int | None = None) -> None:
        """Take room for `size` bytes, at once with the check. Raises ContentTooLarge."""
        with self._lock:
            if limit is not None and self.bytes + size > limit:
                raise ContentTooLarge(f"the registry keeps at most {limit} bytes in all, and has {self.bytes} already")
            self.bytes += size

    def release(self, size: int) -> None:
        """Give room back that was reserved."""
        with self._lock:
            self.bytes -= size

    def link(self, digest: Digest, size: int, *, reserved: int = 0) -> None:
        """One more repository holds a blob; `reserved` bytes were taken for it while it arrived."""
        with self._lock:
            # Links and unlinks of several threads may be told in another order than they were made;
            # the count may then be below zero for a moment, and only its sign changes cost bytes.
            self._links[digest] += 1
            self.bytes += (size if self._links[digest] == 1 else 0) - reserved
            if self._links[digest] == 0:
                del self._links[digest]

    def unlink(self, digest: Digest, size: int) -> None:
        """One repository less holds a blob."""
        with self._lock:
            self._links[digest] -= 1
            if self._links[digest] == 0:
                del self._links[digest]
                self.bytes -= size
