"""Bodies on their way out: in chunks, with pauses, slowly, cut at any byte, and with a byte that is wrong."""

from __future__ import annotations

import math

import pytest
from on_the_wire import (
    BLOB,
    BLOB_PATH,
    NAME,
    QUIET,
    UPLOADS,
    Line,
    ask,
    request,
    seeded,
)
from raw_client import eventually
from unplugged import send

from fakereg import FakeRegistry, Response, faults
from fakereg.http.delivering import SLICE, _pieces
from fakereg.registry.delivery import Delivery

BIG = bytes(range(251)) * 33420  # 8 MiB and some, and no two of its 256 KiB are alike
BIG_IMAGE = FakeRegistry().seed("big:v1", layers=[BIG])
BIG_PATH = f"/v2/big/blobs/{BIG_IMAGE.layers[0]}"


class TestChunked:
    def chunks(self, registry: FakeRegistry, path: str, *what: faults.Fault) -> bytes:
        with registry.fault(faults.ChunkedEncoding(), *what, on="get_blob"):
            return ask(registry, "GET", path).raw.partition(b"\r\n\r\n")[2]

    def test_framing(self, registry: FakeRegistry) -> None:
        """Size in hex, the bytes, an end of line; and a last chunk of none."""
        assert self.chunks(registry, BLOB_PATH) == b"64\r\n" + BLOB + b"\r\n0\r\n\r\n"

    def test_an_empty_body(self, registry: FakeRegistry) -> None:
        """The last chunk alone: one of no bytes before it would end the body."""
        image = registry.seed("empty:v1", layers=[b""])

        assert self.chunks(registry, f"/v2/empty/blobs/{image.layers[0]}") == b"0\r\n\r\n"

    def test_pauses_end_chunks(self, registry: FakeRegistry) -> None:
        """What is out before a pause is a chunk of its own."""
        found = self.chunks(registry, BLOB_PATH, faults.Stall(3, seconds=0.01))

        assert found == b"3\r\n012\r\n61\r\n" + BLOB[3:] + b"\r\n0\r\n\r\n"

    def test_a_cut_has_no_last_chunk(self, registry: FakeRegistry) -> None:
        """A client knows that the body did not end."""
        assert self.chunks(registry, BLOB_PATH, faults.Truncate(5)) == b"5\r\n01234\r\n"

    def test_long_bodies(self, registry: FakeRegistry) -> None:
        """Together the chunks are the blob."""
        registry.seed("big:v1", layers=[BIG])
        with registry.fault(faults.ChunkedEncoding(), on="get_blob"):
            seen = ask(registry, "GET", BIG_PATH)

        assert seen.body == BIG
        assert seen.end == "kept"


class TestPauses:
    @pytest.mark.parametrize("after", [0, 1, 50, 99, 100])
    def test_within(self, registry: FakeRegistry, after: int) -> None:
        """So many bytes come, then none; at the end the client has all, and the connection does not go on."""
        with registry.fault(faults.Stall(after), on="get_blob"), Line(registry.port) as line:
            line.send(request(registry.port, "GET", BLOB_PATH)).until(b"\r\n\r\n" + BLOB[:after])

            assert line.rest() == (b"", "nothing")

    def test_beyond_the_end(self, registry: FakeRegistry) -> None:
        """A body that is shorter does not get that far."""
        with registry.fault(faults.Stall(101), on="get_blob"):
            seen = ask(registry, "GET", BLOB_PATH)

        assert (seen.body, seen.end) == (BLOB, "kept")

    def test_beyond_a_cut(self, registry: FakeRegistry) -> None:
        """What is cut before it does not either; at the cut it does."""
        with registry.fault(faults.Truncate(40), faults.Stall(41), on="get_blob"):
            assert ask(registry, "GET", BLOB_PATH).end == "closed"
        with registry.fault(faults.Truncate(40), faults.Stall(40, seconds=0.1), on="get_blob"):
            seen = ask(registry, "GET", BLOB_PATH)

        assert (seen.body, seen.end) == (BLOB[:40], "closed")
        assert seen.seconds >= 0.1

    def test_several(self, registry: FakeRegistry) -> None:
        """Each at its place, those at the same place one after another, in whatever order they were armed."""
        pauses = [faults.Stall(after, seconds=0.03) for after in (70, 10, 10, 0)]
        with registry.fault(*pauses, on="get_blob"):
            seen = ask(registry, "GET", BLOB_PATH)

        assert (seen.body, seen.end) == (BLOB, "kept")
        assert seen.seconds >= 0.12

    def test_the_head_comes_first(self, registry: FakeRegistry) -> None:
        """A delay before the body lets the status out, one before the head lets nothing out."""
        with registry.fault(faults.Delay(math.inf, before="body")), Line(registry.port) as line:
            head = line.send(request(registry.port, "GET", BLOB_PATH)).until(b"\r\n\r\n")
            after_head = line.rest()
        with registry.fault(faults.Delay(math.inf)) as fault, Line(registry.port, patience=QUIET) as line:
            line.send(request(registry.port, "GET", BLOB_PATH))
            eventually(lambda: fault.fired)
            nothing = line.rest()

        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert after_head == nothing == (b"", "nothing")


class TestRates:
    @pytest.mark.parametrize(("rate", "longest", "size"), [(1, 1, 100), (500, 50, 1111), (1e9, SLICE, 600_000)])
    def test_it_comes_in_small_pieces(self, rate: float, longest: int, size: int) -> None:
        """Ten times per second, so that a slow line looks like one; and never more at once than a fast one takes."""
        response = Response.of(200, {}, b"x" * size)
        pieces = list(_pieces(response, Delivery(rate=rate)))

        assert max(map(len, pieces)) == longest
        assert sum(map(len, pieces)) == size

    def test_it_takes_as_long_as_the_rate_says(self, registry: FakeRegistry) -> None:
        """100 bytes at 500 per second are a fifth of a second."""
        with registry.fault(faults.Throttle(500), on="get_blob"):
            seen = ask(registry, "GET", BLOB_PATH)

        assert seen.body == BLOB
        assert 0.2 <= seen.seconds < 2

    def test_a_fast_rate_changes_no_byte(self, registry: FakeRegistry) -> None:
        """Nor does it cost a noticeable time."""
        registry.seed("big:v1", layers=[BIG])
        with registry.fault(faults.Throttle(1e9), on="get_blob"):
            seen = ask(registry, "GET", BIG_PATH)

        assert seen.body == BIG
        assert seen.end == "kept"


class TestBigBodies:
    @pytest.fixture
    def big(self, registry: FakeRegistry) -> FakeRegistry:
        registry.seed("big:v1", layers=[BIG])
        return registry

    @pytest.mark.parametrize("after", [0, 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 5_000_001, len(BIG) - 1])
    @pytest.mark.parametrize("how", ["closed", "reset"])
    def test_a_cut_is_exact(self, big: FakeRegistry, after: int, how: str) -> None:
        """However long the body is, the client gets so many bytes of it, and not one more or less."""
        fault = faults.Truncate(after) if how == "closed" else faults.Reset("within", after=after)
        with big.fault(fault, on="get_blob"):
            seen = ask(big, "GET", BIG_PATH)

        assert seen.body == BIG[:after]
        assert seen.end == how
        assert seen.headers["Content-Length"] == str(len(BIG))
        eventually(lambda: big.journal[-1].has_ended)
        assert big.journal[-1].sent == after

    def test_a_reset_after_all_of_it(self, big: FakeRegistry) -> None:
        """Every byte arrives before the reset does."""
        with big.fault(faults.Reset("after"), on="get_blob"):
            seen = ask(big, "GET", BIG_PATH)

        assert seen.body == BIG
        assert seen.end == "reset"

    def test_a_body_that_grows(self, big: FakeRegistry) -> None:
        """Padding comes after all of it."""
        with big.fault(faults.Pad(len(BIG) + 12_345), on="get_blob"):
            seen = ask(big, "GET", BIG_PATH)

        assert seen.body == BIG + b" " * 12_345
        assert seen.end == "kept"


class TestCorrupt:
    PIECES = (b"0123", b"4567", b"89")

    def stored(self) -> FakeRegistry:
        """A blob that is kept in several segments, as it came."""
        registry = FakeRegistry()
        location = send(registry, "POST", UPLOADS).headers["Location"].partition("5000")[2]
        for piece in self.big_pieces():
            send(registry, "PATCH", location, piece)
        digest = seeded(FakeRegistry()).seed("x", layers=[b"".join(self.big_pieces())]).layers[0]
        assert send(registry, "PUT", f"{location}?digest={digest}").status == 201
        self.path = f"/v2/{NAME}/blobs/{digest}"
        return registry

    def big_pieces(self) -> list[bytes]:
        return [piece * 20_000 for piece in self.PIECES]

    @pytest.mark.parametrize("at", [0, 79_999, 80_000, 80_001, 159_999, 160_000, 199_999])
    def test_at_the_borders_of_segments(self, at: int) -> None:
        """One byte is another one, all others are as they were, and what is stored is untouched."""
        registry, whole = self.stored(), b"".join(self.big_pieces())
        with registry.fault(faults.Corrupt(at), on="get_blob"):
            body = bytes(send(registry, "GET", self.path).body)

        assert body == whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]
        assert bytes(send(registry, "GET", self.path).body) == whole

    @pytest.mark.parametrize("at", [200_000, 10**9])
    def test_beyond_the_end(self, at: int) -> None:
        """A body that is shorter has no such byte."""
        registry = self.stored()
        with registry.fault(faults.Corrupt(at), on="get_blob"):
            assert bytes(send(registry, "GET", self.path).body) == b"".join(self.big_pieces())

    def test_within_a_part(self) -> None:
        """The offset is one of the answer, not of the blob."""
        registry = self.stored()
        with registry.fault(faults.Corrupt(0), on="get_blob"):
            body = bytes(send(registry, "GET", self.path, Range="bytes=80000-80003").body)

        assert body == b"\xcb567"
