"""THE table of what the OCI Distribution Specification asks of a registry: v1.1, and its main branch beyond it.

A test names the rows that it checks with `@requires`; tests/spec/test_requirements.py sees to it that
every row has a test. Sentences are our own; where one could be read in two ways, the test says how we do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Force = Literal["MUST", "SHOULD", "MAY"]

ALL = (
    "end-1 end-2 end-3 end-4a end-4b end-4c end-5 end-6 end-7a end-7b end-8a end-8b end-9 end-10 end-11 "
    "end-12a end-12b end-13 end-14"
)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One row; `endpoints` are the main branch's ids, empty where no endpoint is meant.

    `since` is "1.1" for what v1.1 asks already, "main" for what the main branch added or made stricter.
    """

    id: str
    force: Force
    endpoints: tuple[str, ...]
    text: str
    since: Literal["1.1", "main"] = "1.1"

    @property
    def section(self) -> str:
        """The id without its number: `push.chunked`."""
        return self.id.rpartition(".")[0]

    @property
    def number(self) -> int:
        return int(self.id.rpartition(".")[2])


def _must(row: str, endpoints: str, text: str) -> Requirement:
    return Requirement(row, "MUST", tuple(endpoints.split()), text)


def _should(row: str, endpoints: str, text: str) -> Requirement:
    return Requirement(row, "SHOULD", tuple(endpoints.split()), text)


def _may(row: str, endpoints: str, text: str) -> Requirement:
    return Requirement(row, "MAY", tuple(endpoints.split()), text)


def _main(row: Requirement) -> Requirement:
    """Asked by the main branch only, or there with more force."""
    return Requirement(row.id, row.force, row.endpoints, row.text, since="main")


SCOPE = (
    _must("scope.1", "end-2 end-3", "Blobs and manifests can always be pulled."),
    _should("scope.2", ALL, "Pushing, discovering and deleting content are offered as well."),
    _must("scope.3", ALL, "Every endpoint of a category that is offered answers."),
    _must("scope.4", "end-1", "/v2/ tells that the API is spoken here; it may ask who the caller is."),
    _must("name.1", ALL, "A repository name has parts of a-z0-9 with single inner separators, joined by slashes."),
    _must("name.2", "end-3 end-7a end-7b end-8b end-9", "A tag is a word of 128 characters at most."),
    _must("name.3", "end-3 end-7a end-9", "What ends a manifest's path is a tag or a digest, nothing else."),
    _should("name.4", ALL, "Host, port, slash and repository name together fit into 255 characters."),
)

ERRORS = (
    _may("err.1", ALL, "The body of a refusal may have any format; clients cope."),
    _must("err.2", ALL, "A refusal in JSON is an object with a list of errors: code, message, detail."),
    _must("err.3", ALL, "A code is one of the fourteen that the specification lists."),
    _may("err.4", ALL, "Message and detail are optional, and a detail is any JSON value."),
    _should("err.5", ALL, "A message is text for people."),
    _may("err.6", ALL, "Codes and headers of older registries may be met; nobody relies on them."),
)

PULL = (
    _must("pull.man.1", "end-3", "A manifest is pulled by tag or by digest, byte for byte."),
    _must("pull.man.2", "end-3", "A manifest that the repository lacks is not found."),
    _main(_must("pull.man.3", "end-3", "A manifest comes with its digest, perhaps of another algorithm than asked.")),
    _must("pull.man.4", "end-3", "Content-Type names the type of the manifest that is served."),
    _should("pull.man.5", "end-3", "A manifest is served under the type it was pushed with."),
    _should("pull.man.6", "end-3", "A manifest's Content-Type has no parameters."),
    _must("pull.blob.1", "end-2", "A blob is pulled by digest, byte for byte."),
    _must("pull.blob.2", "end-2", "A blob that the repository lacks is not found."),
    _main(_must("pull.blob.3", "end-2", "A blob comes with its digest in a header.")),
    _must("pull.blob.4", "end-2", "The digest in the header is that of the body."),
    _should("pull.blob.5", "end-2", "Parts of a blob are served as HTTP's Range describes."),
    _must("pull.head.1", "end-2 end-3", "HEAD of what exists succeeds and has no body."),
    _main(_must("pull.head.2", "end-2 end-3", "HEAD tells the digest that GET tells.")),
    _main(_must("pull.head.3", "end-2 end-3", "HEAD tells the size of what GET sends.")),
    _must("pull.head.4", "end-2 end-3", "HEAD of what does not exist is a 404."),
    _must("pull.repo.1", "end-2 end-3", "Nothing is found in a repository that nobody pushed to."),
)

PUSH_BLOBS = (
    _must("push.start.1", "end-4a", "A POST opens an upload session and says where it continues."),
    _must("push.start.2", "end-4a", "The session's location holds a UUID of its own."),
    _may("push.start.3", "end-4a", "The location may be absolute, and clients extend its query."),
    _should("push.start.4", "end-4a", "A minimum for the length of chunks is announced."),
    _must("push.put.1", "end-6", "A PUT with a digest completes a blob."),
    _must("push.put.2", "end-6", "The location of a completed blob can be pulled."),
    _must("push.put.3", "end-6", "A blob whose content has another digest is not stored."),
    _must("push.put.4", "end-5 end-6 end-13 end-14", "A session that does not exist is not found."),
    _may("push.post.1", "end-4b", "A whole blob may be pushed by one POST."),
    _must("push.post.2", "end-4b", "Such a push answers with a location that can be pulled."),
    _should("push.post.3", "end-4b", "A POST that is not taken as a whole blob opens a session instead."),
    _must("push.post.4", "end-4b", "Such a push must have the length and the digest that were announced."),
    _must("push.chunked.1", "end-5", "A chunk is answered with where to go on and what is held so far."),
    _must("push.chunked.2", "end-5", "A chunk names its first and last byte, counted from 0, both included."),
    _must("push.chunked.3", "end-5", "A chunk must start where the last one ended."),
    _main(_must("push.chunked.4", "end-6", "So must a last chunk that comes with the closing PUT.")),
    _must("push.chunked.5", "end-6", "A PUT with or without bytes closes the session under the whole blob's digest."),
    _may("push.chunked.6", "end-5 end-6", "The last chunk may be shorter than the minimum."),
    _must("push.status.1", "end-13", "An open session tells its location and what it holds."),
    _should("push.status.2", "end-5 end-13", "A client continues at the location that it was told last."),
    _must("push.mount.1", "end-11", "A blob of another repository is mounted without being sent."),
    _may("push.mount.2", "end-11", "Without a source, the blob may be taken from any repository."),
    _should("push.mount.3", "end-11", "Where nothing can be mounted, a session is opened instead."),
    _may("push.mount.4", "end-11", "The digest in the answer may be of another algorithm, but is the blob's."),
)

PUSH_MANIFESTS = (
    _must("push.man.1", "end-7a", "A manifest is stored, and its location can be pulled."),
    _must("push.man.2", "end-7a", "A manifest is kept exactly as its bytes came."),
    _must("push.man.3", "end-7a", "The answer to a push by digest names that very digest."),
    _should("push.man.4", "end-7a", "Parameters of a pushed Content-Type are ignored."),
    _may("push.man.5", "end-7a", "A manifest whose content was not pushed may be refused."),
    _must("push.man.6", "end-7a", "Such a refusal carries the code for missing content."),
    _must("push.man.7", "end-7a", "A manifest may refer to a subject that nobody pushed."),
    _may("push.man.8", "end-7a", "A manifest may list nothing."),
    _should("push.man.9", "end-7a", "A manifest beyond some size is refused."),
    _should("push.man.10", "end-7a", "A manifest of four megabytes is accepted."),
    _must("push.subj.1", "end-7a", "A push with a subject is acknowledged where the referrers API exists."),
    _must("push.subj.2", "end-7a", "Without that API nothing is acknowledged, and clients keep a fallback tag."),
    _main(_must("push.subj.3", "end-3 end-7a", "The fallback tag is made of the subject's digest, cut to length.")),
    _may("push.subj.4", "end-7a", "A push to the fallback tag may carry conditions."),
)

DISCOVERY = (
    _must("tags.1", "end-8a", "A known repository lists its tags under its name."),
    _may("tags.2", "end-8a", "The list may be empty."),
    _main(_must("tags.3", "end-8a end-8b", "Tags come in one order, on all pages.")),
    _must("tags.4", "end-8b", "A page has as many tags as asked, unless fewer exist or a Link goes on."),
    _may("tags.5", "end-8b", "A Link leads on when more remain."),
    _must("tags.6", "end-8b", "The Link is an address in angle brackets, related as next."),
    _must("tags.7", "end-8b", "A page of none is an empty list without a Link."),
    _must("tags.8", "end-8b", "A list may start after a given tag."),
    _must("tags.9", "end-8a", "A repository that nobody pushed to has no list."),
    _must("ref.1", "end-12a", "Referrers are listed as an image index."),
    _must("ref.2", "end-12a", "A subject without referrers, or never pushed, is no reason for a 404."),
    _must("ref.3", "end-12a", "A malformed digest is a bad request."),
    _must("ref.4", "end-12a", "The list has exactly the media type of an index."),
    _must("ref.5", "end-12a", "Images and indexes of this repository with that subject are listed."),
    _must("ref.6", "end-12a", "An entry repeats the manifest's artifact type."),
    _must("ref.7", "end-12a", "An image without an artifact type is listed under its config's type."),
    _must("ref.8", "end-12a", "An index without an artifact type is listed without one."),
    _must("ref.9", "end-12a", "An entry repeats the manifest's annotations."),
    _must("ref.10", "end-12a", "A list without entries is an empty list."),
    _must("ref.11", "end-12a", "A list that is too long goes on by Link."),
    _should("ref.12", "end-12b", "The list can be narrowed to one artifact type."),
    _must("ref.13", "end-12b", "A narrowed list says so."),
    _must("ref.14", "end-12a", "Once switched on, the API also lists what fallback tags list."),
    _may("ref.15", "end-12a", "It may list everything with a subject that was pushed before."),
    _must("ref.16", "end-12a", "It lists everything with a subject that is pushed from then on."),
)

MANAGEMENT = (
    _may("del.1", "end-9 end-10", "Deleting, or deleting tags alone, may be switched off."),
    _must("del.2", "end-9 end-10", "What is switched off is refused as unsupported."),
    _must("del.3", "end-9", "An unknown tag or digest cannot be deleted."),
    _must("del.tag.1", "end-9", "A tag is deleted by its name."),
    _must("del.tag.2", "end-9", "A deleted tag is gone."),
    _must("del.man.1", "end-9", "A manifest is deleted by its digest."),
    _must("del.man.2", "end-9", "A deleted manifest is gone, and with it every tag on it."),
    _must("del.man.3", "end-9", "Nothing can be deleted in a repository that nobody pushed to."),
    _must("del.blob.1", "end-10", "A blob is deleted by its digest."),
    _must("del.blob.2", "end-10", "An unknown blob cannot be deleted."),
)

WARNINGS_AND_EXTENSIONS = (
    _may("warn.1", ALL, "An answer may carry warnings."),
    _must("warn.2", ALL, "A warning has the code 299, the agent -, a quoted text and no date."),
    _must("warn.3", ALL, "The warnings of one answer have 4096 bytes at most."),
    _may("ext.1", "", "Paths with a part that starts with an underscore belong to extensions."),
    _may("ext.2", "", "Extensions may be listed; where they are not, the path is unsupported."),
)

MAIN = (
    _main(_should("main.1", ALL, "What is not said follows HTTP.")),
    _main(_may("main.2", ALL, "A request may be redirected; the last answer has the status asked for.")),
    _main(_should("main.3", ALL, "Who is told to slow down is told for how long.")),
    _main(_should("main.4", "end-4b end-6", "A malformed digest, or one of an unknown algorithm, is a bad request.")),
    _main(_must("main.5", "end-4c", "A session is opened for the digest algorithm that the client names.")),
    _main(_may("main.tag.1", "end-7b", "A push by digest may name tags to set.")),
    _main(_should("main.tag.2", "end-7b", "At least ten tags are taken at once.")),
    _main(_may("main.tag.3", "end-7b", "Too many tags may be refused.")),
    _main(_must("main.tag.4", "end-7b", "Every tag that was set is named in the answer.")),
    _main(_should("main.cancel.1", "end-14", "A session can be dropped.")),
    _main(_should("main.cancel.2", "end-4a", "A session that nobody continues goes after a while.")),
    _main(_may("main.ns.1", "end-2 end-3", "A pull may name the upstream host, and is served all the same.")),
    _main(_should("main.ns.2", "end-2 end-3", "A registry that heeds that name says so.")),
)

REQUIREMENTS: tuple[Requirement, ...] = (
    *SCOPE,
    *ERRORS,
    *PULL,
    *PUSH_BLOBS,
    *PUSH_MANIFESTS,
    *DISCOVERY,
    *MANAGEMENT,
    *WARNINGS_AND_EXTENSIONS,
    *MAIN,
)
