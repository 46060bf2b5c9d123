"""Going back: snapshot and restore, and how they go along with reset and isolated."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest
from api import sha256

from fakereg import FakeRegistry, Request, faults

START = "/v2/team/app/blobs/uploads/"


@pytest.fixture
def registry() -> FakeRegistry:
    """A registry that does not serve, with an image in it."""
    registry = FakeRegistry(upload_expiry=60)
    registry.seed("team/app:v1")
    return registry


def start_upload(registry: FakeRegistry, content: bytes = b"") -> str:
    """Open a session in team/app and send its first bytes; its path."""
    location = registry.handle(Request("POST", START)).headers["Location"]
    if content:
        assert registry.handle(Request("PATCH", location), content).status == 202
    return location


def tags(registry: FakeRegistry) -> list[str]:
    return [f"{name}:{tag}" for name in registry.repositories for tag in registry.repository(name).tags]


class TestRestore:
    def test_what_was_stored_returns(self, registry: FakeRegistry) -> None:
        """What was pushed since is gone, what was deleted is there again, what was moved is where it was."""
        before = registry.repository("team/app").manifest("v1")
        saved = registry.snapshot()
        registry.handle(Request("DELETE", f"/v2/team/app/manifests/{before.digest}"))
        registry.seed("team/app:v2")
        registry.seed("other/app:v1")

        registry.restore(saved)

        assert tags(registry) == ["team/app:v1"]
        assert registry.repository("team/app").manifest("v1") == before
        assert registry.handle(Request("GET", "/v2/team/app/manifests/v1")).status == 200

    def test_again_and_again(self, registry: FakeRegistry) -> None:
        """What happens after one restore is not in the next."""
        saved = registry.snapshot()
        for number in range(3):
            assert tags(registry) == ["team/app:v1"]
            registry.seed(f"team/app:v1-{number}")
            registry.restore(saved)

        assert tags(registry) == ["team/app:v1"]

    def test_into_another_registry(self, registry: FakeRegistry) -> None:
        """Both go on for themselves, and uploads that come along do not meet the other's new ones."""
        path = start_upload(registry, b"hello ")
        saved = registry.snapshot()
        other = FakeRegistry()

        other.restore(saved)

        opened = [start_upload(one) for one in (other, other, registry)]
        assert len({path, *opened}) == 4
        assert other.handle(Request("PUT", f"{path}?digest={sha256(b'hello world')}"), b"world").status == 201
        assert other.repository("team/app").blob(sha256(b"hello world")) == b"hello world"
        assert sha256(b"hello world") not in registry.repository("team/app").blobs
        assert registry.handle(Request("GET", path)).headers["Range"] == "0-5"

    def test_an_upload_goes_on_where_it_was(self, registry: FakeRegistry) -> None:
        """Also one that was finished since."""
        path = start_upload(registry, b"hello ")
        saved = registry.snapshot()
        finish = Request("PUT", f"{path}?digest={sha256(b'hello world')}")
        assert registry.handle(finish, b"world").status == 201
        assert registry.handle(Request("GET", path)).status == 404

        registry.restore(saved)

        assert registry.handle(Request("GET", path)).headers["Range"] == "0-5"
        assert sha256(b"hello world") not in registry.repository("team/app").blobs
        assert registry.handle(finish, b"world").status == 201

    def test_an_upload_keeps_its_age(self, registry: FakeRegistry) -> None:
        """The clock reads what it read, so that nothing expires that had not."""
        path = start_upload(registry)
        registry.clock.advance(50)
        saved = registry.snapshot()
        registry.clock.advance(1000)

        registry.restore(saved)

        assert 50 <= registry.clock.now() < 60
        assert registry.handle(Request("GET", path)).status == 204
        registry.clock.advance(11)
        assert registry.handle(Request("GET", path)).status == 404

    def test_upload_ids_do_not_come_again(self, registry: FakeRegistry) -> None:
        """A request that is late by a restore does not meet a new session."""
        saved = registry.snapshot()
        opened = []
        for _ in range(3):
            opened += [start_upload(registry), start_upload(registry)]
            registry.restore(saved)
            assert registry.handle(Request("GET", opened[-1])).status == 404

        assert len(set(opened)) == 6

    def test_upload_ids_of_elsewhere_do_not_come_again(self, registry: FakeRegistry) -> None:
        """Not even where another registry is as old as the one that the uploads were begun in."""
        registry.reset()
        path = start_upload(registry, b"hello")
        other = FakeRegistry()

        other.restore(registry.snapshot())

        assert start_upload(other) != path
        assert other.handle(Request("GET", path)).headers["Range"] == "0-4"

    def test_the_test_s_own_things_go_on(self, registry: FakeRegistry) -> None:
        """The journal, faults, warnings and a clock that is frozen or held are not content."""
        clock = registry.clock
        clock.freeze()
        saved = registry.snapshot()
        registry.warn("soon over")
        fault = registry.fault(faults.Respond(503), on="ping", after=1)
        registry.handle(Request("GET", "/v2/"))
        clock.advance(5)

        registry.restore(saved)

        answer = registry.handle(Request("GET", "/v2/"))
        assert "soon over" in answer.headers["Warning"]
        assert (answer.status, fault.fired) == (503, 1)
        assert len(registry.journal) == 2
        assert registry.clock is clock
        assert clock.is_frozen
        assert clock.now() == saved.reading

    def test_requests_under_way_end_on_what_was(self, registry: FakeRegistry) -> None:
        """A push that began before the restore is answered as ever, and leaves nothing afterwards."""
        saved = registry.snapshot()

        def restoring_on_the_way() -> Iterator[bytes]:
            yield b"hello "
            registry.restore(saved)
            yield b"world"

        answer = registry.handle(Request("POST", f"{START}?digest={sha256(b'hello world')}"), restoring_on_the_way())

        assert answer.status == 201
        assert sha256(b"hello world") not in registry.repository("team/app").blobs
        assert registry.diff(saved).lines == []

    @pytest.mark.parametrize("wrong", [None, "saved", FakeRegistry, 3])
    def test_what_is_no_snapshot(self, registry: FakeRegistry, wrong: object) -> None:
        """Is refused with what it was, and nothing is changed."""
        with pytest.raises(TypeError, match=r"restore\(\) takes what snapshot\(\) gave, not (NoneType|str|type|int) "):
            registry.restore(wrong)
        with pytest.raises(TypeError, match=r"diff\(\) takes what snapshot\(\) gave"):
            registry.diff(wrong)

        assert tags(registry) == ["team/app:v1"]

    def test_over_the_network(self) -> None:
        """The port stays, and what is served is what was restored."""
        with FakeRegistry() as registry:
            registry.seed("team/app:v1")
            saved, port = registry.snapshot(), registry.port
            registry.seed("team/app:v2")
            registry.restore(saved)

            assert registry.port == port
            assert f"http://127.0.0.1:{port}: 1 repository, 1 tag, " in repr(saved)


class TestSnapshot:
    def test_it_says_what_it_is(self, registry: FakeRegistry) -> None:
        """Of which registry, and how much is in it."""
        registry.reset()
        assert repr(registry.snapshot()) == (
            "<snapshot of FakeRegistry spec, not serving: 0 repositories, 0 tags, 0 bytes>"
        )
        start_upload(registry, b"hello")
        registry.handle(Request("POST", f"{START}?digest={sha256(b'content')}"), b"content")

        assert repr(registry.snapshot()) == (
            "<snapshot of FakeRegistry spec, not serving: 1 repository, 0 tags, 12 bytes, 1 open upload>"
        )

    def test_it_does_not_change(self, registry: FakeRegistry) -> None:
        """Whatever happens in the registry, and in those that it is restored into."""
        saved = registry.snapshot()
        shown = repr(saved)
        registry.seed("team/app:v2")
        other = FakeRegistry()
        other.restore(saved)
        other.seed("team/app:v3")

        assert repr(saved) == shown
        assert registry.diff(saved).pushed == ["team/app:v2"]
        assert other.diff(saved).pushed == ["team/app:v3"]

    def test_its_parts_cannot_be_replaced(self, registry: FakeRegistry) -> None:
        """It is a value."""
        with pytest.raises(AttributeError):
            registry.snapshot().reading = 5

    def test_content_lives_as_long_as_the_last_snapshot(self, registry: FakeRegistry) -> None:
        """And no longer."""
        digest = registry.repository("team/app").blobs[0]
        blob = weakref.ref(registry._store.find_blob(digest))
        saved = registry.snapshot()
        registry.reset()
        gc.collect()
        assert blob() is not None

        del saved
        gc.collect()

        assert blob() is None


class TestIsolated:
    def test_restored_and_reset_inside(self, registry: FakeRegistry) -> None:
        """What was there before returns with its journal and its clock, whatever was done inside."""
        registry.handle(Request("GET", "/v2/"))
        registry.clock.advance(50)
        saved = registry.snapshot()
        clock = registry.clock

        with registry.isolated():
            assert registry.clock.now() < 50
            registry.seed("inner/app:v1")
            registry.restore(saved)
            assert tags(registry) == ["team/app:v1"]
            assert registry.clock.now() >= 50
            assert len(registry.journal) == 0
            registry.seed("team/app:v2")
            registry.reset()
            assert tags(registry) == []

        assert tags(registry) == ["team/app:v1"]
        assert len(registry.journal) == 1
        assert registry.clock is clock

    def test_nested(self, registry: FakeRegistry) -> None:
        """Each block returns to the one around it, restored or not."""
        with registry.isolated():
            registry.seed("outer/app:v1")
            saved = registry.snapshot()
            with registry.isolated():
                registry.seed("inner/app:v1")
                inner = registry.snapshot()
            registry.seed("outer/app:v2")
            registry.restore(saved)
            assert tags(registry) == ["outer/app:v1"]
            registry.restore(inner)
            assert tags(registry) == ["inner/app:v1"]

        assert tags(registry) == ["team/app:v1"]

    def test_a_snapshot_from_inside_is_good_outside(self, registry: FakeRegistry) -> None:
        """It stands for itself."""
        with registry.isolated():
            registry.seed("inner/app:v1")
            path = start_upload(registry, b"inside")
            saved = registry.snapshot()

        registry.restore(saved)

        assert tags(registry) == ["inner/app:v1"]
        assert registry.handle(Request("GET", path)).headers["Range"] == "0-5"

    def test_frozen_inside(self, registry: FakeRegistry) -> None:
        """The clock inside is one of its own."""
        with registry.isolated():
            registry.clock.freeze()

        assert not registry.clock.is_frozen
