"""What a test asserts of images and blobs, as far as requests tell: pushed, pulled, mounted, uploaded once.

Law of this module: it knows requests, and nothing of what is stored.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from fakereg.double.journal import near_miss
from fakereg.double.journal.entry import Entry
from fakereg.double.journal.queries import Queries
from fakereg.double.journal.sessions import Sessions, names_in
from fakereg.double.journal.text import brief, counted, times
from fakereg.double.journal.wanted import Wanted
from fakereg.oci.digest import Digest
from fakereg.oci.errors import NameInvalid
from fakereg.oci.names import Reference, RepositoryName, Tag, split_image

UPLOADS = ("put_upload", "push_blob")
CHUNKS = ("patch_upload", "start_upload_with")
PUTS = ("put_manifest", "put_manifest_tags")


class PushAssertions(Queries):
    """Images are named `team/app:v1` or `team/app@sha256:...`, without a host. Raises NameInvalid or DigestInvalid."""

    def assert_pushed(self, image: str, *, digest: str | None = None) -> None:
        """The manifest was put under this tag or digest, and taken; `digest` is what it must have been.

        `registry.assert_pushed` looks into the registry as well, and refuses an image that is not whole.
        """
        __tracebackhide__ = True
        name, reference = split_image(image)
        pushes = self._pushes(name, reference)
        if not pushes:
            raise self._failure(self._missing(_put(name, reference), f"{image} was not pushed"))
        self._check_digest(f"{image} was pushed", pushes, digest)

    def assert_pulled(self, image: str, *, digest: str | None = None) -> None:
        """The manifest was got: by this tag or digest, or by the digest that the registry gave for the tag.

        `digest` is what it must have been.
        """
        __tracebackhide__ = True
        name, reference = split_image(image)
        pulls = self._pulls(name, reference)
        if not pulls:
            raise self._failure(self._missing(_get(name, reference), f"{image} was not pulled"))
        self._check_digest(f"{image} was pulled", pulls, digest)

    def assert_mounted(self, digest: str, *, into: str, from_: str | None = None) -> None:
        """The blob was taken over into the repository `into`, from `from_` if that is given, and not uploaded.

        Raises NameInvalid for a repository with a host in front.
        """
        __tracebackhide__ = True
        _refuse_host(into, from_)
        query = {"mount": Digest.parse(digest)} | ({} if from_ is None else {"from": from_})
        wanted: dict[str, Any] = {"endpoint": "mount_blob", "repository": into, "query": query, "status": 201}
        if self._found(Wanted.of(None, None, wanted)):
            return
        origin = "" if from_ is None else f" from {from_}"
        text = self._missing(Wanted.of(None, None, wanted), f"{digest} was not mounted in {into}{origin}")
        if self._found(Wanted.of(None, None, wanted | {"status": 202})):
            text += "\nhint: 202 opens an upload instead: the blob was not where it should have come from"
        elif others := self.requests(endpoint=UPLOADS, digest=digest, status=201):
            text += f"\nhint: it was uploaded instead, by request {others[-1].number}"
        raise self._failure(text)

    def assert_uploaded_once(self, digest: str, *, into: str | None = None) -> None:
        """The blob's content was sent exactly once, whichever way; neither mounted only, nor sent again.

        `into` looks at one repository; without it the content may be sent to no two of them either.
        A chunk that is repeated within its session is not noticed, and what was refused before anything of it
        was received does not count.
        """
        __tracebackhide__ = True
        Digest.parse(digest)
        _refuse_host(into)
        place = {} if into is None else {"repository": into}
        wanted = Wanted.of(None, None, {"endpoint": UPLOADS, "query": {"digest": digest}, **place})
        found = _sent(self._found(wanted), self._received_in_chunks())
        if len(found) == 1 and _taken(found[0]):
            return
        raise self._failure(self._not_once(digest, wanted, found))

    def assert_no_unused_uploads(
        self, named: Mapping[str, set[str]] | None = None, sessions: Collection[str] | None = None
    ) -> None:
        """No upload session was left open, and no blob was pushed that no manifest of its repository names.

        `named` says which digests the manifests of a repository name, where somebody knows. Otherwise
        the manifests that were pushed tell; one beyond 64 KiB is not kept, and blobs in its repository
        are not judged then. `sessions` are the ids of those that are open, where somebody knows. A session whose
        opening answer a fault lost is not judged: the client cannot know it.
        `registry.assert_no_unused_uploads()` asks the store for both.
        """
        __tracebackhide__ = True
        entries = list(self)
        left = [one for one in Sessions(entries).left_open() if sessions is None or one.session in sessions]
        sections = [
            ("upload", "opened, and neither closed nor cancelled", left),
            ("blob", "pushed, and named by no manifest", _unnamed(entries, named or {})),
        ]
        lines = [
            line
            for noun, what, found in sections
            if found
            for line in (f"{counted(len(found), noun)} {what}:", *near_miss.listed(found))
        ]
        if lines:
            raise self._failure("\n".join(lines))

    # Inside

    def _pushes(self, name: RepositoryName, reference: Reference) -> list[Entry]:
        """The requests that pushed it, oldest first."""
        found = self.requests(endpoint=PUTS, repository=name, status=201)
        if isinstance(reference, Tag):
            return [one for one in found if one.reference == reference or reference in one.query.get("tag", [])]
        return [one for one in found if reference in one.digests]

    def _pulls(self, name: RepositoryName, reference: Reference) -> list[Entry]:
        """The requests that pulled its manifest."""
        asked = self.requests(endpoint=["get_manifest", "head_manifest"], repository=name, status=200)
        digests = {digest for one in asked if one.reference == reference for digest in one.digests}
        return [one for one in asked if one.method == "GET" and one.reference in {reference, *digests}]

    def _check_digest(self, what: str, found: Sequence[Entry], digest: str | None) -> None:
        """An answer that does not say which one it is of is believed."""
        __tracebackhide__ = True
        seen = [_digest_of(one) for one in found]
        if digest is None or digest in seen or None in seen:
            return
        others = " and ".join(dict.fromkeys(brief(str(one)) for one in seen))
        raise self._failure("\n".join([f"{what} with {others}, not with {brief(digest)}:", *near_miss.listed(found)]))

    def _received_in_chunks(self) -> Mapping[str, int]:
        """The bytes that each session received before it was closed."""
        received: dict[str, int] = {}
        for entry in self.requests(endpoint=CHUNKS):
            received[str(entry.session)] = received.get(str(entry.session), 0) + entry.received
        return received

    def _not_once(self, digest: str, wanted: Wanted, found: Sequence[Entry]) -> str:
        lines = near_miss.listed(found)
        if len(found) > 1:
            head = f"{digest} was uploaded {times(len(found))}, wanted once:"
            return "\n".join([head, *lines, *near_miss.repetitions(found)])
        if found:
            return "\n".join([f"{digest} was not uploaded: it was refused", *lines])
        text = self._missing(wanted, f"{digest} was not uploaded")
        mounts = self.requests(endpoint="mount_blob", digest=digest, status=201)
        return f"{text}\nhint: it was mounted instead, by request {mounts[-1].number}" if mounts else text


def _put(name: RepositoryName, reference: Reference) -> Wanted:
    return Wanted.of("PUT", f"/v2/{name}/manifests/{reference}", {"status": 201})


def _get(name: RepositoryName, reference: Reference) -> Wanted:
    return Wanted.of("GET", f"/v2/{name}/manifests/{reference}", {"status": 200})


def _taken(entry: Entry) -> bool:
    return entry.status == 201  # noqa: PLR2004 - HTTP's own number


def _digest_of(entry: Entry) -> str | None:
    """The digest of the manifest that was put or got; None if neither the path nor the answer says it."""
    named = entry.answer_headers.get("Docker-Content-Digest") or entry.reference or ""
    return named if ":" in named else None


def _refuse_host(*names: str | None) -> None:
    """Raises NameInvalid, as split_image does."""
    for name in names:
        host, slash, rest = (name or "").partition("/")
        if slash and ":" in host:
            raise NameInvalid(f"leave the host {host!r} out: {rest!r}")


def _sent(closings: Sequence[Entry], chunks: Mapping[str, int]) -> list[Entry]:
    """Of the requests that close an upload of a blob those that stand for its content being sent.

    A closing PUT that is repeated in its session without a body sends nothing again, and what was refused
    before anything arrived sent nothing; it counts where there is nothing else, so that it is told.
    """
    arrived = [one for one in closings if _taken(one) or one.received or chunks.get(str(one.session))]
    found: dict[str, Entry] = {}
    for entry in arrived or closings:
        before = found.get(str(entry.session))
        if entry.endpoint == "push_blob" or (before is not None and entry.received > 0):
            found[f"another, {entry.number}"] = entry
        elif before is None or not _taken(before):
            found[str(entry.session)] = entry
    return list(found.values())


def _unnamed(entries: Sequence[Entry], stored: Mapping[str, set[str]]) -> list[Entry]:
    named: dict[str, set[str] | None] = dict(stored)
    for entry in entries:
        if entry.endpoint in PUTS and _taken(entry) and entry.repository is not None:
            before, found = named.get(entry.repository, set()), names_in(entry.request_body)
            if found is None and entry.repository in stored:
                continue  # unless it was deleted since, what it names is known
            named[entry.repository] = None if before is None or found is None else before | found
    pushed = [one for one in entries if one.endpoint in UPLOADS and _taken(one)]
    return [one for one in pushed if not _is_named(one, named.get(one.repository or "", set()))]


def _is_named(entry: Entry, named: set[str] | None) -> bool:
    return named is None or any(digest in named for digest in entry.digests)
