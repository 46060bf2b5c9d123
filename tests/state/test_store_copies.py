"""A copy of a store: the same content, nothing in common, and the same moment for all of it."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from dataclasses import replace

import pytest
from api import Api, descriptor, image, index, sha256
from test_concurrency import THREADS, Worker, run_all

from fakereg.double.pipeline import Pipeline
from fakereg.oci.digest import Digest
from fakereg.oci.names import RepositoryName
from fakereg.store.repository import Repository
from fakereg.store.store import Store
from fakereg.store.usage import Usage

NAME = RepositoryName("team/app")


def store_of(api: Api) -> Store:
    return api.pipeline.registry.store


def copied(api: Api) -> Api:
    """The same profile and clock over a copy of what is stored."""
    registry = replace(api.pipeline.registry, store=store_of(api).copy())
    return Api(Pipeline(registry), api.clock)


def contents(api: Api) -> dict[str, object]:
    """Everything that a client can read."""
    found: dict[str, object] = {}
    for name in api("GET", "/v2/_catalog").json["repositories"]:
        found[name] = {tag: api("GET", f"/v2/{name}/manifests/{tag}").body for tag in tags_of(api, name)}
        repository = store_of(api).repository(RepositoryName(name))
        found[f"{name}: manifests"] = [manifest.digest for manifest in repository.manifests()]
        found[f"{name}: blobs"] = {blob.digest: bytes(blob.content) for blob in repository.blobs()}
        found[f"{name}: referrers"] = {
            manifest.digest: api("GET", f"/v2/{name}/referrers/{manifest.digest}").body
            for manifest in repository.manifests()
        }
        found[f"{name}: uploads"] = {one.id: bytes(one.content()) for one in repository.uploads()}
    return found


def tags_of(api: Api, name: str) -> list[str]:
    tags: list[str] = api("GET", f"/v2/{name}/tags/list").json["tags"]
    return tags


def kept_bytes(store: Store) -> int:
    """What is there, added up: blobs once, manifests, and what open uploads hold."""
    repositories = [store.repository(name) for name in sorted(store._repositories)]
    blobs = {blob.digest: len(blob) for one in repositories for blob in one.blobs()}
    manifests = sum(len(manifest.body) for one in repositories for manifest in one.manifests())
    return sum(blobs.values()) + manifests + sum(upload.size for one in repositories for upload in one.uploads())


@pytest.fixture
def full(api: Api) -> Api:
    """Two repositories that share a blob, a tag that was moved, an index, a referrer and an open upload."""
    api.push_image("team/app", "v1", layers=(b"first",))
    api.push_image("team/app", "v1", layers=(b"second",))
    body = api.push_image("team/app", "v2", layers=(b"first", b"third"))
    api.push_manifest("team/app", index(body), "all")
    api.push_image("team/app", subject=descriptor(body, image()["mediaType"]), config=b"signature")
    api.push_image("other/app", "v1", layers=(b"first",))
    api.start_upload("team/app").patch(b"half ", at=0)
    return api


def change_everything(api: Api) -> None:
    """Push, move, mount, refer, delete and resume, in every repository that `full` has."""
    body = api("GET", "/v2/team/app/manifests/v2").body
    v2 = sha256(body)
    api.push_manifest("team/app", body, "second-tag")
    api.push_image("team/app", subject=descriptor(body, image()["mediaType"]), config=b"second signature")
    api.push_image("team/app", "v1", layers=(b"fourth",))
    api.push_image("team/app", "v3", subject=descriptor(b"nothing"), config=b"another")
    assert api("POST", "/v2/other/app/blobs/uploads/", mount=sha256(b"third")).status == 201
    for path in (f"manifests/{v2}", "manifests/all", f"blobs/{sha256(b'second')}"):
        assert api("DELETE", f"/v2/team/app/{path}").status == 202
    (upload,) = store_of(api).repository(NAME).uploads()
    path = f"/v2/team/app/blobs/uploads/{upload.id}"
    assert api("PUT", path, b"whole", digest=sha256(b"half whole")).status == 201
    api.push_image("new/app", "v1")


def delete_everything(api: Api) -> None:
    """Manifest by manifest, with their tags, and blob by blob."""
    for repository in store_of(api).repositories():
        for kind, found in (("manifests", repository.manifests()), ("blobs", repository.blobs())):
            for one in found:
                assert api("DELETE", f"/v2/{repository.name}/{kind}/{one.digest}").status == 202
        assert tags_of(api, repository.name) == []


class TestContent:
    def test_a_copy_holds_the_same(self, full: Api) -> None:
        """Tags, manifests, blobs, referrers, open uploads and the counted bytes are those of the original."""
        copy = copied(full)

        assert contents(copy) == contents(full)
        assert store_of(copy).usage.bytes == store_of(full).usage.bytes == kept_bytes(store_of(copy))

    def test_what_changes_in_the_original_does_not_show_in_the_copy(self, full: Api) -> None:
        """Whatever a client does there."""
        copy = copied(full)
        before = contents(copy)

        change_everything(full)

        assert contents(copy) == before != contents(full)
        assert store_of(copy).usage.bytes == kept_bytes(store_of(copy))
        assert store_of(full).usage.bytes == kept_bytes(store_of(full))
        delete_everything(copy)

    def test_what_changes_in_the_copy_does_not_show_in_the_original(self, full: Api) -> None:
        """Whatever a client does there."""
        before = contents(full)
        copy = copied(full)

        change_everything(copy)

        assert contents(full) == before != contents(copy)
        assert store_of(copy).usage.bytes == kept_bytes(store_of(copy))
        assert store_of(full).usage.bytes == kept_bytes(store_of(full))
        delete_everything(full)

    def test_copies_of_copies(self, full: Api) -> None:
        """Each stands for its own moment, however they came from each other."""
        first = copied(full)
        moments = [contents(first)]
        second = copied(first)
        change_everything(first)
        third = copied(first)
        moments += [contents(third)]
        second.push_blob("team/app", b"only in the second")
        first.push_blob("team/app", b"only in the first")

        assert contents(full) == moments[0]
        assert contents(third) == moments[1]
        for one in (first, second, third):
            assert store_of(one).usage.bytes == kept_bytes(store_of(one))

    def test_a_copy_keeps_its_blobs_alive(self, full: Api) -> None:
        """They outlive the original, and go with the last store that holds them."""
        copy = copied(full)
        blob = weakref.ref(store_of(full).repository(NAME).blob(sha256(b"third")))
        full("DELETE", f"/v2/team/app/blobs/{sha256(b'third')}")
        gc.collect()

        assert copy("GET", f"/v2/team/app/blobs/{sha256(b'third')}").body == b"third"
        assert copy("DELETE", f"/v2/team/app/blobs/{sha256(b'third')}").status == 202
        gc.collect()
        assert blob() is None

    def test_content_that_is_pushed_again_is_kept_once(self, full: Api) -> None:
        """What both hold is the same blob, also if it comes to one of them later."""
        copy = copied(full)
        for one in (full, copy):
            one.push_blob("new/app", b"later")

        blobs = {id(store_of(one).find_blob(sha256(b"later"))) for one in (full, copy)}

        assert len(blobs) == 1

    def test_no_byte_is_copied(self, full: Api) -> None:
        """What takes memory is shared: blobs, manifests and the pieces of open uploads."""
        stores = store_of(full), store_of(full).copy()

        blobs, manifests, segments = (
            [[id(one) for one in found(store.repository(NAME))] for store in stores]
            for found in (
                Repository.blobs,
                Repository.manifests,
                lambda repository: repository.uploads()[0].content().segments,
            )
        )
        assert blobs[0] == blobs[1]
        assert manifests[0] == manifests[1]
        assert segments[0] == segments[1] != []

    def test_a_lock_of_its_own(self, full: Api) -> None:
        """Who waits for a repository waits for nobody who is busy with its copy; its uploads wait with it."""
        original, copy = (store.repository(NAME) for store in (store_of(full), store_of(full).copy()))
        (upload,) = copy.uploads()

        assert copy._lock is not original._lock
        assert upload._lock is copy._lock

    @pytest.mark.parametrize("path", [f"blobs/{sha256(b'x')}", f"manifests/{sha256(b'x')}", "manifests/none"])
    def test_a_request_that_deletes_nothing_copies_nothing(self, full: Api, path: str) -> None:
        """What is shared stays shared until something of it changes."""
        copy = copied(full)
        stores = [store_of(full), store_of(copy)]

        assert full("DELETE", f"/v2/team/app/{path}").status == 404
        held = [store.repository(NAME)._held for store in stores]
        assert held[0] is held[1]
        assert copy("DELETE", "/v2/team/app/manifests/v2").status == 202
        assert store_of(copy).repository(NAME)._held is not held[0]

    def test_an_empty_store(self, api: Api) -> None:
        """A copy of nothing holds nothing, and takes what comes."""
        copy = copied(api)
        copy.push_blob("team/app", b"content")

        assert store_of(api).repositories() == []
        assert [one.name for one in store_of(copy).repositories()] == ["team/app"]

    def test_the_limit_of_all_counts_what_was_copied(self) -> None:
        """A copy is as full as the original was."""
        api = Api.of(total_limit=100)
        api.push_blob("team/app", bytes(80))

        copy = copied(api)

        assert copy("POST", "/v2/team/app/blobs/uploads/", bytes(30), digest=sha256(bytes(30))).status == 413
        assert copy("DELETE", f"/v2/team/app/blobs/{sha256(bytes(80))}").status == 202
        assert copy("POST", "/v2/team/app/blobs/uploads/", bytes(30), digest=sha256(bytes(30))).status == 201
        assert store_of(copy).usage.bytes == 30


class TestUploads:
    def test_an_upload_goes_on_in_both(self, api: Api) -> None:
        """From the offset at which the copy was taken, without meeting what the other one gets."""
        upload = api.start_upload("team/app")
        upload.patch(b"hello ", at=0)
        copy = copied(api)
        other = replace(upload, api=copy)

        upload.patch(b"there", at=6)

        assert other.status().headers["Range"] == "0-5"
        assert other.put(b"world", sha256(b"hello world"), at=6).status == 201
        assert upload.put(b"", sha256(b"hello there")).status == 201
        assert copy("GET", f"/v2/team/app/blobs/{sha256(b'hello world')}").body == b"hello world"
        assert copy("GET", f"/v2/team/app/blobs/{sha256(b'hello there')}").status == 404

    def test_a_request_that_sends_at_that_moment(self, api: Api) -> None:
        """The copy has what it had sent until then, waiting; the request ends on the original."""
        upload = api.start_upload("team/app")
        body = api.begin("PATCH", upload.path).send(b"a" * 70_000)
        copy = copied(api)
        other = replace(upload, api=copy)

        body.send(b"b" * 70_000)

        assert body.end().headers["Range"] == "0-139999"
        assert other.status().headers["Range"] == "0-69999"
        assert other.put(b"", sha256(b"a" * 70_000)).status == 201
        assert upload.put(b"", sha256(b"a" * 70_000 + b"b" * 70_000)).status == 201

    def test_a_session_that_is_being_closed_is_open_in_the_copy(self, api: Api) -> None:
        """Who was about to close it can do so again."""
        upload = api.start_upload("team/app")
        (session,) = store_of(api).repository(NAME).uploads()
        writer = session.receive(0)
        writer.write(b"content")
        writer.close(Digest.of(b"content"), 0)

        copy = copied(api)

        assert replace(upload, api=copy).put(b"", sha256(b"content")).status == 201
        assert upload.put(b"", sha256(b"content")).codes == ["BLOB_UPLOAD_INVALID"]

    def test_a_body_that_nobody_could_resume_is_left_out(self, api: Api) -> None:
        """The session of a single POST has an id that no client ever learned."""
        content = b"c" * 70_000
        body = api.begin("POST", "/v2/team/app/blobs/uploads/", digest=sha256(content)).send(content)

        copy = copied(api)

        assert store_of(copy).repository(NAME).uploads() == []
        assert store_of(copy).usage.bytes == 0
        assert body.end().status == 201

    def test_cancelled_in_one_it_stays_in_the_other(self, api: Api) -> None:
        """Each has a session of its own under the same id."""
        upload = api.start_upload("team/app")
        copy = copied(api)

        assert upload.cancel().status == 204
        assert replace(upload, api=copy).status().status == 204

    def test_an_upload_keeps_its_age(self) -> None:
        """It expires in the copy when it would have in the original."""
        api = Api.of(upload_expiry=60)
        upload = api.start_upload("team/app")
        api.clock.advance(50)
        copy = replace(upload, api=copied(api))
        api.clock.advance(11)

        assert copy.status().codes == ["BLOB_UPLOAD_UNKNOWN"]

    def test_after_a_short_chunk_the_copy_takes_none_either(self) -> None:
        """A chunk below the minimum was the last one, of the upload in the copy as of the original."""
        api = Api.of(chunk_minimum=5)
        upload = api.start_upload("team/app")
        assert upload.patch(b"1234", at=0).status == 202
        copy = replace(upload, api=copied(api))

        assert copy.patch(b"567890", at=4).codes == upload.patch(b"567890", at=4).codes == ["BLOB_UPLOAD_INVALID"]
        assert copy.put(b"", sha256(b"1234")).status == 201


class TestOneMoment:
    def test_everything_holds_still_while_it_is_copied(self, full: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        """All repositories, and the list of them; and all are let go afterwards."""
        store, copy = store_of(full), Repository.copy
        locks = [store._lock, *(one._lock for one in store.places())]
        held: list[bool] = []

        def noting(repository: Repository, usage: Usage) -> Repository:
            held.extend(lock.locked() for lock in locks)
            return copy(repository, usage)

        monkeypatch.setattr(Repository, "copy", noting)
        store.copy()

        assert held == [True] * 6
        assert not any(lock.locked() for lock in locks)

    def test_copies_during_a_storm_are_whole(self, api: Api) -> None:
        """64 clients push, move, mount and delete; in every copy each tag resolves, no blob lacks, nothing moves."""
        broken: list[str] = []
        copies: list[tuple[Store, object]] = []
        done = threading.Event()

        def take_copies() -> None:
            while not done.is_set() and len(copies) < 400:
                copy = store_of(api).copy()
                copies.append((copy, names_in(copy)))

        takers = [threading.Thread(target=take_copies) for _ in range(2)]
        for taker in takers:
            taker.start()
        run_all([Worker(api, number, broken).run for number in range(THREADS)])
        done.set()
        for taker in takers:
            taker.join(timeout=60)

        assert broken == []
        assert len(copies) > 10
        assert [problem for copy, _ in copies for problem in problems(copy)] == []
        assert all(names_in(copy) == seen for copy, seen in copies)

    def test_no_copy_shows_the_second_without_the_first(self, api: Api) -> None:
        """What is pushed one after the other, to repositories old and new, is never seen the other way round."""
        done = threading.Event()

        def push() -> None:
            for number in range(200):
                for name in ("z/first", f"y{number}/new", "a/second"):
                    api.push_blob(name, b"%d" % number)
            done.set()

        def counts() -> Iterator[tuple[int, int, int]]:
            while not done.is_set():
                copy = store_of(api).copy()
                first, second = (len(copy.repository(RepositoryName(name)).blobs()) for name in ("z/first", "a/second"))
                yield first, sum(one.name.endswith("/new") for one in copy.repositories()), second

        def ask_elsewhere() -> None:
            number = 0
            while not done.is_set() and number < 2000:
                store_of(api).repository(RepositoryName(f"m{number}/new"))
                number += 1

        seen: list[tuple[int, int, int]] = []
        run_all([push, ask_elsewhere, lambda: seen.extend(counts())])

        assert seen
        assert [one for one in seen if not one[0] >= one[1] >= one[2]] == []


def names_in(store: Store) -> object:
    """What a store holds, by name and digest."""
    return {
        one.name: (
            one.tagged(),
            [manifest.digest for manifest in one.manifests()],
            [blob.digest for blob in one.blobs()],
        )
        for one in store.repositories()
    }


def problems(store: Store) -> Iterator[str]:
    """What is not whole in a store that nobody changes."""
    for repository in store.repositories():
        manifests = {manifest.digest: manifest for manifest in repository.manifests()}
        blobs = {blob.digest for blob in repository.blobs()}
        for tag, digest in repository.tagged().items():
            if digest not in manifests:
                yield f"tag {tag} does not resolve"
        if set(repository.tags()[0]) != repository.tagged().keys():
            yield f"{repository.name} lists other tags than it serves"
        for manifest in manifests.values():
            if not {part.digest for part in manifest.blobs} <= blobs:
                yield f"{manifest.digest} lacks a blob"
    if store.usage.bytes != kept_bytes(store):
        yield f"{store.usage.bytes} bytes are counted, {kept_bytes(store)} are kept"
