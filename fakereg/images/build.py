"""Building: from a recipe to manifests, configs and layers. Pure: nothing is stored here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fakereg.images.image import Image
from fakereg.images.layers import Layer, LayerSource
from fakereg.images.recipe import DEFAULT_PLATFORM, Platform, Recipe
from fakereg.oci import media_types
from fakereg.oci.descriptor import Descriptor
from fakereg.oci.digest import Digest
from fakereg.oci.manifest import SCHEMA_VERSION
from fakereg.oci.names import RepositoryName, Tag

# The same content is to have the same digest in every run.
CREATED = "1970-01-01T00:00:00Z"
EMPTY_JSON = b"{}"


@dataclass(frozen=True, slots=True)
class Builder:
    """Makes what a recipe says, for one name; `subject` is the recipe's, looked up."""

    name: RepositoryName
    tag: Tag | None
    recipe: Recipe
    subject: Descriptor | None = None
    host: str = ""

    def build(self) -> Image:
        """Raises ValueError for layers and platforms that cannot be."""
        if self.recipe.artifact_type is not None:
            return self._artifact(self.recipe.artifact_type)
        if self.recipe.platforms is not None:
            return self._index([Platform.parse(text) for text in self.recipe.platforms])
        platform = Platform.parse(DEFAULT_PLATFORM if self.recipe.platform is None else self.recipe.platform)
        return self._image(platform, self._layers(), self.tag, self._extra())

    def _layers(self) -> list[Layer]:
        # The default differs by name and tag: two images seeded without layers are two images.
        label = self.name if self.tag is None else f"{self.name}:{self.tag}"
        sources: Sequence[LayerSource] = (
            [{"etc/image": f"{label}\n"}] if self.recipe.layers is None else self.recipe.layers
        )
        return [Layer.of(source, docker=self.recipe.docker) for source in sources]

    def _image(self, platform: Platform, layers: Sequence[Layer], tag: Tag | None, extra: Mapping[str, Any]) -> Image:
        docker, blobs = self.recipe.docker, Blobs()
        config = encode(_config(platform, layers, self.recipe.config or {}))
        document = {
            "config": blobs.add(config, media_types.DOCKER_CONFIG if docker else media_types.OCI_CONFIG),
            "layers": [blobs.add(layer.content, layer.media_type) for layer in layers],
            **extra,
        }
        media_type = media_types.DOCKER_MANIFEST if docker else media_types.OCI_MANIFEST
        return self._packed(media_type, document, tag=tag, blobs=blobs.contents, platform=str(platform))

    def _index(self, platforms: Sequence[Platform]) -> Image:
        layers = self._layers()
        children = [self._image(platform, layers, None, {}) for platform in platforms]
        described = [
            child.descriptor(platform.to_json()).to_json() for child, platform in zip(children, platforms, strict=True)
        ]
        media_type = media_types.DOCKER_LIST if self.recipe.docker else media_types.OCI_INDEX
        document = {"manifests": described, **self._extra()}
        return self._packed(media_type, document, tag=self.tag, children=tuple(children))

    def _artifact(self, artifact_type: str) -> Image:
        blobs = Blobs()
        empty = blobs.add(EMPTY_JSON, media_types.OCI_EMPTY)
        if self.recipe.layers is None:
            # An artifact without content has the empty blob as its one layer (image-spec, manifest.md).
            layers = [empty]
        else:
            layers = [blobs.add(*_artifact_layer(source, artifact_type)) for source in self.recipe.layers]
        document = {"artifactType": artifact_type, "config": empty, "layers": layers, **self._extra()}
        return self._packed(media_types.OCI_MANIFEST, document, tag=self.tag, blobs=blobs.contents)

    def _extra(self) -> dict[str, Any]:
        """What only the outermost manifest says."""
        subject = {"subject": self.subject.to_json()} if self.subject else {}
        annotations = {} if self.recipe.annotations is None else {"annotations": dict(self.recipe.annotations)}
        return {**subject, **annotations}

    def _packed(self, media_type: str, document: Mapping[str, Any], *, tag: Tag | None, **parts: Any) -> Image:
        body = encode({"schemaVersion": SCHEMA_VERSION, "mediaType": media_type, **document})
        return Image(self.name, tag, Digest.of(body), media_type, body, host=self.host, **parts)


@dataclass(frozen=True, slots=True)
class Blobs:
    """The blobs of one manifest, gathered while it is written."""

    contents: dict[Digest, bytes] = field(default_factory=dict)

    def add(self, content: bytes, media_type: str) -> dict[str, Any]:
        """Its descriptor as a document."""
        digest = Digest.of(content)
        self.contents[digest] = content
        return Descriptor(media_type, digest, len(content)).to_json()


def encode(document: Mapping[str, Any]) -> bytes:
    """The bytes of a document: no spaces, keys in the order in which they were put."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def _artifact_layer(source: LayerSource, artifact_type: str) -> tuple[bytes, str]:
    """Bytes are the artifact itself, and of its type; files are a layer as in an image."""
    if isinstance(source, bytes):
        return source, artifact_type
    layer = Layer.of(source)
    return layer.content, layer.media_type


def _config(platform: Platform, layers: Sequence[Layer], run: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "created": CREATED,
        **platform.to_json(),
        "config": dict(run),
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
        "history": [{"created": CREATED, "created_by": "fakereg"} for _ in layers],
    }
