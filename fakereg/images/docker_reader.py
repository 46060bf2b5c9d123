"""Reading a docker-archive, which is what `docker save` writes.

    manifest.json          [{"Config": "<hex>.json", "RepoTags": ["team/app:v1"], "Layers": ["<hex>.tar"]}]
    <hex>.json             the config of an image, under its digest
    <any name>.tar         a layer; the config's diff_ids tell its digest

Law of this module: the archive has no manifests, so they are built here, and the same images give the
same digests: an OCI image manifest of the config as it is, and of the layers as plain tar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from fakereg.images import documents
from fakereg.images.build import encode
from fakereg.images.docker_config import diff_ids
from fakereg.images.files import LayoutError, shown
from fakereg.images.layout import check_digest
from fakereg.images.loaded import Loaded
from fakereg.images.ref_names import parse_docker_name, repository_of_folder
from fakereg.images.tarball import Archive
from fakereg.images.unpacking import unpacked
from fakereg.oci.descriptor import Descriptor
from fakereg.oci.digest import Digest
from fakereg.oci.errors import NameInvalid
from fakereg.oci.manifest import SCHEMA_VERSION, Manifest
from fakereg.oci.media_types import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST
from fakereg.oci.names import RepositoryName, Tag
from fakereg.store.content import Content

MANIFEST = "manifest.json"
REPOSITORIES = "repositories"

# Names that promise a digest: of Docker, then of crane and Docker since 25.
_NAMED = re.compile(r"([0-9a-f]{64})\.json|(?:sha256:|blobs/sha256/)([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class DockerReader:
    """Reads the images of one archive; `repository` stands in for that of every tag."""

    archive: Archive
    repository: RepositoryName | None
    _layers: dict[str, tuple[Digest, Content]] = field(default_factory=dict)

    def entries(self) -> list[Loaded]:
        """One for each tag, and one for an image without tags. Raises LayoutError."""
        content = self.archive.read(MANIFEST)
        if content is None:
            raise LayoutError(self.archive.path, _what_it_is_not(self.archive))
        images = documents.parse(self._where, content, self.archive.meter.limits)
        if not isinstance(images, list):
            raise LayoutError(self._where, "must be a list of images")
        return [loaded for index, image in enumerate(images) for loaded in self._image(f"[{index}]", image)]

    @property
    def _where(self) -> str:
        return self.archive.where(MANIFEST)

    def _image(self, place: str, image: Any) -> list[Loaded]:
        if not isinstance(image, dict):
            raise LayoutError(self._where, f"{place} must be an object with Config, RepoTags and Layers")
        if not isinstance(name := image.get("Config"), str):
            raise LayoutError(self._where, f"{place}.Config must be the name of a file")
        config, layers = self._file(name), self._strings(image, "Layers", place)
        digest = Digest.of(bytes(documents.bounded(self.archive.where(name), config, self.archive.meter.limits)))
        blobs = {digest: config, **self._checked(name, config, layers)}
        manifest = _manifest(digest, blobs, layers=[self._layers[layer][0] for layer in layers])
        return [Loaded(*target, [manifest], dict(blobs)) for target in self._targets(image, place)]

    def _strings(self, image: dict[str, Any], key: str, place: str) -> list[str]:
        """A list of strings; null is an empty one, as Go writes it."""
        value = [] if image.get(key) is None else image[key]
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise LayoutError(self._where, f"{place}.{key} must be a list of strings")
        return value

    def _targets(self, image: dict[str, Any], place: str) -> list[tuple[RepositoryName, Tag | None]]:
        targets: list[tuple[RepositoryName, Tag | None]] = []
        for text in self._strings(image, "RepoTags", place):
            try:
                name, tag = parse_docker_name(text)
            except NameInvalid as error:
                raise LayoutError(self._where, f"{place}.RepoTags {shown(text)!r}: {error.message}") from error
            if tag is None:
                raise LayoutError(self._where, f"{place}.RepoTags {shown(text)!r}: is a digest and no tag")
            targets.append((self.repository or name, tag))
        return targets or [(self.repository or repository_of_folder(self.archive.name), None)]

    # Files

    def _checked(self, name: str, config: Content, layers: list[str]) -> dict[Digest, Content]:
        """The layers by their digests, which the config tells too."""
        where = self.archive.where(name)
        told = diff_ids(where, config, self.archive.meter.limits)
        if len(told) != len(layers):
            raise LayoutError(where, f"rootfs.diff_ids has {len(told)} layers, and {self._where} names {len(layers)}")
        for layer, diff_id in zip(layers, told, strict=True):
            if layer not in self._layers:
                self._layers[layer] = self._layer(layer, diff_id)
            if (actual := self._layers[layer][0]) != diff_id:
                raise LayoutError(self.archive.where(layer), f"the layer's DiffID is {actual}; {where} says {diff_id}")
        return dict(self._layers[layer] for layer in layers)

    def _layer(self, name: str, diff_id: Digest) -> tuple[Digest, Content]:
        content = Content(unpacked(self._file(name), self.archive.where(name), self.archive.meter))
        return diff_id.algorithm.digest(content.segments), content

    def _file(self, name: str) -> Content:
        """A file that manifest.json names, and that is what its own name says, if that is a digest."""
        content = self.archive.read(name)
        if content is None:
            raise LayoutError(self.archive.where(name), f"no such file, but {self._where} refers to it")
        if named := _NAMED.fullmatch(name):
            check_digest(self.archive.where(name), content, Digest(f"sha256:{named[1] or named[2]}"))
        return content


def _manifest(config: Digest, blobs: dict[Digest, Content], *, layers: list[Digest]) -> Manifest:
    def described(media_type: str, digest: Digest) -> dict[str, Any]:
        return Descriptor(media_type, digest, blobs[digest].size).to_json()

    document = {
        "schemaVersion": SCHEMA_VERSION,
        "mediaType": OCI_MANIFEST,
        "config": described(OCI_CONFIG, config),
        "layers": [described(OCI_LAYER, layer) for layer in layers],
    }
    return Manifest.parse(encode(document))


def _what_it_is_not(archive: Archive) -> str:
    if REPOSITORIES in archive.entries:
        return f"has {REPOSITORIES}, but no {MANIFEST}: Docker before 1.10 saved it; let a newer one load and save it"
    message = "has neither oci-layout nor manifest.json at its top, so it is no OCI image layout and no docker-archive"
    nested = next((name for name in archive.entries if name.endswith(("/oci-layout", f"/{MANIFEST}"))), None)
    if nested is None:
        return message
    folder = shown(nested.rpartition("/")[0])
    return f"{message}; it has {shown(nested)}: pack what is within {folder}, as `tar -C {folder} -c .` does"
