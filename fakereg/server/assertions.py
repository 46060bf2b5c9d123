"""What a test asserts of a registry: what it was asked, and of a push what it holds then."""

from __future__ import annotations

from typing import Unpack

from fakereg.double import completeness
from fakereg.double.journal import Criteria, Journal
from fakereg.double.journal.assertions import Step
from fakereg.images.image import Image
from fakereg.server.core import Core


class Assertions(Core):
    """The journal's assertions; those that know more than requests say so. Each raises AssertionError."""

    @property
    def _asked(self) -> Journal:
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
        self._asked.assert_requested(method, path, **bounds, **criteria)

    def assert_not_requested(
        self, method: str | None = None, path: str | None = None, **criteria: Unpack[Criteria]
    ) -> None:
        """No such request arrived; without arguments none at all."""
        __tracebackhide__ = True
        self._asked.assert_not_requested(method, path, **criteria)

    def assert_order(self, *steps: Step) -> None:
        """Such requests arrived in this order, others between them or not."""
        __tracebackhide__ = True
        self._asked.assert_order(*steps)

    def assert_pushed(self, image: Image | str) -> None:
        """The image was pushed under this name, and the registry holds all of it: blobs, and children of an index.

        `image` is `team/app:v1` or `team/app@sha256:...`. Raises NameInvalid or DigestInvalid.
        """
        __tracebackhide__ = True
        name = _named(image)
        self._asked.assert_pushed(name)
        if problem := completeness.explain_push(self._store, self._asked, name):
            raise AssertionError(problem)

    def assert_pulled(self, image: Image | str, *, whole: bool = False) -> None:
        """The image's manifest was got, by this name or by its digest.

        `whole`: its config and layers too, of an index those of at least one child. A client that has
        them already does not ask for them again.
        """
        __tracebackhide__ = True
        name = _named(image)
        self._asked.assert_pulled(name)
        if whole and (problem := completeness.explain_pull(self._store, self._asked, name)):
            raise AssertionError(problem)

    def assert_mounted(self, digest: str, *, into: str, from_: str | None = None) -> None:
        """The blob was taken over from another repository, and not uploaded."""
        __tracebackhide__ = True
        self._asked.assert_mounted(digest, into=into, from_=from_)

    def assert_uploaded_once(self, digest: str, *, into: str | None = None) -> None:
        """The blob's content was sent exactly once."""
        __tracebackhide__ = True
        self._asked.assert_uploaded_once(digest, into=into)

    def assert_no_unused_uploads(self) -> None:
        """No upload was left open, and no blob was pushed that no manifest in its repository names."""
        __tracebackhide__ = True
        self._asked.assert_no_unused_uploads(completeness.named_in(self._store))


def _named(image: Image | str) -> str:
    """Without a host: what is asserted is asserted of this registry."""
    if not isinstance(image, Image):
        return image
    return f"{image.name}@{image.digest}" if image.tag is None else f"{image.name}:{image.tag}"
