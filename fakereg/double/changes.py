"""What differs between two moments of a store, in words and in parts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from fakereg.double.journal.text import counted
from fakereg.oci import media_types
from fakereg.oci.digest import Digest
from fakereg.oci.manifest import Manifest
from fakereg.oci.names import RepositoryName, Tag
from fakereg.store.blobs import Blob, BlobPool
from fakereg.store.repository import Repository
from fakereg.store.store import Store
from fakereg.store.usage import Usage

# Of a digest or an upload id in a line: enough to tell them apart, and to find them in the parts.
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between two moments; false if nothing does. `str()` says it, a line for each change.

        assert diff.pushed == ["team/app:v2"]
        assert not diff.deleted, diff

    Tags are written `team/app:v1`, manifests `team/app@sha256:...`, uploads `team/app/<id>`. `pushed`,
    `retagged` and `deleted` are tags: new ones, moved ones, and those that are gone. `pushed_untagged`
    are new manifests without a tag; `deleted_untagged` those that are gone, but not along with a tag.
    Blobs are digests by repository. `uploads_ended` were finished, cancelled or expired.
    A push that changed nothing is no change. All lists are in byte order.
    """

    pushed: list[str] = field(default_factory=list)
    retagged: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    pushed_untagged: list[str] = field(default_factory=list)
    deleted_untagged: list[str] = field(default_factory=list)
    blobs_added: dict[str, list[str]] = field(default_factory=dict)
    blobs_removed: dict[str, list[str]] = field(default_factory=dict)
    repositories_added: list[str] = field(default_factory=list)
    repositories_removed: list[str] = field(default_factory=list)
    uploads_opened: list[str] = field(default_factory=list)
    uploads_continued: list[str] = field(default_factory=list)
    uploads_ended: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    @classmethod
    def between(cls, before: Store, after: Store) -> Changes:
        """Both must hold still: they are copies."""
        changes = cls()
        earlier, later = ({one.name: one for one in store.places()} for store in (before, after))
        for name in sorted(earlier.keys() | later.keys()):
            _Comparison(changes, name, earlier.get(name), later.get(name)).compare()
        return changes

    def __bool__(self) -> bool:
        return bool(self.lines)

    def __str__(self) -> str:
        return "\n".join(self.lines) or "nothing changed"


class _Comparison:
    """One repository at two moments; None when it was not there."""

    def __init__(
        self, changes: Changes, name: RepositoryName, before: Repository | None, after: Repository | None
    ) -> None:
        self.changes = changes
        self.name = name
        self.before = before or Repository(name, BlobPool(), Usage())
        self.after = after or Repository(name, BlobPool(), Usage())
        self.tags_before, self.tags = self.before.tagged(), self.after.tagged()
        self.manifests_before, self.manifests = (
            {manifest.digest: manifest for manifest in one.manifests()} for one in (self.before, self.after)
        )

    def compare(self) -> None:
        self._compare_existence()
        self._compare_tags()
        self._compare_untagged()
        self._compare_blobs()
        self._compare_uploads()

    def _note(self, part: list[str], what: str, line: str) -> None:
        part.append(what)
        self.changes.lines.append(line)

    def _compare_existence(self) -> None:
        if self.after.is_known and not self.before.is_known:
            self._note(self.changes.repositories_added, self.name, f"{self.name} is a new repository")
        if self.before.is_known and not self.after.is_known:
            self._note(self.changes.repositories_removed, self.name, f"{self.name} is not known any more")

    def _compare_tags(self) -> None:
        for tag in sorted(self.tags_before.keys() | self.tags.keys()):
            before, after = self.tags_before.get(tag), self.tags.get(tag)
            if before != after:
                self._note_tag(tag, before, after)

    def _note_tag(self, tag: Tag, before: Digest | None, after: Digest | None) -> None:
        what = f"{self.name}:{tag}"
        if after is None and before is not None:
            fate = "; {} stays" if before in self.manifests else ", and {} with it"
            self._note(self.changes.deleted, what, f"{what} was deleted{fate.format(short(before))}")
        elif after is not None:
            shown = f"{short(after)} ({describe(self.manifests[after])})"
            if before is None:
                known = ", which was there before" if after in self.manifests_before else ""
                self._note(self.changes.pushed, what, f"{what} was pushed: {shown}{known}")
            else:
                self._note(self.changes.retagged, what, f"{what} moved from {short(before)} to {shown}")

    def _compare_untagged(self) -> None:
        tagged = set(self.tags.values())
        for digest in sorted(self.manifests.keys() - self.manifests_before.keys() - tagged):
            line = f"{self.name}@{short(digest)} was pushed without a tag ({describe(self.manifests[digest])})"
            self._note(self.changes.pushed_untagged, f"{self.name}@{digest}", line)
        told = {digest for tag, digest in self.tags_before.items() if tag not in self.tags}
        for digest in sorted(self.manifests_before.keys() - self.manifests.keys() - told):
            line = f"{self.name}@{short(digest)} was deleted ({describe(self.manifests_before[digest])})"
            self._note(self.changes.deleted_untagged, f"{self.name}@{digest}", line)

    def _compare_blobs(self) -> None:
        before, after = ({blob.digest: blob for blob in one.blobs()} for one in (self.before, self.after))
        added = [after[digest] for digest in sorted(after.keys() - before.keys())]
        removed = [before[digest] for digest in sorted(before.keys() - after.keys())]
        self._note_blobs(self.changes.blobs_added, added, "added")
        self._note_blobs(self.changes.blobs_removed, removed, "removed")

    def _note_blobs(self, part: dict[str, list[str]], blobs: list[Blob], verb: str) -> None:
        if blobs:
            part[self.name] = [blob.digest for blob in blobs]
            number, size = counted(len(blobs), "blob"), counted(sum(map(len, blobs)), "byte")
            self.changes.lines.append(f"{self.name}: {number} {verb}, {size}")

    def _compare_uploads(self) -> None:
        before, after = (_sizes(one) for one in (self.before, self.after))
        for upload in sorted(before.keys() | after.keys()):
            what, line = f"{self.name}/{upload}", f"{self.name}: upload {upload[:SHOWN]}..."
            if upload not in before:
                held = counted(after[upload], "byte")
                self._note(self.changes.uploads_opened, what, f"{line} was left open with {held}")
            elif upload not in after:
                self._note(self.changes.uploads_ended, what, f"{line} ended")
            elif before[upload] != after[upload]:
                line = f"{line} went from {before[upload]} to {counted(after[upload], 'byte')}"
                self._note(self.changes.uploads_continued, what, line)


def _sizes(repository: Repository) -> dict[str, int]:
    return {upload.id: upload.size for upload in repository.uploads()}


def short(digest: Digest) -> str:
    """`sha256:` and the first digits."""
    return f"{digest.algorithm.name}:{digest.hex[:SHOWN]}..."


def describe(manifest: Manifest) -> str:
    """`image, 2 layers`, `index, 3 manifests`, `artifact of type application/spdx+json`, or the media type."""
    return ", ".join(_properties(manifest))


def _properties(manifest: Manifest) -> Iterable[str]:
    kind = manifest.media_type.lower()
    if kind in media_types.INDEXES:
        yield from ("index", counted(len(manifest.manifests), "manifest"))
    elif kind not in media_types.IMAGES:
        yield manifest.media_type
    elif manifest.artifact_type in (media_types.OCI_CONFIG, media_types.DOCKER_CONFIG):
        # `blobs` leaves out the layers that may be elsewhere.
        yield from ("image", counted(len(json.loads(manifest.body)["layers"]), "layer"))
    else:
        yield f"artifact of type {manifest.artifact_type}"
    if manifest.subject:
        yield f"refers to {short(manifest.subject.digest)}"
