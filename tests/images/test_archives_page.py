"""docs/archives.md: its examples, run in the order in which they stand, and its table of limits."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from fakereg import FakeRegistry
from fakereg.images import Limits

PAGE = (Path(__file__).parents[2] / "docs" / "archives.md").read_text()
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_examples(registry: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They run, with a registry and the files that they name."""
    monkeypatch.chdir(tmp_path)
    for name, path, form in (("app:v1", "saved-by-docker.tar", "docker-archive"), ("huge:v1", "huge.tar", None)):
        other = FakeRegistry()
        other.seed(name)
        other.save(path, format=form)
    registry.seed("team/app:v1")
    names: dict[str, object] = {"registry": registry}
    for example in EXAMPLES:
        exec(example, names)

    assert len(EXAMPLES) == 2
    assert registry.repositories == ["app", "huge", "team/app"]
    assert FakeRegistry().load("images.tar") == FakeRegistry().load("app.tar") == ["team/app:v1"]


def test_the_limits() -> None:
    """The table has every limit with its default, and no other."""
    told = dict(re.findall(r"^\| `(\w+)` \| ([\d,]+(?: [GM]iB)?) \|", PAGE, re.MULTILINE))
    units = {"GiB": 1024**3, "MiB": 1024**2}

    sizes = {name: text.replace(",", "").split() for name, text in told.items()}
    assert {name: int(number) * units.get("".join(unit), 1) for name, (number, *unit) in sizes.items()} == {
        one.name: one.default for one in fields(Limits)
    }
