"""Many threads on one registry, without any network: what holds afterwards, and what nobody may ever see."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from api import Api, descriptor, encode, image, sha256

from fakereg.oci.names import RepositoryName
from fakereg.store import repository as repository_module

THREADS = 64
ROUNDS = 12
REPOSITORIES = ("team/one", "team/two", "team/three")


@contextmanager
def switching_often() -> Iterator[None]:
    """Threads change every microsecond, so that what can interleave does."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


class Worker:
    """One client: pushes, tags, mounts, lists, reads and deletes, and notes whatever should not be."""

    def __init__(self, api: Api, number: int, broken: list[str]) -> None:
        self.api = api
        self.number = number
        self.broken = broken
        self.random = random.Random(number)

    def run(self) -> None:
        try:
            for turn in range(ROUNDS):
                self.turn(turn)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what the test looks for
            self.broken.append(f"{type(error).__name__}: {error}")

    def expect(self, what: str, *, holds: bool) -> None:
        if not holds:
            self.broken.append(what)

    def turn(self, turn: int) -> None:
        name = self.random.choice(REPOSITORIES)
        layer = f"layer {self.number} {turn}".encode() * 50
        manifest = self.push(name, layer, turn)
        self.mount(name, layer)
        self.list(name)
        self.read(name)
        self.leave_an_upload(name)
        if turn % 3 == 0:
            self.take_away(name, manifest, layer)

    def push(self, name: str, layer: bytes, turn: int) -> bytes:
        """A layer in two chunks, a config that everybody pushes, one tag of its own and one that all fight for."""
        upload = self.api.start_upload(name)
        first = upload.patch(layer[:100], at=0)
        self.expect("a chunk was refused", holds=first.status == 202)
        self.expect("a blob was refused", holds=upload.put(layer[100:], sha256(layer), at=100).status == 201)
        self.api.push_blob(name, b"{}")
        manifest = encode(image(layers=(layer,), annotations={"by": f"{self.number}/{turn}"}))
        for tag in (f"fought-for-{turn % 4}", f"own-{self.number}-{turn}"):
            self.api.push_manifest(name, manifest, tag)
        return manifest

    def mount(self, name: str, layer: bytes) -> None:
        target = self.random.choice(REPOSITORIES)
        answer = self.api("POST", f"/v2/{target}/blobs/uploads/", mount=sha256(layer), **{"from": name})
        self.expect("a mount was refused", holds=answer.status == 201)
        got = self.api("GET", f"/v2/{target}/blobs/{sha256(layer)}")
        self.expect("a mounted blob is not what was pushed", holds=got.body == layer)

    def list(self, name: str) -> None:
        path, seen = f"/v2/{name}/tags/list?n=20", []
        while path:
            page = self.api("GET", path)
            seen += page.json["tags"]
            path = (page.headers.get("Link") or "").partition(">")[0].removeprefix("<")
        self.expect("a tag is listed twice, or out of order", holds=seen == sorted(set(seen)))

    def read(self, name: str) -> None:
        """A tag may be gone, but what is served is whole."""
        tags = self.api("GET", f"/v2/{name}/tags/list").json["tags"]
        got = self.api("GET", f"/v2/{name}/manifests/{self.random.choice(tags)}") if tags else None
        if got and got.status == 200:
            self.expect("a manifest is not its digest", holds=sha256(got.body) == got.headers["Docker-Content-Digest"])

    def leave_an_upload(self, name: str) -> None:
        upload = self.api.start_upload(name)
        upload.patch(b"never finished", at=0)
        self.expect("a cancel was refused", holds=upload.cancel().status == 204)

    def take_away(self, name: str, manifest: bytes, layer: bytes) -> None:
        digest = sha256(manifest)
        self.expect("a delete was refused", holds=self.api("DELETE", f"/v2/{name}/manifests/{digest}").status == 202)
        self.expect(
            "a deleted manifest is served", holds=self.api("GET", f"/v2/{name}/manifests/{digest}").status == 404
        )
        self.expect("a delete was refused", holds=self.api("DELETE", f"/v2/{name}/blobs/{sha256(layer)}").status == 202)


def run_all(tasks: list[Callable[[], object]]) -> None:
    """Run every task in a thread of its own, all let go at once."""
    barrier = threading.Barrier(len(tasks))

    def start(task: Callable[[], object]) -> None:
        barrier.wait()
        task()

    threads = [threading.Thread(target=start, args=(task,)) for task in tasks]
    with switching_often():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)


def incomplete(api: Api) -> Iterator[str]:
    """What a client that reads everything back finds wrong."""
    for name in api("GET", "/v2/_catalog").json["repositories"]:
        for tag in api("GET", f"/v2/{name}/tags/list").json["tags"]:
            got = api("GET", f"/v2/{name}/manifests/{tag}")
            if got.status != 200:
                yield f"tag {name}:{tag} does not resolve"
                continue
            for part in [got.json["config"], *got.json["layers"]]:
                content = api("GET", f"/v2/{name}/blobs/{part['digest']}")
                if content.status != 200 or sha256(content.body) != part["digest"]:
                    yield f"{name}:{tag} lacks {part['digest']}"
    for repository in api.pipeline.registry.store.repositories():
        if repository.uploads():
            yield f"{repository.name} has uploads that nobody will finish"
        listed = set(repository.tags()[0])
        if listed != set(repository.tagged()):
            yield f"{repository.name} lists other tags than it serves"


def miscounted(api: Api) -> Iterator[str]:
    """Whether what the store says that it keeps is what it keeps."""
    store = api.pipeline.registry.store
    repositories = store.repositories()
    blobs = {blob.digest: len(blob) for one in repositories for blob in one.blobs()}
    manifests = sum(len(manifest.body) for one in repositories for manifest in one.manifests())
    if store.usage.bytes != sum(blobs.values()) + manifests:
        yield f"{store.usage.bytes} bytes are counted, {sum(blobs.values()) + manifests} are kept"


def storm(api: Api) -> list[str]:
    """Let all workers loose and tell what they and a reader afterwards found wrong."""
    broken: list[str] = []
    run_all([Worker(api, number, broken).run for number in range(THREADS)])
    return broken or [*incomplete(api), *miscounted(api)]


class TestManyThreads:
    def test_everything_holds_and_nothing_half_done_is_seen(self, api: Api) -> None:
        """64 clients push, tag, mount, list and delete in the same repositories; answers and outcome are whole."""
        assert storm(api) == []

    def test_it_would_be_noticed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without the repositories' locks the same storm breaks something: the test above can fail."""

        class NoLock:
            def __enter__(self) -> None: ...
            def __exit__(self, *details: object) -> None: ...

        monkeypatch.setattr(repository_module, "threading", SimpleNamespace(Lock=NoLock))

        # Chance decides what interleaves: about two storms in three break something, so twenty are enough.
        assert any(storm(Api.of()) for _ in range(20))

    def test_referrers_pushed_at_once_are_all_listed(self, api: Api) -> None:
        """24 manifests with one subject arrive together; registries that keep a list in a tag lose some."""
        subject = descriptor(api.push_image("team/app", "v1"), "application/vnd.oci.image.manifest.v1+json")
        bodies = [encode(image(subject=subject, annotations={"number": str(number)})) for number in range(24)]

        run_all([lambda body=body: api.push_manifest("team/app", body) for body in bodies])

        listed = api("GET", f"/v2/team/app/referrers/{subject['digest']}").json["manifests"]
        assert {entry["digest"] for entry in listed} == {sha256(body) for body in bodies}
        assert len(listed) == 24

    def test_one_upload_taken_over_again_and_again_stays_whole(self, api: Api) -> None:
        """Requests that fight for one session keep no byte twice: it ends with what one of them sent."""
        upload = api.start_upload("team/app")
        pieces = [bytes([number]) * 70_000 for number in range(8)]
        statuses: list[int] = []

        run_all([lambda piece=piece: statuses.append(upload.patch([piece, piece], at=None).status) for piece in pieces])

        size = int(upload.status().headers["Range"].removeprefix("0-")) + 1
        (session,) = api.pipeline.registry.store.repository(RepositoryName("team/app")).uploads()
        content = bytes(session.content())
        assert set(statuses) <= {202, 400}
        assert 202 in statuses
        assert len(content) == size
        assert size % 70_000 == 0
        assert all(len(set(content[start : start + 70_000])) == 1 for start in range(0, size, 70_000))
        assert upload.put(b"", sha256(content)).status == 201
        assert api("GET", f"/v2/team/app/blobs/{sha256(content)}").body == content
