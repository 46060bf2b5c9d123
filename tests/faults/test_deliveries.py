"""How answers go out: the delivery that each fault makes, how several combine, and what the wire makes of them."""

from __future__ import annotations

import math

import pytest
from on_the_wire import (
    BLOB,
    BLOB_DIGEST,
    BLOB_PATH,
    MANIFEST,
    TAG,
    UPLOADS,
    Line,
    ask,
    request,
    seeded,
    session,
)
from unplugged import send

from fakereg import FakeRegistry, faults
from fakereg.registry.delivery import PLAIN, Delivery, Ending, Framing, Pause


def delivery(*what: faults.Fault, method: str = "GET", target: str = BLOB_PATH) -> Delivery:
    """How the answer would go out."""
    registry = seeded(FakeRegistry())
    registry.fault(*what, on="end-2")
    return send(registry, method, target).delivery


class TestValues:
    @pytest.mark.parametrize(
        ("fault", "made"),
        [
            (faults.Respond(503), PLAIN),
            (faults.SetHeader("X-Name", "x"), PLAIN),
            (faults.Corrupt(1), PLAIN),
            (faults.Truncate(5, honest=True), PLAIN),
            (faults.Truncate(1000), PLAIN),
            (faults.Reset("within", after=101), PLAIN),
            (faults.Reset("within", after=100), Delivery(ending=Ending.RESET, body_bytes=100)),
            (faults.Truncate(5), Delivery(ending=Ending.CLOSE, body_bytes=5)),
            (faults.Truncate(5, clean=False), Delivery(ending=Ending.RESET, body_bytes=5)),
            (faults.Reset(), Delivery(ending=Ending.RESET, head_bytes=0)),
            (faults.Reset("within", after=5), Delivery(ending=Ending.RESET, body_bytes=5)),
            (faults.Reset("after"), Delivery(ending=Ending.RESET)),
            (faults.EmptyAnswer(), Delivery(ending=Ending.CLOSE, head_bytes=0)),
            (faults.LoseAnswer(), Delivery(ending=Ending.RESET, head_bytes=0)),
            (faults.LoseAnswer(clean=True), Delivery(ending=Ending.CLOSE, head_bytes=0)),
            (faults.Delay(2), Delivery(delay=2)),
            (faults.Delay(2, before="body"), Delivery(pauses=(Pause(0, 2),))),
            (faults.Stall(), Delivery(delay=math.inf)),
            (faults.Stall(7, seconds=2), Delivery(pauses=(Pause(7, 2),))),
            (faults.Throttle(100), Delivery(rate=100)),
            (faults.Throttle(100, down=False), PLAIN),
            (faults.ChunkedEncoding(), Delivery(framing=Framing.CHUNKED)),
            (
                faults.DropHeader("content-length"),
                Delivery(framing=Framing.UNTIL_CLOSE, lines=(("content-length", None),)),
            ),
            (faults.DropHeader("Date"), Delivery(lines=(("Date", None),))),
            (faults.SetHeader("Server", "nginx"), Delivery(lines=(("Server", "nginx"),))),
        ],
        ids=str,
    )
    def test_each(self, fault: faults.Fault, made: Delivery) -> None:
        """What a fault asks of the wire is a value on the answer; what it does not need to ask stays plain."""
        assert delivery(fault) == made


class TestCombined:
    def test_a_cut_that_is_late_and_slow(self) -> None:
        """Each says one thing of the delivery, and all of it holds."""
        made = delivery(faults.Delay(1), faults.Truncate(50), faults.Throttle(100), faults.Stall(20, seconds=3))

        assert made == Delivery(ending=Ending.CLOSE, delay=1, body_bytes=50, rate=100, pauses=(Pause(20, 3),))

    def test_delays_add_up(self) -> None:
        """Two delays are one after the other."""
        assert delivery(faults.Delay(1), faults.Delay(2), faults.Delay(1, before="body")) == Delivery(
            delay=3, pauses=(Pause(0, 1),)
        )

    @pytest.mark.parametrize(("first", "second"), [(100, 50), (50, 100)])
    def test_the_slower_rate_counts(self, first: int, second: int) -> None:
        """In whatever order they were armed."""
        assert delivery(faults.Throttle(first), faults.Throttle(second)).rate == 50

    @pytest.mark.parametrize(
        ("first", "second", "made"),
        [
            (faults.Truncate(50), faults.Truncate(20), (20, Ending.CLOSE)),
            (faults.Truncate(20), faults.Truncate(50), (20, Ending.CLOSE)),
            (faults.Truncate(20), faults.Reset("within", after=50), (20, Ending.RESET)),
            (faults.Reset("within", after=50), faults.Truncate(20), (20, Ending.RESET)),
            (faults.Truncate(20), faults.Reset("within", after=20), (20, Ending.RESET)),
            (faults.Reset("within", after=20), faults.Truncate(20), (20, Ending.RESET)),
            (faults.Truncate(20), faults.Reset("after"), (20, Ending.RESET)),
            (faults.Reset("after"), faults.Truncate(20), (20, Ending.RESET)),
        ],
    )
    def test_the_shorter_cut_counts(self, first: faults.Fault, second: faults.Fault, made: tuple[int, Ending]) -> None:
        """And of two endings the ruder one, in whatever order they were armed."""
        found = delivery(first, second)

        assert (found.body_bytes, found.ending) == made

    def test_chunked_needs_no_content_length(self) -> None:
        """Without it the body still ends where its last chunk says."""
        for what in ((faults.ChunkedEncoding(), faults.DropHeader("Content-Length")),):
            assert delivery(*what).framing is Framing.CHUNKED
            assert delivery(*what[::-1]).framing is Framing.CHUNKED


class TestHeads:
    def test_an_unknown_status(self, registry: FakeRegistry) -> None:
        """Whatever number it is, there is a status line of three parts."""
        with registry.fault(faults.Respond(599), faults.Delay(0.001)):
            assert ask(registry, "GET", TAG).raw.startswith(b"HTTP/1.1 599 Unknown\r\n")
        with registry.fault(faults.Respond(599)):
            assert ask(registry, "GET", TAG).raw.startswith(b"HTTP/1.1 599 Unknown\r\n")

    def test_an_answer_that_is_only_late_is_the_same(self, registry: FakeRegistry) -> None:
        """What is delivered by hand has the head that any other answer has."""
        plain = ask(registry, "GET", TAG)
        with registry.fault(faults.Delay(0.001)):
            late = ask(registry, "GET", TAG)

        assert sorted(name for name, _ in late.headers) == sorted(name for name, _ in plain.headers)
        assert (late.status, late.body, late.end) == (200, MANIFEST, "kept")

    def test_lines_of_the_wire(self, registry: FakeRegistry) -> None:
        """Date, Server and Content-Length stand once, whatever their names look like in the fault."""
        with registry.fault(
            faults.SetHeader("date", "then"), faults.SetHeader("DATE", "now"), faults.DropHeader("server")
        ):
            seen = ask(registry, "GET", TAG)

        assert seen.headers.getall("Date", []) == ["now"]
        assert "Server" not in seen.headers
        assert seen.end == "kept"

    @pytest.mark.parametrize("size", [10, 300_000])
    @pytest.mark.parametrize("version", ["1.0", "1.1"])
    def test_no_content_type(self, size: int, version: str) -> None:
        """Where a type is missing none is made up, however long the body and old the client."""
        with FakeRegistry() as registry:
            image = registry.seed("a:v1", layers=[b"x" * size])
            with registry.fault(faults.DropHeader("Content-Type"), on="get_blob"):
                seen = ask(registry, "GET", f"/v2/a/blobs/{image.layers[0]}", version=version)

        assert "Content-Type" not in seen.headers
        assert seen.body == b"x" * size

    def test_no_content_type_of_an_answer_to_a_body(self, registry: FakeRegistry) -> None:
        """The same for what is answered to a POST."""
        with registry.fault(faults.Respond(500, body="plainly wrong"), on="start_upload"):
            seen = ask(registry, "POST", UPLOADS, b"")

        assert (seen.status, seen.body, seen.headers.get("Content-Type")) == (500, b"plainly wrong", None)

    @pytest.mark.parametrize(
        "what",
        [
            (faults.SetHeader("Content-Length", "100"), faults.Pad(120)),
            (faults.Pad(120), faults.SetHeader("Content-Length", "100")),
        ],
    )
    def test_a_length_that_became_wrong(self, registry: FakeRegistry, what: tuple[faults.Fault, ...]) -> None:
        """A body that another fault made longer ends the connection: the next answer could not be found."""
        with registry.fault(*what, on="get_blob"):
            seen = ask(registry, "GET", BLOB_PATH)

        assert (seen.headers["Content-Length"], seen.end) == ("100", "closed")
        assert seen.body == BLOB + b" " * 20

    def test_a_length_that_became_right(self, registry: FakeRegistry) -> None:
        """It is looked at in the end."""
        with registry.fault(faults.SetHeader("Content-Length", "7"), faults.Truncate(7, honest=True), on="get_blob"):
            seen = ask(registry, "GET", BLOB_PATH)

        assert (seen.headers["Content-Length"], seen.body, seen.end) == ("7", BLOB[:7], "kept")

    def test_wrong_length_of_nothing(self, registry: FakeRegistry) -> None:
        """204 has no body, and no client looks for one."""
        path = session(registry)
        with registry.fault(faults.SetHeader("Content-Length", "7"), on="get_upload"):
            seen = ask(registry, "GET", path)

        assert (seen.status, seen.headers["Content-Length"], seen.end) == (204, "7", "kept")


class TestWithoutABody:
    """HEAD, 204 and 304: their answers are heads, and faults of bodies find none."""

    CUTS = (faults.Truncate(5), faults.Truncate(0, clean=False), faults.Reset("within", after=5))
    SLOW = (faults.Stall(5), faults.Throttle(1), faults.Delay(60, before="body"), faults.Stall(0))

    @pytest.mark.parametrize("fault", SLOW, ids=str)
    def test_nothing_is_waited_for(self, registry: FakeRegistry, fault: faults.Fault) -> None:
        """What would slow down a body does not slow down a head."""
        path = session(registry)
        with registry.fault(fault):
            head = ask(registry, "HEAD", BLOB_PATH)
            status = ask(registry, "GET", path)
            unchanged = ask(registry, "GET", BLOB_PATH, If_None_Match=f'"{BLOB_DIGEST}"')

        assert (head.status, head.headers["Content-Length"], head.body, head.end) == (200, "100", b"", "kept")
        assert (status.status, status.body, status.end) == (204, b"", "kept")
        assert (unchanged.status, unchanged.body, unchanged.end) == (304, b"", "kept")

    @pytest.mark.parametrize("status", [204, 304])
    def test_no_body_is_announced(self, registry: FakeRegistry, status: int) -> None:
        """A status without a body has no Transfer-Encoding, or the client would wait for chunks (RFC 9112, 6.1)."""
        with registry.fault(faults.SetStatus(status), faults.ChunkedEncoding(), on="get_blob"):
            seen = ask(registry, "GET", BLOB_PATH)

        assert (seen.status, seen.end) == (status, "kept")
        assert "Transfer-Encoding" not in seen.headers

    @pytest.mark.parametrize("fault", CUTS, ids=str)
    def test_nothing_is_cut(self, registry: FakeRegistry, fault: faults.Fault) -> None:
        """A connection that is to end within the body goes on where none is sent."""
        path = session(registry)
        with registry.fault(fault):
            head = ask(registry, "HEAD", BLOB_PATH)
            status = ask(registry, "GET", path)

        assert (head.status, head.headers["Content-Length"], head.body, head.end) == (200, "100", b"", "kept")
        assert (status.status, status.body, status.end) == (204, b"", "kept")

    @pytest.mark.parametrize("fault", [faults.Reset("within"), faults.Reset("after")], ids=str)
    def test_the_ending_comes_all_the_same(self, registry: FakeRegistry, fault: faults.Fault) -> None:
        """A connection that is to end after no byte of the body, or after the answer, ends behind the head."""
        with registry.fault(fault, on="head_blob"), Line(registry.port) as line:
            data, how = line.send(request(registry.port, "HEAD", BLOB_PATH)).rest()

        assert data.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"\r\nContent-Length: 100\r\n" in data
        assert data.endswith(b"\r\n\r\n")
        assert how == "reset"

    def test_chunked(self, registry: FakeRegistry) -> None:
        """The head says that a body would come in chunks, and none comes."""
        with registry.fault(faults.ChunkedEncoding(), on="head_blob"):
            seen = ask(registry, "HEAD", BLOB_PATH)

        assert (seen.headers["Transfer-Encoding"], seen.headers.get("Content-Length")) == ("chunked", None)
        assert seen.raw.endswith(b"\r\n\r\n")
        assert seen.end == "kept"

    def test_a_status_that_takes_the_body_away(self, registry: FakeRegistry) -> None:
        """204 in the place of 200 has neither body nor length."""
        with registry.fault(faults.SetStatus(204), on="get_blob"):
            seen = ask(registry, "GET", BLOB_PATH)

        assert (seen.status, seen.body, seen.headers.get("Content-Length")) == (204, b"", None)
        assert seen.end == "kept"


class TestKeepAlive:
    @pytest.mark.parametrize(
        "fault",
        [
            faults.Delay(0.01),
            faults.Delay(0.01, before="body"),
            faults.Throttle(5000),
            faults.ChunkedEncoding(),
            faults.DropHeader("Date"),
            faults.Truncate(5, honest=True),
            faults.Stall(50, seconds=0.01),
            faults.Corrupt(),
        ],
        ids=str,
    )
    def test_the_next_request_is_answered_right(self, registry: FakeRegistry, fault: faults.Fault) -> None:
        """A fault that leaves the connection whole leaves nothing on it that the next answer would begin with."""
        with registry.fault(fault, on="get_blob"), Line(registry.port) as line:
            line.send(request(registry.port, "GET", BLOB_PATH))
            assert line.answer().status == 200
            line.send(request(registry.port, "GET", TAG))
            second = line.answer()

        assert (second.status, second.body) == (200, MANIFEST)
        assert {entry.connection for entry in registry.journal} == {registry.journal[0].connection}

    def test_a_client_that_wants_to_close(self, registry: FakeRegistry) -> None:
        """It is told that the connection closes, and it does."""
        with registry.fault(faults.Delay(0.01)):
            seen = ask(registry, "GET", TAG, Connection="close")

        assert (seen.headers["Connection"], seen.body, seen.end) == ("close", MANIFEST, "closed")

    def test_a_cut_does_not_announce_itself(self, registry: FakeRegistry) -> None:
        """A client must not know from the head that the body will be short."""
        with registry.fault(faults.Truncate(5), on="get_blob"):
            seen = ask(registry, "GET", BLOB_PATH)

        assert "Connection" not in seen.headers
        assert seen.headers["Content-Length"] == "100"
