"""The marker `fake_registry`: options for a test, a class or a module."""

from __future__ import annotations

import pytest
from inner_run import InnerRun

from fakereg import FakeRegistry
from fakereg.registry.profile import SETTINGS, SPEC, Settings

pytestmark = pytest.mark.fake_registry(page_maximum=1, chunk_minimum=1, blob_limit=1)

KNOWN = ", ".join(["profile", "host", "port", "seed", "strict", "admin", "admin_token", *SETTINGS])


def test_a_module_marks_its_tests(fake_registry: FakeRegistry) -> None:
    """A marker on the module holds for its tests."""
    assert fake_registry.profile == SPEC.replace(page_maximum=1, chunk_minimum=1, blob_limit=1)


@pytest.mark.fake_registry(chunk_minimum=2, blob_limit=2)
class TestCombined:
    def test_a_class_marks_its_tests(self, fake_registry: FakeRegistry) -> None:
        """Markers combine option by option, and the class is closer than the module."""
        assert fake_registry.profile == SPEC.replace(page_maximum=1, chunk_minimum=2, blob_limit=2)

    @pytest.mark.fake_registry(blob_limit=3)
    def test_the_closest_counts(self, fake_registry: FakeRegistry) -> None:
        """The test's own marker comes before those of its class and module."""
        assert fake_registry.profile == SPEC.replace(page_maximum=1, chunk_minimum=2, blob_limit=3)

    @pytest.mark.fake_registry(blob_limit=3)
    @pytest.mark.parametrize("limit", [3, pytest.param(4, marks=pytest.mark.fake_registry(blob_limit=4))])
    def test_a_parameter_is_closer_than_the_function(self, fake_registry: FakeRegistry, limit: int) -> None:
        """A marker on one set of parameters comes before one on the whole function."""
        assert fake_registry.profile.blob_limit == limit

    @pytest.mark.fake_registry(profile=SPEC.replace(deletes="off"), seed=7)
    def test_a_profile_of_ones_own(self, fake_registry: FakeRegistry) -> None:
        """A marker takes every parameter of FakeRegistry, also a Profile; settings are applied to it."""
        assert fake_registry.profile == SPEC.replace(deletes="off", page_maximum=1, chunk_minimum=2, blob_limit=2)


@pytest.mark.fake_registry(chunk_minimum=2, blob_limit=2)
class Base:
    pass


@pytest.mark.fake_registry(chunk_minimum=3)
class TestInherited(Base):
    def test_a_class_is_closer_than_its_base(self, fake_registry: FakeRegistry) -> None:
        """Markers of base classes hold too, and the class itself comes before them."""
        assert fake_registry.profile == SPEC.replace(page_maximum=1, chunk_minimum=3, blob_limit=2)


@pytest.mark.fake_registry(no_such_option=1)
def test_it_means_nothing_without_a_fixture() -> None:
    """A marker on a test that uses no registry is left alone."""


@pytest.mark.parametrize("fixture", ["fake_registry", "make_fake_registry"])
class TestErrors:
    def test_an_unknown_option(self, inner: InnerRun, fixture: str) -> None:
        """An unknown option is an error of the test's setup: one sentence that lists the known ones."""
        run = inner(
            f"""
            import pytest

            @pytest.mark.fake_registry(pofile="spec")
            def test_it({fixture}): ...
            """
        )

        assert run.outcomes == {"errors": 1}
        assert run.errors == f"@pytest.mark.fake_registry knows no 'pofile'; known are {KNOWN}"

    def test_a_positional_argument(self, inner: InnerRun, fixture: str) -> None:
        """Options have names, here too."""
        run = inner(
            f"""
            import pytest

            @pytest.mark.fake_registry("spec", 1)
            def test_it({fixture}): ...
            """
        )

        assert run.outcomes == {"errors": 1}
        assert (
            run.errors == f"@pytest.mark.fake_registry takes keyword arguments only, got 'spec', 1; known are {KNOWN}"
        )

    def test_a_wrong_value(self, inner: InnerRun, fixture: str) -> None:
        """A value that an option does not take is named together with those that it takes."""
        run = inner(
            f"""
            import pytest

            @pytest.mark.fake_registry(sparse="perhaps")
            def test_it({fixture}): ...
            """
        )

        assert run.outcomes == {"errors": 1}
        assert run.errors == "@pytest.mark.fake_registry: setting 'sparse' takes refuse or accept, got 'perhaps'"

    @pytest.mark.parametrize("option", ["port='x'", "host=3", "profile=['spec']", "page_maximum='many'"])
    def test_a_wrong_type(self, inner: InnerRun, fixture: str, option: str) -> None:
        """So is a value of another type, whichever option it is for: one sentence, which begins with its source."""
        run = inner(
            f"""
            import pytest

            @pytest.mark.fake_registry({option})
            def test_it({fixture}): ...
            """
        )

        assert run.outcomes == {"errors": 1}
        assert run.errors.startswith("@pytest.mark.fake_registry: ")
        assert "\n" not in run.errors


class TestSession:
    def test_it_is_no_place_for_its_options(self, inner: InnerRun) -> None:
        """A marker on a test that has the session's registry alone says where its options belong."""
        run = inner(
            """
            import pytest

            @pytest.mark.fake_registry(sparse="accept")
            def test_it(fake_registry_session): ...
            """
        )

        assert run.outcomes == {"errors": 1}
        assert run.errors == (
            "@pytest.mark.fake_registry has no effect on fake_registry_session, which tests share: "
            "its options come from the fixture fake_registry_session_options"
        )

    def test_it_is_meant_for_another(self, inner: InnerRun) -> None:
        """With a registry of the test's own the marker has its meaning, and a test that is skipped stays skipped."""
        run = inner(
            """
            import pytest

            @pytest.mark.fake_registry(sparse="accept")
            def test_both(fake_registry_session, fake_registry): ...

            @pytest.mark.fake_registry(sparse="accept")
            def test_factory(fake_registry_session, make_fake_registry): ...

            @pytest.mark.skip
            @pytest.mark.fake_registry(sparse="accept")
            def test_skipped(fake_registry_session): ...
            """
        )

        assert run.outcomes == {"passed": 2, "skipped": 1}


def test_every_setting_is_known() -> None:
    """The list of known options is complete."""
    assert list(SETTINGS) == list(Settings.__annotations__)


def test_it_is_listed(inner: InnerRun) -> None:
    """`pytest --markers` tells of it."""
    run = inner("", "--markers")

    assert "@pytest.mark.fake_registry(profile='spec', sparse='accept', ...): options of FakeRegistry" in run.text
