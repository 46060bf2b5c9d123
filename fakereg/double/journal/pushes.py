"""What a test asserts of images and blobs, as far as requests tell: pushed, pulled, mounted, uploaded once.

Law of this module: it knows requests, and nothing of what is stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fakereg.double.journal import near_miss
from fakereg.double.journal.entry import Entry
from fakereg.double.journal.queries import Queries
from fakereg.double.journal.sessions import Sessions, names_in
from fakereg.double.journal.text import counted, times
from fakereg.double.journal.wanted import Wanted
from fakereg.oci.digest import Digest
from fakereg.oci.names import Reference, RepositoryName, Tag, split_image

UPLOADS = ("put_upload", "push_blob")
PUTS = ("put_manifest", "put_manifest_tags")


class PushAssertions(Queries):
    """Images are named `team/app:v1` or `team/app@sha256:...`, without a host. Raises NameInvalid or DigestInvalid."""

    def assert_pushed(self, image: str) -> None:
        """The manifest was put under this tag or digest, and taken.

        `registry.assert_pushed` looks into the registry as well, and refuses an image that is not whole.
        """
        __tracebackhide__ = True
        name, reference = split_image(image)
        if not self._pushes(name, reference):
            raise AssertionError(self._missing(_put(name, reference), f"{image} was not pushed"))

    def assert_pulled(self, image: str) -> None:
        """The manifest was got: by this tag or digest, or by the digest that the registry gave for the tag."""
        __tracebackhide__ = True
        name, reference = split_image(image)
        if not self._pulls(name, reference):
            raise AssertionError(self._missing(_get(name, reference), f"{image} was not pulled"))

    def assert_mounted(self, digest: str, *, into: str, from_: str | None = None) -> None:
        """The blob was taken over into the repository `into`, from `from_` if that is given, and not uploaded."""
        __tracebackhide__ = True
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
        raise AssertionError(text)

    def assert_uploaded_once(self, digest: str, *, into: str | None = None) -> None:
        """The blob's content was sent exactly once, whichever way; neither mounted only, nor sent again.

        `into` looks at one repository; without it the content may be sent to no two of them either.
        A chunk that is repeated within its session is not noticed.
        """
        __tracebackhide__ = True
        Digest.parse(digest)
        place = {} if into is None else {"repository": into}
        wanted = Wanted.of(None, None, {"endpoint": UPLOADS, "query": {"digest": digest}, **place})
        found = _sent(self._found(wanted))
        if len(found) == 1 and _taken(found[0]):
            return
        raise AssertionError(self._not_once(digest, wanted, found))

    def assert_no_unused_uploads(self, named: Mapping[str, set[str]] | None = None) -> None:
        """No upload session was left open, and no blob was pushed that no manifest of its repository names.

        `named` says which digests the manifests of a repository name, where somebody knows. Otherwise
        the manifests that were pushed tell; one beyond 64 KiB is not kept, and blobs in its repository
        are not judged then. `registry.assert_no_unused_uploads()` asks the store.
        """
        __tracebackhide__ = True
        entries = list(self)
        sections = [
            ("upload", "opened, and neither closed nor cancelled", Sessions(entries).left_open()),
            ("blob", "pushed, and named by no manifest", _unnamed(entries, named or {})),
        ]
        lines = [
            line
            for noun, what, found in sections
            if found
            for line in (f"{counted(len(found), noun)} {what}:", *near_miss.listed(found))
        ]
        if lines:
            raise AssertionError("\n".join(lines))

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

    def _not_once(self, digest: str, wanted: Wanted, found: Sequence[Entry]) -> str:
        lines = near_miss.listed(found)
        if len(found) > 1:
            return "\n".join([f"{digest} was uploaded {times(len(found))}, wanted once:", *lines])
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


def _sent(closings: Sequence[Entry]) -> list[Entry]:
    """Of the requests that close an upload of a blob those that stand for its content being sent.

    A closing PUT that is repeated in its session without a body sends nothing again.
    """
    found: dict[str, Entry] = {}
    for entry in closings:
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
            if entry.repository not in stored:
                named[entry.repository] = None if before is None or found is None else before | found
    pushed = [one for one in entries if one.endpoint in UPLOADS and _taken(one)]
    return [one for one in pushed if not _is_named(one, named.get(one.repository or "", set()))]


def _is_named(entry: Entry, named: set[str] | None) -> bool:
    return named is None or any(digest in named for digest in entry.digests)
