"""Layers: reproducible archives, and archives that exist already."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable

import pytest

from fakereg.images.layers import DOCKER_LAYER_PLAIN, File, Layer, Symlink, archive, layer
from fakereg.oci import media_types


def members(content: bytes) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return tar.getmembers()


def text_of(content: bytes, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        file = tar.extractfile(name)
        return file.read() if file else b""


class TestFiles:
    def test_holds_what_it_was_given(self) -> None:
        """Bytes and text become files, a trailing slash a directory, and parents are added."""
        content = layer({"etc/motd": b"hi", "etc/name": "é", "var/empty/": b""})

        assert [(member.name, member.isdir()) for member in members(content)] == [
            ("etc", True),
            ("etc/motd", False),
            ("etc/name", False),
            ("var", True),
            ("var/empty", True),
        ]
        assert text_of(content, "etc/motd") == b"hi"
        assert text_of(content, "etc/name") == "é".encode()

    def test_modes_and_links(self) -> None:
        """A file may have a mode, and a link keeps its target as it is."""
        script, link = members(layer({"a": File("#!/bin/sh\n", 0o755), "b": Symlink("/bin/a")}))

        assert (script.mode, script.size) == (0o755, 10)
        assert (link.issym(), link.linkname) == (True, "/bin/a")

    def test_belongs_to_root_and_has_no_date(self) -> None:
        """Nothing of the machine or the moment shows."""
        assert {(m.uid, m.gid, m.uname, m.gname, m.mtime) for m in members(layer({"a/b": b""}))} == {(0, 0, "", "", 0)}

    def test_long_and_foreign_names(self) -> None:
        """Names beyond what the oldest tar headers can hold are kept whole."""
        names = ["x" * 300, "ünï/" + "n" * 120]
        content = layer(dict.fromkeys(names, b"1"))

        assert {member.name for member in members(content) if member.isfile()} == set(names)


class TestReproducible:
    def test_order_does_not_matter(self) -> None:
        """The same files give the same bytes, in whatever order they were told."""
        assert layer({"b": b"2", "a": b"1"}) == layer({"a": b"1", "b": b"2"})

    def test_bytes_are_known(self) -> None:
        """The digest is the same with every Python and zlib."""
        content = layer({"etc/motd": b"hi", "ünï/" + "n" * 120: File("x" * 100_000, 0o755), "l": Symlink("etc/motd")})

        assert hashlib.sha256(content).hexdigest() == "05a09bab89afca530dcf606b9b5350fdaaec75ee74276a9d92c5319e6a4a7698"

    @pytest.mark.parametrize("size", [0, 1, 0xFFFF - 1024, 0xFFFF, 200_000])
    def test_gzip_of_any_length(self, size: int) -> None:
        """What was compressed is the archive, also where its length is at the edge of a block."""
        files = {"a": b"x" * size}

        assert gzip.decompress(layer(files)) == archive(files)
        assert text_of(layer(files), "a") == b"x" * size


class TestNames:
    @pytest.mark.parametrize(
        ("name", "complaint"),
        [
            ("/etc/motd", "is absolute"),
            ("../motd", "the part '..'"),
            ("etc/../../motd", "the part '..'"),
            ("./motd", "the part '.'"),
            ("etc//motd", "the part ''"),
            ("", "the part ''"),
            ("mo\0td", "NUL"),
        ],
    )
    def test_unsafe_name_is_refused(self, name: str, complaint: str) -> None:
        """A name that could lead out of the layer is refused, with the reason."""
        with pytest.raises(ValueError, match="layer entry") as caught:
            layer({name: b""})

        assert complaint in str(caught.value)

    @pytest.mark.parametrize("files", [{"a": b"", "a/b": b""}, {"a/b": b"", "a": b""}, {"a": b"", "a/": b""}])
    def test_file_and_directory_of_one_name(self, files: dict[str, bytes]) -> None:
        """A name is a file or a directory, not both."""
        with pytest.raises(ValueError, match="'a' is both a file and a directory"):
            layer(files)

    def test_directory_has_no_content(self) -> None:
        """Content under a name with a trailing slash is a mistake."""
        with pytest.raises(ValueError, match="'a/' is a directory"):
            layer({"a/": b"1"})


class TestLayer:
    def test_files(self) -> None:
        """Files become tar+gzip; the diff_id is that of the tar."""
        made = Layer.of({"a": b"1"})

        assert made.content == layer({"a": b"1"})
        assert made.media_type == media_types.OCI_LAYER_GZIP
        assert made.diff_id == "sha256:" + hashlib.sha256(archive({"a": b"1"})).hexdigest()

    def test_archive_is_taken_as_it_is(self) -> None:
        """Bytes are told by how they begin, and not touched."""
        tar = archive({"a": b"1"})
        packed = gzip.compress(tar)

        assert Layer.of(tar) == Layer(tar, media_types.OCI_LAYER, Layer.of({"a": b"1"}).diff_id)
        assert Layer.of(packed) == Layer(packed, media_types.OCI_LAYER_GZIP, Layer.of(tar).diff_id)

    def test_docker_types(self) -> None:
        """Docker has names of its own for both."""
        assert Layer.of({}, docker=True).media_type == media_types.DOCKER_LAYER
        assert Layer.of(archive({}), docker=True).media_type == DOCKER_LAYER_PLAIN

    @pytest.mark.parametrize(
        "content",
        # No time of day: workers of pytest-xdist must collect the same tests.
        [b"\x1f\x8b", gzip.compress(b"x" * 100, mtime=0)[:-9], b"\x1f\x8b\x08\x00" + b"\xff" * 20],
        ids=["nothing but the magic", "cut short", "no deflate"],
    )
    def test_broken_gzip_is_refused(self, content: bytes) -> None:
        """Without the archive there is no diff_id."""
        with pytest.raises(ValueError, match="begins like gzip but cannot be read"):
            Layer.of(content)

    def test_zstd_is_refused(self) -> None:
        """The standard library cannot read it, and a wrong diff_id would surprise later."""
        with pytest.raises(ValueError, match="zstd"):
            Layer.of(b"\x28\xb5\x2f\xfd....")

    def test_other_types_are_refused(self) -> None:
        """A layer is files or an archive."""
        with pytest.raises(TypeError, match="a layer must be a dict of files, or bytes, not 'etc/motd'"):
            Layer.of("etc/motd")  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("make", "complaint"),
        [
            (lambda: layer({"x": 5}), "layer entry 'x' must be bytes, str, File or Symlink, not 5"),
            (lambda: layer({5: b""}), "the name of a layer entry must be a string, not 5"),
            (lambda: File(5), "the content of a File must be bytes or str, not 5"),
            (lambda: File(mode="755"), "the mode of a File must be a number such as 0o755, not '755'"),
            (lambda: Symlink(b"x"), "the target of a Symlink must be a string, not b'x'"),
        ],
    )
    def test_entries_of_other_types_are_refused(self, make: Callable[[], object], complaint: str) -> None:
        """What is wrong in a dict of files is told by the name of the file."""
        with pytest.raises(TypeError) as caught:
            make()

        assert str(caught.value) == complaint
