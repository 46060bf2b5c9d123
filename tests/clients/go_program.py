"""The clients that are Go libraries: a program of our own around each, all with the same verbs (go/README.md)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from client import Need, Program, run


class GoProgram(Program):
    """A program in `go/`: one verb per call, a JSON object on stdout, and an error on what its library lacks.

    A client's class has a name and `needs = (built_from(FOLDER),)`.
    """

    @classmethod
    def version(cls) -> str:
        """The version of the library, as the program was built with it."""
        found: str = json.loads(run([cls.needs[0].name, "version"]))["version"]
        return found

    def ask(self, verb: str, *arguments: str | Path) -> dict[str, Any]:
        """What the program answers. Raises ClientFailed with all that it printed."""
        answer: dict[str, Any] = json.loads(self.run(verb, *arguments))
        return answer

    def push(self, layout: Path, reference: str) -> None:
        self.ask("push", layout, "v1", reference)

    def pull(self, reference: str) -> Path:
        """A second pull goes into the same layout, where a library may resume what it finds."""
        self.ask("pull", reference, "pulled", "v1")
        return self.folder / "pulled"

    def copy(self, source: str, target: str) -> None:
        self.ask("copy", source, target)

    def tags(self, repository: str) -> list[str]:
        found: list[str] = self.ask("tags", repository)["tags"]
        return found

    def catalog(self) -> list[str]:
        found: list[str] = self.ask("catalog", self.host)["repositories"]
        return found

    def delete_tag(self, reference: str) -> None:
        self.ask("delete-tag", reference)

    def delete_manifest(self, reference: str) -> None:
        self.ask("delete-manifest", reference)

    def delete_blob(self, reference: str) -> None:
        self.ask("delete-blob", reference)

    def attach(self, reference: str, artifact_type: str, file: Path) -> None:
        self.ask("attach", reference, artifact_type, file)

    def referrers(self, reference: str, artifact_type: str | None = None) -> list[str]:
        wanted = [] if artifact_type is None else [artifact_type]
        found: list[str] = self.ask("referrers", reference, *wanted)["referrers"]
        return found


def built_from(folder: str) -> Need:
    """The need of a program whose source is in a folder of `go/`."""
    name = f"fakereg-{folder}"
    return Need(name, f"go build -C tests/clients/go/{folder} -o SOMEWHERE-ON-PATH/{name}")
