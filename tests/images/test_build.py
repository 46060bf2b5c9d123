"""Seeding: what `registry.seed` builds, stores and returns."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from api import Api, sha256

from fakereg import FakeRegistry
from fakereg.images.image import Image
from fakereg.images.layers import layer
from fakereg.oci import media_types
from fakereg.oci.errors import DigestInvalid, NameInvalid


def stored(registry: FakeRegistry, image: Image) -> dict[str, Any]:
    """The manifest as the registry gives it out, after a look at every blob that it names."""
    repository = registry.repository(image.name)
    manifest = repository.manifest(image.tag or image.digest)
    assert (manifest.digest, manifest.body, manifest.media_type) == (image.digest, image.body, image.media_type)
    for blob in manifest.blobs:
        content = repository.blob(blob.digest)
        assert (sha256(content), len(content)) == (blob.digest, blob.size)
    document: dict[str, Any] = json.loads(manifest.body)
    return document


class TestImage:
    def test_is_stored_whole(self, registry: FakeRegistry) -> None:
        """Layers, config and manifest are there, and name each other."""
        image = registry.seed("team/app:v1", layers=[{"etc/motd": b"hi"}, {"a": b"1"}])
        document = stored(registry, image)

        assert document["mediaType"] == media_types.OCI_MANIFEST
        assert document["config"]["mediaType"] == media_types.OCI_CONFIG
        assert [one["mediaType"] for one in document["layers"]] == [media_types.OCI_LAYER_GZIP] * 2
        assert image.layers == (sha256(layer({"etc/motd": b"hi"})), sha256(layer({"a": b"1"})))
        assert registry.repository("team/app").blob(image.layers[0]) == layer({"etc/motd": b"hi"})

    def test_is_described(self, registry: FakeRegistry) -> None:
        """What comes back tells all that a test may want to compare."""
        image = registry.seed("team/app:v1")

        assert (image.name, image.tag, image.reference) == ("team/app", "v1", "team/app:v1")
        assert image.digest == sha256(image.body)
        assert image.size == len(image.body)
        assert image.manifest == json.loads(image.body)
        assert image.platform == "linux/amd64"
        assert (image.children, image.subject) == ((), None)

    def test_config(self, registry: FakeRegistry) -> None:
        """The config has the platform, what runs, and a diff_id for each layer."""
        image = registry.seed("app", platform="linux/arm/v7", layers=[{"a": b"1"}], config={"Env": ["A=1"]})

        assert image.config is not None
        assert (image.config["os"], image.config["architecture"], image.config["variant"]) == ("linux", "arm", "v7")
        assert image.config["config"] == {"Env": ["A=1"]}
        assert len(image.config["rootfs"]["diff_ids"]) == len(image.config["history"]) == 1

    def test_latest_without_a_tag(self, registry: FakeRegistry) -> None:
        """An image that names no tag is `latest`."""
        assert registry.seed("team/app").tag == "latest"
        assert registry.repository("team/app").tags == ["latest"]

    def test_same_arguments_same_digest(self, registry: FakeRegistry) -> None:
        """The same image has the same digest in every registry; other layers make another image."""
        image = registry.seed("app:v1", layers=[{"a": b"1"}])

        assert FakeRegistry().seed("app:v1", layers=[{"a": b"1"}]) == image
        assert registry.seed("app:v2", layers=[{"a": b"1"}]).digest == image.digest
        assert registry.seed("app:v2", layers=[{"a": b"2"}]).digest != image.digest

    def test_default_layer_differs_by_name_and_tag(self, registry: FakeRegistry) -> None:
        """Two images of which nothing is said are two images, not one under two tags."""
        digests = {registry.seed(name).digest for name in ("app:v1", "app:v2", "other:v1")}

        assert len(digests) == 3
        assert registry.seed("app:v1").digest in digests

    def test_no_layers(self, registry: FakeRegistry) -> None:
        """An empty list is an image without layers, as FROM scratch makes it."""
        assert registry.seed("app", layers=[]).layers == ()

    def test_annotations(self, registry: FakeRegistry) -> None:
        """Annotations stand in the manifest."""
        assert stored(registry, registry.seed("app", annotations={"a": "1"}))["annotations"] == {"a": "1"}

    def test_tag_moves(self, registry: FakeRegistry) -> None:
        """Seeding a tag again moves it, as a push would; the first image stays pullable by digest."""
        first, second = registry.seed("app:v1", layers=[]), registry.seed("app:v1")

        assert registry.repository("app").manifest("v1").digest == second.digest
        assert registry.repository("app").manifest(first.digest).body == first.body

    def test_reference_of_a_serving_registry(self) -> None:
        """The reference is what a client takes: with host and port, and the digest where there is no tag."""
        with FakeRegistry() as registry:
            image = registry.seed("team/app:v1")
            artifact = registry.seed("team/app", artifact_type="text/plain", subject=image)

            assert image.reference == f"{registry.host}/team/app:v1"
            assert artifact.reference == f"{registry.host}/team/app@{artifact.digest}"

    def test_nothing_is_recorded(self, registry: FakeRegistry) -> None:
        """Seeding is not a request of anybody."""
        registry.seed("app")

        assert len(registry.journal) == 0


class TestIndex:
    def test_one_image_for_each_platform(self, registry: FakeRegistry) -> None:
        """The descriptors carry the platforms, and each child's config agrees with its own."""
        index = registry.seed("app:v1", platforms=["linux/amd64", "linux/arm64/v8"], layers=[{"a": b"1"}])
        document = stored(registry, index)

        assert index.media_type == document["mediaType"] == media_types.OCI_INDEX
        assert [one["platform"] for one in document["manifests"]] == [
            {"os": "linux", "architecture": "amd64"},
            {"os": "linux", "architecture": "arm64", "variant": "v8"},
        ]
        assert [one["digest"] for one in document["manifests"]] == [child.digest for child in index.children]
        assert [child.platform for child in index.children] == ["linux/amd64", "linux/arm64/v8"]
        assert index.children[0].digest != index.children[1].digest
        assert index.children[0].layers == index.children[1].layers
        assert [(child.config or {})["architecture"] for child in index.children] == ["amd64", "arm64"]

    def test_children_are_stored_without_tags(self, registry: FakeRegistry) -> None:
        """Only the index has the tag; annotations and subject are its own, too."""
        index = registry.seed("app:v1", platforms=["linux/amd64"], annotations={"a": "1"})

        assert stored(registry, index.children[0]).keys() == {"schemaVersion", "mediaType", "config", "layers"}
        assert registry.repository("app").tags == ["v1"]
        assert (index.config, index.layers, index.platform) == (None, (), None)
        assert index.manifest["annotations"] == {"a": "1"}

    def test_empty_index(self, registry: FakeRegistry) -> None:
        """No platforms at all is an index without children."""
        assert stored(registry, registry.seed("app", platforms=[]))["manifests"] == []


class TestArtifact:
    def test_refers_to_its_subject(self, registry: FakeRegistry) -> None:
        """An artifact with a subject has no tag, and the referrers list of its subject has it."""
        image = registry.seed("team/app:v1")
        sbom = registry.seed("team/app", artifact_type="application/spdx+json", subject=image, layers=[b"sbom"])
        document = stored(registry, sbom)

        assert document["artifactType"] == "application/spdx+json"
        assert document["config"]["mediaType"] == media_types.OCI_EMPTY
        assert document["layers"][0]["mediaType"] == "application/spdx+json"
        assert registry.repository("team/app").blob(sbom.layers[0]) == b"sbom"
        assert document["subject"] == {"mediaType": image.media_type, "digest": image.digest, "size": image.size}
        assert (sbom.tag, sbom.subject, sbom.config) == (None, image.digest, {})
        assert registry.repository("team/app").tags == ["v1"]
        assert [one.digest for one in registry.repository("team/app").referrers(image.digest)] == [sbom.digest]

    def test_of_files(self, registry: FakeRegistry) -> None:
        """A dict of files is a layer as in an image; without a subject there is a tag."""
        chart = registry.seed("chart:1", artifact_type="application/vnd.x", layers=[{"Chart.yaml": "name: x"}])

        assert stored(registry, chart)["layers"][0]["mediaType"] == media_types.OCI_LAYER_GZIP
        assert chart.tag == "1"

    def test_without_content(self, registry: FakeRegistry) -> None:
        """Without layers the empty blob is the one layer, as the specification advises."""
        document = stored(registry, registry.seed("app", artifact_type="application/vnd.x"))

        assert document["layers"] == [document["config"]]

    def test_subject_by_digest(self, registry: FakeRegistry) -> None:
        """The digest of something that is there is completed with its type and size."""
        index = registry.seed("app:v1", platforms=[])
        artifact = registry.seed("app", artifact_type="application/vnd.x", subject=str(index.digest))

        assert artifact.manifest["subject"] == index.descriptor().to_json()

    def test_subject_that_is_not_there(self, registry: FakeRegistry) -> None:
        """A referrer may come before its subject; type and size are then assumed."""
        missing = sha256(b"later")
        artifact = registry.seed("app", artifact_type="application/vnd.x", subject=missing)

        assert artifact.manifest["subject"] == {"mediaType": media_types.OCI_MANIFEST, "digest": missing, "size": 0}
        assert [one.digest for one in registry.repository("app").referrers(missing)] == [artifact.digest]

    def test_tag_and_subject(self, registry: FakeRegistry) -> None:
        """A tag that is asked for is given, also beside a subject, and also to an image or index."""
        image = registry.seed("app:v1")
        tagged = registry.seed("app:sig", subject=image)
        index = registry.seed("app", subject=image, platforms=["linux/amd64"])

        assert tagged.tag == "sig"
        assert index.tag is None
        assert {one.digest for one in registry.repository("app").referrers(image.digest)} == {
            tagged.digest,
            index.digest,
        }


class TestDocker:
    def test_image(self, registry: FakeRegistry) -> None:
        """Every media type is Docker's."""
        document = stored(registry, registry.seed("app:old", docker=True))

        assert document["mediaType"] == media_types.DOCKER_MANIFEST
        assert document["config"]["mediaType"] == media_types.DOCKER_CONFIG
        assert [one["mediaType"] for one in document["layers"]] == [media_types.DOCKER_LAYER]

    def test_manifest_list(self, registry: FakeRegistry) -> None:
        """Several platforms are a manifest list of Docker's manifests."""
        document = stored(registry, registry.seed("app:old", docker=True, platforms=["linux/amd64"]))

        assert document["mediaType"] == media_types.DOCKER_LIST
        assert document["manifests"][0]["mediaType"] == media_types.DOCKER_MANIFEST
        assert document["manifests"][0]["platform"] == {"os": "linux", "architecture": "amd64"}


class TestRefusals:
    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            ({"platform": "linux/amd64", "platforms": []}, "platform and platforms contradict"),
            ({"artifact_type": "a/b", "docker": True}, "leave docker out"),
            ({"artifact_type": "a/b", "config": {}}, "the config of an artifact is the empty one"),
            ({"artifact_type": "a/b", "platform": "linux/amd64"}, "an artifact has no platform"),
            ({"artifact_type": "a/b", "platforms": ["linux/amd64"]}, "an artifact has no platform"),
            ({"subject": sha256(b""), "docker": True}, "no subject"),
            ({"annotations": {}, "docker": True}, "no annotations"),
            ({"artifact_type": "spdx"}, "is not a media type"),
            ({"platform": "amd64"}, "'amd64' is not a platform"),
            ({"platform": "linux/arm/v7/x"}, "is not a platform"),
            ({"platforms": ["linux/"]}, "'linux/' is not a platform"),
            ({"platforms": ["linux/amd64"] * 2}, "platforms has 'linux/amd64' twice"),
            ({"config": {"architecture": "arm"}}, "config has 'architecture'"),
            ({"layers": [{"../a": b""}]}, "'../a' has the part '..'"),
        ],
    )
    def test_contradiction(self, registry: FakeRegistry, arguments: dict[str, Any], complaint: str) -> None:
        """What cannot be is refused with the names of the arguments, and nothing is stored."""
        with pytest.raises(ValueError, match=re.escape(complaint)):
            registry.seed("app", **arguments)

        assert registry.repositories == []

    def test_names(self, registry: FakeRegistry) -> None:
        """A broken name or digest is told as such; a digest cannot be chosen."""
        with pytest.raises(NameInvalid):
            registry.seed("Team/App")
        with pytest.raises(NameInvalid):
            registry.seed("app:")
        with pytest.raises(DigestInvalid):
            registry.seed("app", subject="v1")
        with pytest.raises(ValueError, match="follows from the content"):
            registry.seed(f"app@{sha256(b'')}")

    def test_subject_elsewhere(self, registry: FakeRegistry) -> None:
        """A referrer lives in the repository of its subject."""
        image = registry.seed("team/app:v1")

        with pytest.raises(ValueError, match="the subject is in team/app and its referrer in team/other"):
            registry.seed("team/other", subject=image)

    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            ({"image": None}, "image must be a name such as 'team/app:v1', not None"),
            ({"layers": b"abc"}, "layers must be a list, each layer a dict of files or bytes, not b'abc'"),
            ({"layers": {"a": b"1"}}, "layers must be a list, each layer a dict of files or bytes, not {'a': b'1'}"),
            ({"layers": b"x" * 1000}, "layers must be a list, each layer a dict of files or bytes, not bytes"),
            ({"layers": ["etc/motd"]}, "layers[0] must be a dict of files, or bytes, not 'etc/motd'"),
            ({"layers": [{"x": 5}]}, "layer entry 'x' must be bytes, str, File or Symlink, not 5"),
            ({"platform": 5}, "platform must be a string such as 'linux/amd64', not 5"),
            (
                {"platforms": "linux/amd64"},
                "platforms must be a list such as ['linux/amd64', 'linux/arm64'], not 'linux/amd64'",
            ),
            ({"platforms": [5]}, "platforms[0] must be a string such as 'linux/amd64', not 5"),
            ({"artifact_type": 5}, "artifact_type must be a media type such as 'application/spdx+json', not 5"),
            ({"subject": 5}, "subject must be an image that was seeded, or a digest, not 5"),
            ({"annotations": ["a"]}, "annotations must be a dict of strings, such as {'key': 'value'}, not ['a']"),
            ({"annotations": {"a": 1}}, "annotations['a'] must be a string, not 1"),
            ({"docker": "no"}, "docker must be True or False, not 'no'"),
            ({"config": []}, "config must be a dict such as {'Env': ['A=1']}, not []"),
            ({"config": {5: 5}}, "config must be a dict such as {'Env': ['A=1']}, not {5: 5}"),
            ({"config": {"X": b""}}, "config['X'] must be a value that JSON has"),
            ({"config": {"Env": "A=1"}}, "config['Env'] must be a list of strings, such as ['A=1'], not 'A=1'"),
            ({"config": {"Env": {"A": "1"}}}, "config['Env'] must be a list of strings"),
            ({"config": {"Cmd": [1]}}, "config['Cmd'][0] must be a string, not 1"),
            ({"config": {"Entrypoint": "sh"}}, "config['Entrypoint'] must be a list of strings"),
            ({"config": {"Labels": ["a=1"]}}, "config['Labels'] must be a dict of strings"),
            ({"config": {"Labels": {"a": 1}}}, "config['Labels']['a'] must be a string, not 1"),
            ({"config": {"ExposedPorts": ["80/tcp"]}}, "config['ExposedPorts'] must be a dict with an empty dict for"),
            ({"config": {"Volumes": "/data"}}, "config['Volumes'] must be a dict with an empty dict for each"),
            ({"config": {"User": 1000}}, "config['User'] must be a string, not 1000"),
            ({"config": {"WorkingDir": ["/"]}}, "config['WorkingDir'] must be a string, not ['/']"),
        ],
    )
    def test_wrong_type(self, registry: FakeRegistry, arguments: dict[str, Any], complaint: str) -> None:
        """What is of another type is told by its place, with what to give; nothing is stored."""
        with pytest.raises(TypeError) as caught:
            registry.seed(**{"image": "app", **arguments})

        assert str(caught.value).startswith(complaint)
        assert registry.repositories == []

    def test_null_in_a_config(self, registry: FakeRegistry) -> None:
        """Docker writes null for what an image does not say, so a test may do so, too."""
        image = registry.seed("app", config={"Cmd": None, "Env": ("A=1",), "Volumes": {"/data": {}}, "X": 1})

        assert (image.config or {})["config"] == {"Cmd": None, "Env": ["A=1"], "Volumes": {"/data": {}}, "X": 1}


def test_pulled_by_a_client(api: Api) -> None:
    """A seeded image is served like one that was pushed."""
    registry = FakeRegistry()
    api.pipeline = registry._pipeline
    image = registry.seed("team/app:v1")

    answer = api("GET", "/v2/team/app/manifests/v1", headers={"Accept": media_types.OCI_MANIFEST})

    assert (answer.status, answer.body) == (200, image.body)
    assert answer.headers["Docker-Content-Digest"] == image.digest
    assert api("GET", f"/v2/team/app/blobs/{image.layers[0]}").body == image.blobs[image.layers[0]]
