"""What a test puts into a registry, and reads back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fakereg.double.views import RepositoryView
from fakereg.images.checks import require
from fakereg.images.image import Image
from fakereg.images.layers import LayerSource
from fakereg.images.limits import LIMITS, Limits
from fakereg.images.load import load
from fakereg.images.recipe import Recipe
from fakereg.images.save import Format, save
from fakereg.images.seed import seed
from fakereg.oci.names import RepositoryName
from fakereg.registry.profile import Sparse
from fakereg.server.core import Core


class Contents(Core):
    """Repositories: looked at, seeded, loaded and saved."""

    @property
    def repositories(self) -> list[str]:
        """The names of all repositories that something was pushed to, in byte order."""
        return [repository.name for repository in self._store.repositories()]

    def repository(self, name: str) -> RepositoryView:
        """What a repository holds; an empty one if nobody pushed to it. Raises NameInvalid, TypeError."""
        require(isinstance(name, str), "name", "a string such as 'team/app'", name)
        return RepositoryView(RepositoryName.parse(name), lambda: self._store)

    def seed(
        self,
        image: str,
        *,
        layers: Sequence[LayerSource] | None = None,
        config: Mapping[str, Any] | None = None,
        platform: str | None = None,
        platforms: Sequence[str] | None = None,
        artifact_type: str | None = None,
        subject: Image | str | None = None,
        annotations: Mapping[str, str] | None = None,
        docker: bool = False,
    ) -> Image:
        """Build an image and store it as if it had been pushed; nothing appears in the journal.

            registry.seed("team/app:v1", layers=[{"etc/motd": b"hi"}], config={"Env": ["A=1"]})
            registry.seed("team/app:v2", platforms=["linux/amd64", "linux/arm64/v8"])     # an index
            registry.seed("team/app", artifact_type="application/spdx+json", layers=[b"{}"], subject=image)

        `image` is `name:tag`; without a tag `latest`, or no tag at all if there is a `subject`.
        `layers`, bottom first: a dict of files (bytes, str, `File` with a mode, `Symlink`), or bytes
        that are an archive already, gzip or not; for an artifact bytes are the artifact. Without
        `layers` there is one small layer that differs by name and tag, or for an artifact the empty blob.
        `config` is what a container runs with: Env, Cmd, Labels. `platform` is `linux/amd64` if not given.
        `platforms` makes an index with one image each, all of the same layers; `[]` an empty index.
        `artifact_type` makes an artifact. `subject` is an image of the same repository, or a digest;
        if nothing there has that digest, the descriptor gets the size 0 and the type of an OCI image.
        `annotations` stand in the outermost manifest. `docker` uses Docker's media types (schema 2).

        The same arguments give the same digests in every run. Limits of the profile do not apply.
        Raises ValueError for arguments that contradict each other and for unsafe file names, TypeError for
        an argument of the wrong type, NameInvalid, DigestInvalid; nothing is stored then.
        """
        recipe = Recipe(
            layers=layers,
            config=config,
            platform=platform,
            platforms=platforms,
            artifact_type=artifact_type,
            subject=subject,
            annotations=annotations,
            docker=docker,
        )
        return seed(self._store, image, recipe, host=self._authority())

    def load(self, path: Path | str, repository: str | None = None, *, limits: Limits = LIMITS) -> list[str]:
        """Store what an OCI image layout or a docker-archive holds; the references of its entries: `team/app:v1`.

        A layout is a directory, or a tar archive of one; a docker-archive is what `docker save` writes. Archives
        are recognised by their content, plain or gzip. An entry's `org.opencontainers.image.ref.name` tells
        repository and tag, or the archive's RepoTags (a host in front is dropped). If it is a tag alone, or
        missing, the repository is called like the directory or the archive. `repository` stands in for all of
        that. Other content that index.json lists becomes a blob. For a docker-archive, which has no manifests,
        an OCI image manifest is built of its config and of its layers as plain tar: always the same.

        All is read and checked before anything is stored, and archives no further than `limits`. Raises
        LayoutError, a ValueError that names the file: also for a missing blob, unless the profile has
        `sparse="accept"`. Foreign layers may be missing always. Raises NameInvalid for `repository`, and TypeError
        for an argument of the wrong type.
        """
        return load(self._store, path, repository, sparse=self.profile.sparse is Sparse.ACCEPT, limits=limits)

    def save(
        self,
        path: Path | str,
        repository: str | None = None,
        format: Format | None = None,  # noqa: A002 - what every tool that saves images calls it
        *,
        limits: Limits = LIMITS,
    ) -> None:
        """Write one repository, or all of them, in a form that `load` restores.

        `format` is "oci", an OCI image layout as a directory that is new, empty, or a layout; "oci-archive", the
        same in a tar archive; or "docker-archive", for `docker load`. If it is not given, a path that ends in
        .tar, .tar.gz or .tgz and is no directory is an "oci-archive", and any other path a directory, but one
        that promises another compression is refused. An archive is compressed where its name ends in .gz or
        .tgz, and replaces a file of that name.

        In a layout that exists, entries are replaced that `load` would read as the same repository and tag;
        the others stay. One repository is saved with its tags as names (`skopeo copy oci:DIR:v1 ...`), so that
        the next one that is saved there replaces its tags; all of them are saved as `team/app:v1`.
        Manifests without a tag are saved as `team/app@sha256:...`, or without a name; blobs that no
        manifest names as entries of the type application/octet-stream. So `load` restores every repository;
        not uploads under way, nor a repository that is empty again, nor manifests of a type of their own beyond 4 MiB.
        What lacks a blob is loaded by a registry with `sparse="accept"` alone, and a .tgz of much the same bytes
        with a higher `ratio` in `limits`.

        A docker-archive holds configs, layers and names, always `team/app:v1`, and no manifests: their digests
        and annotations are not kept. It cannot hold indexes, artifacts, or what has no tag. Its layers are
        uncompressed, up to `limits`.

        Raises LayoutError for a directory that holds something else, for an index.json beyond the `document` of
        `limits`, and for what the format cannot hold, naming it; NameUnknown, NameInvalid, TypeError, ValueError,
        OSError. An archive is written whole or not at all.
        """
        save(self._store, path, repository, format, limits=limits)
