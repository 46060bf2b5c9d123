"""OCI image layouts on disk: saving and loading."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from api import encode, image, sha256, sha512
from layouts import BARE, blob_path, contents, entry, index_of, put_blob, put_manifest, write_layout

from fakereg import FakeRegistry
from fakereg.images import LayoutError
from fakereg.images.layout_reader import MANIFEST_LIMIT
from fakereg.images.ref_names import REF_NAME
from fakereg.oci import media_types
from fakereg.oci.digest import Digest
from fakereg.oci.errors import NameInvalid, NameUnknown
from fakereg.oci.manifest import Manifest
from fakereg.oci.names import RepositoryName


def index_manifest(*children: dict[str, Any]) -> Manifest:
    return Manifest.parse(encode({"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": children}))


class TestRoundTrip:
    def test_whole_registry(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """Repositories, tags, indexes, referrers, untagged manifests and loose blobs come back as they were."""
        first = registry.seed("team/app:v1")
        registry.seed("team/app:v2", platforms=["linux/amd64", "linux/arm64"])
        registry.seed("team/app", artifact_type="application/vnd.sbom", subject=first, layers=[b"sbom"])
        registry.seed("team/app:v1", docker=True)
        registry.seed("my.team/app:v1")
        registry.seed("localhost/app")
        put_blob(registry, "loose", b"nobody names me")
        put_blob(registry, "team/app", b"")
        registry.save(tmp_path)

        other = FakeRegistry()
        other.load(tmp_path)

        assert contents(other) == contents(registry)
        assert other.repository("team/app").referrers(first.digest) == registry.repository("team/app").referrers(
            first.digest
        )

    def test_manifests_of_unknown_type_and_their_blobs(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """What is no image is kept with its media type; the children of a cache are blobs."""
        unknown = Manifest.parse(b'{"x": 1}', content_type="application/vnd.custom.v1+json")
        cache = {
            "schemaVersion": 2,
            "mediaType": media_types.OCI_INDEX,
            "manifests": [entry(b"{}", "application/vnd.cache")],
        }
        put_manifest(registry, "app", unknown, "odd")
        put_blob(registry, "app", b"{}")
        put_manifest(registry, "app", Manifest.parse(encode(cache)), "cache")
        registry.save(tmp_path)

        other = FakeRegistry()
        other.load(tmp_path)

        assert contents(other) == contents(registry)
        assert other.repository("app").manifest("odd").media_type == "application/vnd.custom.v1+json"

    def test_sha512(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """Blobs and manifests of other algorithms have a folder of their own."""
        put_blob(registry, "app", b"{}", sha512(b"{}"))
        body = BARE.replace(sha256(b"{}").encode(), sha512(b"{}").encode())
        put_manifest(registry, "app", Manifest.parse(body, digest=Digest(sha512(body))), "v1")
        registry.save(tmp_path)

        other = FakeRegistry()
        other.load(tmp_path)

        assert contents(other) == contents(registry)
        assert blob_path(tmp_path, sha512(body)).read_bytes() == body

    def test_one_repository(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """A repository that was saved alone comes back under its name, if that is given."""
        image = registry.seed("team/app:v1")
        registry.seed("team/app", artifact_type="application/vnd.sbom", subject=image)
        registry.save(tmp_path, "team/app")
        registry.seed("other")

        other = FakeRegistry()
        other.load(tmp_path, "team/app")

        assert contents(other) == {"team/app": contents(registry)["team/app"]}

    def test_sparse_image(self, tmp_path: Path) -> None:
        """An image with missing parts needs a registry that takes such images."""
        registry = FakeRegistry(sparse="accept")
        put_manifest(registry, "app", Manifest.parse(BARE), "v1")
        registry.save(tmp_path)
        other = FakeRegistry(sparse="accept")

        assert other.load(tmp_path) == ["app:v1"]
        assert contents(other) == contents(registry)
        with pytest.raises(LayoutError, match="no such file"):
            FakeRegistry().load(tmp_path)

    def test_wrong_sizes(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """A client may push descriptors of any size: the store took them, so they come back."""
        document = image(b"{}", (b"layer",))
        document["config"]["size"], document["layers"][0]["size"] = 1000, 0
        body = encode(document)
        cache = {**entry(b"layer", "application/vnd.cache"), "size": 7}
        for content in (b"{}", b"layer"):
            put_blob(registry, "app", content)
        put_manifest(registry, "app", Manifest.parse(body))
        put_manifest(registry, "app", index_manifest({**entry(body), "size": 1}, cache), "v1")
        registry.save(tmp_path)

        other = FakeRegistry()
        other.load(tmp_path)

        assert contents(other) == contents(registry)

    @pytest.mark.parametrize("told", [*sorted(media_types.IMAGES | media_types.INDEXES), "application/vnd.cache"])
    @pytest.mark.parametrize("kind", ["image", "custom", "blob", "both"])
    def test_wrong_types(self, registry: FakeRegistry, tmp_path: Path, told: str, kind: str) -> None:
        """An index may call a manifest or blob anything; each comes back as what it was."""
        document = image(b"{}")
        del document["mediaType"]  # only Content-Type told the type
        body = encode(document)
        put_blob(registry, "app", b"{}")
        if kind != "blob":
            media_type = "application/vnd.custom+json" if kind == "custom" else media_types.OCI_MANIFEST
            put_manifest(registry, "app", Manifest.parse(body, content_type=media_type))
        if kind in ("blob", "both"):
            put_blob(registry, "app", body)
        put_manifest(registry, "app", index_manifest(entry(body, told)), "v1")
        registry.save(tmp_path)

        other = FakeRegistry()
        other.load(tmp_path)

        assert contents(other) == contents(registry)

    def test_large_blob(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """A blob of several segments is written and read in pieces."""
        large = bytes(range(256)) * 10_000
        put_blob(registry, "app", large)
        registry.save(tmp_path)

        other = FakeRegistry()
        other.load(tmp_path)

        assert other.repository("app").blob(sha256(large)) == large
        assert len(other._store.repository(RepositoryName("app")).blob(Digest.of(large)).content.segments) == 3


class TestSave:
    def test_files(self, layout: Path, registry: FakeRegistry) -> None:
        """The marker, the index with the tag alone as name, and one file for each blob."""
        manifest = registry.repository("team/app").manifest("v1")

        assert json.loads((layout / "oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}
        assert index_of(layout) == {
            "schemaVersion": 2,
            "mediaType": media_types.OCI_INDEX,
            "manifests": [entry(manifest.body, name="v1")],
        }
        assert {path.name for path in (layout / "blobs" / "sha256").iterdir()} == {
            digest.partition(":")[2] for digest in (manifest.digest, *registry.repository("team/app").blobs)
        }
        assert blob_path(layout, manifest.digest).read_bytes() == manifest.body

    def test_names_of_a_whole_registry(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """Names are full; children of an index are not listed, what nothing leads to is."""
        index = registry.seed("team/app:v1", platforms=["linux/amd64"])
        artifact = registry.seed("team/app", artifact_type="application/vnd.x", subject=index)
        put_blob(registry, "team/app", b"loose")
        registry.save(tmp_path)

        assert [(one["mediaType"], one["annotations"][REF_NAME]) for one in index_of(tmp_path)["manifests"]] == [
            (media_types.OCI_INDEX, "team/app:v1"),
            (media_types.OCI_MANIFEST, f"team/app@{artifact.digest}"),
            (media_types.OCTET_STREAM, f"team/app@{sha256(b'loose')}"),
        ]

    def test_is_reproducible(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """The same content gives the same files, whatever came first."""
        other = FakeRegistry()
        for one, tags in ((registry, ("v1", "v2")), (other, ("v2", "v1"))):
            for tag in tags:
                one.seed(f"app:{tag}")
        registry.save(tmp_path / "one")
        other.save(tmp_path / "two")
        files = [sorted(path for path in (tmp_path / name).rglob("*") if path.is_file()) for name in ("one", "two")]

        assert [path.read_bytes() for path in files[0]] == [path.read_bytes() for path in files[1]]
        assert len(files[0]) == 8

    def test_again(self, layout: Path, registry: FakeRegistry) -> None:
        """Saved again, an entry of the same name is replaced; others stay as they were."""
        index = index_of(layout)
        foreign = {**entry(b"{}", "application/xml", "theirs"), "urls": ["https://example.com"]}
        (layout / "index.json").write_text(json.dumps({**index, "manifests": [foreign, *index["manifests"]]}))
        moved = registry.seed("team/app:v1", layers=[])
        registry.save(layout, "team/app")
        entries = index_of(layout)["manifests"]

        assert entries[0] == foreign
        assert entries[1] == entry(moved.body, name="v1")
        assert [one.get("annotations") for one in entries[2:]] == [None]  # the image that lost its tag
        assert len(list(layout.rglob("*.unfinished"))) == 0

    def test_directory_with_something_else(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """A directory that holds other things is left alone."""
        (tmp_path / "thesis.txt").write_text("precious")

        with pytest.raises(LayoutError, match="is neither empty nor an OCI image layout: save to a new directory"):
            registry.save(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]

    def test_broken_index(self, layout: Path, registry: FakeRegistry) -> None:
        """An index that cannot be read is not overwritten, and no blob is added to it."""
        (layout / "index.json").write_text("{")
        before = sorted(layout.rglob("*"))
        registry.seed("team/app:v2")

        with pytest.raises(LayoutError, match=r"index\.json"):
            registry.save(layout)
        assert sorted(layout.rglob("*")) == before

    def test_unknown_repository(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """A repository that nobody pushed to is a mistake; nothing is written."""
        with pytest.raises(NameUnknown):
            registry.save(tmp_path / "new", "nobody")
        assert not (tmp_path / "new").exists()


class TestLoad:
    def test_tag_alone(self, layout: Path) -> None:
        """The repository is the one that is asked for, or called like the directory."""
        one, other = FakeRegistry(), FakeRegistry()

        assert one.load(layout) == ["layout:v1"]
        assert other.load(str(layout), repository="a/b") == ["a/b:v1"]
        assert one.repository("layout").manifest("v1") == other.repository("a/b").manifest("v1")

    def test_full_name(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """Repository and tag are taken from the name, unless a repository is given."""
        path = write_layout(tmp_path / "x", entry(BARE, name="docker.io/library/app:1"), blobs=(BARE, b"{}"))

        assert registry.load(path) == ["library/app:1"]
        assert registry.load(path, "mine") == ["mine:1"]
        assert registry.repositories == ["library/app", "mine"]

    def test_no_name(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """An entry without a name is stored without a tag."""
        path = write_layout(tmp_path / "My App", entry(BARE), blobs=(BARE, b"{}"))

        assert registry.load(path) == [f"my-app@{sha256(BARE)}"]
        assert registry.repository("my-app").tags == []
        assert registry.repository("my-app").manifest(sha256(BARE)).body == BARE

    def test_nested_indexes(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """Everything that an index leads to is stored, however deep, and children come before parents."""
        bodies, kind = [BARE], media_types.OCI_MANIFEST
        for _ in range(1500):
            child = entry(bodies[-1], kind)
            bodies.append(encode({"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": [child, child]}))
            kind = media_types.OCI_INDEX
        path = write_layout(tmp_path / "deep", entry(bodies[-1], kind, "v1"), blobs=(*bodies, b"{}"))
        registry.load(path)

        assert [manifest.body for manifest in registry.repository("deep").manifests] == bodies
        assert registry.repository("deep").manifest("v1").body == bodies[-1]

    def test_child_of_another_type(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """A child that tells its own type is of that, whatever its parent says of it."""
        parent = index_manifest({**entry(BARE, media_types.DOCKER_LIST), "size": 1}).body
        path = write_layout(tmp_path / "x", entry(parent, media_types.OCI_INDEX, "v1"), blobs=(parent, BARE, b"{}"))
        registry.load(path)

        assert registry.repository("x").manifest(sha256(BARE)).media_type == media_types.OCI_MANIFEST

    @pytest.mark.parametrize(("size", "is_manifest"), [(MANIFEST_LIMIT, True), (MANIFEST_LIMIT + 1, False)])
    def test_large_content(self, registry: FakeRegistry, tmp_path: Path, size: int, is_manifest: bool) -> None:
        """What is not called a manifest and is larger than one may be is a blob, and not looked into."""
        content = b"{}".ljust(size)
        path = write_layout(tmp_path / "x", entry(content, "application/vnd.custom+json", "v1"), blobs=(content,))

        assert registry.load(path) == (["x:v1"] if is_manifest else [])
        assert registry.repository("x").blobs == ([] if is_manifest else [sha256(content)])

    def test_foreign_layer_may_be_missing(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """A layer that is kept elsewhere is not looked for."""
        foreign = entry(b"elsewhere", "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")
        body = encode({**image(b"{}"), "layers": [foreign]})
        path = write_layout(tmp_path / "x", entry(body, name="v1"), blobs=(body, b"{}"))

        assert registry.load(path) == ["x:v1"]

    def test_other_content(self, registry: FakeRegistry, tmp_path: Path) -> None:
        """What index.json lists beside images is kept as a blob."""
        path = write_layout(tmp_path / "x", entry(b"<a/>", "application/xml", "notes"), blobs=(b"<a/>",))

        assert registry.load(path) == []
        assert registry.repository("x").blob(sha256(b"<a/>")) == b"<a/>"

    def test_repository_is_checked(self, layout: Path, registry: FakeRegistry) -> None:
        """A repository that cannot be is told as such."""
        with pytest.raises(NameInvalid):
            registry.load(layout, "Not/Valid")
