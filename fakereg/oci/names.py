"""Names of repositories and tags, and references, which are a tag or a digest."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Self

from fakereg.oci.digest import Digest
from fakereg.oci.errors import NameInvalid

# Clients limit host:port/name to 255 characters; the specification advises registries to do the same.
NAME_LIMIT = 255

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*", re.ASCII)
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", re.ASCII)


class RepositoryName(str):
    """A repository name: parts joined by `/`, each of lower-case letters and digits with single separators."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Raises NameInvalid."""
        if len(text) > NAME_LIMIT:
            raise NameInvalid(f"repository name of {len(text)} characters; at most {NAME_LIMIT} are allowed")
        if not _NAME.fullmatch(text):
            raise NameInvalid(
                f"invalid repository name {text!r}: parts of a-z and 0-9, joined by '/', "
                "with '.', '_', '__' or dashes only between letters or digits"
            )
        return super().__new__(cls, text)

    @staticmethod
    def parse(text: str, *, authority: str = "") -> RepositoryName:
        """`authority` is the host and port in front of the name; the limit of 255 counts it too. Raises NameInvalid."""
        if authority and len(authority) + 1 + len(text) > NAME_LIMIT:
            raise NameInvalid(f"{authority}/ and the repository name together exceed {NAME_LIMIT} characters")
        return _known_name(text)


@lru_cache(maxsize=1024)  # clients name the same few again and again
def _known_name(text: str) -> RepositoryName:
    return RepositoryName(text)


class Tag(str):
    """A tag: up to 128 letters, digits, `.`, `_` and `-`, not starting with `.` or `-`."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Raises NameInvalid."""
        if not _TAG.fullmatch(text):
            raise NameInvalid(
                f"invalid tag {text!r}: 1 to 128 characters of a-z, A-Z, 0-9, '.', '_', '-', "
                "the first neither '.' nor '-'"
            )
        return super().__new__(cls, text)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises NameInvalid."""
        return cls(text)


Reference = Tag | Digest


@lru_cache(maxsize=1024)  # clients name the same few again and again
def parse_reference(text: str) -> Reference:
    """A digest if there is a colon, which no tag contains; else a tag. Raises DigestInvalid or NameInvalid."""
    return Digest(text) if ":" in text else Tag(text)


def split_image(text: str) -> tuple[RepositoryName, Reference]:
    """`name:tag`, `name@digest` or `name` (tag `latest`), without a host. Raises NameInvalid or DigestInvalid."""
    if not isinstance(text, str):
        raise TypeError(f"an image is named by text such as 'team/app:v1', got {text!r}")
    host, slash, rest = text.partition("/")
    if slash and ":" in host:  # of a name's parts only the last can be followed by a colon
        raise NameInvalid(f"leave the host {host!r} out: {rest!r}")
    image, at, digest = text.partition("@")
    name, colon, tag = image.partition(":")
    if not at:
        return RepositoryName(name), Tag(tag if colon else "latest")
    if colon:
        Tag(tag)  # the digest decides, but a malformed tag is a mistake all the same
    return RepositoryName(name), Digest(digest)


def fallback_tag(subject: Digest) -> Tag:
    """The tag under which clients keep referrers where the referrers API is missing.

    Algorithm cut to 32 characters, `-`, hex cut to 64 (main branch, push.subj.3).
    """
    return Tag(f"{subject.algorithm.name[:32]}-{subject.hex[:64]}")
