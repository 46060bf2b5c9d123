"""What is saved is whole or as it was before, whoever else writes there, and is what a registry held at one moment."""

from __future__ import annotations

import errno
import json
import os
import random
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pytest
from api import sha256
from layouts import blob_path, contents, entry, index_of, put_blob
from test_concurrency import run_all

from fakereg import FakeRegistry, LayoutError
from fakereg.images import layout as layouts
from fakereg.images import save as saving
from fakereg.images.files import Folder
from fakereg.images.held import Held
from fakereg.images.load import load_archive
from fakereg.images.ref_names import REF_NAME
from fakereg.images.whole_files import is_unfinished, write_whole
from fakereg.oci.digest import Digest
from fakereg.oci.names import RepositoryName
from fakereg.store.content import Content
from fakereg.store.repository import Repository
from fakereg.store.store import Store


def names_in(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*"))


def fail(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


class TestWriteWhole:
    def test_new_file(self, tmp_path: Path) -> None:
        """It has the mode that any new file has."""
        write_whole(tmp_path / "new", lambda file: file.write(b"content"))
        (tmp_path / "usual").touch()

        assert (tmp_path / "new").read_bytes() == b"content"
        assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode

    def test_file_that_is_there(self, tmp_path: Path) -> None:
        """It is replaced, and the mode stays, be it stricter than that of a new one or not."""
        for mode in (0o600, 0o664, 0o444):
            path = tmp_path / f"{mode:o}"
            path.write_bytes(b"before")
            path.chmod(mode)
            write_whole(path, lambda file: file.write(b"after"))

            assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"after", mode)

    @pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt(), MemoryError()])
    def test_failure(self, tmp_path: Path, error: BaseException) -> None:
        """Whatever breaks off the writing, the file of before stays, and nothing lies beside it."""

        def write(file: BinaryIO) -> None:
            file.write(b"half")
            raise error

        (tmp_path / "x").write_bytes(b"before")
        with pytest.raises(type(error)):
            write_whole(tmp_path / "x", write)

        assert (tmp_path / "x").read_bytes() == b"before"
        assert names_in(tmp_path) == ["x"]

    def test_unfinished_name(self, tmp_path: Path) -> None:
        """It is short, another one each time, and known again; a link that lies in wait is not followed."""
        seen: list[str] = []
        for _ in range(3):
            write_whole(tmp_path / ("x" * 255), lambda _: seen.extend(names_in(tmp_path)))
        unfinished = [name for name in seen if is_unfinished(Path(name))]

        assert len(set(unfinished)) == len(unfinished) == 3
        assert not is_unfinished(Path(".x.unfinished"))

    def test_link_in_the_way(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A name that exists already is never written to, not even if somebody guessed it."""
        (tmp_path / "victim").write_bytes(b"precious")
        monkeypatch.setattr("secrets.token_hex", lambda _: "0" * 16)
        (tmp_path / f".fakereg-{'0' * 16}.unfinished").symlink_to("victim")

        with pytest.raises(FileExistsError):
            write_whole(tmp_path / "x", lambda file: file.write(b"content"))
        assert (tmp_path / "victim").read_bytes() == b"precious"
        assert len(names_in(tmp_path)) == 2


class TestLinks:
    @pytest.mark.parametrize("name", ["index.json", "oci-layout"])
    def test_names_that_were_once_used(self, layout: Path, registry: FakeRegistry, name: str) -> None:
        """Names that somebody could foresee are not used for what is unfinished."""
        victim = layout.parent / "victim"
        victim.write_bytes(b"precious")
        (layout / f".{name}.unfinished").symlink_to(victim)
        registry.save(layout)

        assert victim.read_bytes() == b"precious"
        assert not (layout / name).is_symlink()

    def test_index_that_is_a_link_out(self, layout: Path, registry: FakeRegistry) -> None:
        """Nothing is written through it, nor in its place, be its target there or not."""
        for target in ("../victim", "../nothing"):
            (layout.parent / "victim").write_bytes(b"precious")
            (layout / "index.json").unlink()
            (layout / "index.json").symlink_to(target)
            before = names_in(layout)

            with pytest.raises(LayoutError, match="leads out of the directory"):
                registry.save(layout)
            assert names_in(layout) == before
            assert (layout.parent / "victim").read_bytes() == b"precious"
        assert not (layout.parent / "nothing").exists()

    def test_mode_of_an_archive(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """An archive that nobody else may read stays one when it is replaced; its name may be of any length."""
        path = tmp_path / ("x" * 251 + ".tar")
        registry.save(path)
        path.chmod(0o600)
        registry.save(path)

        assert stat.S_IMODE(path.stat().st_mode) == 0o600


class TestFullDisk:
    @pytest.mark.parametrize("at", [0, 1, 2, 3, 4])
    def test_directory(self, registry: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
        """Whichever file it is that does not fit, none is left half written, and the save can be repeated."""
        registry.seed("team/app:v1", layers=[{"a": b"1"}])
        left = iter(range(at))

        def scarce(path: Path, write: Callable[[BinaryIO], object]) -> None:
            write_whole(path, fail if next(left, None) is None else write)

        monkeypatch.setattr(layouts, "write_whole", scarce)
        with pytest.raises(OSError, match="No space"):
            registry.save(tmp_path / "x")
        files = [one for one in (tmp_path / "x").rglob("*") if one.is_file()]
        assert len(files) == at
        monkeypatch.undo()
        registry.save(tmp_path / "x")

        other = FakeRegistry()
        other.load(tmp_path / "x")
        assert contents(other) == contents(registry)

    @pytest.mark.skipif(sys.platform == "win32", reason="no limit for the size of files")
    @pytest.mark.parametrize("name", ["x", "x.tar", "x.tar.gz"])
    @pytest.mark.parametrize("size", [0, 50_000])
    def test_true_failure(self, registry: FakeRegistry, tmp_path: Path, name: str, size: int) -> None:
        """A process whose files may not grow further leaves nothing unfinished, and another one saves there."""
        script = (
            "import random, resource, signal, sys; from fakereg import FakeRegistry; registry = FakeRegistry()\n"
            "registry.seed('team/app:v1', layers=[random.Random(1).randbytes(200_000)])\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n"
            "try: registry.save(sys.argv[1])\n"
            "except OSError: sys.exit(7)\n"
        )
        done = subprocess.run([sys.executable, "-B", "-c", script, str(tmp_path / name)], check=False)
        unfinished = [one for one in names_in(tmp_path) if is_unfinished(Path(one))]
        registry.seed("team/app:v1", layers=[random.Random(1).randbytes(200_000)])
        registry.save(tmp_path / name)

        assert (done.returncode, unfinished) == (7, [])
        assert FakeRegistry().load(tmp_path / name) == ["team/app:v1"]

    def test_killed_at_the_first_file(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """What a killed process left unfinished does not make a new directory one that holds something else."""
        (tmp_path / f".fakereg-{'0' * 16}.unfinished").touch()
        registry.seed("app:v1")
        registry.save(tmp_path)

        assert FakeRegistry().load(tmp_path) == ["app:v1"]


class TestBlobs:
    def test_damaged(self, layout: Path, registry: FakeRegistry) -> None:
        """A blob of the right size and other content is written anew; one that is whole is left alone."""
        whole, damaged = registry.repository("team/app").blobs
        (path := blob_path(layout, damaged)).write_bytes(bytes(len(registry.repository("team/app").blob(damaged))))
        before = blob_path(layout, whole).stat().st_ino
        registry.save(layout, "team/app")

        assert path.read_bytes() == registry.repository("team/app").blob(damaged)
        assert blob_path(layout, whole).stat().st_ino == before

    def test_of_another_size(self, layout: Path, registry: FakeRegistry) -> None:
        """So is one that was cut off."""
        (digest, *_) = registry.repository("team/app").blobs
        blob_path(layout, digest).write_bytes(b"")
        registry.save(layout, "team/app")

        assert FakeRegistry().load(layout, "team/app") == ["team/app:v1"]


class TestAtOnce:
    @pytest.mark.parametrize("name", ["x", "x.tar", "x.tgz"])
    def test_four_threads(self, tmp_path: Path, name: str) -> None:
        """All of them succeed; an archive is that of one of them, and a layout has what any of them put there."""
        registries = [FakeRegistry() for _ in range(4)]
        for number, registry in enumerate(registries):
            registry.seed(f"team/app:v{number}", layers=[random.Random(number).randbytes(2_000_000)])
        ready = threading.Barrier(4)

        def save_with(registry: FakeRegistry) -> None:
            ready.wait(timeout=30)
            registry.save(tmp_path / name)

        run_all([lambda registry=registry: save_with(registry) for registry in registries])

        loaded = FakeRegistry().load(tmp_path / name)
        every = [f"team/app:v{number}" for number in range(4)]
        assert sorted(loaded) == every if name == "x" else loaded[0] in every
        assert [one for one in names_in(tmp_path) if is_unfinished(Path(one))] == []

    def test_registry_that_changes_meanwhile(self, registry: FakeRegistry) -> None:
        """What is saved is what it held at one moment, so it is whole, and its tags lead somewhere."""
        done = threading.Event()

        def churn() -> None:
            repository = registry._store.repository(RepositoryName("team/app"))
            while not done.is_set():
                image = registry.seed("team/app:v1", layers=[{"a": b"1"}])
                repository.delete_manifest(image.digest)
                for digest in image.blobs:
                    repository.delete_blob(digest)

        def save_often() -> None:
            try:
                for _ in range(200):
                    saving.save_archive(registry._store, file := BytesIO())
                    load_archive(Store(), file.getvalue())
            finally:
                done.set()

        registry.seed("team/app:v1", layers=[{"a": b"1"}])
        run_all([churn, save_often])

    def test_two_threads_and_one_index(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """While one thread puts its entries into index.json, another one waits, and then keeps them."""
        first, second = FakeRegistry(), FakeRegistry()
        first.seed("first:v1")
        second.seed("second:v1")
        other = threading.Thread(target=second.save, args=(tmp_path / "x",))

        def met(path: Path, write: Callable[[BinaryIO], object]) -> None:
            if path.name == "index.json" and not other.ident:
                other.start()
                other.join(timeout=0.3)  # as long as it takes, if nothing holds it up
            write_whole(path, write)

        monkeypatch.setattr(layouts, "write_whole", met)
        first.save(tmp_path / "x")
        other.join(timeout=60)

        assert sorted(FakeRegistry().load(tmp_path / "x")) == ["first:v1", "second:v1"]

    def test_index_that_others_replace(
        self, layout: Path, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another process may save at any moment: index.json is read once for each look at it."""
        read, others = Folder.read, iter(range(100))

        def replaced_after(folder: Folder, name: str) -> Content | None:
            content = read(folder, name)
            if name == "index.json":
                document = index_of(folder.root)
                document["manifests"].append(entry(b"theirs", "text/plain", f"theirs{next(others)}"))
                write_whole(folder.root / name, lambda file: file.write(json.dumps(document).encode()))
            return content

        monkeypatch.setattr(Folder, "read", replaced_after)
        registry.save(layout)

        names = [one["annotations"][REF_NAME] for one in index_of(layout)["manifests"]]
        assert names == ["v1", "theirs0", "team/app:v1"]

    def test_one_moment(self, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is pushed when the first repository is looked at is not saved any more."""
        registry.seed("team/app:v1")
        of = Held.of

        def disturbed(repository: Repository) -> Held:
            put_blob(registry, "team/app", b"later")
            return of(repository)

        monkeypatch.setattr(Held, "of", disturbed)
        saving.save_archive(registry._store, file := BytesIO())

        assert load_archive(store := Store(), file.getvalue()) == ["team/app:v1"]
        assert store.find_blob(Digest(sha256(b"later"))) is None


def test_content_of_several_segments(tmp_path: Path) -> None:
    """A blob that is there is compared as a whole, in pieces."""
    large = os.urandom(2_500_000)
    folder = layouts.LayoutFolder(tmp_path)
    folder.open([])
    for content in (large, large):
        folder.write(Digest.of(large), Content([content[:1_000_000], content[1_000_000:]]))

    assert blob_path(tmp_path, sha256(large)).read_bytes() == large
