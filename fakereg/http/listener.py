"""A listening socket and what is behind it."""

from __future__ import annotations

import asyncio
import os
import socket
import weakref
from contextlib import suppress

from fakereg.http.connections import Connections
from fakereg.http.wire import Wire

_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - recognised, not bound

HIGHEST_PORT = 65535

# Turns of the event loop from accept() to a connection that can be dropped, with some to spare.
ACCEPTING = 8


class Listener:
    """A bound address; `start` serves it on the running event loop, `stop` drops everything at once."""

    def __init__(self, host: str, port: int) -> None:
        """Bind, in the caller's thread. `port` 0 takes a free one. Raises OSError, naming host and port."""
        self.host = host
        self._socket = _bind(host, port)
        self.address: str = self._socket.getsockname()[0]
        self.port: int = self._socket.getsockname()[1]
        self._server: asyncio.Server | None = None
        self._connections: Connections | None = None
        _listeners.add(self)

    @property
    def authority(self) -> str:
        """What clients put between `http://` and the path; a wildcard address is reached by loopback."""
        host = _WILDCARDS.get(self.host, self.host)
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    async def start(self, wire: Wire) -> None:
        self._connections = Connections(wire)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connections, sock=self._socket, backlog=1024)

    async def stop(self) -> None:
        """Close the socket and drop every connection, whatever it is doing. Raises RuntimeError in another loop."""
        server, connections = self._server, self._connections
        if server is None or connections is None:
            return
        if server.get_loop() is not asyncio.get_running_loop():
            raise RuntimeError(f"{self.authority} is served by another event loop; stop it there")
        self._server = self._connections = None
        await self._accept_no_more()
        server.close()
        await connections.abort()
        self.close()

    async def _accept_no_more(self) -> None:
        """Let connections that are being accepted arrive: asyncio logs a failure where the server closes meanwhile."""
        with suppress(NotImplementedError):  # Windows accepts without readers
            asyncio.get_running_loop().remove_reader(self._socket)
        for _ in range(ACCEPTING):
            await asyncio.sleep(0)

    def close(self) -> None:
        """Give the address back; enough where `start` was never called."""
        self._socket.close()

    def serves_here(self) -> bool:
        """Whether it is the running event loop that serves this."""
        return self._server is not None and self._server.get_loop() is asyncio.get_running_loop()

    def forget(self) -> None:
        """In a forked child: let go of the sockets, and leave the event loop to the parent, which shares it."""
        if self._connections is not None:
            self._connections.forget()
        self._server = self._connections = None
        self.close()


async def stop_all() -> None:
    """Stop every listener that the running event loop serves."""
    for listener in list(_listeners):
        if listener.serves_here():
            await listener.stop()


def check_address(host: object, port: object) -> tuple[str, int]:
    """Raises TypeError, naming the part that is not what it should be."""
    if not isinstance(host, str):
        raise TypeError(f"host is a name or address such as '127.0.0.1', got {host!r}")
    if not isinstance(port, int) or isinstance(port, bool):
        raise TypeError(f"port is a whole number, 0 for a free one, got {port!r}")
    return host, port


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, kind, proto, _, address = _resolve(host, port)
        listening = socket.socket(family, kind, proto)
    except (OSError, OverflowError, UnicodeError) as error:
        raise _explained(error, host, port) from error
    try:
        if os.name == "posix":
            # A port of the user's choice can be taken again while old connections still time out.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(1024)
        listening.setblocking(False)
    except (OSError, OverflowError) as error:
        listening.close()
        raise _explained(error, host, port) from error
    return listening


def _resolve(
    host: str, port: int
) -> tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int]]:
    """The first address of the host, IPv4 first: clients take `localhost` for 127.0.0.1."""
    if not 0 <= port <= HIGHEST_PORT:  # the resolver would take it modulo 65536
        raise OverflowError(f"a port is a number from 0 to {HIGHEST_PORT}")
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return min(found, key=lambda info: info[0] != socket.AF_INET)  # type: ignore[return-value]


def _explained(error: Exception, host: str, port: int) -> OSError:
    number = getattr(error, "errno", None)
    reason = getattr(error, "strerror", None) or str(error)
    return OSError(number, f"cannot listen on {host or '*'} port {port}: {reason}")


_listeners: weakref.WeakSet[Listener] = weakref.WeakSet()


def _forget_inherited() -> None:
    """A forked child must not keep its parent's ports and connections open."""
    for listener in list(_listeners):
        listener.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_inherited)
