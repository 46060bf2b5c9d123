"""Archives: saved, recognised, and loaded as the same repositories."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from api import encode, image, sha256
from layouts import BARE, contents, entry, put_blob, put_manifest, write_layout
from tars import (
    CONFIG,
    CONFIG_NAME,
    HARD_LINK,
    OTHER,
    SYMLINK,
    blob,
    docker,
    docker_image,
    files,
    index,
    layout,
    member,
    pax,
    tar,
)

from fakereg import FakeRegistry, LayoutError
from fakereg.images import Limits
from fakereg.images.load import load_archive
from fakereg.images.save import save_archive
from fakereg.oci import media_types
from fakereg.oci.errors import NameInvalid, NameUnknown
from fakereg.oci.manifest import Manifest

ARCHIVES = ["x.tar", "x.tar.gz", "x.tgz"]


def fill(registry: FakeRegistry) -> None:
    """Everything that a layout can say."""
    first = registry.seed("team/app:v1", layers=[{"a": b"1"}, {"b": b"2"}])
    registry.seed("team/app:v2", platforms=["linux/amd64", "linux/arm64"])
    registry.seed("team/app", artifact_type="application/vnd.sbom", subject=first, layers=[b"sbom"])
    registry.seed("team/app:v1", docker=True)
    registry.seed("my.team/app:v1")
    put_blob(registry, "loose", b"nobody names me")
    put_blob(registry, "team/app", b"")


def fill_with_images(registry: FakeRegistry) -> None:
    """Everything that a docker-archive can say."""
    registry.seed("team/app:v1", layers=[{"a": b"1"}, {"b": b"2"}])
    registry.seed("team/app:v2", layers=[{"a": b"1"}], docker=True)
    registry.seed("my.team/app:v1", layers=[{"a": b"1"}])
    registry.seed("app", layers=[])


def written(tmp_path: Path, content: bytes, name: str = "x.tar") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def members(path: Path) -> dict[str, bytes]:
    """The files of an archive, as Python's own reader finds them."""
    with tarfile.open(path) as opened:
        return {one.name: opened.extractfile(one).read() for one in opened}


class TestLayoutArchive:
    @pytest.mark.parametrize("name", ARCHIVES)
    def test_whole_registry(self, registry: FakeRegistry, tmp_path: Path, name: str) -> None:
        """Repositories, tags, indexes, referrers, untagged manifests and loose blobs come back as they were."""
        fill(registry)
        registry.save(tmp_path / name)

        other = FakeRegistry()
        references = other.load(tmp_path / name)

        assert contents(other) == contents(registry)
        assert {"team/app:v1", "team/app:v2", "my.team/app:v1"} < set(references)

    def test_one_repository(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """A repository that was saved alone is called like the archive, without its suffixes, or as it is asked."""
        registry.seed("team/app:v1")
        registry.save(tmp_path / "My-App.tar.gz", "team/app")
        one, other = FakeRegistry(), FakeRegistry()

        assert one.load(tmp_path / "My-App.tar.gz") == ["my-app:v1"]
        assert other.load(str(tmp_path / "My-App.tar.gz"), "team/app") == ["team/app:v1"]
        assert contents(other) == contents(registry)

    def test_same_files_as_in_a_directory(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """The archive is the directory, packed: file by file the same."""
        fill(registry)
        registry.save(tmp_path / "x.tar")
        registry.save(tmp_path / "x")
        found = {str(one.relative_to(tmp_path / "x")): one for one in (tmp_path / "x").rglob("*") if one.is_file()}

        assert members(tmp_path / "x.tar") == {name: path.read_bytes() for name, path in found.items()}

    @pytest.mark.parametrize("form", ["oci-archive", "docker-archive"])
    @pytest.mark.parametrize("name", ARCHIVES)
    def test_is_reproducible(self, registry: FakeRegistry, tmp_path: Path, name: str, form: Any) -> None:
        """The same content gives the same bytes, whatever came first: sorted, of 1970, of root."""
        other = FakeRegistry()
        for one, tags in ((registry, ("v1", "v2")), (other, ("v2", "v1"))):
            for tag in tags:
                one.seed(f"app:{tag}")
        registry.save(tmp_path / name, format=form)
        other.save(tmp_path / f"again-{name}", format=form)

        assert (tmp_path / name).read_bytes() == (tmp_path / f"again-{name}").read_bytes()
        with tarfile.open(tmp_path / name) as opened:
            found = opened.getmembers()
        assert [one.name for one in found] == sorted(one.name for one in found)
        assert {(one.mtime, one.uid, one.gid, one.uname, one.mode) for one in found} == {(0, 0, 0, "", 0o644)}

    def test_large_blob(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """A blob of several segments comes back in segments."""
        large = bytes(range(256)) * 10_000
        put_blob(registry, "app", large)
        registry.save(tmp_path / "x.tar")

        other = FakeRegistry()
        other.load(tmp_path / "x.tar")

        assert other.repository("app").blob(sha256(large)) == large
        assert len(other._store.find_blob(sha256(large)).content.segments) == 3

    def test_sparse(self, tmp_path: Path) -> None:
        """A registry that takes images with missing parts takes them from an archive, too."""
        made = {name: content for name, content in layout().items() if name != blob(b"{}")}

        assert FakeRegistry(sparse="accept").load(written(tmp_path, tar(files(made)))) == ["x:v1"]


class TestRecognising:
    def test_content_and_not_suffix(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """Whatever a file is called, what is in it decides."""
        fill_with_images(registry)
        registry.save(tmp_path / "one.tgz")
        registry.save(tmp_path / "two.tar", format="docker-archive")
        one = (tmp_path / "one.tgz").rename(tmp_path / "one.tar")
        two = (tmp_path / "two.tar").rename(tmp_path / "two")

        assert sorted(FakeRegistry().load(one)) == sorted(FakeRegistry().load(two))

    @pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
    def test_what_tar_writes(self, registry: FakeRegistry, layout: Path, tmp_path: Path, form: int) -> None:
        """A layout that was packed with `tar -C layout -c .`, in any format: `./`, directories, padding to 10 KiB."""
        with tarfile.open(tmp_path / "x.tar", "w", format=form) as packed:
            packed.add(layout, ".")
        other = FakeRegistry()

        assert other.load(tmp_path / "x.tar", "team/app") == ["team/app:v1"]
        assert contents(other) == contents(registry)

    def test_long_names(self, registry: FakeRegistry) -> None:
        """Names beyond a header's 100 bytes, as PAX and GNU tar write them, belong to the member after them."""
        long = "a" * 90 + "/" + "b" * 90
        listed = docker_image(Layers=[long])
        made = {**docker(listed), long: b"layer"}
        del made["layer.tar"]
        loaded = []
        for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
            buffer = io.BytesIO()
            with tarfile.open(fileobj=buffer, mode="w", format=form) as packed:
                for name, content in made.items():
                    info = tarfile.TarInfo(name)
                    info.size, info.mtime = len(content), 1.5  # PAX has a header of its own for the fraction
                    packed.addfile(info, io.BytesIO(content))
            loaded.append(load_archive(registry._store, buffer.getvalue()))

        assert loaded == [["team/app:v1"], ["team/app:v1"]]

    def test_pax_size(self, registry: FakeRegistry) -> None:
        """A size may stand in the PAX header as well, and a global header may say what is no matter here."""
        first, *rest = [member(name, content) for name, content in layout().items()]
        size = str(len(layout()["oci-layout"]))

        loaded = load_archive(
            registry._store, tar(pax(("comment", "c"), kind=b"g"), pax(("size", size)), first, *rest), "x.tar"
        )

        assert loaded == ["x:v1"]

    def test_same_file_twice(self, tmp_path: Path) -> None:
        """A file that is there twice, and the same both times, is no matter."""
        made = files(layout())

        assert FakeRegistry().load(written(tmp_path, tar(made, made))) == ["x:v1"]

    def test_open_file(self, registry: FakeRegistry) -> None:
        """Bytes and open files are read too, a file from where it stands; the hint is the name."""
        archive = gzip.compress(tar(files(layout())))
        file = io.BytesIO(b"before" + archive)
        file.seek(6)

        assert load_archive(registry._store, archive, "one.tgz") == ["one:v1"]
        assert load_archive(registry._store, file, "/tmp/two.tar.gz") == ["two:v1"]
        assert load_archive(registry._store, archive) == ["archive:v1"]
        assert load_archive(registry._store, archive, repository="mine") == ["mine:v1"]
        assert registry.repositories == ["archive", "mine", "one", "two"]

    def test_file_that_gives_little(self, registry: FakeRegistry) -> None:
        """An unbuffered file may give fewer bytes than it is asked for."""

        class Dripping(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                return super().read(min(size or 0, 100))

        assert load_archive(registry._store, Dripping(tar(files(layout()))), "x.tar") == ["x:v1"]

    def test_file_that_cannot_be_read(self, registry: FakeRegistry) -> None:
        """A disk that fails is told with the archive's name."""

        class Failing(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                if self.tell() >= 1024:
                    raise OSError(5, "Input/output error")
                return super().read(size)

        with pytest.raises(LayoutError) as caught:
            load_archive(registry._store, Failing(tar(files(layout()))), "x.tar")
        assert str(caught.value) == "x.tar: Input/output error"
        assert registry.repositories == []

    def test_repository_is_checked_first(self, registry: FakeRegistry) -> None:
        """A repository that cannot be is told as such, and nothing is read."""
        with pytest.raises(NameInvalid):
            load_archive(registry._store, b"", repository="Not/Valid")


class TestDockerArchive:
    def test_round_trip(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """Loaded, saved and loaded again, everything stays what it became when it was first loaded."""
        fill_with_images(registry)
        registry.save(tmp_path / "one.tar", format="docker-archive")
        first, second = FakeRegistry(), FakeRegistry()
        references = first.load(tmp_path / "one.tar")
        first.save(tmp_path / "two.tar", format="docker-archive")
        second.load(tmp_path / "two.tar")

        assert sorted(references) == ["app:latest", "my.team/app:v1", "team/app:v1", "team/app:v2"]
        assert contents(second) == contents(first)
        assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()

    def test_what_is_written(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """The configs under their digests, the layers as plain tar under their DiffIDs, and manifest.json."""
        made = registry.seed("team/app:v1", layers=[{"a": b"1"}])
        registry.seed("team/app:again", layers=[{"a": b"1"}])
        registry.save(tmp_path / "x.tar", format="docker-archive")
        config, layer = (made.blobs[digest] for digest in made.blobs)
        unpacked = gzip.decompress(layer)
        names = [f"{sha256(config)[7:]}.json", f"{sha256(unpacked)[7:]}.tar"]
        found = members(tmp_path / "x.tar")

        assert json.loads(found.pop("manifest.json")) == [
            {"Config": names[0], "RepoTags": ["team/app:again", "team/app:v1"], "Layers": [names[1]]}
        ]
        assert found == {names[0]: config, names[1]: unpacked}

    def test_what_is_loaded(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """An OCI image of the config as it is and of the layers as plain tar, the same in every run."""
        registry.load(written(tmp_path, tar(files(docker()))))
        manifest = registry.repository("team/app").manifest("v1")

        assert json.loads(manifest.body) == {
            "schemaVersion": 2,
            "mediaType": media_types.OCI_MANIFEST,
            "config": entry(CONFIG, media_types.OCI_CONFIG),
            "layers": [entry(b"layer", media_types.OCI_LAYER)],
        }
        assert manifest.digest == "sha256:9ddc28f50dbc5da22c81e6dbe1b38c107627e9378e305df38744efaf9d186dcb"
        assert registry.repository("team/app").blob(sha256(b"layer")) == b"layer"

    def test_compressed_layers(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """Layers in gzip, as crane and bazel write them, become plain, so that saving changes nothing any more."""
        made = {**docker(), "layer.tar": gzip.compress(b"layer")}
        registry.load(written(tmp_path, tar(files(made))))

        assert registry.repository("team/app").blob(sha256(b"layer")) == b"layer"
        assert registry.repository("team/app").blobs == sorted([sha256(b"layer"), sha256(CONFIG)])

    @pytest.mark.parametrize(
        ("kind", "target"), [(SYMLINK, "../one/layer.tar"), (HARD_LINK, "one/layer.tar"), (SYMLINK, "../two/./other")]
    )
    def test_links(self, registry: FakeRegistry, tmp_path: Path, kind: bytes, target: str) -> None:
        """Docker up to 24 writes a layer once and links it from every image that shares it, before it or after."""
        listed = json.dumps([docker_image(Layers=["two/layer.tar"])]).encode()
        parts = [
            member("two/layer.tar", kind=kind, target=target),
            member("one/layer.tar", b"layer"),
            member("two/other", kind=SYMLINK, target="../one/layer.tar"),
        ]
        archive = tar(member("manifest.json", listed), member(CONFIG_NAME, CONFIG), *parts)

        assert registry.load(written(tmp_path, archive)) == ["team/app:v1"]
        assert registry.repository("team/app").blob(sha256(b"layer")) == b"layer"

    @pytest.mark.parametrize(
        ("tags", "references"),
        [
            (["app:v1", "team/app:v2"], ["app:v1", "team/app:v2"]),
            (["localhost:5000/team/app:v1"], ["team/app:v1"]),
            (["docker.io/library/app:v1"], ["app:v1"]),
            (["registry.example.com/app:v1"], ["app:v1"]),
        ],
    )
    def test_names(self, registry: FakeRegistry, tmp_path: Path, tags: list[str], references: list[str]) -> None:
        """Every RepoTag is a tag; a host in front is dropped, and what Docker itself leaves out."""
        assert registry.load(written(tmp_path, tar(files(docker(docker_image(RepoTags=tags)))))) == references

    @pytest.mark.parametrize("tags", [None, []])
    def test_no_name(self, registry: FakeRegistry, tmp_path: Path, tags: Any) -> None:
        """An image that was saved by its id has no tag, and its repository is called like the archive."""
        path = written(tmp_path, tar(files(docker(docker_image(RepoTags=tags)))), "My_App.tar")
        (reference,) = registry.load(path)

        assert reference == f"my-app@{registry.repository('my-app').manifests[0].digest}"
        assert registry.repository("my-app").tags == []

    def test_given_repository(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """A repository that is asked for stands in for that of the tags."""
        assert registry.load(written(tmp_path, tar(files(docker()))), "mine") == ["mine:v1"]

    def test_both_forms_in_one(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """Docker since 25 writes a layout with manifest.json beside it: the layout's manifests are the true ones."""
        annotations = {
            "io.containerd.image.name": "docker.io/library/app:v1",
            "org.opencontainers.image.ref.name": "v1",
        }
        listed = index({**entry(BARE), "annotations": annotations})
        made = {**layout(index=listed), "manifest.json": b"[{}]", "repositories": b"{}"}

        assert registry.load(written(tmp_path, tar(files(made)))) == ["app:v1"]
        assert registry.repository("app").manifest("v1").digest == sha256(BARE)

    def test_full_name_of_a_layout(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """containerd's name goes before the tag in a directory, too."""
        annotations = {"io.containerd.image.name": "ghcr.io/team/app:v1", "org.opencontainers.image.ref.name": "v2"}
        path = write_layout(tmp_path / "x", {**entry(BARE), "annotations": annotations}, blobs=(BARE, b"{}"))

        assert registry.load(path) == ["team/app:v1"]

    def test_empty(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """A registry that holds nothing is an archive of no images."""
        registry.save(tmp_path / "x.tar", format="docker-archive")

        assert FakeRegistry().load(tmp_path / "x.tar") == []


class TestWhatADockerArchiveCannotSay:
    def test_all_of_it_is_named(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """Each is told with the reason, and what to do; nothing is written, and no image is left out in silence."""
        first = registry.seed("team/app:v1")
        registry.seed("team/app:multi", platforms=["linux/amd64"])
        bill = registry.seed("team/app", artifact_type="application/x", subject=first)
        registry.seed("team/app:chart", artifact_type="application/x")
        put_blob(registry, "team/app", b"loose")

        with pytest.raises(LayoutError) as caught:
            registry.save(tmp_path / "x.tar", format="docker-archive")
        assert str(caught.value) == (
            f"{tmp_path / 'x.tar'}: a docker-archive holds tagged images alone: "
            "team/app:chart is an artifact, with a config of the type application/vnd.oci.empty.v1+json, "
            "team/app:multi is an index of several images, "
            f"team/app@{bill.digest} has no tag, "
            f"team/app@{sha256(b'loose')} is a blob of no image; save them as 'oci-archive' instead"
        )
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("changed", "why"),
        [
            ({"subject": entry(BARE)}, "refers to a subject"),
            ({"layers": [entry(b"x", "application/vnd.oci.image.layer.nondistributable.v1.tar")]}, "kept elsewhere"),
            ({"layers": [entry(b"gone")]}, f"lacks the blob {sha256(b'gone')}"),
            ({"layers": [entry(b"here")]}, "does not tell the DiffIDs of its layers"),
            ({"layers": [entry(b"\x1f\x8bbroken")]}, "has a layer that cannot be unpacked: sha256:"),
            ({"config": entry(b"[]", media_types.OCI_CONFIG)}, "has a config that cannot be read: sha256:"),
        ],
    )
    def test_images_that_are_not_whole(
        self, registry: FakeRegistry, tmp_path: Path, changed: dict[str, Any], why: str
    ) -> None:
        """An image is one with a config that tells its layers, all of which are there and can be unpacked."""
        config = b'{"rootfs": {"diff_ids": []}}'
        for content in (config, b"[]", b"here", b"\x1f\x8bbroken"):
            put_blob(registry, "app", content)
        document = {**image(config), **changed}
        put_manifest(registry, "app", Manifest.parse(encode(document)), "v1")

        with pytest.raises(LayoutError, match=f"app:v1 .*{why}"):
            registry.save(tmp_path / "x.tar", format="docker-archive")

    def test_type_that_nobody_knows(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """A manifest that is no image is told with its type."""
        put_manifest(registry, "app", Manifest.parse(b'{"x": 1}', content_type="application/vnd.custom+json"), "v1")

        with pytest.raises(LayoutError, match=r"app:v1 is of the type application/vnd\.custom\+json;"):
            registry.save(tmp_path / "x.tar", format="docker-archive")

    def test_unpacking_has_a_limit(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """A layer that somebody pushed may be a bomb: it is unpacked no further than the limit."""
        registry.seed("app:v1", layers=[gzip.compress(bytes(10_000))])

        with pytest.raises(LayoutError, match="unpacks to more than 9999 bytes"):
            registry.save(tmp_path / "x.tar", format="docker-archive", limits=Limits(unpacked=9999))
        registry.save(tmp_path / "x.tar", format="docker-archive", limits=Limits(unpacked=10_000))
        assert bytes(10_000) in members(tmp_path / "x.tar").values()


class TestWhereItIsWritten:
    @pytest.mark.parametrize(
        ("name", "form", "made"),
        [
            ("x", None, "directory"),
            ("x.v1", None, "directory"),
            ("x.tar", "oci", "directory"),
            ("x.tar", None, "oci-layout"),
            ("x", "oci-archive", "oci-layout"),
            ("x", "docker-archive", "manifest.json"),
        ],
    )
    def test_form(self, registry: FakeRegistry, tmp_path: Path, name: str, form: Any, made: str) -> None:
        """The name decides, unless a format is given."""
        registry.seed("app:v1")
        registry.save(tmp_path / name, format=form)

        assert [one.name for one in tmp_path.iterdir()] == [name]
        assert (tmp_path / name).is_dir() if made == "directory" else made in members(tmp_path / name)

    def test_directory_that_is_called_like_an_archive(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """A directory stays one, and cannot become an archive."""
        (tmp_path / "x.tar").mkdir()
        registry.seed("app:v1")
        registry.save(tmp_path / "x.tar")

        assert (tmp_path / "x.tar" / "oci-layout").is_file()
        with pytest.raises(LayoutError, match="is a directory, where the archive should be"):
            registry.save(tmp_path / "x.tar", format="oci-archive")

    def test_special_file(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """A FIFO or a device is not replaced by an archive."""
        os.mkfifo(tmp_path / "x.tar")

        with pytest.raises(LayoutError, match="is a FIFO"):
            registry.save(tmp_path / "x.tar")
        assert (tmp_path / "x.tar").is_fifo()

    def test_again(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """An archive that exists is replaced, through a link too; its directory is made."""
        path = tmp_path / "new" / "x.tar"
        registry.seed("app:v1")
        registry.save(path)
        (tmp_path / "link.tar").symlink_to(path)
        registry.seed("app:v2")
        registry.save(tmp_path / "link.tar")

        assert (tmp_path / "link.tar").is_symlink()
        assert FakeRegistry().load(path) == ["app:v1", "app:v2"]
        assert [one.name for one in path.parent.iterdir()] == ["x.tar"]

    def test_failure_leaves_what_was_there(
        self, registry: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """If writing fails, the archive of before stays, and nothing lies beside it."""
        path = written(tmp_path, b"before")
        registry.seed("app:v1")

        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("fakereg.images.save.write_tar", full)
        with pytest.raises(OSError, match="No space"):
            registry.save(path)
        assert path.read_bytes() == b"before"
        assert list(tmp_path.iterdir()) == [path]

    def test_unknown_format(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """A format is one of three, and a repository one that exists; else nothing is written."""
        with pytest.raises(ValueError, match="unknown format 'zip'; known are oci, oci-archive, docker-archive"):
            registry.save(tmp_path / "x", format="zip")  # type: ignore[arg-type]
        with pytest.raises(NameUnknown):
            registry.save(tmp_path / "x.tar", "nobody")
        assert list(tmp_path.iterdir()) == []

    def test_open_file(self, registry: FakeRegistry) -> None:
        """An archive is written to an open file, too, the same as to a path; a directory cannot be."""
        registry.seed("app:v1")
        plain, packed, image_of = io.BytesIO(), io.BytesIO(), io.BytesIO()
        save_archive(registry._store, plain)
        save_archive(registry._store, packed, compress=True)
        save_archive(registry._store, image_of, form="docker-archive")

        assert gzip.decompress(packed.getvalue()) == plain.getvalue()
        assert load_archive(FakeRegistry()._store, plain.getvalue()) == ["app:v1"]
        assert load_archive(FakeRegistry()._store, image_of.getvalue()) == ["app:v1"]
        with pytest.raises(ValueError, match="give 'oci-archive'"):
            save_archive(registry._store, plain, form="oci")

    def test_links_out_of_a_layout(self, layout: Path, registry: FakeRegistry, tmp_path: Path) -> None:
        """Nothing is written through a link that leads out of the directory."""
        outside = tmp_path / "outside"
        (layout / "blobs").rename(outside)
        (layout / "blobs").symlink_to(outside)
        before = sorted(outside.rglob("*"))
        registry.seed("team/app:v2")

        with pytest.raises(LayoutError, match="leads out of the directory"):
            registry.save(layout)
        assert sorted(outside.rglob("*")) == before

    def test_links_within_a_layout(self, layout: Path, registry: FakeRegistry) -> None:
        """Links that stay inside are followed."""
        (layout / "blobs").rename(layout / "kept")
        (layout / "blobs").symlink_to("kept")
        other = FakeRegistry()

        assert other.load(layout, "team/app") == ["team/app:v1"]
        assert contents(other) == contents(registry)


class TestCommand:
    def run(self, path: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "fakereg", "run", "--load", str(path), "--"]
        ask = "import os, urllib.request as u; print(u.urlopen(os.environ['FAKEREG_URL'] + '/v2/_catalog').read())"
        return subprocess.run(
            [*command, sys.executable, "-c", ask], capture_output=True, text=True, timeout=60, check=False
        )

    def test_archive(self, tmp_path: Path) -> None:
        """The command loads archives as it loads directories."""
        done = self.run(written(tmp_path, tar(files(docker()))))

        assert (done.returncode, done.stdout.strip()) == (0, """b'{"repositories": ["team/app"]}'"""), done.stderr

    def test_hostile_archive(self, tmp_path: Path) -> None:
        """What is refused is told in one line, with the member and the reason."""
        path = written(tmp_path, tar(member("../evil", OTHER)))
        done = self.run(path)

        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"fakereg: cannot load {path}: ../evil: has a '..' in its path\n"
