"""Warning headers, and the paths that belong to extensions."""

from __future__ import annotations

import re

import pytest
from api import Api, sha256
from requires import requires

NAME = "team/app"
CATALOG = "/v2/_catalog"


class TestWarnings:
    @requires("warn.1")
    def test_none_by_default(self, api: Api) -> None:
        """A registry that has nothing to warn of sends no such header."""
        api.push_image(NAME, "v1")

        for path in ("/v2/", f"/v2/{NAME}/manifests/v1", f"/v2/{NAME}/manifests/v2"):
            assert "Warning" not in api("GET", path).headers

    @requires("warn.1", "warn.2")
    @pytest.mark.parametrize(
        ("text", "header"),
        [
            ("this registry will be read-only", '299 - "this registry will be read-only"'),
            ('a "quoted" word', r'299 - "a \"quoted\" word"'),
            ("a \\ backslash", r'299 - "a \\ backslash"'),
        ],
    )
    def test_form(self, api: Api, text: str, header: str) -> None:
        """A warning is 299, a dash, and the text as a quoted string, with no date after it."""
        api.pipeline.warnings.add(text)

        answer = api("GET", "/v2/")

        assert answer.headers["Warning"] == header
        assert re.fullmatch(r'299 - "(?:[^"\\]|\\["\\])*"', header)

    @requires("warn.1")
    def test_several(self, api: Api) -> None:
        """Each warning has a line of its own, in the order in which they were asked for."""
        for text in ("one", "two"):
            api.pipeline.warnings.add(text)

        assert api("GET", "/v2/").headers.getall("Warning", []) == ['299 - "one"', '299 - "two"']

    @requires("warn.1")
    @pytest.mark.parametrize("label", ["filter_referrers", "end-12b"])
    def test_on_one_endpoint(self, api: Api, label: str) -> None:
        """A warning may be asked for on one endpoint, by its name or its id."""
        api.pipeline.warnings.add("slow filter", on=label)
        path = f"/v2/{NAME}/referrers/{sha256(b'')}"

        assert api("GET", path, artifactType="a/b").headers["Warning"] == '299 - "slow filter"'
        assert "Warning" not in api("GET", path).headers

    @requires("warn.1")
    def test_on_refusals_too(self, api: Api) -> None:
        """An answer that refuses carries the warning as well."""
        api.pipeline.warnings.add("going away")

        for path in ("/v2/never/pushed/tags/list", "/elsewhere"):
            assert api("GET", path).headers["Warning"] == '299 - "going away"'

    @requires("warn.3")
    def test_total_length(self, api: Api) -> None:
        """All warnings of one answer together may have 4096 bytes; what exceeds that cannot be asked for."""
        frame = len('299 - ""')
        api.pipeline.warnings.add("x" * 2000)
        api.pipeline.warnings.add("y" * (4096 - 2000 - 2 * frame))

        with pytest.raises(ValueError, match="4096"):
            api.pipeline.warnings.add("z")

        lines = api("GET", "/v2/").headers.getall("Warning", [])
        assert sum(len(line.encode()) for line in lines) == 4096

    @requires("warn.3")
    def test_length_is_counted_in_bytes_and_per_answer(self, api: Api) -> None:
        """A character may have several bytes; warnings that never meet on one answer may be longer together."""
        with pytest.raises(ValueError, match="4096"):
            api.pipeline.warnings.add("\u20ac" * 1500)
        api.pipeline.warnings.add("x" * 4000, on="end-2")
        api.pipeline.warnings.add("y" * 4000, on="end-3")

        assert len(api("GET", f"/v2/{NAME}/manifests/v1").headers["Warning"]) == 4000 + len('299 - ""')

    @requires("warn.2")
    @pytest.mark.parametrize("text", ["", "two\nlines", "bell\x07", "carriage\rreturn"])
    def test_text_that_no_header_holds(self, api: Api, text: str) -> None:
        """A warning is one line of printable text."""
        with pytest.raises(ValueError, match="printable"):
            api.pipeline.warnings.add(text)

        assert "Warning" not in api("GET", "/v2/").headers


class TestExtensions:
    @requires("ext.1")
    @pytest.mark.parametrize(
        "path",
        [
            "/v2/_oci/anything",
            "/v2/_docker",
            f"/v2/{NAME}/_oci/anything",
            f"/v2/{NAME}/_custom/thing",
            "/v2/_catalog/x",
        ],
    )
    def test_their_paths_are_free(self, api: Api, path: str) -> None:
        """What starts with an underscore is no repository's name, and nothing of the API is there."""
        api.push_image(NAME, "v1")

        answer = api("GET", path)

        assert answer.status == 404
        assert answer.codes == ["UNSUPPORTED"]

    @requires("ext.1", "name.1")
    @pytest.mark.parametrize("name", ["_oci", "_catalog", f"{NAME}/_oci"])
    def test_their_names_are_no_repositories(self, api: Api, name: str) -> None:
        """No repository can be called like an extension."""
        assert api("POST", f"/v2/{name}/blobs/uploads/").codes == ["NAME_INVALID"]

    @requires("ext.2")
    def test_discovery_is_not_offered(self, api: Api) -> None:
        """A registry without extensions says that listing them is unsupported."""
        answer = api("GET", "/v2/_oci/ext/discover")

        assert answer.status == 404
        assert answer.codes == ["UNSUPPORTED"]


class TestCatalog:
    """Docker's list of repositories, which the specification reserves and leaves undescribed."""

    @requires("ext.1")
    def test_repositories_in_byte_order(self, api: Api) -> None:
        """Every repository that something was stored in is listed, also one that holds only blobs."""
        assert api("GET", CATALOG).json == {"repositories": []}
        api.push_image("b", "v1")
        api.push_blob("a/b", b"blob")
        api.push_image("a-b")
        api.start_upload("only/begun")

        answer = api("GET", CATALOG)

        assert answer.status == 200
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.json == {"repositories": ["a-b", "a/b", "b"]}
        assert "Link" not in answer.headers

    @requires("ext.1")
    def test_pages(self, api: Api) -> None:
        """It is paged as tags are: by size and last entry, with a Link to the rest."""
        for name in "abcde":
            api.push_blob(name, b"blob")

        first = api("GET", CATALOG, n=2)
        assert first.json == {"repositories": ["a", "b"]}
        assert first.headers["Link"] == '</v2/_catalog?n=2&last=b>; rel="next"'
        assert api("GET", CATALOG, n=2, last="b").json == {"repositories": ["c", "d"]}
        last = api("GET", CATALOG, n=2, last="d")
        assert last.json == {"repositories": ["e"]}
        assert "Link" not in last.headers
        assert api("GET", CATALOG, last="bb").json == {"repositories": ["c", "d", "e"]}
        assert api("GET", CATALOG, n=0).json == {"repositories": []}
        assert api("GET", CATALOG, n="x").status == 400

    @requires("ext.1")
    def test_registry_may_have_a_maximum(self) -> None:
        """The setting that cuts lists of tags cuts this one too."""
        api = Api.of(page_maximum=1)
        for name in "ab":
            api.push_blob(name, b"blob")

        answer = api("GET", CATALOG, n=10)

        assert answer.json == {"repositories": ["a"]}
        assert answer.headers["Link"] == '</v2/_catalog?n=1&last=a>; rel="next"'
