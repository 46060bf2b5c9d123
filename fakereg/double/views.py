"""Reading back what a repository holds, as a test does: plain values, no paging."""

from __future__ import annotations

from fakereg.oci.digest import Digest
from fakereg.oci.manifest import Manifest
from fakereg.oci.names import parse_reference
from fakereg.store.repository import Repository


class RepositoryView:
    """A repository as it stands; every call looks anew."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    @property
    def name(self) -> str:
        return self._repository.name

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
