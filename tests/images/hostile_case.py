"""A broken or hostile archive or layout, its message, and the branch of ours that refuses it.

Law of the tables that are made of these: a branch has one case. `edit` takes the branch out, and then exactly
this case is no longer refused as it says; test_hostile_archives.py shows that it is so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fakereg.images.limits import LIMITS, Limits

LIFT = "; if that is meant, give limits=Limits({}=...)"


@dataclass(frozen=True)
class Case:
    """`make` gives the bytes of `x.tar`, or the path of what it made in a folder.

    `message` is the whole of it, or its beginning before `...`, with `@:` and `@/` for the path. `edit` is a file as
    seen from fakereg/images/, text that stands there once, and what to put in its place.
    """

    name: str
    make: Callable[[Path], bytes | Path]
    message: str
    edit: tuple[str, str, str]
    limits: Limits = LIMITS

    def path(self, folder: Path) -> Path:
        made = self.make(folder)
        if isinstance(made, Path):
            return made
        path = folder / "x.tar"
        path.write_bytes(made)
        return path

    def is_told(self, path: Path, told: str) -> bool:
        beginning, cut, _ = re.sub("@(?=[:/])", lambda _: str(path), self.message).partition("...")
        return told.startswith(beginning) if cut else told == beginning


def case(
    name: str, made: bytes | Callable[[Path], bytes | Path], message: str, *edit: str, limits: Limits = LIMITS
) -> Case:
    file, before, after = edit
    return Case(name, made if callable(made) else lambda _: made, message, (file, before, after), limits)
