"""`fakereg demo`: what a newcomer sees first."""

from __future__ import annotations

import argparse
import os
import re
import time
from functools import partial

import pytest

from fakereg import FakeRegistry
from fakereg.cli import demo


class TestDemo:
    def test_tells_the_whole_story(self, fakereg):
        """Every step of a push, a pull, a signature and a refusal is shown with its answer, within two seconds."""
        before = time.monotonic()
        ended = fakereg("demo")
        took = time.monotonic() - before

        assert (ended.returncode, ended.stderr) == (0, "")
        assert took < 2
        steps = re.findall(r"^  ([A-Z]+) +(/v2/\S*) +(\d{3})", ended.stdout, re.MULTILINE)
        assert {method for method, _, _ in steps} == {"GET", "POST", "PATCH", "PUT"}
        assert any("?mount=" in target and status == "201" for _, target, status in steps)
        assert [target for _, target, status in steps if int(status) >= 400] == ["/v2/team/app/manifests/v2"]
        assert "MANIFEST_UNKNOWN" in ended.stdout
        assert "etc/motd says: Hello" in ended.stdout
        assert f"  {len(steps)} requests, " in ended.stdout
        assert ended.stdout.rstrip().splitlines()[-3].startswith("  fakereg serve")

    def test_colour_is_for_terminals(self, fakereg, on_terminal):
        """Colour is seen on a terminal, unless NO_COLOR is set, and never in a pipe."""
        assert "\x1b[32m200\x1b[0m" in on_terminal("demo")
        assert "\x1b" not in on_terminal("demo", NO_COLOR="1")
        assert "\x1b" not in fakereg("demo").stdout

    @pytest.mark.parametrize("columns", [80, 76])
    def test_fits_the_terminal(self, on_terminal, columns):
        """On a narrow terminal no line wraps: statuses stay in one column, remarks have lines of their own."""
        lines = on_terminal("demo", NO_COLOR="1", COLUMNS=str(columns)).splitlines()

        assert max(map(len, lines)) <= columns
        asked = [line for line in lines if re.match(r"  [A-Z]+ +/v2/", line)]
        assert len(asked) > 20
        assert {re.search(r"  \d{3}$", line).end() for line in asked} == {columns}
        assert "         MANIFEST_UNKNOWN: repository team/app holds no manifest v2" in lines

    def test_a_pipe_has_no_width(self, fakereg):
        """What is not a terminal gets every request in one line, whatever COLUMNS says."""
        lines = fakereg("demo", env={**os.environ, "COLUMNS": "40"}).stdout.splitlines()

        assert any(re.search(r"\?mount=sha256:\w{8}\.\.&from=team/base    201  the layer of", line) for line in lines)
        assert "  fakereg run -- COMMAND          a registry for one command, at $FAKEREG_URL" in lines

    def test_says_what_failed(self, capsys, monkeypatch):
        """A registry that does not do as the story goes is found out: one line, and exit code 1."""
        monkeypatch.setattr("fakereg.FakeRegistry", partial(FakeRegistry, manifest_limit=100), raising=False)
        code = demo.run(argparse.Namespace())

        assert code == 1
        assert capsys.readouterr().err == (
            "fakereg: the demo failed: PUT /v2/team/base/manifests/v1 answered 413 instead of 201\n"
        )
