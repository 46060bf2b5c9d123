"""Whether what was pushed is whole: the part of an assertion that requests alone do not tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fakereg.double.journal import Entry, Journal
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


def explain_push(store: Store, journal: Journal, image: str, digest: Digest | None = None) -> str | None:
    """Why an image that was pushed is not there, or not whole; None if it is.

    `digest` is that of the image, where it is known: its name may have been given to another one since.
    """
    name, reference = split_image(image)
    repository = store.find(name)
    manifest = None if repository is None else find(repository, reference)
    if repository is not None and manifest is not None and digest is not None:
        manifest = find(repository, digest)
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


def explain_pull(store: Store, journal: Journal, image: str, digest: Digest | None = None) -> str | None:
    """What of an image did not arrive; None if all of it did.

    An image is whole if as many bytes of each of its blobs were sent as the blob has, in one answer or in
    several. An index is whole if at least one of its images is, of those whose manifests were asked for; so
    is an index within it. `digest` is that of the image, where it is known; otherwise the name tells.
    """
    name, reference = split_image(image)
    repository = store.find(name)
    manifest = None if repository is None else find(repository, digest or reference)
    if repository is None or manifest is None:
        return f"{image} is not there any more, so nobody knows whether it was pulled as a whole"
    arrivals = _Arrivals(journal, name)
    candidates, deepest = _images(repository, manifest, arrivals)
    if not candidates:
        place = "" if deepest is manifest else f"index {brief(deepest.digest)} in the "
        return f"the {place}index of {image} was pulled, and none of its manifests"
    lacking = min((arrivals.lacking(one) for one in candidates), key=len)
    if not lacking:
        return None
    head = f"the manifest of {image} was pulled, and {counted(len(lacking), 'blob')} of it not:"
    return "\n".join([head, *(line for one in lacking for line in arrivals.told(one))])


def _images(repository: Repository, top: Manifest, arrivals: _Arrivals) -> tuple[list[Manifest], Manifest]:
    """The images below a manifest that were asked for, and the last index above them; an image is its own."""
    images, waiting, seen, deepest = [], [top], {top.digest}, top
    while waiting:
        one = waiting.pop()
        if not one.manifests:
            images.append(one)
            continue
        deepest = one
        for child in one.manifests:
            found = find(repository, child.digest) if child.digest not in seen and arrivals.has(child) else None
            seen.add(child.digest)
            waiting += [found] if found else []
    return images, deepest


class _Arrivals:
    """What of a repository's content was sent, as far as requests tell."""

    def __init__(self, journal: Journal, name: str) -> None:
        self._answers: dict[str, list[Entry]] = {}
        for entry in journal.requests(endpoint=["get_blob", "get_manifest"], repository=name, status={200, 206}):
            for digest in entry.digests:
                self._answers.setdefault(digest, []).append(entry)

    def has(self, one: Descriptor) -> bool:
        """Whether as many bytes were sent as it has; the parts of it are taken for different ones."""
        answers = self._answers.get(one.digest)
        return answers is not None and sum(entry.sent for entry in answers) >= one.size

    def lacking(self, image: Manifest) -> list[Descriptor]:
        """The blobs that did not arrive, each once."""
        return list({blob.digest: blob for blob in image.blobs if not self.has(blob)}.values())

    def told(self, one: Descriptor) -> Iterator[str]:
        """The blob, and the requests that brought a part of it."""
        yield f"  {one.digest}, {one.size} B, {one.media_type}"
        if answers := self._answers.get(one.digest):
            sent = sum(entry.sent for entry in answers)
            met = ", ".join(dict.fromkeys(name for entry in answers for name in entry.faults))
            noun = "request" if len(answers) == 1 else "requests"
            numbers = ", ".join(str(entry.number) for entry in answers)
            yield f"    only {sent} of {one.size} B were sent: {noun} {numbers}{f' (fault: {met})' if met else ''}"


def named_in(store: Store) -> dict[str, set[str]]:
    """What the manifests of each repository name."""
    return {
        repository.name: set().union(*(names_in(manifest.body) or () for manifest in repository.manifests()))
        for repository in store.repositories()
    }


def open_in(store: Store) -> set[str]:
    """The ids of the upload sessions that are open."""
    return {session.id for repository in store.places() for session in repository.uploads()}
