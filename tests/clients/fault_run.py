"""Runs a client into a fault, and tells how many requests it made of it and how that ended."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import ClassVar

import contents
import made_layouts
from client import Client
from fault_cases import CASES, LAYER, Case, Does
from how_it_ends import Ending, How

from fakereg import FakeRegistry
from fakereg.oci.manifest import Manifest
from fakereg.oci.names import Tag


class Faults:
    """Every case for one client. What goes and comes are images; a client with other goods says how."""

    Client: ClassVar[type[Client]]
    tag = "v1"

    def goods(self, client: Client, path: Path, size: int) -> Path:  # noqa: ARG002 - helm makes its own
        """What the client pushes, at a new path, with one layer of about `size` bytes."""
        return made_layouts.image(path, layers=1, size=size)

    def hold(self, client: Client, registry: FakeRegistry, goods: Path) -> None:  # noqa: ARG002 - as above
        """Have the registry hold it as team/app with the tag."""
        registry.load(goods, "team/app")

    def push_in_chunks(self, client: Client, goods: Path, reference: str) -> None:
        """In chunks of CHUNK bytes, where a client can be told to; else as always."""
        client.push(goods, reference)

    def is_whole(self, pulled: Path, goods: Path) -> bool:
        """Whether all of it is there, and every byte right."""
        try:
            return contents.needed(pulled) == contents.needed(goods)
        except (AssertionError, FileNotFoundError):
            return False

    def is_clean(self, folder: Path) -> bool:
        """Whether every file in the client's folder that is named by a digest has that digest."""
        files = [path for path in folder.rglob("sha256/*") if re.fullmatch("[0-9a-f]{64}", path.name)]
        return all(hashlib.sha256(path.read_bytes()).hexdigest() == path.name for path in files if path.is_file())

    def test_fault(
        self, case: str, expected: Ending, client: Client, fake_registry: FakeRegistry, tmp_path: Path
    ) -> None:
        """The client makes as many requests of the fault, and ends, as the table says."""
        run = Run(self, client, fake_registry, CASES[case], tmp_path)

        found = run.ending()

        assert expected.fits(found), f"wanted {expected} {expected.says!r}, got {found}:\n{found.says}"


class Run:
    """One case with one client."""

    def __init__(self, asked: Faults, client: Client, registry: FakeRegistry, case: Case, folder: Path) -> None:
        self.asked, self.client, self.registry, self.case = asked, client, registry, case
        self.reference = registry.reference(f"team/app:{asked.tag}")
        self.goods = asked.goods(client, folder / "goods", LAYER)
        self.older: Path | None = None  # what the tag was on before, and what stands there now
        self.newer: Manifest | None = None
        self.listed: list[str] = []
        asked.hold(client, registry, self.goods)
        self.manifest = self.tagged()
        self.layer = str(self.manifest.blobs[-1].digest)
        self.prepare(folder)

    def ending(self) -> Ending:
        """Let the client run into the fault, and where that fails once more without."""
        before, says = len(self.registry.journal), ""
        with self.case.arm(self.registry, self.layer) as fault:
            if self.newer is not None:
                self.tag(self.newer)
            try:
                how = self.attempt()
            except self.client.failure as error:
                how, says = How.FAILED, f"{type(error).__name__}: {error}"
        asked = self.case.requests(self.registry, before, self.layer)
        if not fault.fired:
            return Ending(0, How.UNMET if how is How.DONE else how, says)
        if how is How.FAILED:
            how = self.aftermath()
        elif how is How.DONE and any(entry.status == 206 for entry in asked):
            how = How.RESUMED
        return Ending(len(asked), how, says)

    def prepare(self, folder: Path) -> None:
        """Leave to the client what the case is about."""
        repository = self.registry.repository("team/app")._repository
        if self.case.does in (Does.PUSH, Does.PUSH_IN_CHUNKS):
            repository.delete_manifest(self.manifest.digest)
            repository.delete_blob(self.manifest.blobs[-1].digest)
        elif self.case.does is Does.PULL_MOVED:
            self.older, self.goods = self.goods, self.asked.goods(self.client, folder / "newer", LAYER + 1000)
            self.asked.hold(self.client, self.registry, self.goods)
            self.newer = self.tagged()
            self.tag(self.manifest)
        elif self.case.does is Does.COPY:
            self.client.pull(self.reference)  # some mount only what they have met
        elif self.case.does is Does.REFERRERS:
            fallback = f"team/app:{self.manifest.digest}".replace("sha256:", "sha256-")
            index = self.registry.seed(fallback, platforms=["linux/amd64", "linux/arm64"])
            self.listed = sorted(child.digest for child in index.children)

    def tagged(self) -> Manifest:
        return self.registry.repository("team/app").manifest(self.asked.tag)

    def tag(self, manifest: Manifest) -> None:
        self.registry.repository("team/app")._repository.put_manifest(manifest, [Tag(self.asked.tag)])

    def attempt(self) -> How:
        """Let the client do it, and look at what came of it. Raises what the client raises."""
        if self.case.does is Does.REFERRERS:
            return How.DONE if sorted(self.client.referrers(self.reference)) == self.listed else How.FOOLED
        if self.case.does in (Does.PULL, Does.PULL_MOVED):
            return self.pulled(self.client.pull(self.reference))
        if self.case.does is Does.COPY:
            self.client.copy(self.reference, self.registry.reference(f"other/app:{self.asked.tag}"))
            return self.held("other/app")
        if self.case.does is Does.PUSH:
            self.client.push(self.goods, self.reference)
        else:
            self.asked.push_in_chunks(self.client, self.goods, self.reference)
        return self.held("team/app")

    def pulled(self, found: Path) -> How:
        if self.asked.is_whole(found, self.goods):
            return How.DONE
        return How.OLD if self.older and self.asked.is_whole(found, self.older) else How.FOOLED

    def held(self, name: str) -> How:
        """Done if the registry holds the image whole, and no blob besides."""
        needed = contents.held(self.registry, name, self.asked.tag)
        repository = self.registry.repository(name)
        whole = needed == {repository.manifest(self.asked.tag).digest, *repository.blobs}
        return How.DONE if whole else How.FOOLED

    def aftermath(self) -> How:
        """After a failure: what is left, and whether the next run, which meets no fault, is whole."""
        is_clean = self.asked.is_clean(self.client.folder)
        try:
            if self.attempt() is not How.DONE:
                return How.FOOLED
        except self.client.failure:
            return How.STUCK
        return How.FAILED if is_clean else How.LEFT_PART
