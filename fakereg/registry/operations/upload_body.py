"""The body of a request on its way into an upload session, within the profile's limits."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from fakereg.oci.errors import BlobUploadInvalid, BlobUploadUnknown, ContentTooLarge, RegistryError, SizeInvalid
from fakereg.oci.ranges import ChunkRange
from fakereg.registry.messages import Request, Response
from fakereg.registry.registry import Registry
from fakereg.store.content import Segment
from fakereg.store.uploads import UploadSession, Writer


class UploadBody:
    """A Receiver that feeds a session; whatever it refuses, it keeps nothing of the body."""

    def __init__(
        self,
        registry: Registry,
        session: UploadSession,
        *,
        then: Callable[[Writer], Response],
        after_failure: Callable[[], None] = lambda: None,
        chunk: ChunkRange | None = None,
        is_slow: bool = False,
    ) -> None:
        """`then` answers once the body is complete; `chunk` is what Content-Range promised, if it came.

        Raises what UploadSession.receive raises.
        """
        self._registry = registry
        self._then = then
        self._after_failure = after_failure
        self._chunk = chunk
        self._writer = session.receive(
            registry.clock.now(),
            at=None if chunk is None else chunk.start,
            total=registry.profile.total_limit,
        )
        self._held = session.size
        self.is_slow = is_slow

    def feed(self, data: Segment) -> None:
        try:
            _check_size(self._registry, self._held + len(data))
            self._writer.write(data)
        except RegistryError:
            self._refuse()
            raise
        self._held += len(data)

    def finish(self) -> Response:
        try:
            if self._chunk is not None and self._writer.received != len(self._chunk):
                raise SizeInvalid(f"Content-Range names {len(self._chunk)} bytes, {self._writer.received} came")
            return self._then(self._writer)
        except RegistryError:
            self._refuse()
            raise

    def abandon(self) -> None:
        self._writer.abandon(self._registry.clock.now())
        self._fail()

    def _refuse(self) -> None:
        self._writer.undo(self._registry.clock.now())
        self._fail()

    def _fail(self) -> None:
        # The session may have been cancelled or taken over meanwhile; that is no news to this request.
        with suppress(BlobUploadUnknown, BlobUploadInvalid):
            self._after_failure()


def check_announced(registry: Registry, request: Request, *, held: int, chunk: ChunkRange | None = None) -> None:
    """Refuse by its announced length what could not be kept anyway, before any of it is read.

    Raises SizeInvalid where Content-Length and Content-Range disagree, ContentTooLarge beyond a limit.
    """
    if request.length is None:
        return
    if chunk is not None and request.length != len(chunk):
        raise SizeInvalid(f"Content-Range names {len(chunk)} bytes, Content-Length {request.length}")
    _check_size(registry, held + request.length)
    total = registry.profile.total_limit
    if total is not None and registry.store.usage.bytes + request.length > total:
        raise ContentTooLarge(f"the registry keeps at most {total} bytes in all, too few for {request.length} more")


def _check_size(registry: Registry, size: int) -> None:
    """Raises ContentTooLarge when an upload of `size` bytes exceeds a limit."""
    profile = registry.profile
    for limit, what in ((profile.blob_limit, "a blob"), (profile.session_limit, "an upload session")):
        if limit is not None and size > limit:
            raise ContentTooLarge(f"{what} holds at most {limit} bytes")
