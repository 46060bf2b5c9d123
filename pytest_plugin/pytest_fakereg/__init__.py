"""pytest fixtures for fakereg.

    def test_push(fake_registry): ...                   a fresh registry, on a port of its own
    @pytest.mark.fake_registry(sparse="accept")         its options, for a test, a class or a module

Everybody who has fakereg installed pays for this module at every start of pytest. All else, also of this
package, is imported by the first fixture: fakereg and aiohttp take a quarter of a second.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from typing import Unpack

    from fakereg import FakeRegistry
    from fakereg.registry.profile import Profile, Settings
    from pytest_fakereg.journals import Journals

__all__ = ["MakeFakeRegistry"]

# In the stash of the configuration once a registry has started.
_JOURNALS = pytest.StashKey["Journals"]()


class MakeFakeRegistry(Protocol):
    """The type of the fixture `make_fake_registry`."""

    def __call__(
        self,
        profile: str | Profile = ...,
        *,
        host: str = ...,
        port: int = ...,
        seed: int = ...,
        strict: bool = ...,
        admin: bool = ...,
        admin_token: str | None = ...,
        **settings: Unpack[Settings],
    ) -> FakeRegistry:
        """A registry that serves until the test ends. Raises ValueError for what it does not take."""


# Hooks


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(
        "fake_registry_options", "options of the fake registries, a line each: page_maximum = 50", type="linelist"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "fake_registry(profile='spec', sparse='accept', ...): options of FakeRegistry for the fixtures"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    journals = item.config.stash.get(_JOURNALS, None)
    if journals is not None:
        journals.begin()
    result = yield
    # After the setup, so that a test which is skipped stays skipped.
    _refuse_marker_without_effect(item)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Requests that should not have been sent fail the test itself, unless it failed of its own."""
    try:
        result = yield
    except BaseException:
        _violations(item)
        raise
    _refuse_violations(item)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """And those that a fixture's clean-up sends, its teardown."""
    result = yield
    _refuse_violations(item)
    return result


# Outermost: what pytest makes of an xfail, and another plugin of a failure, comes first.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    journals = item.config.stash.get(_JOURNALS, None)
    if journals is not None and report.failed:
        shared = "fake_registry_session" in getattr(item, "fixturenames", ())
        report.sections.extend(journals.sections(shared=shared))
    return report


def _refuse_violations(item: pytest.Item) -> None:
    told = _violations(item)
    if told:
        raise pytest.fail.Exception(told, pytrace=False)


def _violations(item: pytest.Item) -> str:
    """Those since the last call: what failed the test does not fail its teardown too."""
    journals = item.config.stash.get(_JOURNALS, None)
    return journals.violations() if journals is not None else ""


def _refuse_marker_without_effect(item: pytest.Item) -> None:
    """Only a test's own marker: one on its class or module may be meant for the other tests there."""
    fixtures = set(getattr(item, "fixturenames", ()))
    if "fake_registry_session" not in fixtures or fixtures & {"fake_registry", "make_fake_registry"}:
        return
    if any(mark.name == "fake_registry" for mark in item.own_markers):
        raise pytest.fail.Exception(
            "@pytest.mark.fake_registry has no effect on fake_registry_session, which tests share: "
            "its options come from the fixture fake_registry_session_options",
            pytrace=False,
        )


# Fixtures


@pytest.fixture(scope="session")
def fake_registry_options() -> Mapping[str, Any]:
    """Options of the registries of a test, as keyword arguments of FakeRegistry: override it to set them.

    An override may stand in a conftest.py, a module or a class, and have any scope. Of one option,
    `@pytest.mark.fake_registry(...)` comes first, then this fixture, then the ini option of its name.
    """
    return {}


@pytest.fixture(scope="session")
def fake_registry_session_options() -> Mapping[str, Any]:
    """The same for `fake_registry_session`: an override needs the scope `session`, and no marker applies."""
    return {}


@pytest.fixture
def fake_registry(make_fake_registry: MakeFakeRegistry) -> FakeRegistry:
    """A fresh registry for this test, serving on a free port of 127.0.0.1 until the test ends."""
    with _no_traceback():
        return make_fake_registry()


@pytest.fixture
def make_fake_registry(
    request: pytest.FixtureRequest, fake_registry_options: Mapping[str, Any]
) -> Iterator[MakeFakeRegistry]:
    """Start further registries: `make_fake_registry(profile="spec", sparse="accept")`. All stop when the test ends.

    What is given here comes before the marker, the fixture `fake_registry_options` and the ini option.
    """
    from pytest_fakereg import options  # noqa: PLC0415 - see the head of this module

    with _no_traceback():
        defaults = options.merged(
            options.from_ini(request.config),
            options.Source("fixture fake_registry_options", fake_registry_options),
            *options.from_markers(request.node),
        )

    with ExitStack() as running:

        def make(profile: str | Profile | None = None, **given: Any) -> FakeRegistry:
            __tracebackhide__ = True
            named = {} if profile is None else {"profile": profile}
            registry = _start({**defaults, **named, **given})
            running.callback(registry.stop)
            _journals(request.config).follow(registry)
            return registry

        yield make


@pytest.fixture(scope="session")
def fake_registry_session(
    request: pytest.FixtureRequest, fake_registry_session_options: Mapping[str, Any]
) -> Iterator[FakeRegistry]:
    """One registry for the whole session, which tests share: `with fake_registry_session.isolated() as registry:`."""
    from pytest_fakereg import options  # noqa: PLC0415 - see the head of this module

    with _no_traceback():
        registry = _start(
            options.merged(
                options.from_ini(request.config),
                options.Source("fixture fake_registry_session_options", fake_registry_session_options),
            )
        )
    journals = _journals(request.config)
    journals.follow_session(registry)
    yield registry
    journals.follow_session(None)
    registry.stop()


def _start(given: Mapping[str, Any]) -> FakeRegistry:
    __tracebackhide__ = True
    from fakereg import FakeRegistry  # noqa: PLC0415 - see the head of this module

    try:
        return FakeRegistry(**given).start()
    except (OSError, TypeError, ValueError) as error:
        raise error.with_traceback(None) from None


def _journals(config: pytest.Config) -> Journals:
    from pytest_fakereg.journals import Journals  # noqa: PLC0415 - see the head of this module

    return config.stash.setdefault(_JOURNALS, Journals())


@contextmanager
def _no_traceback() -> Iterator[None]:
    """A wrong option is the user's, and so is a port that is taken: they need the sentence, not our stack."""
    try:
        yield
    except (OSError, TypeError, ValueError) as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
