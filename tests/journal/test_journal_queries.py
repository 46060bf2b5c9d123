"""Asking the journal for requests."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from api import IMAGE, Api, encode, image, sha256
from raw_client import Raw

from fakereg import FakeRegistry
from fakereg.double.journal import Entry, Journal
from fakereg.registry.endpoints import ENDPOINTS
from fakereg.registry.messages import Request

LAYER = b"layer"


def numbers(entries: list[Entry]) -> list[int]:
    return [entry.number for entry in entries]


@pytest.fixture(autouse=True)
def _asked(api: Api) -> None:
    """1-4: two blobs; 5: manifest v1; 6: HEAD; 7: GET of what is not there; 8: mount; 9: tags; 10: no endpoint."""
    api.push_image("team/app", "v1", layers=(LAYER,))
    api("HEAD", "/v2/team/app/manifests/v1", headers={"Accept": IMAGE})
    api("GET", "/v2/team/app/manifests/v9", headers=[("Accept", "a/b"), ("Accept", IMAGE)])
    api("POST", "/v2/other/blobs/uploads/", mount=sha256(LAYER), **{"from": "team/app"})
    api("GET", "/v2/team/app/tags/list", n=5)
    api("GET", "/v2/team%2Fapp/elsewhere")


class TestMethodAndPath:
    def test_everything(self, journal: Journal) -> None:
        """Without arguments there are all, oldest first."""
        assert numbers(journal.requests()) == list(range(1, 11))

    def test_exactly(self, journal: Journal) -> None:
        """Method in any case, and path."""
        assert numbers(journal.requests("put", "/v2/team/app/manifests/v1")) == [5]
        assert numbers(journal.requests("PUT", "/v2/team/app/manifests/v")) == []
        assert numbers(journal.requests(method="HEAD")) == [6]

    @pytest.mark.parametrize(
        ("path", "found"),
        [
            ("/v2/team/app/manifests/*", [5, 6, 7]),
            ("/v2/*/manifests/v[0-8]", [5, 6]),
            ("*/tags/list", [9]),
            ("/v2/team/app/tags/list?n=5", [9]),
            ("/v2/other/blobs/uploads/?mount=*", [8]),
            ("/v2/team/app/elsewhere", [10]),
            ("/v2/team%2Fapp/elsewhere", [10]),
        ],
    )
    def test_paths(self, journal: Journal, path: str, found: list[int]) -> None:
        """Patterns as in a shell, with the query or without, as it came or decoded."""
        assert numbers(journal.requests(path=path)) == found

    @pytest.mark.parametrize("path", ["v2/team", "http://127.0.0.1:5000/v2/", ""])
    def test_what_is_no_path(self, journal: Journal, path: str) -> None:
        """A path that no request can have is a mistake in the test."""
        with pytest.raises(ValueError, match="starts with '/' and has no host"):
            journal.requests("GET", path)


class TestEndpoints:
    @pytest.mark.parametrize(
        ("label", "found"),
        [
            ("put_manifest", [5]),
            ("end-7a", [5]),
            ("end-7", [5]),
            ("end-3", [6, 7]),
            ("head_manifest", [6]),
            ("end-11", [8]),
            (["head_manifest", "end-8b"], [6, 9]),
        ],
    )
    def test_labels(self, journal: Journal, label: str, found: list[int]) -> None:
        """By name, by id of the main branch or of v1.1; a label of several rows takes them all."""
        assert numbers(journal.requests(endpoint=label)) == found

    @pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
    def test_all_are_known(self, journal: Journal, endpoint) -> None:
        """Every row can be asked for, by everything it is called."""
        for label in (endpoint.name, endpoint.id, *endpoint.aliases):
            journal.requests(endpoint=label)

    def test_unknown(self, journal: Journal) -> None:
        """A label that nobody knows is a mistake in the test, and the known ones are named."""
        with pytest.raises(ValueError, match=r"put_manifests.*put_manifest"):
            journal.requests(endpoint="put_manifests")


class TestCriteria:
    def test_what_is_in_the_path(self, journal: Journal) -> None:
        """Repositories, tags and digests, exactly or as patterns."""
        assert numbers(journal.requests(repository="other")) == [8]
        assert numbers(journal.requests(repository="team/*", reference="v*")) == [5, 6, 7]
        assert numbers(journal.requests(reference="v1", method="HEAD")) == [6]

    def test_digest(self, journal: Journal) -> None:
        """Wherever it is named: path, query or answer."""
        manifest = journal[5].answer_headers["Docker-Content-Digest"]

        assert numbers(journal.requests(digest=sha256(LAYER))) == [4, 8]
        assert numbers(journal.requests(digest=manifest)) == [5, 6]
        assert numbers(journal.requests(digest="sha512:*")) == []

    @pytest.mark.parametrize(
        ("status", "found"),
        [(201, [2, 4, 5, 8]), ("2xx", [1, 2, 3, 4, 5, 6, 8, 9]), ({404, 405}, [7, 10]), ("404", [7, 10]), (500, [])],
    )
    def test_status(self, journal: Journal, status: object, found: list[int]) -> None:
        """A number, several, or a class."""
        assert numbers(journal.requests(status=status)) == found

    @pytest.mark.parametrize("status", ["ok", "40x", "", "600", {"4xxx"}, [200, "x"]])
    def test_no_status(self, journal: Journal, status: object) -> None:
        """Other text is a mistake in the test."""
        with pytest.raises(ValueError, match="a class such as '4xx'"):
            journal.requests(status=status)

    def test_header(self, journal: Journal) -> None:
        """Its presence, its value, or a pattern; one of several lines is enough, and names are in any case."""
        assert numbers(journal.requests(header="accept")) == [6, 7]
        assert numbers(journal.requests(header={"Accept": "a/b"})) == [7]
        assert numbers(journal.requests(header={"ACCEPT": "*oci.image*"})) == [6, 7]
        assert numbers(journal.requests(header={"Accept": "a/b", "Range": "*"})) == []

    def test_query(self, journal: Journal) -> None:
        """Its presence, its decoded value, or a pattern."""
        assert numbers(journal.requests(query="n")) == [9]
        assert numbers(journal.requests(query={"n": 5})) == [9]
        assert numbers(journal.requests(query={"from": "team/app", "mount": "sha256:*"})) == [8]
        assert numbers(journal.requests(query={"n": "6"})) == []

    def test_error(self, journal: Journal) -> None:
        """By the code of a refusal, or by a pattern of what it says."""
        assert numbers(journal.requests(error="MANIFEST_UNKNOWN")) == [7]
        assert numbers(journal.requests(error="*no endpoint*")) == [10]

    def test_user_and_fault(self, journal: Journal) -> None:
        """Who asked, and what was put into it."""
        journal[2].user, journal[3].faults = "ann", ("Delay", "Respond 429")

        assert numbers(journal.requests(user="ann")) == [3]
        assert len(journal.requests(user=None)) == 9
        assert numbers(journal.requests(fault="Respond *")) == [4]

    def test_where(self, journal: Journal) -> None:
        """Whatever a function says of the entry, beside the rest."""
        assert numbers(journal.requests("PUT", where=lambda entry: entry.received > 10)) == [5]

    def test_without(self, journal: Journal) -> None:
        """None is for a header or parameter that must be missing."""
        assert numbers(journal.requests(header={"Accept": None}, endpoint=["get_manifest", "list_tags_page"])) == [9]
        assert numbers(journal.requests("GET", query={"n": None})) == [7, 10]
        assert numbers(journal.requests(header={"Accept": None, "Range": None}, query={"n": None}, method="GET")) == [
            10
        ]

    def test_where_is_asked_last(self, journal: Journal, failure: Callable[..., str]) -> None:
        """It sees only what fits all the rest, in messages too, and what it raises then is raised."""
        seen: list[Entry] = []

        def note(entry: Entry) -> bool:
            seen.append(entry)
            return False

        assert journal.requests(where=note, endpoint="put_manifest") == []
        said = failure(journal.assert_requested, where=note, endpoint="put_manifest", reference="v1")
        assert "where differs: wanted note, got false" in said
        assert {entry.number for entry in seen} == {5}
        with pytest.raises(ZeroDivisionError):
            journal.assert_requested("PUT", where=lambda entry: 1 / len(entry.faults))

    def test_a_range_of_statuses(self, journal: Journal, failure: Callable[..., str]) -> None:
        """It is told in few words."""
        assert numbers(journal.requests(status=range(400, 500))) == [7, 10]
        for statuses, words in ((range(500, 600), "5xx"), (range(500, 510), "500 to 509"), ({503}, "503")):
            said = failure(journal.assert_requested, "GET", status=statuses)
            assert said.startswith(f"no GET with status {words} was seen; ")
            assert f"status differs: wanted {words}, got 404" in said

    def test_connection(self, registry: FakeRegistry) -> None:
        """Without a network it is 0."""
        registry.handle(Request("GET", "/v2/"))

        assert numbers(registry.journal.requests(connection=0)) == [1]
        assert numbers(registry.journal.requests(connection=7)) == []

    @pytest.mark.parametrize(
        ("criteria", "words"),
        [
            ({"tag": "v1"}, "not asked for by 'tag'; known are method, path, endpoint, repository"),
            ({"repository": 3}, "repository is text or a pattern such as 'team/\\*', got 3"),
            ({"digest": b"x"}, "digest is text or a pattern"),
            ({"header": ["a"]}, "header is a name, or a mapping"),
            ({"connection": "1"}, "connection is a number, got '1'"),
            ({"where": "x"}, "where is a function that takes an entry"),
            ({"method": 3}, "method is text"),
            ({"path": 3}, "a path is text"),
        ],
    )
    def test_what_makes_no_sense(self, journal: Journal, criteria: dict[str, object], words: str) -> None:
        """A criterion that is unknown or of the wrong type is told, with what is known."""
        with pytest.raises(TypeError, match=words):
            journal.requests(**criteria)


def test_refused_before_it_was_a_request(registry: FakeRegistry) -> None:
    """What was not HTTP is found by its status too."""
    with Raw(registry) as client:
        client.send(b"garbage\r\n\r\n").answer()

    (entry,) = registry.journal.requests(status=400)
    assert entry.repository is None


def test_put_with_tags(api: Api, journal: Journal) -> None:
    """A value of a parameter that stands several times is found."""
    body = encode(image())
    api("PUT", f"/v2/team/app/manifests/{sha256(body)}?tag=a&tag=b", body, headers={"Content-Type": IMAGE})

    assert numbers(journal.requests(query={"tag": "b"})) == [11]
