"""Whether what was pushed is whole: the part of an assertion that requests alone do not tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fakereg.double.journal import Journal
from fakereg.double.journal.sessions import names_in
from fakereg.double.journal.text import brief, counted
from fakereg.oci.descriptor import Descriptor
from fakereg.oci.digest import Digest
from fakereg.oci.errors import ManifestUnknown
from fakereg.oci.manifest import Manifest
from fakereg.oci.names import Reference, Tag, split_image
from fakereg.store.repository import Repository
from fakereg.store.store import Store


@dataclass(frozen=True, slots=True)
class Missing:
    """Content that a manifest names and its repository lacks."""

    kind: str
    descriptor: Descriptor
    parent: Digest

    def __str__(self) -> str:
        one = self.descriptor
        return f"{self.kind} {one.digest}, {one.size} B, {one.media_type}, named by {brief(self.parent)}"


def missing(repository: Repository, manifest: Manifest) -> Iterator[Missing]:
    """All that is not there of an image, or of an index and its children; each once."""
    seen: set[Digest] = set()
    waiting = [manifest]
    while waiting:
        parent = waiting.pop()
        for blob in parent.blobs:
            if blob.digest not in seen and repository.find_blob(blob.digest) is None:
                yield Missing("blob", blob, parent.digest)
            seen.add(blob.digest)
        for child in parent.manifests:
            if child.digest not in seen:
                seen.add(child.digest)
                found = find(repository, child.digest)
                waiting += [found] if found else []
                # A child of a type that nobody knows may be a blob.
                if found is None and repository.find_blob(child.digest) is None:
                    yield Missing("manifest", child, parent.digest)


def find(repository: Repository, reference: Reference) -> Manifest | None:
    try:
        return repository.manifest(reference)
    except ManifestUnknown:
        return None


def explain_push(store: Store, journal: Journal, image: str) -> str | None:
    """Why an image that was pushed is not there, or not whole; None if it is."""
    name, reference = split_image(image)
    repository = store.find(name)
    manifest = None if repository is None else find(repository, reference)
    if repository is None or manifest is None:
        return f"{image} was pushed, and is not there any more{_deletion(journal, name, reference)}"
    lacks = list(missing(repository, manifest))
    if not lacks:
        return None
    head = f"{image} was pushed and is not whole: {counted(len(lacks), 'part')} of it missing"
    return "\n".join([f"{head} in {name}:", *(f"  {one}" for one in lacks)])


def _deletion(journal: Journal, name: str, reference: Reference) -> str:
    found = journal.requests(endpoint="delete_manifest", repository=name, status="2xx")
    by_tag = [one for one in found if one.reference == reference]
    if isinstance(reference, Tag) and not by_tag:
        by_tag = found  # deleting a digest takes its tags with it
    return f": request {by_tag[-1].number} deleted it" if by_tag else ""


def explain_pull(store: Store, journal: Journal, image: str) -> str | None:
    """Which blobs of an image were not pulled; of an index one child has to be whole. None if none is missing."""
    name, reference = split_image(image)
    repository = store.find(name)
    manifest = None if repository is None else find(repository, reference)
    if repository is None or manifest is None:
        return f"{image} is not there any more, so nobody knows whether it was pulled as a whole"
    pulled = _pulled(journal, name)
    children = [find(repository, child.digest) for child in manifest.manifests if child.digest in pulled]
    if manifest.manifests and not any(children):
        return f"the index of {image} was pulled, and none of its manifests"
    candidates = [child for child in children if child] or [manifest]
    lacking = min(([blob for blob in one.blobs if blob.digest not in pulled] for one in candidates), key=len)
    if not lacking:
        return None
    head = f"the manifest of {image} was pulled, and {counted(len(lacking), 'blob')} of it not:"
    return "\n".join([head, *(f"  {one.digest}, {one.size} B, {one.media_type}" for one in lacking)])


def _pulled(journal: Journal, name: str) -> set[str]:
    """The digests of all that was got from a repository, whole or in parts."""
    found = journal.requests(endpoint=["get_blob", "get_manifest"], repository=name, status={200, 206})
    return {digest for entry in found for digest in entry.digests}


def named_in(store: Store) -> dict[str, set[str]]:
    """What the manifests of each repository name."""
    return {
        repository.name: set().union(*(names_in(manifest.body) or () for manifest in repository.manifests()))
        for repository in store.repositories()
    }
