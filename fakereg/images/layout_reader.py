"""Reading an OCI image layout: from the entries of index.json to all that they lead to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from fakereg.images.documents import bounded
from fakereg.images.files import LayoutError
from fakereg.images.layout import Layout
from fakereg.images.loaded import Loaded
from fakereg.oci.descriptor import Descriptor
from fakereg.oci.digest import Digest
from fakereg.oci.errors import ManifestInvalid
from fakereg.oci.manifest import Manifest
from fakereg.oci.media_types import IMAGES, INDEXES, OCTET_STREAM
from fakereg.oci.names import RepositoryName, Tag
from fakereg.store.content import Content

# The specification's advice for the size of manifests; what is larger and not called one is not looked into.
MANIFEST_LIMIT = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class LayoutReader:
    """Reads entries of one layout; a file that several of them lead to is read once.

    A size or media type that a manifest tells of another file proves nothing: whoever pushed the
    manifest may have told anything, and the store took it. The digest is what is checked there.
    """

    layout: Layout
    repository: RepositoryName | None
    sparse: bool
    _contents: dict[Digest, Content | None] = field(default_factory=dict)
    # What index.json itself says of a digest; it goes before what a manifest says.
    _listed: dict[tuple[RepositoryName, Digest], Descriptor] = field(default_factory=dict)

    def entries(self, descriptors: Iterable[Descriptor]) -> list[Loaded]:
        """What the descriptors of index.json lead to. Raises LayoutError."""
        targets = [(descriptor, Loaded(*self._target(descriptor))) for descriptor in descriptors]
        for descriptor, loaded in targets:
            key = loaded.repository, descriptor.digest
            # A digest may be listed twice, as a manifest and as the blob that it is besides.
            if key not in self._listed or descriptor.media_type != OCTET_STREAM:
                self._listed[key] = descriptor
        return [self._entry(descriptor, loaded) for descriptor, loaded in targets]

    def _entry(self, descriptor: Descriptor, loaded: Loaded) -> Loaded:
        content = self._required(descriptor, self.layout.index)
        if content.size != descriptor.size:
            message = f"the file has {content.size} bytes; {self.layout.index} says {descriptor.size}"
            raise LayoutError(self.layout.where(descriptor.digest), message)
        manifest = self._manifest(descriptor, content)
        if manifest is None:
            loaded.blobs[descriptor.digest] = content
        else:
            self._follow(loaded, manifest)
        return loaded

    def _target(self, descriptor: Descriptor) -> tuple[RepositoryName, Tag | None]:
        repository, tag = self.layout.target(descriptor)
        return self.repository or repository, tag

    def _manifest(self, descriptor: Descriptor, content: Content) -> Manifest | None:
        """None for a loose blob: index.json may list any content (image-spec, image-layout.md)."""
        if is_known(descriptor):
            return self._parsed(descriptor, content)
        if descriptor.media_type == OCTET_STREAM or content.size > MANIFEST_LIMIT:
            return None
        try:
            return Manifest.parse(bytes(content), content_type=descriptor.media_type, digest=descriptor.digest)
        except ManifestInvalid:
            return None

    def _follow(self, loaded: Loaded, root: Manifest) -> None:
        """Gather `root`, what it leads to, and their blobs. Not recursive: indexes may be nested deeply."""
        pending, seen = [(root, False)], set[Digest]()
        while pending:
            manifest, is_expanded = pending.pop()
            if is_expanded:
                loaded.manifests.append(manifest)
            elif manifest.digest not in seen:
                seen.add(manifest.digest)
                pending.append((manifest, True))
                pending.extend((child, False) for child in reversed(self._children(loaded, manifest)))

    def _children(self, loaded: Loaded, manifest: Manifest) -> list[Manifest]:
        """The images and indexes of an index; its children of other types, and an image's parts, become blobs."""
        children = []
        for descriptor, content in self._found(manifest.blobs, manifest):
            loaded.blobs[descriptor.digest] = content
        for descriptor, content in self._found(manifest.manifests, manifest):
            child = self._child(loaded.repository, descriptor, content)
            if child is None:
                loaded.blobs[descriptor.digest] = content
            else:
                children.append(child)
        return children

    def _found(self, descriptors: Iterable[Descriptor], parent: Manifest) -> Iterator[tuple[Descriptor, Content]]:
        where = self.layout.where(parent.digest)
        for descriptor in descriptors:
            content = self._optional(descriptor) if self.sparse else self._required(descriptor, where)
            if content is not None:
                yield descriptor, content

    def _child(self, repository: RepositoryName, descriptor: Descriptor, content: Content) -> Manifest | None:
        """None for a child that is a blob."""
        listed = self._listed.get((repository, descriptor.digest))
        if listed is not None:
            return self._manifest(listed, content)
        if not is_known(descriptor):
            return None
        try:
            return self._parsed(descriptor, content)
        except LayoutError:
            # Not of the type that its parent told: of the one that it tells itself, then.
            with suppress(ManifestInvalid):
                where = self.layout.where(descriptor.digest)
                return Manifest.parse(bounded(where, content, self.layout.limits), digest=descriptor.digest)
            raise

    def _parsed(self, descriptor: Descriptor, content: Content) -> Manifest:
        where = self.layout.where(descriptor.digest)
        return self.layout.parse(where, content, descriptor.media_type, descriptor.digest)

    def _required(self, descriptor: Descriptor, named_by: str) -> Content:
        content = self._optional(descriptor)
        if content is None:
            raise LayoutError(self.layout.where(descriptor.digest), f"no such file, but {named_by} refers to it")
        return content

    def _optional(self, descriptor: Descriptor) -> Content | None:
        """None if there is no such file. Raises LayoutError if its digest is not the descriptor's."""
        digest = descriptor.digest
        if digest not in self._contents:
            self._contents[digest] = self.layout.read(digest)
        return self._contents[digest]


def is_known(descriptor: Descriptor) -> bool:
    """Whether its media type is that of an image or an index; children of others are blobs, as caches have them."""
    return descriptor.media_type.lower() in IMAGES | INDEXES
