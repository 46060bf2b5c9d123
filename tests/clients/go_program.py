"""The clients that are Go libraries: a program of our own around each, all with the same verbs (go/README.md)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from client import ClientFailed, Need, Program, run

# The verb that a scenario cannot do without; of an artifact a library may have one half, and push it.
VERBS = {
    "artifact": "referrers",
    "referrers_filtered": "referrers",
    "tags_over_pages": "tags",
    "catalog": "catalog",
    "tag_delete": "delete-tag",
    "manifest_delete": "delete-manifest",
    "blob_delete": "delete-blob",
}


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


def built_from(folder: str, tags: str = "") -> Need:
    """The need of a program whose source is in a folder of `go/`, built with Go's build tags."""
    name = f"fakereg-{folder}"
    options = f"-tags {tags} " if tags else ""
    command = f"go build -C tests/clients/go/{folder} {options}-o /FOLDER/ON/PATH/{name} ."
    return Need(name, f"{command}, as in tests/clients/go/README.md")


class SaysWhatItCannot:
    """For every program: what the table has a dash for is what the program itself refuses."""

    def test_cannot(self, client: GoProgram) -> None:
        """The verb of each scenario that it cannot do ends with 3, and with the reason on stderr."""
        for scenario in set(client.cannot) & set(VERBS):
            with pytest.raises(ClientFailed, match=r" ended with 3:\ncannot: "):
                client.ask(VERBS[scenario], f"{client.host}/team/app:v1")
