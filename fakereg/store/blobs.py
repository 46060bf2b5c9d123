"""The pool: every blob once, however many repositories hold it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from weakref import WeakValueDictionary

from fakereg.oci.digest import Digest
from fakereg.store.content import Content


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Blob:
    """Content under its digest; immutable, so repositories share it freely."""

    digest: Digest
    content: Content

    def __len__(self) -> int:
        return self.content.size


class BlobPool:
    """Digest to blob, for all repositories together.

    References are weak: a blob lives as long as a repository holds it, so
    nobody counts links. What a repository may show is decided by its own links, never by the pool.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blobs: WeakValueDictionary[Digest, Blob] = WeakValueDictionary()

    def intern(self, digest: Digest, content: Content) -> Blob:
        """The blob of this digest: the one that is known, else a new one of `content`, which must match."""
        with self._lock:
            return self._blobs.setdefault(digest, Blob(digest, content))
