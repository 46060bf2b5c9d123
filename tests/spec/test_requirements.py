"""The table of requirements and the tests agree: every row has a test, every test names rows that exist."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest
from requirements import REQUIREMENTS, Requirement

from fakereg.registry.endpoints import ENDPOINTS

TESTS = Path(__file__).parent.parent

# The last number of each section, in the order of the specification: a row that gets lost is missed here.
SECTIONS = {
    "scope": 4,
    "name": 4,
    "err": 6,
    "pull.man": 6,
    "pull.blob": 5,
    "pull.head": 4,
    "pull.repo": 1,
    "push.start": 4,
    "push.put": 4,
    "push.post": 4,
    "push.chunked": 6,
    "push.status": 2,
    "push.mount": 4,
    "push.man": 10,
    "push.subj": 4,
    "tags": 9,
    "ref": 16,
    "del": 3,
    "del.tag": 2,
    "del.man": 3,
    "del.blob": 2,
    "warn": 3,
    "ext": 2,
    "main": 5,
    "main.tag": 4,
    "main.cancel": 2,
    "main.ns": 2,
}


def test_ids_are_numbered_without_gaps() -> None:
    """The rows of a section stand together, numbered from 1 to its last."""
    found = [(section, [row.number for row in rows]) for section, rows in groupby(REQUIREMENTS, key=_section)]

    assert found == [(section, list(range(1, last + 1))) for section, last in SECTIONS.items()]


def test_every_requirement_has_a_test() -> None:
    """Each row of the table is named by a test."""
    named = {name for _, names in named_by_tests() for name in names}

    missing = [f"{row.id}: {row.text}" for row in REQUIREMENTS if row.id not in named]
    assert not missing, "no test names these rows:\n" + "\n".join(missing)


def test_tests_name_only_requirements_that_exist() -> None:
    """Each id that a test names is a row of the table."""
    known = {row.id for row in REQUIREMENTS}

    unknown = [f"{test}: {name}" for test, names in named_by_tests() for name in names if name not in known]
    assert not unknown, "these ids are not in tests/requirements.py:\n" + "\n".join(unknown)


@pytest.mark.parametrize("row", REQUIREMENTS, ids=lambda row: row.id)
def test_requirement_is_a_sentence_about_endpoints_that_exist(row: Requirement) -> None:
    """A row says something in one line, and the endpoints that it is about have rows of their own."""
    known = {endpoint.id for endpoint in ENDPOINTS}

    assert row.text.endswith(".")
    assert "\n" not in row.text
    assert set(row.endpoints) <= known


def named_by_tests() -> Iterator[tuple[str, list[str]]]:
    """Every test function that has `@requires`, as file::name, with the ids in it. Read, not run."""
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (names := _required(node)):
                yield f"{path.relative_to(TESTS)}::{node.name}", names


def _required(test: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    calls = [call for call in test.decorator_list if isinstance(call, ast.Call)]
    marks = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "requires"]
    return [ast.literal_eval(argument) for mark in marks for argument in mark.args]


def _section(row: Requirement) -> str:
    return row.section
