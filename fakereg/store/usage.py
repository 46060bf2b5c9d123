"""How many bytes a store keeps in all, counted as they come and go."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Protocol

from fakereg.oci.digest import Digest
from fakereg.oci.errors import ContentTooLarge
from fakereg.store.blobs import Blob


class Kept(Protocol):
    """What one repository holds, as far as it is counted."""

    @property
    def blobs(self) -> Mapping[Digest, Blob]: ...

    def other_bytes(self) -> int:
        """Bytes of what is no blob, and nowhere else either."""


class Usage:
    """Blobs, each once however many repositories hold it, manifests, and what open uploads took.

    Counted and not added up when somebody asks: a limit is checked for every piece of every body.
    It has a lock of its own, so it is told after a repository's lock was given back, never under it.
    """

    def __init__(self, existing: Iterable[Kept] = ()) -> None:
        """`existing` is what repositories hold that were copied; it does not change any more."""
        self._lock = threading.Lock()
        self._links: Counter[Digest] = Counter()
        self._bytes = 0
        self._existing = tuple(existing)

    @property
    def bytes(self) -> int:
        with self._lock:
            self._count()
            return self._bytes

    def reserve(self, size: int, limit: int | None = None) -> None:
        """Take room for `size` bytes, at once with the check. Raises ContentTooLarge."""
        with self._lock:
            if limit is not None:
                self._count()
                if self._bytes + size > limit:
                    raise ContentTooLarge(
                        f"the registry keeps at most {limit} bytes in all, and has {self._bytes} already"
                    )
            self._bytes += size

    def release(self, size: int) -> None:
        """Give room back that was reserved."""
        with self._lock:
            self._bytes -= size

    def link(self, digest: Digest, size: int, *, reserved: int = 0) -> None:
        """One more repository holds a blob; `reserved` bytes were taken for it while it arrived."""
        with self._lock:
            self._count()
            # Links and unlinks of several threads may be told in another order than they were made;
            # the count may then be below zero for a moment, and only its sign changes cost bytes.
            self._links[digest] += 1
            self._bytes += (size if self._links[digest] == 1 else 0) - reserved
            if self._links[digest] == 0:
                del self._links[digest]

    def unlink(self, digest: Digest, size: int) -> None:
        """One repository less holds a blob."""
        with self._lock:
            self._count()
            self._links[digest] -= 1
            if self._links[digest] == 0:
                del self._links[digest]
                self._bytes -= size

    def _count(self) -> None:
        """Add up what was copied, at the first need: most copies are made to be looked at. The lock is held."""
        existing, self._existing = self._existing, ()
        for kept in existing:
            self._bytes += kept.other_bytes()
            self._bytes += sum(blob.content.size for digest, blob in kept.blobs.items() if digest not in self._links)
            self._links.update(kept.blobs.keys())
