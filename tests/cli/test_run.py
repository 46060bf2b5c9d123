"""`fakereg run -- COMMAND`, as a process."""

from __future__ import annotations

import signal
import socket
import sys

import pytest

LOOK_AROUND = """
import os, sys, urllib.request
from pathlib import Path
url, host, port = (os.environ[f"FAKEREG_{name}"] for name in ("URL", "HOST", "PORT"))
assert (url, host) == (f"http://{host}", f"127.0.0.1:{port}"), url
assert Path(os.environ["DOCKER_CONFIG"], "config.json").is_file()
print(urllib.request.urlopen(f"{url}/v2/", timeout=10).status, *sys.argv[1:])
sys.exit(3)
"""

# Blocked and waited for: a handler would run too early for a pause() that has not begun yet.
WAIT = """
import signal, sys
numbers = {signal.SIGINT, signal.SIGTERM}
signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
print("waiting", flush=True)
sys.exit(40 + signal.sigwait(numbers))
"""

WAIT_PLAINLY = "import signal; print('waiting', flush=True); signal.pause()"


class TestCommand:
    def test_finds_the_registry_and_decides_the_exit_code(self, fakereg):
        """The command reaches the registry by its environment; its options are its own, and its code is ours."""
        ended = fakereg("run", "--", sys.executable, "-c", LOOK_AROUND, "--log", "--", "x")

        assert (ended.returncode, ended.stdout, ended.stderr) == (3, "200 --log -- x\n", "")

    def test_log(self, fakereg):
        """--log shows each request on stderr; the two dashes may be left out."""
        ended = fakereg("run", "--set", "sparse=accept", "--log", sys.executable, "-c", LOOK_AROUND)

        assert ended.returncode == 3
        assert ended.stderr.startswith("200  GET    /v2/  out 2 B  ")
        assert ended.stderr.count("\n") == 1

    def test_port(self, fakereg):
        """A port that the command has built in can be asked for."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = str(free.getsockname()[1])
        program = "import os; print(os.environ['FAKEREG_HOST'])"
        ended = fakereg("run", "--host", "127.0.0.1", "--port", port, "--", sys.executable, "-c", program)

        assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"127.0.0.1:{port}\n", "")

    @pytest.mark.parametrize(
        ("program", "number", "code"),
        [
            (WAIT, signal.SIGTERM, 40 + signal.SIGTERM),
            (WAIT, signal.SIGINT, 40 + signal.SIGINT),
            (WAIT_PLAINLY, signal.SIGTERM, 128 + signal.SIGTERM),
        ],
    )
    @pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
    def test_gets_the_signals(self, start, program, number, code):
        """What is to end us is for the command to decide on; one that dies of it gives 128 and the number."""
        running = start("run", "--", sys.executable, "-c", program)

        assert running.first == "waiting"
        assert running.stop(number) == (code, "", "")


class TestMistakes:
    def test_command_that_does_not_exist(self, fakereg):
        """As in a shell: code 127, and its name."""
        ended = fakereg("run", "--", "no-such-command", "-x")

        assert (ended.returncode, ended.stderr) == (127, "fakereg: command not found: no-such-command\n")

    @pytest.mark.skipif(sys.platform == "win32", reason="files have no such mode")
    def test_command_that_cannot_be_executed(self, fakereg, tmp_path):
        """As in a shell: code 126, and the reason."""
        file = tmp_path / "text"
        file.write_text("no program")
        ended = fakereg("run", "--", str(file))

        assert (ended.returncode, ended.stderr) == (126, f"fakereg: cannot run {file}: Permission denied\n")

    def test_taken_port(self, fakereg):
        """A port that somebody else has is a mistake in one line, and the command does not run."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            ended = fakereg("run", "--port", str(port), "--", "echo", "ran")

        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr == f"fakereg: cannot listen on 127.0.0.1 port {port}: Address already in use\n"

    @pytest.mark.parametrize("arguments", [[], ["--"]])
    def test_no_command(self, fakereg, arguments):
        """Without a command it says how one is given."""
        ended = fakereg("run", *arguments)

        assert ended.returncode == 2
        assert ended.stderr == "fakereg: there is no command to run: fakereg run [options] -- COMMAND ...\n"
