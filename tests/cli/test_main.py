"""The command as a whole."""

from __future__ import annotations

import os
import re
import sys

import pytest

from fakereg import __version__
from fakereg.cli import main as command
from fakereg.registry.profile import SETTINGS


class TestHelp:
    def test_version(self, fakereg):
        """--version is one line and names the program."""
        ended = fakereg("--version")

        assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"fakereg {__version__}\n", "")

    def test_help_shows_every_command_with_examples(self, fakereg):
        """--help lists the commands and how they are used, each line short enough for a terminal of 100 columns."""
        ended = fakereg("--help")

        assert ended.returncode == 0
        assert all(re.search(rf"^    {name} +\w+", ended.stdout, re.MULTILINE) for name in command.COMMANDS)
        assert "fakereg run -- pytest" in ended.stdout
        assert max(map(len, ended.stdout.splitlines())) <= 100

    def test_nothing_asked(self, fakereg):
        """Without a command there is the same help, and exit code 2."""
        ended = fakereg()

        assert ended.returncode == 2
        assert ended.stdout == fakereg("--help").stdout

    @pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("serve", "--help"), ("run", "--help")])
    def test_help_does_not_wait_for_aiohttp(self, fakereg, arguments):
        """Who only asks for help does not pay for the server."""
        ended = fakereg(*arguments, env={**os.environ, "PYTHONPROFILEIMPORTTIME": "1"})

        assert ended.returncode == 0
        assert "argparse" in ended.stderr
        assert "aiohttp" not in ended.stderr

    @pytest.mark.parametrize("name", command.COMMANDS)
    def test_each_command_explains_itself(self, capsys, name):
        """COMMAND --help says what the command does, in the words of the list of commands."""
        with pytest.raises(SystemExit) as ended:
            command.main([name, "--help"])

        assert ended.value.code == 0
        assert command.COMMANDS[name][1:] in capsys.readouterr().out

    @pytest.mark.parametrize("name", ["serve", "run"])
    def test_settings_are_listed_with_their_values(self, fakereg, name):
        """--help tells every setting that --set takes, and what each is set to."""
        text = " ".join(fakereg(name, "--help").stdout.split())

        assert all(f" {setting}=" in text for setting in SETTINGS)
        assert " sparse=refuse|accept, deletes=on|off, " in text
        assert " page_maximum=ENTRIES|none, " in text


class TestMistakes:
    @pytest.mark.parametrize(
        ("arguments", "line"),
        [
            (["sreve"], r"argument COMMAND: invalid choice: .*serve.*\(see fakereg --help\)"),
            (["serve", "--prot", "1"], r"unrecognized arguments: --prot 1 \(see fakereg serve --help\)"),
            (
                ["serve", "--port", "http"],
                r"argument --port: takes 0 to 65535, got 'http' \(see fakereg serve --help\)",
            ),
        ],
    )
    def test_one_line(self, capsys, arguments, line):
        """A mistake is told in one line on stderr that says where help is, with exit code 2."""
        code = command.main(arguments)

        out, err = capsys.readouterr()
        assert (code, out) == (2, "")
        assert re.fullmatch(rf"fakereg: {line}\n", err)

    def test_a_bug_of_ours_is_one_line_too(self, capsys, monkeypatch):
        """What nobody foresaw is told without a traceback, and how to get one."""

        def fails(options):
            raise RuntimeError("out of ideas")

        monkeypatch.setattr("fakereg.cli.run.run", fails)
        code = command.main(["run", "--", "true"])

        assert code == 70
        assert capsys.readouterr().err == (
            "fakereg: this is a bug in fakereg (RuntimeError: out of ideas); `python -X dev -m fakereg` shows where\n"
        )

    def test_interrupted(self, capsys, monkeypatch):
        """Ctrl-C before a command deals with it itself ends it as a shell expects, and silently."""

        def interrupted(options):
            raise KeyboardInterrupt

        monkeypatch.setattr("fakereg.cli.run.run", interrupted)
        code = command.main(["run", "--", "true"])

        assert code == 130
        assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(sys.platform == "win32", reason="closed pipes are told in other ways")
class TestReaderThatHasGone:
    @pytest.mark.parametrize("arguments", [["--help"], ["demo"]])
    def test_is_no_error(self, fakereg, arguments):
        """`fakereg demo | head -1` ends without a complaint."""
        reading, writing = os.pipe()
        os.close(reading)
        ended = fakereg(*arguments, stdout=writing)
        os.close(writing)

        assert (ended.returncode, ended.stderr) == (0, "")
