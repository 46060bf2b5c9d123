"""Digests of content: the registered algorithms, parsing, computing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, Self

from fakereg.oci.errors import DigestInvalid


class Hasher(Protocol):
    """The part of a `hashlib` object that the package uses."""

    def update(self, data: Any, /) -> None: ...
    def copy(self) -> Hasher: ...
    def hexdigest(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A registered digest algorithm; `hex_length` counts the digits of its encoded part."""

    name: str
    hex_length: int

    @classmethod
    def parse(cls, name: str) -> Algorithm:
        """Raises DigestInvalid for a name that is not registered."""
        try:
            return ALGORITHMS[name]
        except KeyError:
            known = ", ".join(sorted(ALGORITHMS))
            raise DigestInvalid(f"unknown digest algorithm {name!r}; known are {known}") from None

    def new(self) -> Hasher:
        return hashlib.new(self.name)

    def digest(self, segments: Iterable[bytes | memoryview]) -> Digest:
        """The digest of the concatenated segments, none of them copied."""
        hasher = self.new()
        for segment in segments:
            hasher.update(segment)
        return self.of(hasher)

    def of(self, hasher: Hasher) -> Digest:
        return Digest(f"{self.name}:{hasher.hexdigest()}")


SHA256 = Algorithm("sha256", 64)
SHA512 = Algorithm("sha512", 128)
ALGORITHMS = {algorithm.name: algorithm for algorithm in (SHA256, SHA512)}

_HEX = re.compile(r"[0-9a-f]+", re.ASCII)


class Digest(str):
    """A content digest, `algorithm:hex`: lower-case hex of exact length, a registered algorithm.

    It is a string, so that a test may compare it with what a tool printed, and it cannot be made
    from text that is not a digest.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Raises DigestInvalid, naming the part that is wrong."""
        name, colon, encoded = text.partition(":")
        if not colon:
            raise DigestInvalid(f"{text!r} is not a digest: expected algorithm:hex")
        algorithm = Algorithm.parse(name)
        if len(encoded) != algorithm.hex_length or not _HEX.fullmatch(encoded):
            raise DigestInvalid(f"{name} needs {algorithm.hex_length} lower-case hex digits, got {encoded!r}")
        return super().__new__(cls, text)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises DigestInvalid, naming the part that is wrong."""
        return cls(text)

    @classmethod
    def of(cls, content: bytes) -> Digest:
        """The sha256 digest of `content`."""
        return SHA256.digest([content])

    @property
    def algorithm(self) -> Algorithm:
        return ALGORITHMS[self.partition(":")[0]]

    @property
    def hex(self) -> str:
        return self.partition(":")[2]
