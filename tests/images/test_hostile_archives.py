"""Broken and hostile archives are refused, each for its own reason, and nothing of them is stored."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import pytest
from hostile_case import Case
from layouts import contents
from refusals import CASES, PACKAGE, Copy
from tars import files, layout, member, tar

from fakereg import FakeRegistry, LayoutError

WORKERS = 2


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_refused(case: Case, tmp_path: Path, registry: FakeRegistry) -> None:
    """What is wrong is told in one line with the file's name, and the registry holds what it held before."""
    registry.seed("x:v1")
    before = contents(registry)
    path = case.path(tmp_path)

    with pytest.raises(LayoutError) as caught:
        registry.load(path, limits=case.limits)

    assert case.is_told(path, str(caught.value)), str(caught.value)
    assert "\n" not in str(caught.value)
    assert contents(registry) == before


def test_names_are_told_in_one_line(tmp_path: Path, registry: FakeRegistry) -> None:
    """A name cannot write lines of its own into a message, nor colour a terminal, nor fill the screen."""
    path = tmp_path / "x.tar"
    told = []
    for name in ("..\n\x1b[31mgone", "../" + "x" * 90):
        path.write_bytes(tar(files(layout()), member("a", kind=b"2", target=name)))
        with pytest.raises(LayoutError) as caught:
            registry.load(path)
        told.append(str(caught.value))

    assert told[0] == f"{path}: a: is a link to '..\\n\\x1b[31mgone', which is not in the archive"
    assert told[1] == f"{path}: a: is a link to ../{'x' * 90}, which leads out of the archive"


def test_every_cut_is_noticed(registry: FakeRegistry, tmp_path: Path) -> None:
    """An archive that ends anywhere before its end marker is refused, plain or gzip."""
    registry.seed("team/app:v1")
    registry.save(tmp_path / "x.tar")
    registry.save(tmp_path / "x.tgz")
    plain, packed = ((tmp_path / name).read_bytes() for name in ("x.tar", "x.tgz"))
    cuts = [plain[:size] for size in range(0, len(plain) - 1023, 100)] + [packed[:size] for size in range(len(packed))]
    path = tmp_path / "cut"
    for cut in cuts:
        path.write_bytes(cut)
        with pytest.raises(LayoutError, match=r"cut off|empty|neither a tar|damaged"):
            FakeRegistry().load(path)

    path.write_bytes(plain)
    assert FakeRegistry().load(path) == ["team/app:v1"]


def test_every_damage_is_noticed(registry: FakeRegistry, tmp_path: Path) -> None:
    """A byte that changes is noticed, or it is one that means nothing; index.json alone has no digest over it."""
    registry.seed("team/app:v1")
    registry.save(tmp_path / "x.tar")
    whole = (tmp_path / "x.tar").read_bytes()
    path = tmp_path / "damaged.tar"
    index = whole.index(b'{\n  "schemaVersion"')
    for at in (*range(0, index, 7), *range(whole.index(bytes(8), index), len(whole), 7)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x20]) + whole[at + 1 :])
        other = FakeRegistry()
        try:
            other.load(path)
        except LayoutError:
            assert other.repositories == []
        else:
            assert contents(other) == contents(registry)


def test_every_edit_still_fits() -> None:
    """Each edit finds its place once, and no two cases take out the same branch in the same way."""
    for case in CASES:
        file, before, after = case.edit
        assert (PACKAGE / "images" / file).read_text().count(before) == 1, case.name
        assert before != after

    assert len({case.edit for case in CASES}) == len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The cases that fail without each one's branch, and under "" those that fail on whole code."""
    copies: SimpleQueue[Copy] = SimpleQueue()
    for _ in range(WORKERS):
        copies.put(Copy(tmp_path_factory.mktemp("copy")))

    def try_out(case: Case | None) -> tuple[str, list[str]]:
        copy = copies.get()
        try:
            return case.name if case else "", copy.failing(case)
        finally:
            copies.put(copy)

    with ThreadPoolExecutor(WORKERS) as pool:
        return dict(pool.map(try_out, [None, *CASES]))


@pytest.mark.slow
class TestBranches:
    def test_whole_code_refuses_all(self, verdicts: dict[str, list[str]]) -> None:
        """Otherwise the failures would say nothing."""
        assert verdicts[""] == []

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
    def test_without_its_branch(self, case: Case, verdicts: dict[str, list[str]]) -> None:
        """Without the branch that refuses a case, this case alone is no longer refused as it says."""
        assert verdicts[case.name] == [case.name]
