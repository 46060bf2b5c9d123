"""A docker-archive of what repositories hold: tagged images, with their layers uncompressed.

Law of this module: what such an archive cannot say is refused, by name; nothing is left out in silence.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from fakereg.images.docker_config import diff_ids
from fakereg.images.docker_reader import MANIFEST
from fakereg.images.documents import indented
from fakereg.images.files import LayoutError
from fakereg.images.held import Held
from fakereg.images.limits import Limits, Meter
from fakereg.images.ref_names import full_ref_name
from fakereg.images.tar_writer import Written
from fakereg.images.unpacking import unpacked
from fakereg.oci.digest import SHA256, Digest
from fakereg.oci.errors import MOST_NAMED
from fakereg.oci.manifest import Manifest
from fakereg.oci.media_types import DOCKER_CONFIG, IMAGES, INDEXES, OCI_CONFIG
from fakereg.store.blobs import Blob
from fakereg.store.content import Segment


class _CannotSayError(Exception):
    """Why an image does not fit into a docker-archive."""


@dataclass(frozen=True, slots=True)
class DockerWriter:
    """Gathers the files of one archive. Layers are unpacked twice, to be checked and to be written, and never kept."""

    where: str
    limits: Limits
    files: dict[str, Written] = field(default_factory=dict)
    _tags: dict[tuple[Digest, tuple[Digest, ...]], list[str]] = field(default_factory=dict)
    _sizes: dict[Digest, tuple[Digest, int]] = field(default_factory=dict)

    def members(self, every: Sequence[Held]) -> dict[str, Written]:
        """The files of the archive. Raises LayoutError that tells everything which cannot be in it."""
        refused = [f"{reference} {why}" for held in every for reference, why in self._refused(held)]
        if refused:
            named, more = ", ".join(refused[:MOST_NAMED]), len(refused) - MOST_NAMED
            rest = f" and {more} more" if more > 0 else ""
            message = f"a docker-archive holds tagged images alone: {named}{rest}; save them as 'oci-archive' instead"
            raise LayoutError(self.where, message)
        images = [
            {"Config": _config_name(config), "RepoTags": sorted(tags), "Layers": [_layer_name(one) for one in layers]}
            for (config, layers), tags in sorted(self._tags.items())
        ]
        return {**self.files, MANIFEST: Written.of(indented(f"{self.where}: {MANIFEST}", images, self.limits))}

    def _refused(self, held: Held) -> Iterator[tuple[str, str]]:
        """What cannot be in the archive, and why; all else is put there."""
        for tag, digest in sorted(held.tags.items()):
            try:
                image = self._image(held, held.manifests[digest])
                self._tags.setdefault(image, []).append(full_ref_name(held.repository, tag))
            except _CannotSayError as why:
                yield f"{held.repository}:{tag}", str(why)
        for digest in sorted(held.manifests.keys() - set(held.tags.values()) - held.children()):
            yield f"{held.repository}@{digest}", "has no tag"
        for digest in sorted(held.blobs.keys() - held.led_to()):
            yield f"{held.repository}@{digest}", "is a blob of no image"

    def _image(self, held: Held, manifest: Manifest) -> tuple[Digest, tuple[Digest, ...]]:
        """The digest of the config, and the DiffIDs."""
        _check_kind(manifest)
        missing = [one.digest for one in manifest.blobs if one.digest not in held.blobs]
        if missing:
            raise _CannotSayError(f"lacks the blob {missing[0]}")
        config, *layers = (held.blobs[one.digest] for one in manifest.blobs)
        actual = tuple(self._layer(layer) for layer in layers)
        if actual != self._told(config):
            raise _CannotSayError("has a config that does not tell the DiffIDs of its layers")
        self.files[_config_name(config.digest)] = Written.of(config.content)
        return config.digest, actual

    def _told(self, config: Blob) -> tuple[Digest, ...]:
        try:
            return tuple(diff_ids(str(config.digest), config.content, self.limits))
        except LayoutError as error:
            raise _CannotSayError(f"has a config that cannot be read: {error}") from error

    def _layer(self, layer: Blob) -> Digest:
        """Its DiffID; the layer is to be written."""
        where = str(layer.digest)
        try:
            if layer.digest not in self._sizes:
                self._sizes[layer.digest] = _measured(unpacked(layer.content, where, Meter(self.limits)))
        except LayoutError as error:
            raise _CannotSayError(f"has a layer that cannot be unpacked: {error}") from error
        diff_id, size = self._sizes[layer.digest]
        self.files[_layer_name(diff_id)] = Written(size, unpacked(layer.content, where, Meter(self.limits)))
        return diff_id


def _measured(segments: Iterable[Segment]) -> tuple[Digest, int]:
    hasher, size = SHA256.new(), 0
    for segment in segments:
        hasher.update(segment)
        size += len(segment)
    return SHA256.of(hasher), size


def _check_kind(manifest: Manifest) -> None:
    kind = manifest.media_type.lower()
    if kind in INDEXES:
        raise _CannotSayError("is an index of several images")
    if kind not in IMAGES:
        raise _CannotSayError(f"is of the type {manifest.media_type}")
    if manifest.subject is not None:
        raise _CannotSayError("refers to a subject")
    if manifest.blobs[0].media_type not in (OCI_CONFIG, DOCKER_CONFIG):
        raise _CannotSayError(f"is an artifact, with a config of the type {manifest.blobs[0].media_type}")
    if len(json.loads(manifest.body)["layers"]) >= len(manifest.blobs):
        raise _CannotSayError("has layers that are kept elsewhere")


def _config_name(digest: Digest) -> str:
    return f"{digest.hex}.json"


def _layer_name(diff_id: Digest) -> str:
    return f"{diff_id.hex}.tar"
