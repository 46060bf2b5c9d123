"""What an entry of a layout's index.json is called, in `org.opencontainers.image.ref.name` or by Docker's own key.

v1                            a tag; the repository is told by whoever loads it (skopeo, umoci)
team/app:v1                   repository and tag
docker.io/library/app:v1      a host in front, which is dropped
team/app@sha256:...           no tag
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from fakereg.oci.digest import Digest
from fakereg.oci.errors import NameInvalid
from fakereg.oci.names import NAME_LIMIT, RepositoryName, Tag

LOCAL = "localhost"

REF_NAME = "org.opencontainers.image.ref.name"

# Docker and containerd tell the full name here, and the tag alone in `ref.name`.
DOCKER_NAME = "io.containerd.image.name"


def name_of(annotations: Mapping[str, str] | None) -> tuple[RepositoryName | None, Tag | None]:
    """The repository and the tag that the annotations of an entry tell. Raises NameInvalid, with the annotation."""
    annotations = annotations or {}
    key, parse = (DOCKER_NAME, parse_docker_name) if DOCKER_NAME in annotations else (REF_NAME, parse_ref_name)
    name = annotations.get(key)
    try:
        return parse(name)
    except NameInvalid as error:
        raise NameInvalid(f"{key} {name!r}: {error.message}") from error


def parse_ref_name(text: str | None) -> tuple[RepositoryName | None, Tag | None]:
    """The repository, if the name tells it, and the tag, if there is one.

    A name with neither tag nor digest, `team/app`, means the tag `latest`. Raises NameInvalid.
    """
    if not text:
        return None, None
    image, at, _ = text.partition("@")
    if not at and "/" not in image and ":" not in image:
        return None, Tag(image)
    name, colon, tag = _without_host(image).partition(":")
    if colon:
        return RepositoryName(name), Tag(tag)
    return RepositoryName(name), None if at else Tag("latest")


def parse_docker_name(text: str | None) -> tuple[RepositoryName, Tag | None]:
    """Like `parse_ref_name`, for what Docker writes, where `app:v1` is an image and never a tag.

    Docker's short form of `docker.io/library/app:v1` is `app:v1`. Raises NameInvalid.
    """
    image = (text or "").removeprefix("docker.io/library/")
    name, colon, tag = _without_host(image).partition(":")
    if "@" in image:
        return RepositoryName(_without_host(image).partition("@")[0]), None
    if not colon:
        raise NameInvalid(f"{text!r} has no tag")
    return RepositoryName(name), Tag(tag)


def full_ref_name(repository: RepositoryName, reference: Tag | Digest) -> str:
    """The name that `parse_ref_name` reads back as this repository and tag, or no tag for a digest."""
    separator = "@" if isinstance(reference, Digest) else ":"
    image = f"{repository}{separator}{reference}"
    # A repository such as `my.team/app` would be taken for one on the host `my.team`.
    return image if _without_host(repository) == repository else f"{LOCAL}/{image}"


def repository_of_folder(folder: str) -> RepositoryName:
    """A valid repository name made of a directory's name: lower case, all else turned into single dashes."""
    return RepositoryName(re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-")[:NAME_LIMIT].strip("-") or "layout")


def _without_host(image: str) -> str:
    """As docker tells a host from a name: by a dot, a port, or `localhost`."""
    first, slash, rest = image.partition("/")
    return rest if slash and (first == LOCAL or "." in first or ":" in first) else image
