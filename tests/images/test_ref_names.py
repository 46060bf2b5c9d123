"""The names of a layout's entries."""

from __future__ import annotations

import re

import pytest
from api import sha256

from fakereg.images.ref_names import DOCKER_NAME, REF_NAME, full_ref_name, name_of, parse_ref_name, repository_of_folder
from fakereg.oci.digest import Digest
from fakereg.oci.errors import NameInvalid
from fakereg.oci.names import RepositoryName, Tag


class TestRefNames:
    @pytest.mark.parametrize(
        ("name", "repository", "tag"),
        [
            (None, None, None),
            ("", None, None),
            ("v1", None, "v1"),
            ("v1.2", None, "v1.2"),
            ("app:v1", "app", "v1"),
            ("team/app", "team/app", "latest"),
            ("team/app:v1", "team/app", "v1"),
            ("docker.io/library/app:1", "library/app", "1"),
            ("localhost/app:1", "app", "1"),
            ("host:5000/team/app:1", "team/app", "1"),
            (f"team/app@{sha256(b'')}", "team/app", None),
            (f"team/app:v1@{sha256(b'')}", "team/app", "v1"),
        ],
    )
    def test_forms(self, name: str | None, repository: str | None, tag: str | None) -> None:
        """A tag alone, a full name, a host in front, a digest behind."""
        assert parse_ref_name(name) == (repository, tag)

    @pytest.mark.parametrize(
        ("annotations", "meant"),
        [
            (None, (None, None)),
            ({"other": "v1"}, (None, None)),
            ({REF_NAME: "v1"}, (None, "v1")),
            ({REF_NAME: "v2", DOCKER_NAME: "docker.io/team/app:v1"}, ("team/app", "v1")),
            ({DOCKER_NAME: "docker.io/library/app:v1"}, ("app", "v1")),
        ],
    )
    def test_annotations(self, annotations: dict[str, str] | None, meant: tuple[str | None, str | None]) -> None:
        """Docker's own key goes before the specification's."""
        assert name_of(annotations) == meant

    @pytest.mark.parametrize(("key", "text"), [(REF_NAME, "a+b"), (DOCKER_NAME, "app"), (DOCKER_NAME, "")])
    def test_annotation_that_is_no_name(self, key: str, text: str) -> None:
        """It is told with its key."""
        with pytest.raises(NameInvalid, match=f"^{re.escape(f'{key} {text!r}')}: "):
            name_of({key: text})

    @pytest.mark.parametrize("repository", ["app", "team/app", "my.team/app", "localhost/app", "my.app"])
    def test_full_name_is_read_back(self, repository: str) -> None:
        """No repository is taken for a host."""
        name = RepositoryName(repository)

        assert parse_ref_name(full_ref_name(name, Tag("v1"))) == (name, "v1")
        assert parse_ref_name(full_ref_name(name, Digest.of(b""))) == (name, None)

    @pytest.mark.parametrize(
        ("folder", "repository"),
        [("app", "app"), ("My App_v2.tar", "my-app-v2-tar"), ("--", "layout"), ("", "layout"), ("Ä1", "1")],
    )
    def test_folder(self, folder: str, repository: str) -> None:
        """Any directory's name becomes a repository that can be."""
        assert repository_of_folder(folder) == repository
