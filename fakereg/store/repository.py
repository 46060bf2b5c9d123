"""One repository: manifests, tags, links to blobs, referrers, upload sessions; one lock.

Every method is atomic: a reader sees all of a change or nothing of it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice

from fakereg.oci.descriptor import Descriptor
from fakereg.oci.digest import Algorithm, Digest
from fakereg.oci.errors import BlobUnknown, BlobUploadUnknown, ManifestBlobUnknown, ManifestUnknown
from fakereg.oci.manifest import Manifest
from fakereg.oci.names import Reference, RepositoryName, Tag, fallback_tag
from fakereg.store.blobs import Blob, BlobPool
from fakereg.store.sorted_names import SortedNames
from fakereg.store.uploads import TRANSITIONS, Event, UploadSession, Writer
from fakereg.store.usage import Usage


@dataclass(slots=True)
class Holdings:
    """What a repository holds, apart from uploads under way.

    Copies of a repository share its holdings until one of them changes something, and makes itself a
    copy first; so holdings that were ever shared do not change any more.
    """

    manifests: dict[Digest, Manifest] = field(default_factory=dict)
    tags: dict[Tag, Digest] = field(default_factory=dict)
    tag_names: SortedNames[Tag] = field(default_factory=SortedNames)
    tags_of: dict[Digest, set[Tag]] = field(default_factory=dict)
    blobs: dict[Digest, Blob] = field(default_factory=dict)
    referrers: dict[Digest, SortedNames[Digest]] = field(default_factory=dict)
    # A repository is known from the first content on, and stays known when the last is deleted.
    known: bool = False

    def copy(self) -> Holdings:
        """Independent holdings of the same content, which itself is shared."""
        return Holdings(
            manifests=self.manifests.copy(),
            tags=self.tags.copy(),
            tag_names=self.tag_names.copy(),
            tags_of={digest: tags.copy() for digest, tags in self.tags_of.items() if tags},
            blobs=self.blobs.copy(),
            referrers={subject: digests.copy() for subject, digests in self.referrers.items()},
            known=self.known,
        )

    def other_bytes(self) -> int:
        """The bytes of all manifests."""
        return sum(len(manifest.body) for manifest in self.manifests.values())


class Repository:
    """A named place for content. Safe to call from any thread."""

    def __init__(self, name: RepositoryName, pool: BlobPool, usage: Usage) -> None:
        self.name = name
        self._pool = pool
        self._usage = usage
        self._lock = threading.Lock()
        self._held = Holdings()
        self._is_shared = False
        self._uploads: dict[str, UploadSession] = {}

    @property
    def is_known(self) -> bool:
        """Whether anything was ever stored here; an upload that was only begun does not count."""
        return self._held.known

    # As a whole

    def locked(self) -> AbstractContextManager[object]:
        """Nothing changes here inside of the block; for Store.copy alone."""
        return self._lock

    def share(self) -> Holdings:
        """What it holds at this moment, and will not be changed any more. The lock is held."""
        self._is_shared = True
        return self._held

    def copy(self, usage: Usage) -> Repository:
        """An independent repository with the same content and the uploads that can be resumed. The lock is held.

        `usage` is that of the store it will belong to; it knows of what `share` gave already.
        """
        other = Repository(self.name, self._pool, usage)
        other._held = self.share()
        other._is_shared = True
        resumable = [session for session in self._uploads.values() if session.resumable]
        other._uploads = {session.id: session.copy(other._lock, usage) for session in resumable}
        return other

    def _own(self) -> Holdings:
        """What it holds, to be changed. The lock is held."""
        if self._is_shared:
            self._held = self._held.copy()
            self._is_shared = False
        return self._held

    # Blobs

    def blob(self, digest: Digest) -> Blob:
        """Raises BlobUnknown."""
        blob = self.find_blob(digest)
        if blob is None:
            raise self._no_blob(digest)
        return blob

    def find_blob(self, digest: Digest) -> Blob | None:
        with self._lock:
            return self._held.blobs.get(digest)

    def link_blob(self, blob: Blob) -> None:
        """Hold a blob that exists already, in the pool or another repository (end-11)."""
        with self._lock:
            is_new = self._link(blob)
        if is_new:
            self._usage.link(blob.digest, len(blob))

    def delete_blob(self, digest: Digest) -> None:
        """Also one that a manifest refers to: the specification leaves that to the client. Raises BlobUnknown."""
        with self._lock:
            # Looked for first: holdings that are shared are not copied for a request that changes nothing.
            if digest not in self._held.blobs:
                raise self._no_blob(digest)
            blob = self._own().blobs.pop(digest)
        self._usage.unlink(digest, len(blob))

    def blobs(self) -> list[Blob]:
        with self._lock:
            return list(self._held.blobs.values())

    def _link(self, blob: Blob) -> bool:
        """Whether the blob is new here. The lock is held."""
        held = self._own()
        is_new = blob.digest not in held.blobs
        held.blobs[blob.digest] = blob
        held.known = True
        return is_new

    def _no_blob(self, digest: Digest) -> BlobUnknown:
        return BlobUnknown(f"repository {self.name} holds no blob {digest}", detail={"digest": digest})

    # Manifests and tags

    def manifest(self, reference: Reference) -> Manifest:
        """Raises ManifestUnknown."""
        with self._lock:
            manifest = self._find(reference)
        if manifest is None:
            raise ManifestUnknown(f"repository {self.name} holds no manifest {reference}")
        return manifest

    def manifests(self) -> list[Manifest]:
        """In the order in which they were first pushed."""
        with self._lock:
            return list(self._held.manifests.values())

    def put_manifest(
        self, manifest: Manifest, tags: Iterable[Tag] = (), *, whole: bool = True, total: int | None = None
    ) -> None:
        """Store a manifest and move all `tags` to it, at once; the digest a tag leaves stays pullable.

        `whole` refuses a manifest whose blobs or child manifests are missing, with ManifestBlobUnknown;
        `total` is the limit of all that the store keeps, beyond which ContentTooLarge is raised.
        """
        size = len(manifest.body)
        reserved = 0 if manifest.digest in self._held.manifests else size
        self._usage.reserve(reserved, total)
        kept = 0
        try:
            with self._lock:
                if whole and (missing := list(self._missing(manifest))):
                    raise ManifestBlobUnknown(missing)
                kept = 0 if manifest.digest in self._held.manifests else size
                self._store(manifest, tags)
        finally:
            self._usage.release(reserved - kept)

    def _store(self, manifest: Manifest, tags: Iterable[Tag]) -> None:
        held = self._own()
        held.known = True
        # The same bytes may have come under another type before, in which they had no subject.
        self._refer(held.manifests.get(manifest.digest), manifest)
        held.manifests[manifest.digest] = manifest
        for tag in tags:
            self._move_tag(tag, manifest.digest)

    def delete_manifest(self, digest: Digest) -> None:
        """Remove a manifest and every tag on it (end-9). Raises ManifestUnknown."""
        with self._lock:
            if digest not in self._held.manifests:
                raise ManifestUnknown(f"repository {self.name} holds no manifest {digest}")
            held = self._own()
            manifest = held.manifests.pop(digest)
            for tag in held.tags_of.pop(digest, ()):
                del held.tags[tag]
                held.tag_names.discard(tag)
            self._refer(manifest, None)
        self._usage.release(len(manifest.body))

    def delete_tag(self, tag: Tag) -> None:
        """Remove a tag; its manifest stays pullable by digest (end-9). Raises ManifestUnknown."""
        with self._lock:
            if tag not in self._held.tags:
                raise ManifestUnknown(f"repository {self.name} holds no tag {tag}")
            held = self._own()
            digest = held.tags.pop(tag)
            held.tag_names.discard(tag)
            held.tags_of[digest].discard(tag)

    def tags(self, *, after: str | None = None, limit: int | None = None) -> tuple[list[Tag], bool]:
        """Up to `limit` tags in byte order, strictly after `after`; and whether more follow (end-8b)."""
        with self._lock:
            return self._held.tag_names.after(after, limit)

    def tagged(self) -> dict[Tag, Digest]:
        """Every tag with its digest, at one moment."""
        with self._lock:
            return dict(self._held.tags)

    def referrers(
        self, subject: Digest, *, artifact_type: str | None = None, after: str | None = None, limit: int
    ) -> list[Descriptor]:
        """Up to `limit` manifests with that subject, in the order of their digests, strictly after `after` (end-12a).

        What the subject's fallback tag lists counts too, if it is here: a client may have kept that
        list up while the referrers API was switched off (ref.14).
        """
        with self._lock:
            found = (self._held.manifests[digest] for digest in self._referring(subject).each_after(after))
            wanted = (one for one in found if artifact_type is None or one.artifact_type == artifact_type)
            return [manifest.as_referrer() for manifest in islice(wanted, limit)]

    def _referring(self, subject: Digest) -> SortedNames[Digest]:
        own = self._held.referrers.get(subject, SortedNames[Digest]())
        fallback = self._find(fallback_tag(subject))
        listed = {child.digest for child in fallback.manifests} if fallback else set()
        extra = [digest for digest in listed & self._held.manifests.keys() if digest not in own]
        return own.copy_with(extra) if extra else own

    def _find(self, reference: Reference) -> Manifest | None:
        digest = self._held.tags.get(reference) if isinstance(reference, Tag) else reference
        return self._held.manifests.get(digest) if digest else None

    def _refer(self, before: Manifest | None, after: Manifest | None) -> None:
        """Keep the referrers in step with a manifest that is stored, replaced or removed."""
        referrers = self._own().referrers
        if before and before.subject:
            others = referrers[before.subject.digest]
            others.discard(before.digest)
            if not others:
                del referrers[before.subject.digest]
        if after and after.subject:
            referrers.setdefault(after.subject.digest, SortedNames()).add(after.digest)

    def _move_tag(self, tag: Tag, digest: Digest) -> None:
        held = self._own()
        before = held.tags.get(tag)
        if before is None:
            held.tag_names.add(tag)
        else:
            held.tags_of[before].discard(tag)
        held.tags[tag] = digest
        held.tags_of.setdefault(digest, set()).add(tag)

    def _missing(self, manifest: Manifest) -> Iterator[Digest]:
        """What the manifest needs and this repository lacks; a child may be a manifest or, of unknown type, a blob."""
        blobs, manifests = self._held.blobs, self._held.manifests
        needed = [descriptor.digest for descriptor in manifest.blobs if descriptor.digest not in blobs]
        needed += [
            child.digest for child in manifest.manifests if not (child.digest in manifests or child.digest in blobs)
        ]
        yield from dict.fromkeys(needed)

    # Upload sessions

    def start_upload(
        self, session_id: str, algorithm: Algorithm, now: float, *, resumable: bool = True
    ) -> UploadSession:
        """Open a session (end-4a), or one that serves a single request and is not `resumable` (end-4b)."""
        session = UploadSession(session_id, algorithm, self._lock, self._usage, now, resumable=resumable)
        with self._lock:
            self._uploads[session_id] = session
        return session

    def upload(self, session_id: str) -> UploadSession:
        """Raises BlobUploadUnknown."""
        with self._lock:
            return self._upload(session_id)

    def uploads(self) -> list[UploadSession]:
        """The sessions that are open."""
        with self._lock:
            return list(self._uploads.values())

    def cancel_upload(self, session_id: str) -> None:
        """Drop a session and its bytes (end-14). Raises BlobUploadUnknown; BlobUploadInvalid while it is closed."""
        with self._lock:
            session = self._upload(session_id)
            session.step(Event.CANCEL)
            del self._uploads[session_id]
        self._usage.release(session.size)

    def _upload(self, session_id: str) -> UploadSession:
        session = self._uploads.get(session_id)
        if session is None:
            raise BlobUploadUnknown(f"repository {self.name} has no upload {session_id!r}: never opened, or ended")
        return session

    def expire_uploads(self, before: float) -> None:
        """Drop the idle sessions that nobody touched since the moment `before`."""
        with self._lock:
            idle = [one for one in self._uploads.values() if (one.state, Event.EXPIRE) in TRANSITIONS]
            expired = [one for one in idle if one.touched < before]
            for session in expired:
                session.step(Event.EXPIRE)
                del self._uploads[session.id]
        self._usage.release(sum(session.size for session in expired))

    def commit_upload(self, session: UploadSession, writer: Writer, digest: Digest, now: float) -> Blob:
        """Turn a complete session into a blob of this repository (end-6).

        Raises DigestInvalid when its content is another; the session then goes on as it was before.
        """
        blob = self._pool.intern(digest, writer.close(digest, now))
        with self._lock:
            session.step(Event.COMMIT)
            self._uploads.pop(session.id, None)
            is_new = self._link(blob)
        if is_new:
            self._usage.link(digest, len(blob), reserved=session.size)
        else:
            self._usage.release(session.size)
        return blob
