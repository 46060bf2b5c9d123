"""Starting and stopping: at once, loudly if it cannot be, and without leaving anything behind."""

from __future__ import annotations

import asyncio
import gc
import re
import socket
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from api import sha256
from raw_client import PATIENCE, PROMPT, Raw, eventually, has_arrived, start_upload

from fakereg import FakeRegistry

MIB = 1024 * 1024


def ping(registry: FakeRegistry) -> int:
    with Raw(registry) as client:
        return client.request("GET", "/v2/").status


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


class TestStart:
    def test_port_that_is_taken(self, registry: FakeRegistry) -> None:
        """The error names host and port, and comes from start itself."""
        other = FakeRegistry(port=registry.port)

        with pytest.raises(OSError, match=rf"cannot listen on 127\.0\.0\.1 port {registry.port}: .*in use"):
            other.start()

        with pytest.raises(RuntimeError, match="does not serve"):
            _ = other.url
        assert ping(registry) == 200

    def test_port_that_is_taken_in_a_loop(self, registry: FakeRegistry) -> None:
        """So it is for `async with`."""

        async def main() -> None:
            async with FakeRegistry(port=registry.port):
                pass

        with pytest.raises(OSError, match=f"port {registry.port}"):
            asyncio.run(main())

    @pytest.mark.parametrize(
        ("host", "port"),
        [
            ("127.0.0.1", 65536),
            ("127.0.0.1", -1),
            ("127.0.0.1", 10**9),
            ("192.0.2.1", 0),
            ("no host", 0),
            ("a" * 70, 0),
        ],
    )
    def test_address_that_cannot_be(self, host: str, port: int) -> None:
        """A port out of range and a host that is not this machine's are refused alike."""
        registry = FakeRegistry(host=host, port=port)

        with pytest.raises(OSError, match=re.escape(f"cannot listen on {host} port {port}: ")):
            registry.start()

    def test_after_a_failure(self) -> None:
        """What could not start can be started once the reason is gone."""
        with socket.socket() as blocker:
            blocker.bind(("127.0.0.1", 0))
            blocker.listen()
            port = blocker.getsockname()[1]
            second = FakeRegistry(port=port)
            with pytest.raises(OSError, match=str(port)):
                second.start()
        with second:
            assert second.host == f"127.0.0.1:{port}"
            assert ping(second) == 200

    @pytest.mark.parametrize(
        ("host", "authority"),
        [("127.0.0.1", "127.0.0.1"), ("localhost", "localhost"), ("0.0.0.0", "127.0.0.1"), ("", "127.0.0.1")],
    )
    def test_host(self, host: str, authority: str) -> None:
        """The URL names a host that a client can reach, also where it listens on all."""
        with FakeRegistry(host=host) as registry:
            assert registry.url == f"http://{authority}:{registry.port}"
            assert ping(registry) == 200

    @pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
    @pytest.mark.parametrize("host", ["::1", "::"])
    def test_ipv6(self, host: str) -> None:
        """An IPv6 address stands in brackets, in the URL and in a Location."""
        with FakeRegistry(host=host) as registry:
            assert registry.url == f"http://[::1]:{registry.port}"
            with Raw(registry) as client:
                location = client.request("POST", "/v2/team/app/blobs/uploads/").headers["Location"]

            assert location.startswith(f"{registry.url}/v2/team/app/blobs/uploads/")

    def test_twice(self, registry: FakeRegistry) -> None:
        """A registry that serves says so when it is started again, and goes on."""
        with pytest.raises(RuntimeError, match=f"serves already, at {registry.url}"):
            registry.start()

        assert ping(registry) == 200

    def test_again(self) -> None:
        """Stopped, it starts again, on another port, with what it held."""
        registry = FakeRegistry()
        with registry, Raw(registry) as client:
            client.request("POST", f"/v2/team/app/blobs/uploads/?digest={sha256(b'hello')}", b"hello")
        with registry, Raw(registry) as client:
            assert client.request("GET", f"/v2/team/app/blobs/{sha256(b'hello')}").body == b"hello"

    def test_same_port_again(self) -> None:
        """A port of the user's choice is free again at once, also after a stop with open connections."""
        with FakeRegistry() as first:
            port = first.port
            client = Raw(first)
            assert client.request("GET", "/v2/").status == 200
        for _ in range(5):
            with FakeRegistry(port=port) as registry:
                assert ping(registry) == 200
        client.close()

    def test_unknown_setting(self) -> None:
        """A mistake in a setting is told when it is made, not when it serves."""
        with pytest.raises(ValueError, match="unknown profile 'nowhere'"):
            FakeRegistry("nowhere")


def _idle(registry: FakeRegistry) -> Raw:
    client = Raw(registry)
    assert client.request("GET", "/v2/").status == 200
    return client


def _silent(registry: FakeRegistry) -> Raw:
    return Raw(registry)


def _half_a_head(registry: FakeRegistry) -> Raw:
    return Raw(registry).send(b"GET /v2/ HTTP/1.1\r\nHost:")


def _half_a_body(registry: FakeRegistry) -> Raw:
    client = Raw(registry)
    head = f"PATCH {start_upload(client)} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
    client.send(head.encode() + b"x" * 1000)
    eventually(lambda: has_arrived(registry, 1000))
    return client


def _stalled_download(registry: FakeRegistry) -> Raw:
    content = bytes(64 * MIB)
    target = f"/v2/team/app/blobs/{sha256(content)}"
    with Raw(registry) as pushing:
        pushing.request("POST", f"/v2/team/app/blobs/uploads/?digest={sha256(content)}", content)
    client = Raw(registry, receive_buffer=64 * 1024)
    client.send(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode()).head()
    return client


def _refused_upload(registry: FakeRegistry) -> Raw:
    client = Raw(registry)
    client.send(b"PUT /v2/team/app/blobs/uploads/none HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
    assert client.answer().status in (400, 404)
    return client


def _half_closed(registry: FakeRegistry) -> Raw:
    return Raw(registry).send(b"GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n").half_close()


SITUATIONS = [_idle, _silent, _half_a_head, _half_a_body, _stalled_download, _refused_upload, _half_closed]


class TestStop:
    @pytest.mark.parametrize("situation", SITUATIONS)
    def test_does_not_wait(self, situation: Callable[[FakeRegistry], Raw]) -> None:
        """Whatever a client is doing, stop is done at once, and the client notices."""
        registry = FakeRegistry().start()
        client = situation(registry)

        began = time.monotonic()
        registry.stop()
        took = time.monotonic() - began

        assert took < PROMPT
        _read_to_the_end(client)

    @pytest.mark.parametrize("situation", SITUATIONS)
    def test_leaves_nothing_in_a_loop(self, situation: Callable[[FakeRegistry], Raw]) -> None:
        """`async with` leaves no task, no warning and no open socket in the loop that it used."""

        async def main() -> set[asyncio.Task[object]]:
            # Debug mode logs what takes longer, which on a busy machine is anything.
            asyncio.get_running_loop().slow_callback_duration = PATIENCE
            async with FakeRegistry() as registry:
                client = await asyncio.to_thread(situation, registry)
                began = time.monotonic()
            assert time.monotonic() - began < PROMPT
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.to_thread(_read_to_the_end, client)
            return tasks

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tasks = asyncio.run(main(), debug=True)
            gc.collect()

        assert tasks == set()

    def test_many_at_once(self) -> None:
        """A hundred connections of all kinds do not make it slower than one should notice."""
        registry = FakeRegistry().start()
        clients = [situation(registry) for situation in (_idle, _silent, _half_a_head, _half_a_body) for _ in range(25)]

        began = time.monotonic()
        registry.stop()
        took = time.monotonic() - began

        assert took < PROMPT
        for client in clients:
            client.close()

    def test_twice_and_before_start(self) -> None:
        """A registry that does not serve has nothing to stop."""
        registry = FakeRegistry()
        registry.stop()
        with registry:
            pass
        registry.stop()

    def test_refuses_connections_afterwards(self) -> None:
        """Nobody listens any more."""
        with FakeRegistry() as registry:
            port = registry.port

        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), PATIENCE):
            pass

    def test_open_files_do_not_grow(self) -> None:
        """A hundred registries leave no more open files than one."""
        folder = Path("/proc/self/fd")
        if not folder.is_dir():
            pytest.skip("needs /proc")
        ping_once()
        gc.collect()
        before = len(list(folder.iterdir()))
        for _ in range(100):
            ping_once()
        gc.collect()

        assert len(list(folder.iterdir())) <= before + 1

    def test_from_the_loop_that_serves(self, registry: FakeRegistry) -> None:
        """Called within a request, start and stop would wait for themselves: they say so instead."""
        said: list[str] = []

        other = FakeRegistry()

        def stop_and_start(_: object) -> None:
            for call in (registry.stop, other.start):
                try:
                    call()
                except RuntimeError as error:
                    said.append(str(error))

        registry.journal.subscribe(stop_and_start)

        assert (ping(registry), ping(registry)) == (200, 200)
        assert said == ["this would wait for its own event loop; start and stop the registry elsewhere"] * 4
        assert repr(other) == "<FakeRegistry spec, not serving>"


def ping_once() -> None:
    with FakeRegistry() as registry:
        assert ping(registry) == 200


def _read_to_the_end(client: Raw) -> None:
    """Up to the end of the connection, however it ends; a hang fails."""
    try:
        while client.socket.recv(MIB):
            pass
    except ConnectionResetError:
        pass
    client.close()


class TestThreads:
    def test_many_threads(self) -> None:
        """Every thread may have registries of its own; they share one background thread."""
        statuses: list[int] = []

        def work() -> None:
            for _ in range(10):
                with FakeRegistry() as registry:
                    statuses.append(ping(registry))

        threads = [threading.Thread(target=work) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

        assert statuses == [200] * 100
        assert sum(thread.name == "fakereg" for thread in threading.enumerate()) == 1

    def test_one_registry_stopped_by_many(self) -> None:
        """Stopped from several threads at once, it stops once."""
        registry = FakeRegistry().start()
        threads = [threading.Thread(target=registry.stop) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)

        assert not any(thread.is_alive() for thread in threads)

    def test_inside_an_event_loop(self) -> None:
        """The synchronous form works within a coroutine: it serves from its own thread."""

        async def main() -> bytes:
            with FakeRegistry() as registry:
                reader, writer = await asyncio.open_connection("127.0.0.1", registry.port)
                writer.write(b"GET /v2/ HTTP/1.0\r\n\r\n")
                answer = await reader.read()
                writer.close()
                await writer.wait_closed()
            return answer

        assert asyncio.run(main()).startswith(b"HTTP/1.0 200 OK")

    def test_stop_of_another_loop(self) -> None:
        """What `async with` serves is not stopped from elsewhere: that loop would not notice."""

        async def main() -> int:
            async with FakeRegistry() as registry:
                with pytest.raises(RuntimeError, match=rf"{registry.host} is served by another event loop"):
                    registry.stop()
                return await asyncio.to_thread(ping, registry)

        assert asyncio.run(main()) == 200
