"""Manifests: bytes that are kept exactly as they came, and what a registry must know about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fakereg.oci import media_types, strict_json
from fakereg.oci.descriptor import Descriptor, optional_string, string_map
from fakereg.oci.digest import SHA256, Digest
from fakereg.oci.errors import DigestInvalid, ManifestInvalid

SCHEMA_VERSION = 2


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest as it was pushed: `body` is never rewritten.

    `blobs` and `manifests` are the content that must be there before an image or index is whole;
    foreign layers are not among them. `subject` is what the manifest refers to, if anything.
    """

    body: bytes = field(repr=False)
    media_type: str
    digest: Digest
    blobs: tuple[Descriptor, ...] = ()
    manifests: tuple[Descriptor, ...] = ()
    subject: Descriptor | None = None
    artifact_type: str | None = None
    annotations: dict[str, str] | None = field(default=None, hash=False)

    @classmethod
    def parse(cls, body: bytes, *, content_type: str = "", digest: Digest | None = None) -> Manifest:
        """`content_type` is the header of the push, its parameters ignored; `digest` the one it was pushed under.

        Without a header the body's `mediaType` decides, and without that its shape.
        Media types that nobody knows are kept as they are, as long as they are a JSON object.
        Raises ManifestInvalid, or DigestInvalid when `digest` is not that of the body.
        """
        actual = (digest.algorithm if digest else SHA256).digest([body])
        if digest and actual != digest:
            raise DigestInvalid(f"the manifest's digest is {actual}, not {digest}", detail={"digest": actual})
        document = _load(body)
        media_type = _media_type(document, media_types.essence(content_type))
        if media_type.lower() in media_types.IMAGES:
            return _image(body, media_type, actual, document)
        if media_type.lower() in media_types.INDEXES:
            return _index(body, media_type, actual, document)
        return cls(body, media_type, actual)

    def as_referrer(self) -> Descriptor:
        """The descriptor by which the referrers API lists this manifest (end-12a)."""
        return Descriptor(
            self.media_type,
            self.digest,
            len(self.body),
            artifact_type=self.artifact_type,
            annotations=self.annotations,
        )


def _image(body: bytes, media_type: str, digest: Digest, document: dict[str, Any]) -> Manifest:
    _require_schema_2(document)
    config = Descriptor.from_json(document.get("config"), "config")
    layers = _descriptors(document, "layers")
    return Manifest(
        body,
        media_type,
        digest,
        blobs=(config, *(layer for layer in layers if not layer.is_foreign)),
        subject=_subject(document, media_type),
        # An image without a type of its own is listed under that of its config (ref.7).
        artifact_type=optional_string(document, "artifactType", "") or config.media_type,
        annotations=string_map(document, "annotations", ""),
    )


def _index(body: bytes, media_type: str, digest: Digest, document: dict[str, Any]) -> Manifest:
    _require_schema_2(document)
    return Manifest(
        body,
        media_type,
        digest,
        manifests=_descriptors(document, "manifests"),
        subject=_subject(document, media_type),
        artifact_type=optional_string(document, "artifactType", "") or None,
        annotations=string_map(document, "annotations", ""),
    )


def _load(body: bytes) -> dict[str, Any]:
    try:
        document = strict_json.parse(body)
    except ValueError as error:
        raise ManifestInvalid(f"the manifest {error}") from error
    if not isinstance(document, dict):
        raise ManifestInvalid("the manifest must be a JSON object")
    return document


def _media_type(document: dict[str, Any], from_header: str) -> str:
    from_body = optional_string(document, "mediaType", "") or ""
    if from_header and from_body and from_header.lower() != from_body.lower():
        raise ManifestInvalid(f"Content-Type is {from_header!r}, but the manifest's mediaType is {from_body!r}")
    media_type = from_header or from_body or _guess(document)
    # It is sent back as a header, so it must not be able to hold anything else.
    if media_type.lower() in media_types.GENERIC:
        raise ManifestInvalid(f"{media_type} is not the type of a manifest: send that of the document as Content-Type")
    if not media_types.is_media_type(media_type):
        raise ManifestInvalid(f"{media_type!r} is not a media type")
    return media_type


def _guess(document: dict[str, Any]) -> str:
    """`mediaType` is optional in OCI documents, so one without it is told by its shape."""
    if "manifests" in document:
        return media_types.OCI_INDEX
    if "config" in document:
        return media_types.OCI_MANIFEST
    raise ManifestInvalid("the manifest's type is unknown: send Content-Type, or mediaType within the manifest")


def _require_schema_2(document: dict[str, Any]) -> None:
    if document.get("schemaVersion") != SCHEMA_VERSION:
        raise ManifestInvalid(f"schemaVersion must be {SCHEMA_VERSION}, got {document.get('schemaVersion')!r}")


def _descriptors(document: dict[str, Any], key: str) -> tuple[Descriptor, ...]:
    values = document.get(key)
    if not isinstance(values, list):
        raise ManifestInvalid(f"{key} must be a list of descriptors")
    return tuple(Descriptor.from_json(value, f"{key}[{index}]") for index, value in enumerate(values))


def _subject(document: dict[str, Any], media_type: str) -> Descriptor | None:
    """Only OCI documents have a subject; Docker's never did."""
    value = document.get("subject")
    if value is None or media_type.lower() not in (media_types.OCI_MANIFEST, media_types.OCI_INDEX):
        return None
    return Descriptor.from_json(value, "subject")
