"""How much of an archive is read. What a header or a trailer declares counts for nothing here."""

from __future__ import annotations

from dataclasses import dataclass

from fakereg.images.files import LayoutError

_MIB = 1024 * 1024

# Below that no ratio is suspicious: a layer of zeros is a thousand times smaller in gzip.
_ANY_RATIO = 128 * _MIB


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may hold; more is refused, in the moment in which it is read. Of directories `document` alone.

    unpacked   bytes of the whole archive and of the layers in it, after decompression; they are kept in memory
    ratio      to how many times its size gzip may unpack, once that is more than 128 MiB
    members    entries of a tar archive, those that only describe the next one included
    document   bytes of one JSON document
    """

    unpacked: int = 8 * 1024 * _MIB
    ratio: int = 100
    members: int = 100_000
    document: int = 16 * _MIB

    def of_gzip(self, size: int) -> int:
        """To how many bytes gzip of `size` bytes may unpack."""
        return max(self.ratio * size, _ANY_RATIO)


LIMITS = Limits()


class Meter:
    """Counts what is unpacked of one archive, its layers included."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._left = limits.unpacked

    def take(self, size: int, where: str) -> None:
        """Raises LayoutError when it is too much."""
        self._left -= size
        if self._left < 0:
            raise LayoutError(where, over("unpacked", f"unpacks to more than {self.limits.unpacked} bytes"))


def over(limit: str, message: str) -> str:
    """A message with the way out."""
    return f"{message}; if that is meant, give limits=Limits({limit}=...)"
