"""Clients that hang up and registries that stop in the middle of a fault, and connections that begin badly."""

from __future__ import annotations

import socket
import threading
import time

import pytest
from on_the_wire import BLOB, BLOB_PATH, MANIFEST, TAG, Line, ask, request, seeded, session
from raw_client import PROMPT, eventually

from fakereg import FakeRegistry, faults
from fakereg.http import connection, delivering


class TestEnds:
    """Clients that hang up, and registries that stop, in the middle of a fault."""

    WAITING = (
        faults.Stall(),
        faults.Stall(5),
        faults.Delay(60),
        faults.Throttle(1),
        faults.Delay(60, before="body"),
    )

    @pytest.mark.parametrize(
        ("fault", "how"),
        # A client that closed its side alone may well read on.
        [(one, how) for one in WAITING for how in ("close", "reset")]
        + [(one, "half-close") for one in WAITING if not isinstance(one, faults.Throttle)],
        ids=str,
    )
    def test_a_client_that_hangs_up(
        self, registry: FakeRegistry, fault: faults.Fault, how: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its request ends, its connection is forgotten, and the log stays empty."""
        monkeypatch.setattr(connection, "HALF_CLOSED", 0.02)
        monkeypatch.setattr(delivering, "GLANCE", 0.02)
        with registry.fault(fault, on="get_blob"), Line(registry.port, patience=0.05) as line:
            line.send(request(registry.port, "GET", BLOB_PATH))
            line.rest()  # with something unread, the end would be a reset
            if how == "reset":
                line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            line.socket.shutdown(socket.SHUT_WR) if how == "half-close" else line.close()

            eventually(lambda: registry.journal[-1].has_ended)
            eventually(lambda: not registry._listener._connections.connections)

    def test_a_slow_answer_to_a_client_that_sends_no_more(
        self, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It reads its answer to the end, and nothing behind it."""
        monkeypatch.setattr(connection, "HALF_CLOSED", 0.02)
        rate = 10 * len(BLOB)
        with registry.fault(faults.Throttle(rate), on="get_blob"), Line(registry.port) as line:
            line.send(request(registry.port, "GET", BLOB_PATH))
            line.socket.shutdown(socket.SHUT_WR)

            assert line.rest()[0].endswith(b"\r\n\r\n" + BLOB)

    def test_nothing_follows_an_answer_that_is_given_up(
        self, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A client that closed its side meets a stall: its answer ends there, and no other one begins."""
        monkeypatch.setattr(connection, "HALF_CLOSED", 0.02)
        monkeypatch.setattr(delivering, "GLANCE", 0.02)
        with registry.fault(faults.Stall(5), on="get_blob"), Line(registry.port) as line:
            line.send(request(registry.port, "GET", BLOB_PATH))
            line.socket.shutdown(socket.SHUT_WR)

            assert line.rest()[0].endswith(b"\r\n\r\n" + BLOB[:5])

    @pytest.mark.parametrize("fault", [faults.Stall(), faults.Delay(60), faults.SlowTls(60)], ids=str)
    def test_a_client_that_hangs_up_before_it_was_heard(self, registry: FakeRegistry, fault: faults.Fault) -> None:
        """A connection on which nothing is read ends at the latest with the registry."""
        connections = registry._listener._connections
        with registry.fault(fault, on="connect") as armed, Line(registry.port) as line:
            line.send(request(registry.port, "GET", BLOB_PATH))
            eventually(lambda: armed.fired)
        if isinstance(fault, faults.Stall):
            eventually(lambda: not connections.connections)

        registry.stop()

        assert len(registry.journal) == 0
        assert not connections.connections

    @pytest.mark.parametrize("fault", WAITING, ids=str)
    def test_stop(self, fault: faults.Fault) -> None:
        """The registry stops at once, whatever it is waiting for."""
        with FakeRegistry() as registry:
            seeded(registry)
            registry.fault(fault, on="get_blob")
            line = Line(registry.port).send(request(registry.port, "GET", BLOB_PATH))
            eventually(lambda: len(registry.journal) == 1)
            began = time.monotonic()

        assert time.monotonic() - began < PROMPT
        assert line.rest()[1] in ("closed", "reset")
        line.close()

    def test_stop_during_a_slow_upload(self) -> None:
        """Nor does it wait for a body that is read slowly."""
        with FakeRegistry() as registry:
            path = session(registry)
            registry.fault(faults.Throttle(1), on="patch_upload")
            line = Line(registry.port).send(request(registry.port, "PATCH", path, b"x" * 100_000))
            eventually(lambda: registry.journal[-1].received > 0)
            began = time.monotonic()

        assert time.monotonic() - began < PROMPT
        line.close()

    def test_stop_before_a_connection_was_heard(self) -> None:
        """Connections that begin late or never end with the rest."""
        with FakeRegistry() as registry:
            registry.fault(faults.Delay(60), on="connect", times=1)
            registry.fault(faults.Stall(), on="connect", after=1)
            lines = [Line(registry.port) for _ in range(2)]
            eventually(lambda: len(registry._listener._connections.connections) == 2)
            began = time.monotonic()

        assert time.monotonic() - began < PROMPT
        assert {line.rest()[1] for line in lines} <= {"reset", "closed"}
        for line in lines:
            line.close()

    def test_many_at_once(self, registry: FakeRegistry) -> None:
        """Stalled clients hold up nobody else."""
        with registry.fault(faults.Stall(5), on="get_blob") as fault:
            lines = [Line(registry.port).send(request(registry.port, "GET", BLOB_PATH)) for _ in range(50)]
            eventually(lambda: fault.fired == 50)
            quick = ask(registry, "GET", TAG)
            for line in lines:
                line.close()

        assert quick.body == MANIFEST
        assert quick.seconds < PROMPT
        eventually(lambda: not registry._listener._connections.connections)


class TestConnections:
    def test_delays_come_before_ends(self, registry: FakeRegistry) -> None:
        """A connection that is late and then reset is first late."""
        with registry.fault(faults.Delay(0.1), faults.Reset(), on="connect"):
            began = time.monotonic()
            with Line(registry.port) as line:
                _, end = line.rest()

        assert end == "reset"
        assert time.monotonic() - began >= 0.1

    def test_an_empty_answer_is_clean(self, registry: FakeRegistry) -> None:
        """A client that has sent its request already reads an end, and not an error."""
        with registry.fault(faults.EmptyAnswer(), on="connect"), Line(registry.port) as line:
            line.send(request(registry.port, "PUT", TAG, b"x" * 100_000))
            data, end = line.rest()

        assert (data, end) == (b"", "closed")

    def test_what_was_sent_meanwhile_is_read_later(self, registry: FakeRegistry) -> None:
        """A request on a connection that begins late is answered once it has begun."""
        with registry.fault(faults.Delay(0.1), on="connect"):
            seen = ask(registry, "GET", BLOB_PATH)

        assert (seen.body, seen.end) == (BLOB, "kept")
        assert seen.seconds >= 0.05

    def test_arming_from_another_thread(self, registry: FakeRegistry) -> None:
        """Faults come and go while clients ask; each answer is one or the other."""
        stop = threading.Event()

        def toggle() -> None:
            while not stop.is_set():
                with registry.fault(faults.Respond(503), on="get_manifest", must_fire=False):
                    pass

        thread = threading.Thread(target=toggle)
        thread.start()
        try:
            with Line(registry.port) as line:
                found = set()
                for _ in range(300):
                    line.send(request(registry.port, "GET", TAG))
                    found.add(line.answer().status)
        finally:
            stop.set()
            thread.join()

        assert found <= {200, 503}
        assert registry.faults == []
