"""`fakereg serve`, as a process."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import time

import pytest

from fakereg import FakeRegistry

UPLOADS = "/v2/team/app/blobs/uploads/"
MISSING = "/v2/team/app/manifests/v9"


def ask(port: int, method: str, target: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, target, body)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, content


def begin_upload(port: int) -> socket.socket:
    """A request of which half is sent and the server waits for the rest."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    head = f"POST {UPLOADS}?digest=sha256:{'0' * 64} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
    connection.sendall(head.encode() + b"Expect: 100-continue\r\n\r\n")
    assert connection.recv(100).startswith(b"HTTP/1.1 100")
    connection.sendall(b"half")
    return connection


class TestServing:
    def test_from_the_first_line_to_the_end(self, start, tmp_path):
        """One line on stdout says where it serves; requests are logged on stderr; SIGTERM ends it with code 0."""
        port_file = tmp_path / "port"
        serving = start("serve", "--port-file", str(port_file))
        in_file = port_file.read_text()
        statuses = [
            ask(serving.port, "GET", "/v2/")[0],
            ask(serving.port, "GET", MISSING)[0],
            ask(serving.port, "POST", UPLOADS)[0],
        ]
        code, out, err = serving.stop()

        assert re.fullmatch(r"fakereg serves http://127\.0\.0\.1:\d+", serving.first)
        assert in_file == f"{serving.port}\n"
        assert statuses == [200, 404, 202]
        assert (code, out) == (0, "")
        assert not list(tmp_path.iterdir())
        lines = re.sub(r"\d+\.\d ms", "T", err).splitlines()
        assert lines[::2] == ["200  GET    /v2/  out 2 B  T", f"202  POST   {UPLOADS}  T"]
        assert re.fullmatch(rf"404  GET    {MISSING}  out \d+ B  T  NAME_UNKNOWN: .+", lines[1])
        assert len(lines) == 3

    def test_json(self, start):
        """With --json both what is ready and each request are JSON lines on stdout, and stderr stays empty."""
        serving = start("serve", "--json")
        ready = json.loads(serving.first)
        ask(ready["port"], "GET", "/v2/")
        ask(ready["port"], "GET", f"{MISSING}?x=%C3%A9")
        code, out, err = serving.stop()

        url, port = ready["url"], ready["port"]
        assert ready == {"event": "ready", "url": url, "host": f"127.0.0.1:{port}", "port": port, "profile": "spec"}
        assert url == f"http://127.0.0.1:{port}"
        ping, missing = map(json.loads, out.splitlines())
        assert ping.pop("milliseconds") > 0
        assert ping == {
            "event": "request",
            "number": 1,
            "method": "GET",
            "target": "/v2/",
            "endpoint": "ping",
            "status": 200,
            "received": 0,
            "sent": 2,
            "error": None,
        }
        assert (missing["target"], missing["status"]) == (f"{MISSING}?x=%C3%A9", 404)
        assert missing["error"]["code"] == "NAME_UNKNOWN"
        assert "team/app" in missing["error"]["message"]
        assert (code, err) == (0, "")

    def test_settings_and_images_quietly(self, start, tmp_path):
        """--set changes the profile, --load puts images in, --quiet leaves the log out."""
        source = FakeRegistry()
        image = source.seed("team/app:v1", layers=[{"etc/motd": b"hi"}])
        source.save(tmp_path / "layout")
        options = ("--load", str(tmp_path / "layout"), "--set", "deletes=off", "--set", "page_maximum=1")
        serving = start("serve", "--quiet", *options)
        status, manifest = ask(serving.port, "GET", "/v2/team/app/manifests/v1")
        refused, _ = ask(serving.port, "DELETE", f"/v2/team/app/manifests/{image.digest}")
        ended = serving.stop()

        assert (status, manifest) == (200, image.body)
        assert refused == 405
        assert ended == (0, "", "")


class TestStopping:
    def test_interrupted_within_a_request(self, start):
        """Ctrl-C ends it at once and with code 0, also while a client is in the middle of an upload."""
        serving = start("serve")
        with begin_upload(serving.port) as connection:
            before = time.monotonic()
            code, _, err = serving.stop(signal.SIGINT)
            took = time.monotonic() - before
            rest = connection.recv(100)

        assert code == 0
        assert took < 2
        assert re.fullmatch(
            rf"---  POST   {re.escape(UPLOADS)}\?digest=sha256:0+  (in 4 B  )?\d+\.\d ms"
            r"  the connection ended before the answer\n",
            err,
        )
        assert rest == b""

    def test_client_that_vanishes(self, start):
        """A client that hangs up within a request leaves a line that says so, and the registry goes on."""
        serving = start("serve", "--json")
        port = json.loads(serving.first)["port"]
        begin_upload(port).close()
        line = json.loads(serving.process.stdout.readline())
        status, _ = ask(port, "GET", "/v2/")
        code, _, err = serving.stop()

        assert (line["endpoint"], line["status"], line["received"]) == ("push_blob", None, 4)
        assert status == 200
        assert (code, err) == (0, "")

    def test_readers_that_have_gone(self, start):
        """Nobody has to read the output: the registry serves on, and still ends with code 0."""
        serving = start("serve")
        serving.process.stdout.close()
        serving.process.stderr.close()
        statuses = [ask(serving.port, "GET", "/v2/")[0] for _ in range(3)]
        serving.process.send_signal(signal.SIGTERM)

        assert statuses == [200, 200, 200]
        assert serving.process.wait() == 0


class TestRefusingToStart:
    @pytest.mark.parametrize(
        ("arguments", "line"),
        [
            (["--profile", "nexus9"], r"unknown profile 'nexus9'; known are .*spec.*"),
            (["--set", "colour=red"], r"unknown setting 'colour'; known are sparse, .*"),
            (["--set", "sparse=perhaps"], r"setting 'sparse' takes refuse or accept, got 'perhaps'"),
            (["--set", "sparse"], r"--set takes FIELD=VALUE, got 'sparse'"),
            (["--host", "nowhere.invalid"], r"cannot listen on nowhere\.invalid port 0: .+"),
            (["--port", "123456"], r"argument --port: takes 0 to 65535, got '123456' .+"),
            (["--load", "no-such-layout"], r"cannot load no-such-layout.*: .*[Nn]o such .+"),
            (["--port-file", "no-such-folder/port"], r"cannot write the port file no-such-folder/port: No such .+"),
        ],
    )
    def test_one_line_and_code_2(self, fakereg, arguments, line):
        """What cannot be served is told in one line, before anything else is said."""
        ended = fakereg("serve", *arguments)

        assert (ended.returncode, ended.stdout) == (2, "")
        assert re.fullmatch(rf"fakereg: {line}\n", ended.stderr)

    def test_taken_port(self, fakereg):
        """A port that somebody else has is named together with the reason."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            ended = fakereg("serve", "--port", str(port))

        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr == f"fakereg: cannot listen on 127.0.0.1 port {port}: Address already in use\n"
