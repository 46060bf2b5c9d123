"""All repositories of a registry, by name."""

from __future__ import annotations

import threading
from contextlib import ExitStack

from fakereg.oci.digest import Digest
from fakereg.oci.names import RepositoryName
from fakereg.store.blobs import Blob, BlobPool
from fakereg.store.repository import Repository
from fakereg.store.usage import Usage


class Store:
    """Repositories, made at their first use and never removed; start over with a new store."""

    def __init__(self, pool: BlobPool | None = None) -> None:
        self.pool = BlobPool() if pool is None else pool
        self.usage = Usage()
        self._lock = threading.Lock()
        self._repositories: dict[RepositoryName, Repository] = {}

    def copy(self) -> Store:
        """An independent store with the same content and open uploads, as they are at one moment.

        It takes as long as there are repositories, whatever is in them: what they hold is shared until
        one of the two is changed, and so is the pool, in which both keep alive what they hold themselves.
        """
        other = Store(self.pool)
        with ExitStack() as locks:
            # The one exception to "no second lock". Nobody can wait for this one meanwhile and hold what
            # it wants: this lock comes first, so that no repository is added, then theirs in order.
            locks.enter_context(self._lock)
            for name in sorted(self._repositories):
                locks.enter_context(self._repositories[name].locked())
            # Counted anew: the counter here is told of a change only after the lock was given back.
            other.usage = Usage([one.share() for one in self._repositories.values()])
            other._repositories = {name: one.copy(other.usage) for name, one in self._repositories.items()}
        other.usage.reserve(sum(upload.size for one in other._repositories.values() for upload in one.uploads()))
        return other

    def repository(self, name: RepositoryName) -> Repository:
        """The repository of this name; one that nobody pushed to yet is empty and not known."""
        # A lookup needs no lock: repositories are only ever added.
        repository = self._repositories.get(name)
        if repository is None:
            with self._lock:
                repository = self._repositories.setdefault(name, Repository(name, self.pool, self.usage))
        return repository

    def find(self, name: RepositoryName) -> Repository | None:
        """The repository, if anything was ever stored there."""
        repository = self._repositories.get(name)
        return repository if repository is not None and repository.is_known else None

    def has(self, name: RepositoryName) -> bool:
        """Whether this name was ever pushed to, if only to open an upload."""
        return name in self._repositories

    def repositories(self) -> list[Repository]:
        """Those that something was ever stored in, in byte order of their names."""
        return [one for one in self.places() if one.is_known]

    def places(self) -> list[Repository]:
        """All that ever were asked for, also without content, such as those with nothing but an open upload."""
        with self._lock:
            places = list(self._repositories.values())
        return sorted(places, key=lambda one: one.name)

    def find_blob(self, digest: Digest) -> Blob | None:
        """A blob that any repository holds (end-11 without `from`)."""
        # The pool would be quicker to ask, but it may still know a blob that every repository deleted.
        return next((blob for one in self.repositories() if (blob := one.find_blob(digest))), None)

    def expire_uploads(self, before: float) -> None:
        """Drop the idle uploads of all repositories that nobody touched since the moment `before`."""
        for repository in self.places():
            repository.expire_uploads(before)
