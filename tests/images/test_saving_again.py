"""Saving into a layout: which entries are replaced, which stay, and what is refused, so that it can be loaded again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from api import encode, image, sha256
from layouts import BARE, entry, index_of, put_blob, put_manifest, write_layout

from fakereg import FakeRegistry, LayoutError
from fakereg.images import Limits
from fakereg.images.ref_names import DOCKER_NAME, REF_NAME
from fakereg.oci.manifest import Manifest
from fakereg.oci.names import RepositoryName, Tag

OTHER = encode(image(b"{}", annotations={"a": "1"}))


def named(content: bytes, **names: str) -> dict[str, Any]:
    keys = {"docker": DOCKER_NAME, "ref": REF_NAME}
    return {**entry(content), "annotations": {keys[key]: name for key, name in names.items()}}


def holding(name: str, tag: str, body: bytes = OTHER) -> FakeRegistry:
    registry = FakeRegistry()
    put_blob(registry, name, b"{}")
    put_manifest(registry, name, Manifest.parse(body), tag)
    return registry


def names_in(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*"))


class TestEntriesThatMeanTheSame:
    @pytest.mark.parametrize(
        "names",
        [
            {"ref": "team/app:v1"},
            {"ref": "docker.io/team/app:v1"},
            {"ref": "localhost:5000/team/app:v1"},
            {"docker": "ghcr.io/team/app:v1", "ref": "v1"},
            {"docker": "team/app:v1", "ref": "other:v2"},
        ],
    )
    def test_spelled_otherwise(self, tmp_path: Path, names: dict[str, str]) -> None:
        """An entry is replaced by one that `load` would give the same repository and tag."""
        path = write_layout(tmp_path / "x", named(BARE, **names), blobs=(BARE, b"{}"))
        holding("team/app", "v1").save(path)

        assert index_of(path)["manifests"] == [named(OTHER, ref="team/app:v1")]
        assert FakeRegistry().load(path) == ["team/app:v1"]

    @pytest.mark.parametrize(
        "names",
        [
            {"docker": "docker.io/team/other:v1", "ref": "v1"},
            {"ref": "team/other:v1"},
            {"ref": "x:v2"},
            {"ref": "v2"},
        ],
    )
    def test_of_another_meaning(self, tmp_path: Path, names: dict[str, str]) -> None:
        """An entry whose tag alone is the same, or whose repository alone, stays."""
        path = write_layout(tmp_path / "x", named(BARE, **names), blobs=(BARE, b"{}"))
        before = FakeRegistry().load(path)
        holding("team/app", "v1").save(path, "team/app")

        assert index_of(path)["manifests"] == [named(BARE, **names), named(OTHER, ref="v1")]
        assert FakeRegistry().load(path) == [*before, "x:v1"]

    def test_all_and_then_one(self, tmp_path: Path) -> None:
        """A tag alone means the repository that is called like the directory, also through a link."""
        path = tmp_path / "My App"
        holding("my-app", "v1", BARE).save(path)
        (tmp_path / "link").symlink_to(path)
        holding("my-app", "v1").save(tmp_path / "link", "my-app")

        assert index_of(path)["manifests"] == [named(OTHER, ref="v1")]
        assert FakeRegistry().load(path) == ["my-app:v1"]

    def test_one_and_then_another(self, tmp_path: Path) -> None:
        """Two repositories that are each saved alone are one to whoever reads the layout: the later tag stands."""
        holding("team/one", "v1", BARE).save(tmp_path / "o", "team/one")
        holding("team/two", "v1").save(tmp_path / "o", "team/two")

        assert index_of(tmp_path / "o")["manifests"] == [named(OTHER, ref="v1")]

    def test_without_a_tag(self, tmp_path: Path) -> None:
        """Manifests and blobs without a tag are told by repository and digest, however they are named."""
        path = write_layout(tmp_path / "x", named(BARE, ref=f"host.example/x@{sha256(BARE)}"), entry(OTHER))
        registry = holding("x", "v1", BARE)
        registry._store.repository(RepositoryName("x")).delete_tag(Tag("v1"))
        registry.save(path, "x")

        assert index_of(path)["manifests"] == [entry(OTHER), entry(BARE)]

    def test_tag_that_moved(self, tmp_path: Path) -> None:
        """What lost its tag is an entry of its own, and nothing of it clashes."""
        registry = FakeRegistry()
        for content in (b"1", b"2"):
            moved = registry.seed("app:v1", layers=[{"a": content}])
            registry.save(tmp_path / "app")
            registry.save(tmp_path / "app", "app")
        other = FakeRegistry()
        other.load(tmp_path / "app")

        assert other.repository("app").manifest("v1").digest == moved.digest
        assert len(other.repository("app").manifests) == 2


class TestRefused:
    @pytest.mark.parametrize(("names", "key"), [({"ref": "v1.2+meta"}, REF_NAME), ({"docker": "app"}, DOCKER_NAME)])
    def test_name_that_cannot_be_loaded(self, tmp_path: Path, names: dict[str, str], key: str) -> None:
        """A layout that could not be loaded is not saved into either; both say what to do about the name."""
        path = write_layout(tmp_path / "x", named(BARE, **names), blobs=(BARE, b"{}"))
        before = names_in(path)
        told = []
        registry = holding("team/app", "v1")
        for act in (registry.load, registry.save):
            with pytest.raises(LayoutError) as caught:
                act(path)
            told.append(str(caught.value))

        assert told[0] == told[1]
        assert told[0].startswith(f"{path / 'index.json'}: {key} {next(iter(names.values()))!r}: ")
        assert told[0].endswith(
            "; change that name in index.json, or copy the image to a layout under one that can be a tag"
        )
        assert names_in(path) == before

    @pytest.mark.usefixtures("layout")
    @pytest.mark.parametrize(
        ("name", "form"), [("x", None), ("x.tar", None), ("x.tar", "docker-archive"), ("layout", None)]
    )
    def test_index_that_would_not_be_loaded(self, registry: FakeRegistry, tmp_path: Path, name: str, form: Any) -> None:
        """A document beyond the limit is refused before anything is written; `limits` lifts that on both sides."""
        repository = registry._store.repository(RepositoryName("team/app"))
        repository.put_manifest(repository.manifest(Tag("v1")), [Tag(f"t{number}") for number in range(80)])
        before, low, high = names_in(tmp_path), Limits(document=1000), Limits(document=100_000)
        document = "manifest.json" if form else "index.json"

        with pytest.raises(LayoutError, match=rf"{document}: a JSON .* at most 1000 are .*limits=Limits\(document="):
            registry.save(tmp_path / name, format=form, limits=low)
        assert names_in(tmp_path) == before
        registry.save(tmp_path / name, format=form, limits=high)
        with pytest.raises(LayoutError, match="at most 1000 are read"):
            FakeRegistry().load(tmp_path / name, limits=low)
        assert len(FakeRegistry().load(tmp_path / name, limits=high)) >= 81

    def test_repositories_that_are_put_into_one(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """If a tag then means two images, it is told what brought them together."""
        images = [registry.seed(f"team/{name}:v1") for name in ("a", "b")]
        for path in (tmp_path / "x", tmp_path / "x.tar"):
            registry.save(path)
            with pytest.raises(LayoutError) as caught:
                FakeRegistry().load(path, "mine")
            assert str(caught.value).endswith(
                f"index.json: two manifests are called mine:v1: {images[0].digest}, {images[1].digest}; "
                "repository='mine' put all into one: leave it out to keep them apart"
            )

    def test_index_is_kept_as_it_is(self, layout: Path, registry: FakeRegistry) -> None:
        """What else index.json says, of itself or of an entry that stays, is not lost."""
        document = {**index_of(layout), "annotations": {"k": "v"}}
        document["manifests"][0].update(annotations={REF_NAME: "theirs:v9", "more": "1"}, platform={"os": "linux"})
        (layout / "index.json").write_text(json.dumps(document))
        registry.save(layout)

        assert index_of(layout)["annotations"] == {"k": "v"}
        assert index_of(layout)["manifests"][0] == document["manifests"][0]
        assert len(index_of(layout)["manifests"]) == 2


class TestArguments:
    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"path": 5}, "path must be a path such as 'images.tar' or Path('images.tar'), not 5"),
            ({"path": b"x.tar"}, "path must be a path such as 'images.tar' or Path('images.tar'), not b'x.tar'"),
            ({"repository": 5}, "repository must be a string such as 'team/app', not 5"),
            (
                {"limits": 5},
                "limits must be a fakereg.images.Limits, such as Limits(unpacked=2**36), not 5",
            ),
        ],
    )
    def test_of_another_type(self, registry: FakeRegistry, layout: Path, given: dict[str, Any], message: str) -> None:
        """They are told by their names, before anything is read or written."""
        for act in (registry.load, registry.save):
            with pytest.raises(TypeError) as caught:
                act(**{"path": layout, **given})
            assert str(caught.value) == message

    def test_repository_that_is_no_string(self, registry: FakeRegistry) -> None:
        """So it is where a repository is looked at."""
        with pytest.raises(TypeError, match="name must be a string such as 'team/app', not 5"):
            registry.repository(5)  # type: ignore[arg-type]


class TestSuffixes:
    @pytest.mark.parametrize(
        ("name", "start"), [("A.TAR", b"blobs"), ("A.TGZ", b"\x1f\x8b"), ("A.Tar.Gz", b"\x1f\x8b")]
    )
    def test_upper_case(self, registry: FakeRegistry, tmp_path: Path, name: str, start: bytes) -> None:
        """It makes an archive as lower case does; and none of the suffix is in a repository's name."""
        registry.seed("team/app:v1")
        registry.save(tmp_path / name, "team/app")

        assert (tmp_path / name).read_bytes().startswith(start)
        assert FakeRegistry().load(tmp_path / name) == ["a:v1"]

    @pytest.mark.parametrize("name", ["b.tar.zst", "b.tar.xz", "b.TAR.BZ2", "b.txz", "b.tbz2", "b.tar.bak"])
    def test_of_other_archives(self, registry: FakeRegistry, tmp_path: Path, name: str) -> None:
        """What promises another compression is neither that nor a directory, unless it is said which."""
        registry.seed("app:v1")
        with pytest.raises(ValueError, match=rf"{name} is called like an archive, .* \.tgz: .* or give format="):
            registry.save(tmp_path / name)
        assert names_in(tmp_path) == []
        registry.save(tmp_path / name, format="oci-archive")
        assert (tmp_path / name).is_file()
        (tmp_path / name).unlink()
        (tmp_path / name).mkdir()
        registry.save(tmp_path / name)

        assert FakeRegistry().load(tmp_path / name) == ["app:v1"]

    def test_gz_alone(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """With a format, .gz is enough to be compressed."""
        registry.save(tmp_path / "x.gz", format="oci-archive")

        assert (tmp_path / "x.gz").read_bytes().startswith(b"\x1f\x8b")


class TestWhatLoadRefusesUnlessTold:
    def test_much_the_same_bytes(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """A .tgz of them looks like a decompression bomb: a higher ratio lets it pass, and plain tar has none."""
        put_blob(registry, "app", bytes(129 * 1024 * 1024))
        registry.save(tmp_path / "x.tgz")

        with pytest.raises(LayoutError, match=r"as a decompression bomb does; .* limits=Limits\(ratio="):
            FakeRegistry().load(tmp_path / "x.tgz")
        assert FakeRegistry().load(tmp_path / "x.tgz", limits=Limits(ratio=1000)) == []

    def test_two_end_blocks(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """An archive ends with two blocks of zeros, as tar has it, and with nothing else."""
        registry.save(tmp_path / "x.tar")
        content = (tmp_path / "x.tar").read_bytes()

        assert len(content) % 512 == 0
        assert content.endswith(bytes(1024))
        assert not content.endswith(bytes(1024 + 512))
