"""Faults of the bodies that clients send: invited ones, long ones, and such as end in the middle."""

from __future__ import annotations

from typing import ClassVar

import pytest
from api import sha256
from on_the_wire import MANIFEST, NAME, UPLOADS, Line, ask, request, session
from raw_client import eventually

from fakereg import FakeRegistry, faults
from fakereg.http import connection

LONG = bytes(range(256)) * 12 * 1024  # 3 MiB, more than what takes the way through aiohttp's buffers


class TestInvitedBodies:
    """Expect: 100-continue."""

    HEAD: ClassVar = {"Expect": "100-continue", "Content_Length": "10"}

    def test_a_refusal_comes_instead_of_the_invitation(self, registry: FakeRegistry) -> None:
        """The client learns it before it sends anything."""
        path = session(registry)
        with registry.fault(faults.Respond(503), on="patch_upload"), Line(registry.port) as line:
            data, end = line.send(request(registry.port, "PATCH", path, **self.HEAD)).rest()

        assert data.startswith(b"HTTP/1.1 503 ")
        assert end == "closed"

    def test_a_reset_within_the_body_comes_after_it(self, registry: FakeRegistry) -> None:
        """The body is invited, and then cut."""
        path = session(registry)
        with registry.fault(faults.Reset("upload", after=4)), Line(registry.port) as line:
            line.send(request(registry.port, "PATCH", path, **self.HEAD))
            invitation = line.socket.recv(65536)
            data, end = line.send(b"0123456789").rest()

        assert invitation == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert (data, end) == (b"", "reset")
        assert ask(registry, "GET", path).headers["Range"] == "0-3"

    def test_no_answer_at_all(self, registry: FakeRegistry) -> None:
        """Neither an invitation nor an answer."""
        path = session(registry)
        with registry.fault(faults.EmptyAnswer(), on="patch_upload"), Line(registry.port) as line:
            assert line.send(request(registry.port, "PATCH", path, **self.HEAD)).rest() == (b"", "closed")


class TestLongBodies:
    """Beyond a mebibyte a body takes another way in."""

    def test_the_other_way_is_taken(self, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
        """A fault that needs to see the body does not change that."""
        taken = []
        receive = connection.Connection.receive_body

        async def noted(self: connection.Connection, size: int, exchange: object) -> None:
            taken.append(size)
            await receive(self, size, exchange)  # type: ignore[arg-type]

        monkeypatch.setattr(connection.Connection, "receive_body", noted)
        path = session(registry)
        with registry.fault(faults.PartialAccept(2_000_001)):
            seen = ask(registry, "PATCH", path, LONG)

        assert taken
        assert seen.headers["Range"] == "0-2000000"

    @pytest.mark.parametrize("after", [0, 1, 1024 * 1024, 1_500_001, len(LONG) - 1, len(LONG)])
    def test_a_reset_within(self, registry: FakeRegistry, after: int) -> None:
        """So many bytes are kept, to the byte, and the upload goes on from there."""
        path = session(registry)
        with registry.fault(faults.Reset("upload", after=after), on="patch_upload"):
            seen = ask(registry, "PATCH", path, LONG)

        assert (seen.raw, seen.end) == (b"", "reset")
        eventually(lambda: ask(registry, "GET", path).headers["Range"] == f"0-{max(0, after - 1)}")
        rest = ask(registry, "PATCH", path, LONG[after:] or b"")
        assert rest.headers["Range"] == f"0-{len(LONG) - 1}"
        assert ask(registry, "PUT", f"{path}?digest={sha256(LONG)}", b"").status == 201

    def test_a_reset_beyond(self, registry: FakeRegistry) -> None:
        """A body that is shorter is lost at its end, and all of it is kept."""
        path = session(registry)
        with registry.fault(faults.Reset("upload", after=10**9), on="patch_upload"):
            assert ask(registry, "PATCH", path, LONG).end == "reset"

        assert ask(registry, "GET", path).headers["Range"] == f"0-{len(LONG) - 1}"

    def test_a_reset_within_a_single_post(self, registry: FakeRegistry) -> None:
        """Nobody knows its session, so nothing of it stays."""
        with registry.fault(faults.Reset("upload", after=1_500_000), on="push_blob"):
            assert ask(registry, "POST", f"{UPLOADS}?digest={sha256(LONG)}", LONG).end == "reset"

        repository = registry.repository(NAME)
        eventually(lambda: not repository.uploads)
        assert ask(registry, "HEAD", f"/v2/{NAME}/blobs/{sha256(LONG)}").status == 404

    def test_a_reset_within_a_manifest(self, registry: FakeRegistry) -> None:
        """What did not arrive whole is not there."""
        with registry.fault(faults.Reset("upload", after=10)):
            assert ask(registry, "PUT", f"/v2/{NAME}/manifests/v2", MANIFEST).end == "reset"

        assert registry.repository(NAME).tags == ["v1"]

    def test_part_of_a_chunk(self, registry: FakeRegistry) -> None:
        """The answer tells how much was kept, and the rest is taken from there."""
        path = session(registry)
        with registry.fault(faults.PartialAccept(1_234_567), times=1):
            first = ask(registry, "PATCH", path, LONG, Content_Range=f"0-{len(LONG) - 1}")
        rest = ask(registry, "PATCH", path, LONG[1_234_567:], Content_Range=f"1234567-{len(LONG) - 1}")

        assert (first.status, first.headers["Range"], first.end) == (202, "0-1234566", "kept")
        assert rest.status == 202
        assert ask(registry, "PUT", f"{path}?digest={sha256(LONG)}", b"").status == 201

    def test_part_of_a_stream(self, registry: FakeRegistry) -> None:
        """A body of unknown length, too."""
        path = session(registry)
        with registry.fault(faults.PartialAccept(5)), Line(registry.port) as line:
            line.send(request(registry.port, "PATCH", path, Transfer_Encoding="chunked"))
            seen = line.send(b"4\r\n0123\r\n4\r\n4567\r\n0\r\n\r\n").answer()

        assert (seen.status, seen.headers["Range"]) == (202, "0-4")

    def test_part_of_a_chunk_below_the_minimum(self) -> None:
        """It is not taken for the last chunk, which alone may be so short: the client can go on."""
        with FakeRegistry(chunk_minimum=8) as registry:
            path = session(registry)
            with registry.fault(faults.PartialAccept(3), times=1):
                first = ask(registry, "PATCH", path, b"0123456789", Content_Range="0-9")
            rest = ask(registry, "PATCH", path, b"3456789abcd", Content_Range="3-13")

        assert (first.status, first.headers["Range"]) == (202, "0-2")
        assert (rest.status, rest.headers["Range"]) == (202, "0-13")

    def test_more_than_there_is(self, registry: FakeRegistry) -> None:
        """A chunk that is shorter is kept whole."""
        path = session(registry)
        with registry.fault(faults.PartialAccept(100)):
            seen = ask(registry, "PATCH", path, b"0123", Content_Range="0-3")

        assert (seen.status, seen.headers["Range"]) == (202, "0-3")

    def test_a_slow_upload(self, registry: FakeRegistry) -> None:
        """The body is read at the rate, and arrives whole."""
        path = session(registry)
        with registry.fault(faults.Throttle(20 * len(LONG), down=False), on="put_upload"):
            seen = ask(registry, "PUT", f"{path}?digest={sha256(LONG)}", LONG)

        assert (seen.status, seen.end) == (201, "kept")
        assert 0.05 <= seen.seconds < 5

    def test_a_slow_upload_that_is_cut(self, registry: FakeRegistry) -> None:
        """Two faults on one body."""
        path = session(registry)
        with registry.fault(
            faults.Throttle(10 * len(LONG)), faults.Reset("upload", after=1_000_003), on="patch_upload"
        ):
            assert ask(registry, "PATCH", path, LONG).end == "reset"

        assert ask(registry, "GET", path).headers["Range"] == "0-1000002"

    @pytest.mark.parametrize("fault", [faults.Respond(503), faults.Redirect("/elsewhere")], ids=str)
    def test_an_answer_before_the_body(self, registry: FakeRegistry, fault: faults.Fault) -> None:
        """A client that sends first and reads then still finds the answer."""
        path = session(registry)
        with registry.fault(fault, on="patch_upload"):
            seen = ask(registry, "PATCH", path, LONG)

        assert seen.status in (503, 307)
