"""Repositories: seeded, loaded, exported, looked at."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from fakereg.control.desk import Ask
from fakereg.control.problems import CannotExport, Flaw, InvalidArchive, InvalidFields, NotFound, invalid
from fakereg.control.route import Reply
from fakereg.control.shapes import (
    ANY,
    BOOLEAN,
    TEXT,
    TEXTS,
    WHOLE,
    answered,
    either,
    many,
    maybe,
    record,
    table,
    within,
)
from fakereg.images.files import LayoutError
from fakereg.images.image import Image
from fakereg.images.layers import Entry, File, LayerSource, Symlink
from fakereg.images.load import load_archive
from fakereg.images.save import save_archive
from fakereg.oci.digest import Digest
from fakereg.oci.manifest import Manifest
from fakereg.oci.names import RepositoryName
from fakereg.registry.messages import Response
from fakereg.registry.profile import Sparse
from fakereg.store.content import Content, Segment
from fakereg.store.repository import Repository
from fakereg.store.store import Store

BASE64 = record("base64", base64=TEXT)
FILE = either(
    TEXT,
    record("text", text=TEXT, mode=TEXT),
    record("base64", base64=TEXT, mode=TEXT),
    record("symlink", symlink=TEXT),
)
SEED = record(
    "image",
    image=TEXT,
    layers=maybe(many(either(BASE64, table(FILE)))),
    config=maybe(table(ANY)),
    platform=maybe(TEXT),
    platforms=maybe(TEXTS),
    artifact_type=maybe(TEXT),
    subject=maybe(TEXT),
    annotations=maybe(table(TEXT)),
    docker=BOOLEAN,
)
IMAGE = answered(
    reference=TEXT,
    name=TEXT,
    tag=maybe(TEXT),
    digest=TEXT,
    media_type=TEXT,
    size=WHOLE,
    layers=TEXTS,
    blobs=TEXTS,
    children=TEXTS,
)
LOADED = answered(references=TEXTS)
_MANIFEST = answered(
    digest=TEXT, media_type=TEXT, size=WHOLE, tags=TEXTS, artifact_type=maybe(TEXT), subject=maybe(TEXT)
)
REPOSITORY = answered(
    name=TEXT,
    tags=table(TEXT),
    manifests=many(_MANIFEST),
    blobs=many(answered(digest=TEXT, size=WHOLE)),
    uploads=many(answered(id=TEXT, size=WHOLE)),
)
REPOSITORIES = answered(repositories=TEXTS)

FORMATS = ("oci-archive", "docker-archive")
TAR, GZIP = "application/x-tar", "application/gzip"

# Never as what it was pushed for: a browser must not take it for a page of this origin.
BYTES = "application/octet-stream"


# Seeding


def seed(ask: Ask) -> Reply:
    options = dict(ask.body)
    image = options.pop("image")
    if options.get("layers") is not None:
        options["layers"] = [_layer(one, f"layers[{index}]") for index, one in enumerate(options["layers"])]
    try:
        seeded = ask.fake.seed(image, **options)
    except (TypeError, ValueError) as error:
        raise InvalidFields(str(error)) from error
    return Reply(_image(seeded), status=201)


def _layer(form: Mapping[str, Any], place: str) -> LayerSource:
    """`{"base64": TEXT}` is an archive, anything else its files."""
    if list(form) == ["base64"] and isinstance(form["base64"], str):
        return _bytes(form["base64"], f"{place}.base64")
    return {path: _entry(entry, within(place, path)) for path, entry in form.items()}


def _entry(form: Any, place: str) -> Entry:
    if isinstance(form, str):
        return form
    if "symlink" in form:
        return Symlink(form["symlink"])
    content = form["text"] if "text" in form else _bytes(form["base64"], f"{place}.base64")
    mode = form.get("mode", "644")
    if not re.fullmatch(r"0?[0-7]{3,4}", mode):
        raise invalid([Flaw(f"{place}.mode", f"takes octal digits as text, such as '755', got {mode!r}")])
    return File(content, int(mode, 8))


def _bytes(text: str, place: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise invalid([Flaw(place, f"is not base64: {error}")]) from error


def _image(image: Image) -> dict[str, Any]:
    return {
        "reference": image.reference,
        "name": image.name,
        "tag": image.tag,
        "digest": image.digest,
        "media_type": image.media_type,
        "size": image.size,
        "layers": list(image.layers),
        "blobs": list(image.blobs),
        "children": [child.digest for child in image.children],
    }


# Archives


def load(ask: Ask) -> Reply:
    if ask.file is None or not ask.file.read(1):
        raise InvalidArchive(
            "the body is empty: send a tar archive of an OCI image layout, or what `docker save` writes"
        )
    ask.file.seek(0)
    registry = ask.pipeline.registry
    sparse = registry.profile.sparse is Sparse.ACCEPT
    try:
        found = load_archive(registry.store, ask.file, "archive", ask.query.get("repository"), sparse=sparse)
    except LayoutError as error:
        raise InvalidArchive(str(error)) from error
    return Reply({"references": found}, status=201)


def export(ask: Ask) -> Response:
    compress = bool(ask.query.get("gzip"))
    gathered = _Segments()
    form = ask.query.get("format", FORMATS[0])
    store = ask.pipeline.registry.store
    try:
        save_archive(store, gathered, "archive", ask.query.get("repository"), form, compress=compress)  # type: ignore[arg-type]
    except LayoutError as error:
        raise CannotExport(str(error)) from error
    name = f"fakereg.tar{'.gz' if compress else ''}"
    headers = {"Content-Type": GZIP if compress else TAR, "Content-Disposition": f'attachment; filename="{name}"'}
    response = Response.of(200, headers)
    response.body = Content(gathered.segments)
    return response


class _Segments:
    """A file that is only written: what is written becomes an answer, and is copied nowhere."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []

    def write(self, data: Segment) -> int:
        self.segments.append(data)
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""


# Looking


def list_repositories(ask: Ask) -> Reply:
    return Reply({"repositories": ask.fake.repositories})


def get_repository(ask: Ask) -> Reply:
    """Of one moment: a tag must not name a manifest that is missing from the list."""
    repository = _known(ask, ask.pipeline.registry.store.copy())
    tags = repository.tagged()
    manifests = [
        _manifest(one, [tag for tag, digest in tags.items() if digest == one.digest]) for one in repository.manifests()
    ]
    document = {
        "name": repository.name,
        "tags": dict(sorted(tags.items())),
        "manifests": manifests,
        "blobs": [{"digest": blob.digest, "size": len(blob)} for blob in repository.blobs()],
        "uploads": [{"id": upload.id, "size": upload.size} for upload in repository.uploads()],
    }
    return Reply(document)


def _manifest(manifest: Manifest, tags: list[str]) -> dict[str, Any]:
    return {
        "digest": manifest.digest,
        "media_type": manifest.media_type,
        "size": len(manifest.body),
        "tags": tags,
        "artifact_type": manifest.artifact_type,
        "subject": None if manifest.subject is None else manifest.subject.digest,
    }


def get_manifest(ask: Ask) -> Response:
    manifest = ask.fake.repository(ask.params["name"]).manifest(ask.params["reference"])
    headers = {"Content-Type": BYTES, "Docker-Content-Digest": manifest.digest, "X-Media-Type": manifest.media_type}
    return Response.of(200, headers, manifest.body)


def get_blob(ask: Ask) -> Response:
    """As it is kept: a layer is large, and is not copied."""
    blob = _known(ask, ask.pipeline.registry.store).blob(Digest.parse(ask.params["digest"]))
    response = Response.of(200, {"Content-Type": BYTES, "Docker-Content-Digest": blob.digest})
    response.body = blob.content
    return response


def _known(ask: Ask, store: Store) -> Repository:
    name = RepositoryName.parse(ask.params["name"])
    if not store.has(name):
        raise NotFound(f"repository {name} is not known: nothing was pushed to it")
    return store.repository(name)
