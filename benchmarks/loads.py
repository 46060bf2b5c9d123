"""Many requests at once, from one core: wrk for GET, and a loop of our own for HEAD.

wrk waits for the body that the Content-Length of an answer to HEAD announces, and never asks again.
"""

from __future__ import annotations

import re
import selectors
import socket
import subprocess
import time

from benchmarks.client import PeerError, request
from benchmarks.contents import MANIFEST_TYPE
from benchmarks.process import pinned

CONNECTIONS = 16

_RATE = re.compile(r"Requests/sec:\s*([\d.]+)")
_REFUSED = re.compile(r"(Non-2xx or 3xx responses: .*|Socket errors: .*)")

ACCEPT = {"Accept": MANIFEST_TYPE}


def gets_per_second(port: int, target: str, seconds: float, core: int | None) -> float:
    """Raises PeerError when an answer is not a success."""
    duration = f"{max(1, round(seconds))}s"
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{duration}", "-H", f"Accept: {MANIFEST_TYPE}"]
    with pinned(core):
        command = ["wrk", *options, f"http://127.0.0.1:{port}{target}"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60)
    if refused := _REFUSED.search(done.stdout):
        raise PeerError(f"under load: {refused.group()}")
    rate = _RATE.search(done.stdout)
    if rate is None:
        raise PeerError(f"wrk printed no rate: {done.stdout!r}")
    return float(rate.group(1))


def heads_per_second(port: int, target: str, seconds: float, core: int | None) -> float:
    """Raises PeerError when an answer is not a success."""
    question = request("HEAD", target, ACCEPT)
    sockets = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(CONNECTIONS)]
    try:
        with pinned(core), selectors.DefaultSelector() as selector:
            for one in sockets:
                selector.register(one, selectors.EVENT_READ)
                one.sendall(question)
            return _count(selector, question, seconds) / seconds
    finally:
        for one in sockets:
            one.close()


def _count(selector: selectors.BaseSelector, question: bytes, seconds: float) -> int:
    answers = 0
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        for key, _ in selector.select(timeout=0.1):
            connection = key.fileobj
            if not isinstance(connection, socket.socket):
                continue
            answer = connection.recv(65536)
            while answer and not answer.endswith(b"\r\n\r\n"):
                answer += connection.recv(65536)
            if not answer.startswith(b"HTTP/1.1 200"):
                raise PeerError(f"HEAD was answered with {answer[:100]!r}")
            answers += 1
            connection.sendall(question)
    return answers
