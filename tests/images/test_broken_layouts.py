"""What a broken OCI image layout is told when it is loaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from api import encode, image, sha256
from layouts import BARE, blob_path, entry, write_layout

from fakereg import FakeRegistry
from fakereg.images import LayoutError
from fakereg.oci import media_types


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
            ("", "not valid JSON"),
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

        assert loaded_error(layout) == f"{layout / 'index.json'}: no such file"

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
        """The size in index.json is checked, too."""
        path = write_layout(tmp_path / "x", {**entry(BARE), "size": 1}, blobs=(BARE, b"{}"))

        assert f"the file has {len(BARE)} bytes; {path / 'index.json'} says 1" in loaded_error(path)

    def test_broken_manifest(self, tmp_path: Path) -> None:
        """A file that a descriptor calls an image has to be one."""
        path = write_layout(tmp_path / "x", entry(b"{}"), blobs=(b"{}",))

        assert loaded_error(path) == f"{blob_path(path, sha256(b'{}'))}: schemaVersion must be 2, got None"

    def test_broken_child(self, tmp_path: Path) -> None:
        """A child that is neither what its parent says nor anything else is told by what its parent says."""
        body = encode({"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": [entry(b"{}")]})
        path = write_layout(tmp_path / "x", entry(body, media_types.OCI_INDEX), blobs=(body, b"{}"))

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
