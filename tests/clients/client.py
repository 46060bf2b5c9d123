"""What the scenarios ask of every client, and how a client says what it cannot do."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import ClassVar

# Longer than any client takes over a scenario, in seconds, its own pauses before a retry included.
PATIENCE = 120


class ClientFailed(Exception):
    """A client ended with an error; its text is what the client printed."""


class Recovery(Enum):
    """What a client does about a connection that breaks in the middle of a body."""

    RESUMES = "resumes"
    STARTS_OVER = "starts over"
    GIVES_UP = "gives up"


@dataclass(frozen=True)
class Need:
    """A program on PATH, or a Python package, that a client's tests cannot do without."""

    name: str
    how: str
    is_package: bool = False

    @property
    def is_met(self) -> bool:
        return (importlib.util.find_spec(self.name) if self.is_package else shutil.which(self.name)) is not None

    def __str__(self) -> str:
        return f"the client {self.name} is not installed ({self.how})"


class Client:
    """A client under test. Every verb does what the scenarios mean by it, in this client's own way.

    A layout is a folder in the form of the OCI image layout, whose entry `v1` is meant. A reference is
    `HOST:PORT/team/app:v1` or with `@sha256:...`, a repository the same without either.
    `cannot` names the scenarios for which the client has no such feature, each with the reason; `notes`
    those that it is asked for in another way, each with a sentence on how.
    """

    name: ClassVar[str]
    needs: ClassVar[Sequence[Need]]
    cannot: ClassVar[Mapping[str, str]] = {}
    notes: ClassVar[Mapping[str, str]] = {}
    upload_cut: ClassVar[Recovery] = Recovery.GIVES_UP
    download_cut: ClassVar[Recovery] = Recovery.GIVES_UP
    failure: ClassVar[type[Exception] | tuple[type[Exception], ...]] = ClientFailed

    def __init__(self, host: str, folder: Path, environ: Mapping[str, str]) -> None:
        """`folder` is for the client's own use; `environ` is what its process should run with."""
        self.host = host
        self.folder = folder
        self.environ = dict(environ)

    @classmethod
    def version(cls) -> str:
        """What the client itself says."""
        raise NotImplementedError

    def push(self, layout: Path, reference: str) -> None:
        """Push the image or the index `v1`, with everything beneath it, byte for byte."""
        raise NotImplementedError

    def pull(self, reference: str) -> Path:
        """Pull everything beneath a reference; a layout that holds it."""
        raise NotImplementedError

    def copy(self, source: str, target: str) -> None:
        """Copy between two repositories of the registry, by mounts."""
        raise NotImplementedError

    def tags(self, repository: str) -> list[str]:
        """All tags, over as many pages as there are."""
        raise NotImplementedError

    def catalog(self) -> list[str]:
        """The names of all repositories, over as many pages as there are."""
        raise NotImplementedError

    def delete_tag(self, reference: str) -> None:
        """Take a tag away and leave the manifest."""
        raise NotImplementedError

    def delete_manifest(self, reference: str) -> None:
        """Take a manifest away, which is given by its digest."""
        raise NotImplementedError

    def delete_blob(self, reference: str) -> None:
        """Take a blob away, which is given by its digest."""
        raise NotImplementedError

    def attach(self, reference: str, artifact_type: str, file: Path) -> None:
        """Push an artifact with the file as its content, whose subject is the image at a reference."""
        raise NotImplementedError

    def referrers(self, reference: str, artifact_type: str | None = None) -> list[str]:
        """The digests of what has the image at a reference as its subject, of one type or of all."""
        raise NotImplementedError


class Program(Client):
    """A client that is a program; its name on PATH is that of its first need."""

    options: Sequence[str] = ()

    def run(self, *arguments: str | Path) -> str:
        """What the program printed to stdout. Raises ClientFailed with all that it printed."""
        return run([self.needs[0].name, *self.options, *arguments], self.folder, self.environ)


def run(command: Sequence[str | Path], folder: Path | None = None, environ: Mapping[str, str] | None = None) -> str:
    """What a program printed to stdout. Raises ClientFailed with all that it printed."""
    line = [str(word) for word in command]
    done = subprocess.run(line, cwd=folder, env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode != 0:
        raise ClientFailed(f"{' '.join(line)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
