"""What a repository holds, in the form in which a layout's index.json tells it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fakereg.images.layout_reader import is_known
from fakereg.images.ref_names import REF_NAME, full_ref_name
from fakereg.oci.descriptor import Descriptor
from fakereg.oci.digest import Digest
from fakereg.oci.manifest import Manifest
from fakereg.oci.media_types import OCTET_STREAM
from fakereg.oci.names import RepositoryName, Tag
from fakereg.store.blobs import Blob
from fakereg.store.content import Content
from fakereg.store.repository import Repository


@dataclass(frozen=True, slots=True)
class Held:
    """What a repository held at one moment."""

    repository: RepositoryName
    tags: dict[Tag, Digest]
    manifests: dict[Digest, Manifest]
    blobs: dict[Digest, Blob]

    @classmethod
    def of(cls, repository: Repository) -> Held:
        """Of a repository that nobody changes: one of a copy of the store."""
        manifests = {manifest.digest: manifest for manifest in repository.manifests()}
        blobs = {blob.digest: blob for blob in repository.blobs()}
        return cls(repository.name, repository.tagged(), manifests, blobs)

    def contents(self) -> Iterator[tuple[Digest, Content]]:
        """Everything that becomes a file of a layout."""
        for blob in self.blobs.values():
            yield blob.digest, blob.content
        for manifest in self.manifests.values():
            yield manifest.digest, Content.of(manifest.body)

    def entries(self, *, full: bool) -> Iterator[Descriptor]:
        """The entries of index.json: tags, then manifests that nothing else leads to, then loose blobs.

        With `full` names every entry tells its repository; else tags are told alone, as skopeo and
        umoci do, and the rest has no name.
        """
        for tag, digest in sorted(self.tags.items()):
            yield self._manifest(digest, full_ref_name(self.repository, tag) if full else tag)
        for digest in sorted(self.manifests.keys() - set(self.tags.values()) - self.children()):
            yield self._manifest(digest, full_ref_name(self.repository, digest) if full else None)
        for digest in sorted(self.blobs.keys() - self.led_to()):
            name = full_ref_name(self.repository, digest) if full else None
            yield _entry(OCTET_STREAM, digest, len(self.blobs[digest]), name)

    def _manifest(self, digest: Digest, name: str | None) -> Descriptor:
        manifest = self.manifests[digest]
        return _entry(manifest.media_type, digest, len(manifest.body), name)

    def children(self) -> set[Digest]:
        """Manifests that loading finds through an index, and of which every index tells the true media type.

        A client may push an index that tells another. What is a blob besides is not told by an index either.
        """
        told = [child for one in self.manifests.values() for child in one.manifests if child.digest in self.manifests]
        doubtful = {child.digest for child in told if child.media_type != self.manifests[child.digest].media_type}
        return {child.digest for child in told if is_known(child)} - doubtful - self.blobs.keys()

    def led_to(self) -> set[Digest]:
        """Blobs that loading finds through a manifest."""
        manifests = self.manifests.values()
        # A child that is listed as a manifest is no blob for that.
        children = {child.digest for one in manifests for child in one.manifests if not is_known(child)}
        return (children - self.manifests.keys()) | {blob.digest for one in manifests for blob in one.blobs}


def _entry(media_type: str, digest: Digest, size: int, name: str | None) -> Descriptor:
    return Descriptor(media_type, digest, size, annotations={REF_NAME: name} if name else None)
