"""All repositories of a registry, by name."""

from __future__ import annotations

import threading

from fakereg.oci.digest import Digest
from fakereg.oci.names import RepositoryName
from fakereg.store.blobs import Blob, BlobPool
from fakereg.store.repository import Repository
from fakereg.store.usage import Usage


class Store:
    """Repositories, made at their first use and never removed; start over with a new store."""

    def __init__(self) -> None:
        self.pool = BlobPool()
        self.usage = Usage()
        self._lock = threading.Lock()
        self._repositories: dict[RepositoryName, Repository] = {}

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
        with self._lock:
            repositories = list(self._repositories.values())
        return sorted((one for one in repositories if one.is_known), key=lambda one: one.name)

    def find_blob(self, digest: Digest) -> Blob | None:
        """A blob that any repository holds (end-11 without `from`)."""
        # The pool would be quicker to ask, but it may still know a blob that every repository deleted.
        return next((blob for one in self.repositories() if (blob := one.find_blob(digest))), None)

    def expire_uploads(self, before: float) -> None:
        """Drop the idle uploads of all repositories that nobody touched since the moment `before`."""
        with self._lock:
            repositories = list(self._repositories.values())
        for repository in repositories:
            repository.expire_uploads(before)
