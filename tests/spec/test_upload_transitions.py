"""The states of an upload session: what may happen in each, and what it leads to."""

from __future__ import annotations

import pytest
from requires import requires

from fakereg.clock import Clock
from fakereg.oci.digest import SHA256, Digest
from fakereg.oci.errors import BlobUploadInvalid, BlobUploadUnknown
from fakereg.oci.names import RepositoryName
from fakereg.store.repository import Repository
from fakereg.store.store import Store
from fakereg.store.uploads import TRANSITIONS, Event, State, UploadSession

# From the picture in fakereg/store/uploads.py: what may happen in each state, and what it leads to.
PICTURE: dict[State, dict[Event, State]] = {
    State.IDLE: {Event.RECEIVE: State.RECEIVING, Event.CANCEL: State.CANCELLED, Event.EXPIRE: State.EXPIRED},
    State.RECEIVING: {
        Event.RECEIVE: State.RECEIVING,
        Event.SETTLE: State.IDLE,
        Event.CLOSE: State.CLOSING,
        Event.CANCEL: State.CANCELLED,
    },
    State.CLOSING: {Event.REFUSE: State.IDLE, Event.COMMIT: State.COMMITTED},
    State.COMMITTED: {},
    State.CANCELLED: {},
    State.EXPIRED: {},
}


class TestTransitions:
    """The table itself, as no client can stop a session between the checking of a digest and the storing."""

    @pytest.fixture
    def repository(self) -> Repository:
        return Store().repository(RepositoryName("team/app"))

    @pytest.fixture
    def session(self, repository: Repository) -> UploadSession:
        return repository.start_upload("some-session", SHA256, Clock().now())

    @requires("push.put.4")
    @pytest.mark.parametrize("event", Event)
    @pytest.mark.parametrize("state", State)
    def test_table_is_the_picture(self, session: UploadSession, state: State, event: Event) -> None:
        """Each event either leads where the picture says, or is refused and changes nothing."""
        session.state = state
        expected = PICTURE[state].get(event)

        if expected:
            session.step(event)
            assert session.state is expected
        else:
            with pytest.raises(BlobUploadInvalid if state is State.CLOSING else BlobUploadUnknown):
                session.step(event)
            assert session.state is state
        assert TRANSITIONS.get((state, event)) is expected

    @requires("push.put.4")
    def test_nothing_interferes_with_closing(self, repository: Repository, session: UploadSession) -> None:
        """While a blob is being stored, its session takes no bytes, cannot be cancelled and does not expire."""
        writer = session.receive(0.0)
        writer.write(b"hello")
        writer.close(Digest.of(b"hello"), now=0)
        assert session.state is State.CLOSING

        with pytest.raises(BlobUploadInvalid, match="being closed"):
            session.receive(0.0)
        with pytest.raises(BlobUploadInvalid, match="being closed"):
            repository.cancel_upload(session.id)
        repository.expire_uploads(before=1e9)
        assert repository.upload(session.id).state is State.CLOSING
