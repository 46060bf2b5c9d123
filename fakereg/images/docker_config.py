"""The config of an image in a docker-archive: what ties it to its layers."""

from __future__ import annotations

from fakereg.images import documents
from fakereg.images.files import LayoutError
from fakereg.images.limits import Limits
from fakereg.oci.digest import Digest
from fakereg.oci.errors import DigestInvalid
from fakereg.store.content import Content


def diff_ids(where: str, config: Content, limits: Limits) -> list[Digest]:
    """The digests of the layers before compression, bottom first (image-spec, config.md). Raises LayoutError."""
    document = documents.parse(where, config, limits)
    if not isinstance(document, dict):
        raise LayoutError(where, "the config of an image must be a JSON object")
    rootfs = document.get("rootfs")
    listed = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise LayoutError(where, "the config of an image must have rootfs.diff_ids, a list of digests")
    try:
        return [Digest.parse(one) for one in listed]
    except DigestInvalid as error:
        raise LayoutError(where, f"rootfs.diff_ids: {error.message}") from error
