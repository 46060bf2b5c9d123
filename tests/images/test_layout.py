"""OCI image layouts on disk: saving, loading, and what a broken one is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from api import encode, image, sha256, sha512

from fakereg import FakeRegistry
from fakereg.images.layout import REF_NAME, LayoutError
from fakereg.oci import media_types
from fakereg.oci.digest import Digest
from fakereg.oci.errors import NameInvalid, NameUnknown
from fakereg.oci.manifest import Manifest
from fakereg.oci.names import RepositoryName, Tag
from fakereg.store.content import Content


@pytest.fixture
def registry() -> FakeRegistry:
    """Not serving: layouts need no network."""
    return FakeRegistry()


@pytest.fixture
def layout(tmp_path: Path, registry: FakeRegistry) -> Path:
    """A layout of `team/app` with the tag v1."""
    registry.seed("team/app:v1", layers=[{"a": b"1"}])
    registry.save(tmp_path / "layout", "team/app")
    return tmp_path / "layout"


def contents(registry: FakeRegistry) -> dict[str, Any]:
    """Everything that a registry holds."""
    views = [registry.repository(name) for name in registry.repositories]
    return {
        view.name: {
            "tags": {tag: view.manifest(tag).digest for tag in view.tags},
            "manifests": {manifest.digest: manifest for manifest in view.manifests},
            "blobs": {digest: view.blob(digest) for digest in view.blobs},
        }
        for view in views
    }


def put_blob(registry: FakeRegistry, name: str, content: bytes, digest: str = "") -> None:
    store = registry._store
    blob = store.pool.intern(Digest(digest or sha256(content)), Content([content]))
    store.repository(RepositoryName(name)).link_blob(blob)


def put_manifest(registry: FakeRegistry, name: str, manifest: Manifest, *tags: str) -> None:
    registry._store.repository(RepositoryName(name)).put_manifest(manifest, [Tag(tag) for tag in tags], whole=False)


def index_of(layout: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((layout / "index.json").read_bytes())
    return document


def blob_path(layout: Path, digest: str) -> Path:
    return layout / "blobs" / digest.replace(":", "/")


def write_layout(path: Path, *entries: dict[str, Any], blobs: tuple[bytes, ...] = ()) -> Path:
    """A layout made by hand."""
    (path / "blobs" / "sha256").mkdir(parents=True)
    (path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (path / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": entries}))
    for content in blobs:
        blob_path(path, sha256(content)).write_bytes(content)
    return path


def entry(content: bytes, media_type: str = media_types.OCI_MANIFEST, name: str | None = None) -> dict[str, Any]:
    annotations = {} if name is None else {"annotations": {REF_NAME: name}}
    return {"mediaType": media_type, "digest": sha256(content), "size": len(content), **annotations}


BARE = encode(image(b"{}"))  # an image with the config {} and no layers


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

        with pytest.raises(LayoutError, match="not an OCI image layout"):
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


def loaded_error(path: Path) -> str:
    """What is wrong with a layout; that nothing of it was stored is checked on the way."""
    registry = FakeRegistry()
    with pytest.raises(LayoutError) as caught:
        registry.load(path)
    assert registry.repositories == []
    return str(caught.value)


class TestBroken:
    def test_no_layout(self, tmp_path: Path) -> None:
        """A directory without the marker is no layout, and neither is one that does not exist."""
        assert f"{tmp_path / 'oci-layout'}: no such file" in loaded_error(tmp_path)
        assert "no such file" in loaded_error(tmp_path / "nowhere")

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("", "imageLayoutVersion"),
            ("[]", "imageLayoutVersion"),
            ("{}", "imageLayoutVersion"),
            ('{"imageLayoutVersion": "2.0.0"}', "must be '1.0.0', got '2.0.0'"),
        ],
    )
    def test_marker(self, layout: Path, text: str, complaint: str) -> None:
        """Only version 1.0.0 is known."""
        (layout / "oci-layout").write_text(text)
        error = loaded_error(layout)

        assert error.startswith(str(layout / "oci-layout"))
        assert complaint in error

    @pytest.mark.parametrize(
        ("index", "complaint"),
        [
            ("{", "not valid JSON"),
            ("[]", "must be a JSON object"),
            ('{"schemaVersion": 2}', "manifests must be a list"),
            ('{"schemaVersion": 1, "manifests": []}', "schemaVersion must be 2"),
            ('{"schemaVersion": 2, "manifests": [1]}', "manifests[0] is not a descriptor"),
            (
                json.dumps({"schemaVersion": 2, "manifests": [{**entry(BARE), "digest": "sha256:../../x"}]}),
                "lower-case hex",
            ),
            (
                json.dumps({"schemaVersion": 2, "manifests": [{**entry(BARE), "digest": "../x:ab"}]}),
                "unknown digest algorithm",
            ),
            (json.dumps({"schemaVersion": 2, "manifests": [entry(BARE, name="a+b")]}), "invalid tag 'a+b'"),
            (
                json.dumps({"schemaVersion": 2, "manifests": [entry(BARE, name="A/B:1")]}),
                "invalid repository name 'A/B'",
            ),
        ],
    )
    def test_index(self, layout: Path, index: str, complaint: str) -> None:
        """An index that cannot be read is named, with the place; no digest leads out of the layout."""
        (layout / "index.json").write_text(index)
        error = loaded_error(layout)

        assert error.startswith(str(layout / "index.json"))
        assert complaint in error

    def test_no_index(self, layout: Path) -> None:
        """Without index.json there is nothing to load."""
        (layout / "index.json").unlink()

        assert loaded_error(layout) == f"{layout / 'index.json'}: No such file or directory"

    def test_missing_blob(self, layout: Path, registry: FakeRegistry) -> None:
        """A missing file is named, with the file that asks for it, for blobs and manifests alike."""
        manifest = registry.repository("team/app").manifest("v1")
        path, parent = blob_path(layout, manifest.blobs[1].digest), blob_path(layout, manifest.digest)
        path.unlink()

        assert loaded_error(layout) == f"{path}: no such file, but {parent} refers to it"
        parent.unlink()
        assert loaded_error(layout) == f"{parent}: no such file, but {layout / 'index.json'} refers to it"

    def test_other_content(self, layout: Path, registry: FakeRegistry) -> None:
        """A file is not believed to be what its name says."""
        path = blob_path(layout, registry.repository("team/app").blobs[0])
        path.write_bytes(b"something else")

        assert loaded_error(layout).startswith(f"{path}: the file's digest is {sha256(b'something else')}")

    def test_other_size(self, tmp_path: Path) -> None:
        """The size in a descriptor is checked, too."""
        path = write_layout(tmp_path / "x", {**entry(BARE), "size": 1}, blobs=(BARE, b"{}"))

        assert f"the file has {len(BARE)} bytes; {path / 'index.json'} says 1" in loaded_error(path)

    def test_broken_manifest(self, tmp_path: Path) -> None:
        """A file that a descriptor calls an image has to be one."""
        path = write_layout(tmp_path / "x", entry(b"{}"), blobs=(b"{}",))

        assert loaded_error(path) == f"{blob_path(path, sha256(b'{}'))}: schemaVersion must be 2, got None"

    def test_later_entry(self, tmp_path: Path) -> None:
        """One broken entry keeps those before it out, too."""
        path = write_layout(tmp_path / "x", entry(BARE, name="v1"), entry(b"gone", name="v2"), blobs=(BARE, b"{}"))

        assert "no such file" in loaded_error(path)

    def test_two_of_one_name(self, tmp_path: Path) -> None:
        """A tag cannot be on two manifests."""
        other = encode(image(b"{}", annotations={"a": "1"}))
        path = write_layout(
            tmp_path / "x", entry(BARE, name="v1"), entry(other, name="x:v1"), blobs=(BARE, other, b"{}")
        )

        assert f"two manifests are called x:v1: {sha256(BARE)}, {sha256(other)}" in loaded_error(path)
