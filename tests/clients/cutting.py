"""A line between client and registry that breaks once, in the middle of a body."""

from __future__ import annotations

import select
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

PIECE = 64 * 1024

# close() then resets: the peer sees a line that broke, and not the orderly end of an answer.
RESETTING = struct.pack("ii", 1, 0)

# A reset takes away what has arrived and was not read yet: the peer has so many seconds to read it before.
READING = 0.2

# No thread takes so many seconds to end once its sockets are shut down.
ENDING = 10


class CutLine:
    """Passes on to `port` whatever comes to its own `host`; the first connection that carries too much is cut.

    `upload` and `download` are how many bytes a single connection may carry to and from the registry.
    After one cut the line holds. What was carried has arrived. An `orderly` cut closes the line as if all were
    said; any other resets it. A cut `at_answer` lets the body of the upload pass, and keeps the answer back.
    """

    def __init__(
        self,
        port: int,
        *,
        upload: int | None = None,
        download: int | None = None,
        orderly: bool = False,
        at_answer: bool = False,
    ) -> None:
        self._target = ("127.0.0.1", port)
        self._allowed = {"up": upload, "down": download}
        self._orderly = orderly
        self._at_answer = at_answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._stop, self._stopping = socket.socketpair()
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self.cuts = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.close()  # every thread waits for this end too, unless it is sending
        self._join(self._threads[:1])  # the one that accepts, and with it the last that starts others
        for one in self._sockets:
            with suppress(OSError):  # its thread has closed it, or its peer has
                one.shutdown(socket.SHUT_RDWR)  # this wakes whoever sends, and close() would not
        self._join(self._threads[1:])
        for one in (*self._sockets, self._socket, self._stop):
            one.close()

    @staticmethod
    def _join(threads: Sequence[threading.Thread]) -> None:
        for thread in threads:
            thread.join(ENDING)
        assert not any(thread.is_alive() for thread in threads), "a line that was cut still carries something"

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while self._stop not in select.select([self._socket, self._stop], [], [])[0]:
            client, _ = self._socket.accept()
            self._sockets.append(client)
            self._start(self._carry, client)

    def _carry(self, client: socket.socket) -> None:
        """Both directions of one connection, until either side ends it or it is cut."""
        with client, suppress(OSError), socket.create_connection(self._target) as registry:
            self._sockets.append(registry)
            carried = {"up": 0, "down": 0}
            routes = {client: ("up", registry), registry: ("down", client)}
            while self._stop not in (ready := select.select([*routes, self._stop], [], [])[0]):
                for source in ready:
                    direction, target = routes[source]
                    data = source.recv(PIECE)
                    cut_now = self._at_answer and direction == "down" and self._must_cut("up", carried["up"])
                    if not cut_now:
                        target.sendall(data)
                    carried[direction] += len(data)
                    if not data:
                        return
                    if cut_now or (not self._at_answer and self._must_cut(direction, carried[direction])):
                        self._cut(client)
                        return

    def _cut(self, client: socket.socket) -> None:
        """See to it that the end that comes now is of the kind that was asked for."""
        if not self._orderly:
            select.select([self._stop], [], [], READING)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESETTING)

    def _must_cut(self, direction: str, carried: int) -> bool:
        with self._lock:
            allowed = self._allowed[direction]
            if self.cuts or allowed is None or carried < allowed:
                return False
            self.cuts += 1
            return True
