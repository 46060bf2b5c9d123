"""Upload sessions: how a blob arrives in pieces, from one request or many.

A session moves through the states of TRANSITIONS and nothing else moves it:

            RECEIVE (a newer request takes over)
                 ┌──┐
    IDLE ──RECEIVE──▶ RECEIVING ──CLOSE──▶ CLOSING ──COMMIT──▶ COMMITTED
     │ ◀───SETTLE────     │                   │
     │ ◀──────────────────┼──────REFUSE───────┘   (the digest was wrong)
     ├──CANCEL─┐    CANCEL│
     │         ▼          ▼
     │       CANCELLED ◀──┘
     └──EXPIRE──▶ EXPIRED

Law of this module: what is under the lock is the repository's; a hash that a session shows was never
updated after it was shown (writers update a copy), so no lock is needed to hash.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from fakereg.oci.digest import Algorithm, Digest, Hasher
from fakereg.oci.errors import (
    BlobUploadInvalid,
    BlobUploadUnknown,
    ContentTooLarge,
    DigestInvalid,
    RegistryError,
    UploadRangeInvalid,
)
from fakereg.oci.ranges import upload_range
from fakereg.store.content import Content, Segment
from fakereg.store.usage import Usage

# Pieces smaller than this are gathered, so that a body in one-byte chunks costs no object per byte.
GATHER = 64 * 1024


class State(Enum):
    IDLE = "idle"
    RECEIVING = "receiving"
    CLOSING = "closing"
    COMMITTED = "committed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Event(Enum):
    RECEIVE = "receive"
    SETTLE = "settle"
    CLOSE = "close"
    REFUSE = "refuse"
    COMMIT = "commit"
    CANCEL = "cancel"
    EXPIRE = "expire"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.IDLE, Event.RECEIVE): State.RECEIVING,
    (State.IDLE, Event.CANCEL): State.CANCELLED,
    (State.IDLE, Event.EXPIRE): State.EXPIRED,
    (State.RECEIVING, Event.RECEIVE): State.RECEIVING,
    (State.RECEIVING, Event.SETTLE): State.IDLE,
    (State.RECEIVING, Event.CLOSE): State.CLOSING,
    (State.RECEIVING, Event.CANCEL): State.CANCELLED,
    (State.CLOSING, Event.REFUSE): State.IDLE,
    (State.CLOSING, Event.COMMIT): State.COMMITTED,
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A point to which a session can go back: how many segments and bytes it held, and their hash."""

    segments: int
    size: int
    hasher: Hasher


class UploadSession:
    """The bytes that arrived so far under one upload id. `lock` is that of the repository.

    A session is resumable unless it serves one request alone, whose client never learns its id.
    """

    def __init__(
        self,
        session_id: str,
        algorithm: Algorithm,
        lock: threading.Lock,
        usage: Usage,
        now: float,
        *,
        resumable: bool = True,
    ) -> None:
        self.id = session_id
        self.algorithm = algorithm
        self.state = State.IDLE
        self.touched = now
        self.resumable = resumable
        self.short_chunk = False
        self._lock = lock
        self._usage = usage
        self._segments: list[Segment] = []
        self._mark = Mark(0, 0, algorithm.new())
        self._writer: Writer | None = None

    @property
    def size(self) -> int:
        """Bytes that are kept; the next one belongs at this offset."""
        return self._mark.size

    def receive(self, now: float, *, at: int | None = None, total: int | None = None) -> Writer:
        """Begin to take the body of a request; a request that still sends is detached.

        `at` is the offset that the client names, `total` the limit of all that the store keeps.
        Raises UploadRangeInvalid when the session does not stand there, BlobUploadInvalid when it is
        being closed, BlobUploadUnknown when it has ended.
        """
        with self._lock:
            if at is not None and at != self.size:
                raise UploadRangeInvalid(
                    f"the chunk starts at {at}, but the upload holds {self.size} bytes",
                    headers={"Range": upload_range(self.size)},
                )
            self.step(Event.RECEIVE)
            self.touched = now
            self._writer = Writer(self, self._lock, self._usage, self._mark, total)
            return self._writer

    def step(self, event: Event) -> None:
        """Move by the table; the lock is held. Raises BlobUploadInvalid or BlobUploadUnknown."""
        state = TRANSITIONS.get((self.state, event))
        if state is None:
            if self.state is State.CLOSING:
                raise BlobUploadInvalid(f"upload {self.id} is being closed by another request")
            raise BlobUploadUnknown(f"upload {self.id} is {self.state.value}")
        self.state = state
        if state is not State.RECEIVING and state is not State.CLOSING:
            self._writer = None

    def is_written_by(self, writer: Writer) -> bool:
        return self._writer is writer

    def append(self, segment: Segment, hasher: Hasher) -> None:
        """Keep a segment; `hasher` covers all up to its end and is not updated any more. The lock is held."""
        self._segments.append(segment)
        self._mark = Mark(len(self._segments), self.size + len(segment), hasher)

    def go_back(self, mark: Mark) -> int:
        """Forget what came after `mark`; how many bytes that was. The lock is held."""
        dropped = self.size - mark.size
        del self._segments[mark.segments :]
        self._mark = mark
        return dropped

    def content(self) -> Content:
        return Content(self._segments)

    def copy(self, lock: threading.Lock, usage: Usage) -> UploadSession:
        """An idle session under the same id that holds what this one shows. The lock is held.

        A request that still sends counts as one whose client vanished at this moment: what arrived is kept.
        """
        other = UploadSession(self.id, self.algorithm, lock, usage, self.touched)
        other.short_chunk = self.short_chunk
        other._segments = self._segments.copy()
        other._mark = self._mark
        return other


class Writer:
    """One request's hand on a session.

    Any call but `abandon` and `undo` raises BlobUploadInvalid once a newer request has taken over,
    BlobUploadUnknown once the session has ended, and ContentTooLarge once the store is full.
    """

    def __init__(
        self, session: UploadSession, lock: threading.Lock, usage: Usage, start: Mark, total: int | None
    ) -> None:
        self._session = session
        self._lock = lock
        self._usage = usage
        self._total = total
        self._start = start
        self._hasher = start.hasher
        self._gathered = bytearray()
        self.received = 0

    def write(self, data: Segment) -> None:
        """Take the next bytes of the body."""
        self.received += len(data)
        if len(data) < GATHER:
            self._gathered += data
            if len(self._gathered) >= GATHER:
                self._flush()
        else:
            self._flush()
            self._append(data)

    def settle(self, now: float, *, short_chunk: bool = False) -> int:
        """The body is complete: keep it, and answer the session's size in bytes."""
        self._flush()
        with self._lock:
            self._check()
            self._session.step(Event.SETTLE)
            self._session.touched = now
            self._session.short_chunk |= short_chunk
            return self._session.size

    def abandon(self, now: float) -> None:
        """The client vanished: keep what arrived, unless the session went on without it."""
        with suppress(BlobUploadInvalid, BlobUploadUnknown):
            try:
                self.settle(now)
            except ContentTooLarge:
                self.undo(now)

    def undo(self, now: float) -> None:
        """The body is refused: keep nothing of it."""
        self._gathered.clear()
        self._go_back(Event.SETTLE, now)

    def close(self, digest: Digest, now: float) -> Content:
        """The blob is complete: its content, checked against `digest`.

        The session waits in CLOSING for the repository to commit it. Raises DigestInvalid when the
        content is another; then nothing of this body is kept, and the session goes on.
        Slow when `digest` is of another algorithm than the session's: the content is hashed anew.
        """
        self._flush()
        with self._lock:
            self._check()
            self._session.step(Event.CLOSE)
            content, hasher = self._session.content(), self._hasher
        try:
            self._verify(content, hasher, digest)
        except BaseException:  # also a lack of memory: nobody could end a session that stays in CLOSING
            self._go_back(Event.REFUSE, now)
            raise
        return content

    def _verify(self, content: Content, hasher: Hasher, digest: Digest) -> None:
        same = digest.algorithm is self._session.algorithm
        actual = digest.algorithm.of(hasher) if same else digest.algorithm.digest(content.segments)
        if actual != digest:
            # A client whose PUT broke off and that sends the whole again meets what was kept of the first.
            earlier = f"; {self._start.size} of its {len(content)} bytes came before" if self._start.size else ""
            raise DigestInvalid(f"the content's digest is {actual}, not {digest}{earlier}", detail={"digest": actual})

    def _go_back(self, event: Event, now: float) -> None:
        """Forget this body, if the session is still this writer's."""
        dropped = 0
        with self._lock:
            if self._session.is_written_by(self):
                dropped = self._session.go_back(self._start)
                self._session.touched = now
                self._session.step(event)
        self._usage.release(dropped)

    def _flush(self) -> None:
        if self._gathered:
            segment = bytes(self._gathered)
            self._gathered.clear()
            self._append(segment)

    def _append(self, data: Segment) -> None:
        # A copy, because the session's hash may be read by a newer writer at this moment.
        hasher = self._hasher.copy()
        hasher.update(data)
        self._usage.reserve(len(data), self._total)
        try:
            with self._lock:
                self._check()
                self._session.append(data, hasher)
        except RegistryError:
            self._usage.release(len(data))
            raise
        self._hasher = hasher

    def _check(self) -> None:
        if not self._session.is_written_by(self):
            if self._session.state in (State.CANCELLED, State.EXPIRED, State.COMMITTED):
                raise BlobUploadUnknown(f"upload {self._session.id} is {self._session.state.value}")
            raise BlobUploadInvalid(f"upload {self._session.id} was taken over by a newer request")
