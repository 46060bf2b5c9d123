"""docs/journal.md: every example of it, run as a reader would run it, and its tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fakereg.double.journal import Entry, Journal
from fakereg.double.journal.export import FORMATS
from fakereg.server.assertions import Assertions

PAGE = (Path(__file__).parents[2] / "docs" / "journal.md").read_text()
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def named(heading: str) -> set[str]:
    """What stands in the first column of the table of this heading, as code."""
    table = PAGE.partition(heading)[2].partition("\n\n")[0]
    firsts = [line.split("|")[1] for line in table.splitlines() if line.count("|") > 2]
    return set(re.findall(r"`\.?(\w+)", " ".join(firsts)))


def test_there_are_examples() -> None:
    """The pattern above finds what the page shows."""
    assert len(EXAMPLES) == 6


@pytest.mark.parametrize("example", EXAMPLES)
def test_example(example: str, pytester: pytest.Pytester) -> None:
    """An example passes."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\nasyncio_mode = auto")
    pytester.makepyfile(example)

    result = pytester.runpytest_subprocess("-q", "-W", "error")

    result.assert_outcomes(passed=example.count("def test_"))


def test_the_attributes_of_an_entry() -> None:
    """The table names every attribute of an entry, and no other."""
    public = {name for name in dir(Entry) if not name.startswith("_")}

    methods = {"answer", "end", "forget_bodies", "keep", "note_fault"}
    assert named("| of an entry |") == public - methods


def test_the_assertions() -> None:
    """The table names every assertion that is the registry's and the journal's."""
    assert named("| assertion |") == {name for name in vars(Assertions) if name.startswith("assert_")}
    assert named("| assertion |") == {name for name in dir(Journal) if name.startswith("assert_")}


def test_the_formats() -> None:
    """The table names every format that a journal can be saved in."""
    assert named("| suffix |") == set(FORMATS)
