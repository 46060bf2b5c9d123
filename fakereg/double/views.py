"""Reading back what a repository holds, as a test does: plain values, no paging."""

from __future__ import annotations

from collections.abc import Callable

from fakereg.oci.digest import Digest
from fakereg.oci.manifest import Manifest
from fakereg.oci.names import RepositoryName, parse_reference
from fakereg.store.repository import Repository
from fakereg.store.store import Store


class RepositoryView:
    """A repository as it stands: every call looks anew, also after a first push or a reset."""

    def __init__(self, name: RepositoryName, store: Callable[[], Store]) -> None:
        self.name = name
        self._store = store

    @property
    def _repository(self) -> Repository:
        """An empty one as long as nobody asked for it; looking does not make it known."""
        store = self._store()
        if store.has(self.name):
            return store.repository(self.name)
        return Repository(self.name, store.pool, store.usage)

    @property
    def tags(self) -> list[str]:
        """All tags in byte order; empty for a repository that nobody pushed to."""
        return list(self._repository.tags()[0])

    @property
    def manifests(self) -> list[Manifest]:
        """All manifests, tagged or not, in the order in which they were pushed."""
        return self._repository.manifests()

    @property
    def blobs(self) -> list[Digest]:
        """The digests of all blobs."""
        return [blob.digest for blob in self._repository.blobs()]

    @property
    def uploads(self) -> list[str]:
        """The ids of the upload sessions that are open."""
        return [upload.id for upload in self._repository.uploads()]

    def manifest(self, reference: str) -> Manifest:
        """By tag or digest. Raises ManifestUnknown."""
        return self._repository.manifest(parse_reference(reference))

    def blob(self, digest: str) -> bytes:
        """The content. Raises BlobUnknown."""
        return bytes(self._repository.blob(Digest.parse(digest)).content)

    def referrers(self, subject: str) -> list[Manifest]:
        """The manifests whose subject is this digest, in the order of their digests."""
        repository = self._repository
        listed = repository.referrers(Digest.parse(subject), limit=len(repository.manifests()))
        return [repository.manifest(descriptor.digest) for descriptor in listed]

    def __repr__(self) -> str:
        return f"<repository {self.name}: {len(self.tags)} tags, {len(self.manifests)} manifests>"
