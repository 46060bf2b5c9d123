"""What a test asserts of a registry: what it was asked, and of a push what it holds then."""

from __future__ import annotations

from typing import Unpack

from fakereg.double import completeness
from fakereg.double.journal import Criteria, Journal
from fakereg.double.journal.assertions import Step
from fakereg.double.pipeline import Pipeline
from fakereg.images.image import Image
from fakereg.oci.digest import Digest
from fakereg.server.core import Core
from fakereg.server.waiting import AsyncioLoops


class Assertions(Core):
    """The journal's assertions; those that know more than requests say so. Each raises AssertionError."""

    @property
    def journal(self) -> Journal:
        """What was asked and answered since the registry was made, or since the latest reset()."""
        return self._pipeline.journal

    def assert_requested(
        self,
        method: str | None = None,
        path: str | None = None,
        *,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        **criteria: Unpack[Criteria],
    ) -> None:
        """Such a request arrived; see `journal.assert_requested`."""
        __tracebackhide__ = True
        bounds = {"times": times, "at_least": at_least, "at_most": at_most}
        self.journal.assert_requested(method, path, **bounds, **criteria)

    def assert_not_requested(
        self, method: str | None = None, path: str | None = None, **criteria: Unpack[Criteria]
    ) -> None:
        """No such request arrived; without arguments none at all."""
        __tracebackhide__ = True
        self.journal.assert_not_requested(method, path, **criteria)

    def assert_order(self, *steps: Step) -> None:
        """Such requests arrived in this order, others between them or not."""
        __tracebackhide__ = True
        self.journal.assert_order(*steps)

    def assert_pushed(self, image: Image | str) -> None:
        """The image was pushed under this name, and the registry holds all of it: blobs, and children of an index.

        `image` is `team/app:v1` or `team/app@sha256:...`, with this registry's host in front or without; an
        Image stands for its digest too. Raises NameInvalid or DigestInvalid.
        """
        __tracebackhide__ = True
        journal, (name, digest) = self.journal, self._named(image)
        journal.assert_pushed(name, digest=digest)
        if problem := completeness.explain_push(self._store, journal, name, digest):
            raise AssertionError(problem)

    def assert_pulled(self, image: Image | str, *, whole: bool = False) -> None:
        """The image's manifest was got, by this name or by its digest. `image` is as for `assert_pushed`.

        `whole`: its config and layers arrived too, every byte, in one answer or in several; of an index those
        of at least one image, in whatever index within it. A client that has them already does not ask for them
        again, and is not seen to have them.
        """
        __tracebackhide__ = True
        journal, (name, digest) = self.journal, self._named(image)
        journal.assert_pulled(name, digest=digest)
        if whole and (problem := completeness.explain_pull(self._store, journal, name, digest)):
            raise AssertionError(problem)

    def assert_mounted(self, digest: str, *, into: str, from_: str | None = None) -> None:
        """The blob was taken over from another repository, and not uploaded."""
        __tracebackhide__ = True
        origin = None if from_ is None else self._here(from_)
        self.journal.assert_mounted(digest, into=self._here(into), from_=origin)

    def assert_uploaded_once(self, digest: str, *, into: str | None = None) -> None:
        """The blob's content was sent exactly once."""
        __tracebackhide__ = True
        self.journal.assert_uploaded_once(digest, into=None if into is None else self._here(into))

    def assert_no_unused_uploads(self) -> None:
        """No upload is left open, and no blob was pushed that no manifest in its repository names or named."""
        __tracebackhide__ = True
        store = self._store
        self.journal.assert_no_unused_uploads(completeness.named_in(store), completeness.open_in(store))

    # Inside

    def _new_pipeline(self) -> Pipeline:
        pipeline = super()._new_pipeline()
        pipeline.journal.loops = AsyncioLoops(self._serves_here)
        return pipeline

    def _named(self, image: Image | str) -> tuple[str, Digest | None]:
        """Without a host: what is asserted is asserted of this registry. And the digest, where it is known."""
        if not isinstance(image, Image):
            return self._here(image), None
        name = f"{image.name}@{image.digest}" if image.tag is None else f"{image.name}:{image.tag}"
        return name, image.digest

    def _here(self, name: str) -> str:
        """Without this registry's own host; another one stays, and is refused by whoever reads the name."""
        host = self._authority()
        return name.removeprefix(f"{host}/") if host and isinstance(name, str) else name
