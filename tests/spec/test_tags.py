"""Content discovery: the tags of a repository, and paging through them (end-8a, end-8b)."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from api import Api
from requires import requires

NAME = "team/app"
LIST = f"/v2/{NAME}/tags/list"
# In byte order: digits, capitals, the underscore, small letters.
TAGS = ["1", "10", "2", "A", "V1", "_", "a", "a-b", "a.b", "v1", "v1.0", "v1.0.1"]


@pytest.fixture
def tagged(api: Api) -> Api:
    """A registry whose repository has TAGS, pushed out of order."""
    for tag in sorted(TAGS, key=str.lower, reverse=True):
        api.push_image(NAME, tag)
    return api


class TestList:
    @requires("tags.1", "tags.3")
    def test_all_tags_in_byte_order(self, tagged: Api) -> None:
        """The list holds the repository's name and every tag once, sorted by its bytes."""
        answer = tagged("GET", LIST)

        assert answer.status == 200
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.json == {"name": NAME, "tags": TAGS}
        assert "Link" not in answer.headers

    @requires("tags.1")
    def test_the_list_follows_pushes_and_deletes(self, tagged: Api) -> None:
        """A tag that moves is listed once, one that is deleted no more, and other repositories do not matter."""
        tagged.push_image(NAME, "v1", layers=(b"newer",))
        tagged.push_image("team/other", "elsewhere")
        tagged("DELETE", f"/v2/{NAME}/manifests/a.b")
        tagged.push_image(NAME, "a.c")

        expected = sorted([tag for tag in TAGS if tag != "a.b"] + ["a.c"])
        assert tagged("GET", LIST).json["tags"] == expected

    @requires("tags.2")
    def test_repository_without_tags(self, api: Api) -> None:
        """A repository that holds blobs, or manifests by digest alone, has an empty list."""
        api.push_blob("only/blobs", b"blob")
        api.push_image("only/digests")

        for name in ("only/blobs", "only/digests"):
            answer = api("GET", f"/v2/{name}/tags/list")
            assert answer.status == 200
            assert answer.json == {"name": name, "tags": []}

    @requires("tags.2")
    def test_repository_whose_last_tag_was_deleted(self, api: Api) -> None:
        """A repository stays known when nothing is left in it."""
        api.push_image(NAME, "v1")
        api("DELETE", f"/v2/{NAME}/manifests/v1")

        assert api("GET", LIST).json == {"name": NAME, "tags": []}

    @requires("tags.9")
    def test_unknown_repository(self, api: Api) -> None:
        """Where nothing was stored there is no list; an upload that was only begun stores nothing."""
        api.start_upload(NAME)

        answer = api("GET", LIST)

        assert answer.status == 404
        assert answer.codes == ["NAME_UNKNOWN"]


class TestPages:
    @requires("tags.3", "tags.4", "tags.5", "tags.6")
    @pytest.mark.parametrize("n", [1, 2, 5, 11, 12, 13, 1000])
    def test_links_lead_through_all_tags(self, tagged: Api, n: int) -> None:
        """Every page is full but the last, no tag is missed or repeated, and the order is that of the whole list."""
        found = tagged.pages(f"{LIST}?n={n}", "tags")

        assert [len(page) for page in found[:-1]] == [n] * (len(found) - 1)
        assert 1 <= len(found[-1]) <= n
        assert [tag for page in found for tag in page] == TAGS

    @requires("tags.4", "tags.6")
    def test_link_names_size_and_last_tag(self, tagged: Api) -> None:
        """The Link repeats the size of a page and names the last tag of this one."""
        answer = tagged("GET", LIST, n=3)

        assert answer.json == {"name": NAME, "tags": TAGS[:3]}
        following = answer.next_page
        assert following is not None
        assert urlsplit(following).path == LIST
        assert parse_qs(urlsplit(following).query) == {"n": ["3"], "last": [TAGS[2]]}

    @requires("tags.5")
    def test_no_link_where_nothing_remains(self, tagged: Api) -> None:
        """A page that ends with the last tag says nothing of another."""
        for n in (len(TAGS), len(TAGS) + 1, 10**17):
            answer = tagged("GET", LIST, n=n)

            assert answer.json["tags"] == TAGS
            assert "Link" not in answer.headers

    @requires("tags.7")
    @pytest.mark.parametrize("query", ["n=0", "n=0&last=a", "n=00"])
    def test_page_of_none(self, tagged: Api, query: str) -> None:
        """Asked for no tags, the list is empty and leads nowhere."""
        answer = tagged("GET", f"{LIST}?{query}")

        assert answer.status == 200
        assert answer.json == {"name": NAME, "tags": []}
        assert "Link" not in answer.headers

    @requires("tags.4")
    @pytest.mark.parametrize("n", ["-1", "x", "", "1.5", "+1", "0x1", "n=1&n=2", "٣"])
    def test_size_that_is_none(self, tagged: Api, n: str) -> None:
        """A size must be one whole number, 0 or more."""
        answer = tagged("GET", f"{LIST}?n={n.removeprefix('n=')}")

        assert answer.status == 400
        assert answer.codes == ["UNSUPPORTED"]

    @requires("tags.4", "tags.5")
    @pytest.mark.parametrize("query", ["", "?n=100"])
    def test_registry_may_have_a_maximum(self, tagged: Api, query: str) -> None:
        """A registry that is set to shorter pages cuts the list, asked or not, and leads on by Link."""
        cut = tagged.with_settings(page_maximum=5)

        assert cut.pages(LIST + query, "tags") == [TAGS[:5], TAGS[5:10], TAGS[10:]]
        assert cut("GET", LIST, n=2).json["tags"] == TAGS[:2]


class TestLast:
    @requires("tags.8")
    @pytest.mark.parametrize("last", TAGS)
    def test_strictly_after_a_tag(self, tagged: Api, last: str) -> None:
        """The list starts with the tag after the one named, also without a size."""
        rest = TAGS[TAGS.index(last) + 1 :]

        assert tagged("GET", LIST, last=last).json["tags"] == rest
        assert tagged("GET", LIST, last=last, n=2).json["tags"] == rest[:2]

    @requires("tags.8")
    @pytest.mark.parametrize(
        ("last", "start"), [("0", 0), ("1a", 2), ("Z", 5), ("a-c", 8), ("a.", 8), ("zzz", 12), ("", 0), ("a b", 7)]
    )
    def test_after_what_is_no_tag(self, tagged: Api, last: str, start: int) -> None:
        """A name that is no tag stands for its place in the order: the next greater one comes first."""
        answer = tagged("GET", LIST, last=last)

        assert answer.status == 200
        assert answer.json["tags"] == TAGS[start:]

    @requires("tags.8")
    def test_after_a_tag_that_was_deleted(self, tagged: Api) -> None:
        """A client that pages while tags are deleted misses none of the others."""
        first = tagged("GET", LIST, n=3)
        tagged("DELETE", f"/v2/{NAME}/manifests/{TAGS[2]}")

        following = first.next_page

        assert following is not None
        assert tagged("GET", following).json["tags"] == TAGS[3:6]
