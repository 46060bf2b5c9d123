"""Loading an OCI image layout: everything is read and checked first, then stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from fakereg.images.layout import REF_NAME, Layout, LayoutError
from fakereg.images.ref_names import parse_ref_name, repository_of_folder
from fakereg.oci.descriptor import Descriptor
from fakereg.oci.digest import Digest
from fakereg.oci.errors import ManifestInvalid, NameInvalid
from fakereg.oci.manifest import Manifest
from fakereg.oci.media_types import IMAGES, INDEXES, OCTET_STREAM
from fakereg.oci.names import RepositoryName, Tag
from fakereg.store.content import Content
from fakereg.store.store import Store

# The specification's advice for the size of manifests; what is larger and not called one is not looked into.
MANIFEST_LIMIT = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Loaded:
    """One entry of index.json with all that it leads to: `manifests` has children before parents.

    `reference` is `team/app:v1`, or `team/app@sha256:...` without a tag; None for a loose blob.
    """

    repository: RepositoryName
    tag: Tag | None
    manifests: list[Manifest] = field(default_factory=list)
    blobs: dict[Digest, Content] = field(default_factory=dict)

    @property
    def reference(self) -> str | None:
        if not self.manifests:
            return None
        end = f"@{self.manifests[-1].digest}" if self.tag is None else f":{self.tag}"
        return f"{self.repository}{end}"


def load(store: Store, path: Path | str, repository: str | None = None, *, sparse: bool = False) -> list[str]:
    """Store what a layout holds; see `FakeRegistry.load`. The references of its entries, in their order.

    `sparse` lets blobs and children be missing; what index.json itself lists must be there.
    Raises LayoutError, or NameInvalid for `repository`.
    """
    layout = Layout(Path(path))
    layout.check()
    reader = Reader(layout, None if repository is None else RepositoryName.parse(repository), sparse)
    loaded = reader.entries(layout.entries())
    _refuse_clashes(layout, loaded)
    for one in loaded:
        _store(store, one)
    return [one.reference for one in loaded if one.reference is not None]


@dataclass(frozen=True, slots=True)
class Reader:
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
            raise LayoutError(self.layout.blob(descriptor.digest), message)
        manifest = self._manifest(descriptor, content)
        if manifest is None:
            loaded.blobs[descriptor.digest] = content
        else:
            self._follow(loaded, manifest)
        return loaded

    def _target(self, descriptor: Descriptor) -> tuple[RepositoryName, Tag | None]:
        name = (descriptor.annotations or {}).get(REF_NAME)
        try:
            repository, tag = parse_ref_name(name)
        except NameInvalid as error:
            raise LayoutError(self.layout.index, f"{REF_NAME} {name!r}: {error.message}") from error
        return self.repository or repository or repository_of_folder(self.layout.root.resolve().name), tag

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
        path = self.layout.blob(parent.digest)
        for descriptor in descriptors:
            content = self._optional(descriptor) if self.sparse else self._required(descriptor, path)
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
                return Manifest.parse(bytes(content), digest=descriptor.digest)
            raise

    def _parsed(self, descriptor: Descriptor, content: Content) -> Manifest:
        path = self.layout.blob(descriptor.digest)
        return self.layout.parse(path, bytes(content), descriptor.media_type, descriptor.digest)

    def _required(self, descriptor: Descriptor, named_by: Path) -> Content:
        content = self._optional(descriptor)
        if content is None:
            raise LayoutError(self.layout.blob(descriptor.digest), f"no such file, but {named_by} refers to it")
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


def _refuse_clashes(layout: Layout, loaded: list[Loaded]) -> None:
    seen: dict[str, Digest] = {}
    for one in loaded:
        if one.tag is not None and one.reference is not None:
            digest = one.manifests[-1].digest
            if seen.setdefault(one.reference, digest) != digest:
                raise LayoutError(
                    layout.index, f"two manifests are called {one.reference}: {seen[one.reference]}, {digest}"
                )


def _store(store: Store, loaded: Loaded) -> None:
    repository = store.repository(loaded.repository)
    for digest, content in loaded.blobs.items():
        repository.link_blob(store.pool.intern(digest, content))
    for manifest in loaded.manifests:
        is_root = manifest is loaded.manifests[-1]
        # Not asked whether it is whole: what may be missing was decided while reading.
        repository.put_manifest(manifest, [loaded.tag] if loaded.tag and is_root else [], whole=False)
