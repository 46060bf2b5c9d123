"""Seeding: an image is built and put into a repository, as if it had been pushed."""

from __future__ import annotations

from contextlib import suppress

from fakereg.images.build import Builder
from fakereg.images.checks import require
from fakereg.images.image import Image
from fakereg.images.recipe import Recipe
from fakereg.oci.descriptor import Descriptor
from fakereg.oci.digest import Digest
from fakereg.oci.errors import ManifestUnknown
from fakereg.oci.manifest import Manifest
from fakereg.oci.media_types import OCI_MANIFEST
from fakereg.oci.names import RepositoryName, Tag, split_image
from fakereg.store.content import Content
from fakereg.store.repository import Repository
from fakereg.store.store import Store


def seed(store: Store, image: str, recipe: Recipe, *, host: str = "") -> Image:
    """Build `recipe` and store it as `image`; see `FakeRegistry.seed`. Nothing is stored if it raises."""
    name, tag = _target(image, recipe)
    subject = _subject(store, name, recipe.subject)
    built = Builder(name, tag, recipe, subject, host).build()
    # Parsed first, so that what no registry would take is told before anything of it is stored.
    manifests = [Manifest.parse(one.body, content_type=one.media_type) for one in (*built.children, built)]
    repository = store.repository(name)
    for one in (*built.children, built):
        _link(store, repository, one)
    for manifest in manifests:
        tags = [tag] if tag is not None and manifest.digest == built.digest else []
        repository.put_manifest(manifest, tags)
    return built


def _target(image: str, recipe: Recipe) -> tuple[RepositoryName, Tag | None]:
    require(isinstance(image, str), "image", "a name such as 'team/app:v1'", image)
    if "@" in image:
        raise ValueError(f"{image!r} names a digest, which follows from the content: give a tag, or the name alone")
    name, tag = split_image(image)
    # Referrers are found by their subject; a tag `latest` would take the place of the image's own.
    untagged = recipe.subject is not None and ":" not in image
    return name, None if untagged else Tag(tag)


def _subject(store: Store, name: RepositoryName, subject: Image | str | None) -> Descriptor | None:
    """A digest that the repository does not hold yet gets the size 0 and the type of an OCI image manifest."""
    if subject is None:
        return None
    if isinstance(subject, Image):
        if subject.name != name:
            raise ValueError(
                f"the subject is in {subject.name} and its referrer in {name}: referrers live beside their subject; "
                "to refer to something that is not there, give its digest"
            )
        return subject.descriptor()
    digest = Digest.parse(subject)
    repository = store.find(name)
    with suppress(ManifestUnknown):
        if repository is not None:
            manifest = repository.manifest(digest)
            return Descriptor(manifest.media_type, digest, len(manifest.body))
    return Descriptor(OCI_MANIFEST, digest, 0)


def _link(store: Store, repository: Repository, image: Image) -> None:
    for digest, content in image.blobs.items():
        repository.link_blob(store.pool.intern(digest, Content.of(content)))
