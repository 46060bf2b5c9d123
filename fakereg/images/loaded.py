"""What was read and checked, and waits to be stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from fakereg.images.files import LayoutError
from fakereg.oci.digest import Digest
from fakereg.oci.manifest import Manifest
from fakereg.oci.names import RepositoryName, Tag
from fakereg.store.content import Content
from fakereg.store.store import Store


@dataclass(frozen=True, slots=True)
class Loaded:
    """One entry with all that it leads to: `manifests` has children before parents.

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

    def store(self, store: Store) -> None:
        repository = store.repository(self.repository)
        for digest, content in self.blobs.items():
            repository.link_blob(store.pool.intern(digest, content))
        for manifest in self.manifests:
            is_root = manifest is self.manifests[-1]
            # Not asked whether it is whole: what may be missing was decided while reading.
            repository.put_manifest(manifest, [self.tag] if self.tag and is_root else [], whole=False)


def refuse_clashes(where: str, loaded: Iterable[Loaded], repository: RepositoryName | None) -> None:
    """Raises LayoutError, with `where` the entries stand, if one tag is to be on two manifests.

    `repository` is the one that stood in for those which the entries tell.
    """
    seen: dict[str, Digest] = {}
    for one in loaded:
        if one.tag is not None and one.reference is not None:
            digest = one.manifests[-1].digest
            if seen.setdefault(one.reference, digest) != digest:
                message = f"two manifests are called {one.reference}: {seen[one.reference]}, {digest}"
                if repository is not None:
                    message += f"; repository={str(repository)!r} put all into one: leave it out to keep them apart"
                raise LayoutError(where, message)
