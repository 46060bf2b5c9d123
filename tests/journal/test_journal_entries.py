"""What an entry tells of a request and its answer."""

from __future__ import annotations

import gc
import weakref

import pytest
from api import HOST, IMAGE, Api, encode, image, sha256
from raw_client import Raw

from fakereg import FakeRegistry
from fakereg.double.journal import KEPT_BODIES, KEPT_BODY, Entry, Journal
from fakereg.registry.messages import Request

LAYER = b"layer"


class TestWhatItWasAbout:
    def test_a_manifest(self, api: Api, journal: Journal) -> None:
        """Repository, reference, query, headers, and the endpoint by name and id."""
        body = encode(image())
        api.push_blob("team/app", b"{}")
        api("PUT", f"/v2/team/app/manifests/{sha256(body)}?tag=a&tag=b", body, headers={"Content-Type": IMAGE})

        entry = journal[-1]
        assert (entry.method, entry.path) == ("PUT", f"/v2/team/app/manifests/{sha256(body)}")
        assert entry.query == {"tag": ["a", "b"]}
        assert (entry.repository, entry.reference) == ("team/app", sha256(body))
        assert (entry.endpoint, entry.endpoint_id, entry.status) == ("put_manifest_tags", "end-7b", 201)
        assert entry.request_headers["content-type"] == IMAGE
        assert entry.answer_headers["Docker-Content-Digest"] == sha256(body)
        assert entry.request_body == body
        assert entry.url == f"http://{HOST}{entry.target}"

    def test_digests(self, api: Api, journal: Journal) -> None:
        """Those in the path, in the query and in the answer, each once."""
        body = api.push_image("team/app", "v1", layers=(LAYER,))
        api("GET", "/v2/team/app/manifests/v1")
        api("HEAD", f"/v2/team/app/blobs/{sha256(LAYER)}")
        api("POST", "/v2/other/blobs/uploads/", mount=sha256(LAYER))

        assert [entry.digests for entry in journal][-4:] == [
            (sha256(body),),
            (sha256(body),),
            (sha256(LAYER),),
            (sha256(LAYER),),
        ]

    def test_an_upload_has_one_session(self, api: Api, journal: Journal) -> None:
        """The request that opens it and those that go on with it have the same session."""
        upload = api.start_upload("team/app")
        upload.patch(b"lay")
        upload.put(b"er", sha256(LAYER))

        assert len({entry.session for entry in journal}) == 1
        assert f"/v2/team/app/blobs/uploads/{journal[0].session}" == journal[1].path
        assert [entry.request_body for entry in journal] == [b"", b"lay", b"er"]

    def test_what_no_endpoint_takes(self, api: Api, journal: Journal) -> None:
        """It has neither endpoint nor repository, and the answer it got."""
        api("GET", "/else?x")

        (entry,) = journal
        assert (entry.endpoint, entry.endpoint_id, entry.repository, entry.reference) == (None, None, None, None)
        assert entry.query == {"x": [""]}
        assert b"no endpoint has the path" in (entry.answer_body or b"")

    def test_over_the_network(self, registry: FakeRegistry) -> None:
        """The headers are those that came."""
        with Raw(registry) as client:
            client.request("GET", "/v2/", Accept="a/b")

        (entry,) = registry.journal
        assert entry.request_headers["accept"] == "a/b"
        assert entry.answer_headers["Docker-Distribution-Api-Version"] == "registry/2.0"
        assert (entry.answer_body, entry.has_ended) == (b"{}", True)

    def test_shown_in_short(self, api: Api, journal: Journal) -> None:
        """Its repr names number, method, target and status."""
        api("GET", "/v2/")

        assert repr(journal[0]) == "<Entry 1: GET /v2/ 200>"


class TestBodies:
    def test_in_pieces(self, api: Api, journal: Journal) -> None:
        """Pieces are put together, and later changes of a buffer do not show."""
        buffer = bytearray(b"er")
        exchange = api.pipeline.open(Request("POST", f"/v2/team/app/blobs/uploads/?digest={sha256(LAYER)}"))
        for piece in (b"la", memoryview(b"y"), memoryview(buffer)):
            exchange.feed(piece)
        buffer[:] = b"??"

        assert journal[0].request_body == LAYER

    @pytest.mark.parametrize("pieces", [1, 2, 100])
    def test_a_long_body_is_not_kept(self, api: Api, journal: Journal, pieces: int) -> None:
        """Of 64 KiB all is kept, of a byte more nothing, asked and answered alike."""
        for size in (KEPT_BODY, KEPT_BODY + 1):
            content = b"x" * size
            step = size // pieces
            body = [content[at : at + step] for at in range(0, size, step)]
            api("POST", "/v2/team/app/blobs/uploads/", body, digest=sha256(content))
            api("GET", f"/v2/team/app/blobs/{sha256(content)}")

        kept = [len(body) if (body := entry.request_body) is not None else None for entry in journal]
        assert kept == [KEPT_BODY, 0, None, 0]
        assert [entry.answer_body is None for entry in journal] == [False, False, False, True]
        assert journal[1].answer_body == b"x" * KEPT_BODY

    def test_a_head_has_none(self, api: Api, journal: Journal) -> None:
        """What a GET would have been sent is no body of a HEAD."""
        api.push_blob("team/app", LAYER)
        api("HEAD", f"/v2/team/app/blobs/{sha256(LAYER)}")

        assert (journal[-1].sent, journal[-1].answer_body) == (0, b"")

    def test_a_part_does_not_keep_the_whole(self, api: Api, journal: Journal) -> None:
        """A few bytes of a large blob that stand in the journal do not keep it in memory."""
        content = b"x" * 1_000_000
        api("POST", "/v2/team/app/blobs/uploads/", content, digest=sha256(content))
        api("GET", f"/v2/team/app/blobs/{sha256(content)}", headers={"Range": "bytes=0-1,4-5"})
        api("GET", f"/v2/team/app/blobs/{sha256(content)}", headers={"Range": "bytes=0-9"})
        blob = weakref.ref(api.pipeline.registry.store.repositories()[0].blobs()[0])

        assert journal[-1].answer_body == b"x" * 10
        assert all(type(entry._answer_body) is bytes and len(entry._answer_body) < 1000 for entry in journal)
        api("DELETE", f"/v2/team/app/blobs/{sha256(content)}")
        gc.collect()
        assert blob() is None

    def test_only_the_latest_are_kept(self, journal: Journal) -> None:
        """Of requests that are long ago the rest is remembered, and not the body."""
        for number in range(KEPT_BODIES + 1000):
            journal.open(Request("PUT", "/v2/")).keep(str(number).encode())
        journal[0].keep(b"late")

        bodies = [entry.request_body for entry in journal]
        assert bodies[:1000] == [None] * 1000
        assert bodies[-KEPT_BODIES:] == [str(number).encode() for number in range(1000, KEPT_BODIES + 1000)]


class TestReport:
    def test_faults_and_users(self) -> None:
        """A line says who asked, and the lines below it which faults took part and why it was refused."""
        entry = Entry(7, Request("GET", "/v2/"), status=429, faults=("Respond 429", "Delay"), user="ann")
        entry.error = "TOOMANYREQUESTS: slow down"

        assert str(entry).splitlines() == [
            "   7  429  GET /v2/  in 0 B, out 0 B, as ann",
            "            fault: Respond 429",
            "            fault: Delay",
            "            TOOMANYREQUESTS: slow down",
        ]
