"""What a registry does that did not quite listen: the request is taken for another one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import ClassVar
from urllib.parse import urlencode

from fakereg.double.fault import Fault, Firing, text, whole
from fakereg.oci.errors import BlobUploadInvalid, BlobUploadUnknown
from fakereg.oci.ranges import ChunkRange
from fakereg.registry.endpoints import find_endpoints
from fakereg.registry.messages import Receiver, Response
from fakereg.store.content import Content, Segment
from fakereg.store.store import Store

_PART = 206


@dataclass(frozen=True, slots=True)
class IgnoreRange(Fault):
    """`Range` is not understood: the whole blob comes, with 200."""

    only_suits: ClassVar[bool] = True

    def suits(self) -> tuple[str, ...]:
        return ("get_blob",)

    def begin(self, firing: Firing) -> None:
        firing.request = firing.request.altered(headers={"Range": None})


@dataclass(frozen=True, slots=True)
class MultipartRange(Fault):
    """A single range is answered as multipart/byteranges, which clients do not expect."""

    only_suits: ClassVar[bool] = True

    def suits(self) -> tuple[str, ...]:
        return ("get_blob",)

    def answer(self, response: Response, firing: Firing) -> Response:
        told = response.headers.get("Content-Range")
        if told is None or response.status != _PART:  # 416 has one too
            return response
        boundary = firing.registry.ids.boundary(firing.request.params.get("name", ""))
        head = f"--{boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: {told}\r\n\r\n"
        body = Content([head.encode(), *response.body.segments, f"\r\n--{boundary}--\r\n".encode()])
        headers = response.headers.without("Content-Range")
        return replace(
            response,
            headers=headers.replaced("Content-Type", f"multipart/byteranges; boundary={boundary}"),
            body=body,
        )


@dataclass(frozen=True, slots=True)
class SetQuery(Fault):
    """A query parameter is taken for another value, or (None) not seen at all.

    SetQuery("n", "1") gives pages of one entry; SetQuery("artifactType", None) leaves referrers unfiltered.
    """

    name: str
    value: str | None = None

    def __post_init__(self) -> None:
        text("name", self.name)
        text("value", self.value, None)

    def begin(self, firing: Firing) -> None:
        pairs = [pair for pair in firing.request.query.pairs if pair[0] != self.name]
        if self.value is not None:
            pairs.append((self.name, self.value))
        firing.request = firing.request.altered(query=urlencode(pairs))


@dataclass(frozen=True, slots=True)
class IgnoreFilter(Fault):
    """Referrers come unfiltered, and without OCI-Filters-Applied: the client has to filter itself (ref.8)."""

    only_suits: ClassVar[bool] = True

    def suits(self) -> tuple[str, ...]:
        return ("filter_referrers",)

    def begin(self, firing: Firing) -> None:
        SetQuery("artifactType", None).begin(firing)


@dataclass(frozen=True, slots=True)
class DeclineMount(Fault):
    """A mount is answered with a new upload session (202), as if the blob were not there."""

    only_suits: ClassVar[bool] = True

    def suits(self) -> tuple[str, ...]:
        return ("mount_blob",)

    def begin(self, firing: Firing) -> None:
        if firing.endpoint is None or firing.endpoint.name != "mount_blob":
            return
        firing.request = firing.request.altered(query="")
        (firing.endpoint,) = find_endpoints("start_upload")


@dataclass(frozen=True, slots=True)
class ForgetUpload(Fault):
    """The upload session of the request is gone, with all that it held."""

    only_suits: ClassVar[bool] = True

    def suits(self) -> tuple[str, ...]:
        return ("patch_upload", "put_upload", "get_upload", "cancel_upload")

    def begin(self, firing: Firing) -> None:
        session = firing.request.params.get("session")
        if session is not None:
            with suppress(BlobUploadUnknown, BlobUploadInvalid):
                firing.registry.repository_for_upload(firing.request).cancel_upload(session)


@dataclass(frozen=True, slots=True)
class PartialAccept(Fault):
    """Of a chunk only the first `keep` bytes are kept; the answer's Range tells so, and the client must go on there."""

    only_suits: ClassVar[bool] = True

    keep: int

    def __post_init__(self) -> None:
        whole("keep", self.keep, 1)

    def suits(self) -> tuple[str, ...]:
        return ("patch_upload",)

    def begin(self, firing: Firing) -> None:
        request, headers = firing.request, dict[str, str | None]()
        told = request.headers.get("Content-Range")
        if told is not None:
            chunk = ChunkRange.parse(told)
            if len(chunk) > self.keep:  # or it would be taken for the last chunk, which may be short
                firing.registry = replace(firing.registry, profile=firing.registry.profile.replace(chunk_minimum=None))
            headers["Content-Range"] = f"{chunk.start}-{min(chunk.stop, chunk.start + self.keep) - 1}"
        length = None if request.length is None else min(request.length, self.keep)
        firing.request = request.altered(headers=headers, length=length)

    def receive(self, receiver: Receiver, firing: Firing) -> Receiver:
        return _First(receiver, self.keep)


class _First:
    """Passes on the first `left` bytes of a body, and drops the rest."""

    def __init__(self, inner: Receiver, left: int) -> None:
        self._inner = inner
        self._left = left

    def feed(self, data: Segment) -> None:
        kept = data[: self._left]
        if kept:
            self._inner.feed(kept)
            self._left -= len(kept)

    def finish(self) -> Response:
        return self._inner.finish()

    def abandon(self) -> None:
        self._inner.abandon()

    @property
    def is_slow(self) -> bool:
        return self._inner.is_slow


@dataclass(frozen=True, slots=True)
class StaleRead(Fault):
    """Reads see the registry as it was when the fault was armed: a tag that was pushed since is old, or not there.

    Whatever writes is done as ever.
    """

    def suits(self) -> tuple[str, ...]:
        return ("get_manifest", "head_manifest", "get_blob", "head_blob")

    def arm(self, store: Store) -> Store:
        return store.copy()

    def begin(self, firing: Firing) -> None:
        if firing.request.method in ("GET", "HEAD"):  # what is written to a copy would be lost
            firing.registry = replace(firing.registry, store=firing.memory)


@dataclass(frozen=True, slots=True)
class LaggingList(StaleRead):
    """The same for lists: tags, referrers and the catalog lag behind what was pushed."""

    def suits(self) -> tuple[str, ...]:
        return ("list_tags", "list_tags_page", "get_referrers", "filter_referrers", "catalog")
