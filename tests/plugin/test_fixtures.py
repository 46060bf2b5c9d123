"""The fixtures: what they give, how long it lasts, and where its options come from."""

from __future__ import annotations

import inspect
import socket
from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any

import pytest
from inner_run import InnerRun
from pytest_fakereg import MakeFakeRegistry, options

from fakereg import FakeRegistry
from fakereg.registry.profile import SETTINGS, SPEC, Sparse, Switch


def status_of(registry: FakeRegistry, path: str = "/v2/") -> int:
    connection = HTTPConnection(registry.host, timeout=10)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=10).close()
    except ConnectionRefusedError:
        return False
    return True


class TestFakeRegistry:
    def test_it_serves_on_a_free_port_of_the_loopback_address(self, fake_registry: FakeRegistry) -> None:
        """The registry answers under the host that it names."""
        assert fake_registry.host == f"127.0.0.1:{fake_registry.port}"
        assert status_of(fake_registry) == 200
        assert fake_registry.profile == SPEC

    def test_each_test_has_its_own(self, inner: InnerRun) -> None:
        """A registry stops with its test, and the next test has another, with nothing in it."""
        run = inner(
            """
            import pytest
            from asking import ask

            seen = []

            @pytest.mark.parametrize("number", [1, 2])
            def test_it(fake_registry, number):
                assert [repr(registry) for registry in seen] == ["<FakeRegistry spec, not serving>"] * (number - 1)
                assert fake_registry not in seen
                seen.append(fake_registry)
                ask(fake_registry)
                assert [len(registry.journal) for registry in seen] == [1] * number
            """
        )

        assert run.outcomes == {"passed": 2}


class TestFakeRegistrySession:
    def test_all_tests_have_the_same(self, inner: InnerRun, pytester: pytest.Pytester) -> None:
        """It is one registry, with what earlier tests left in it, and stops with the session."""
        run = inner(
            """
            from pathlib import Path

            from asking import ask

            def test_first(fake_registry_session):
                assert ask(fake_registry_session) == 200
                Path("port").write_text(str(fake_registry_session.port))

            def test_second(fake_registry_session):
                assert [entry.target for entry in fake_registry_session.journal] == ["/v2/"]
            """
        )

        assert run.outcomes == {"passed": 2}
        assert not is_open(int((pytester.path / "port").read_text()))

    def test_isolated_gives_an_empty_one(self, fake_registry_session: FakeRegistry) -> None:
        """A test that wants nothing of the others isolates itself, on the same port."""
        port = fake_registry_session.port
        status_of(fake_registry_session)
        asked = len(fake_registry_session.journal)
        with fake_registry_session.isolated() as registry:
            inside = (registry.port, len(registry.journal))

        assert inside == (port, 0)
        assert len(fake_registry_session.journal) == asked

    def test_it_is_not_the_one_of_a_test(
        self, fake_registry: FakeRegistry, fake_registry_session: FakeRegistry
    ) -> None:
        """Both can be had in one test, on two ports."""
        assert fake_registry.port != fake_registry_session.port


class TestMakeFakeRegistry:
    def test_each_call_starts_another(self, make_fake_registry: MakeFakeRegistry) -> None:
        """A test can have several registries, each with its own options."""
        first, second = make_fake_registry(), make_fake_registry("spec", sparse="accept", page_maximum=2)

        assert [status_of(first), status_of(second)] == [200, 200]
        assert first.profile == SPEC
        assert second.profile == SPEC.replace(sparse="accept", page_maximum=2)

    def test_all_stop_with_the_test(self, inner: InnerRun) -> None:
        """None of them serves after the test, also if the test stopped one itself."""
        run = inner(
            """
            seen = []

            def test_first(make_fake_registry):
                seen.extend([make_fake_registry(), make_fake_registry(), make_fake_registry()])
                seen[0].stop()

            def test_second():
                assert [repr(registry) for registry in seen] == ["<FakeRegistry spec, not serving>"] * 3
            """
        )

        assert run.outcomes == {"passed": 2}

    def test_a_profile_of_ones_own(self, make_fake_registry: MakeFakeRegistry) -> None:
        """A profile can be given itself, and settings beside it."""
        registry = make_fake_registry(SPEC.replace(deletes="off"), sparse="accept")

        assert (registry.profile.deletes, registry.profile.sparse) == (Switch.OFF, Sparse.ACCEPT)

    def test_its_type_has_the_parameters_of_a_registry(self) -> None:
        """Whoever annotates the fixture is offered what FakeRegistry takes."""
        typed = list(inspect.signature(MakeFakeRegistry.__call__).parameters.values())[1:]
        real = inspect.signature(FakeRegistry).parameters.values()

        assert [(each.name, each.kind, each.annotation) for each in typed] == [
            (each.name, each.kind, each.annotation) for each in real
        ]

    def test_a_wrong_option_shows_the_call(self, inner: InnerRun) -> None:
        """A wrong argument fails in the line that gave it, with no line of the plugin."""
        run = inner(
            """
            def test_it(make_fake_registry):
                make_fake_registry(pofile="spec")
            """
        )

        assert run.outcomes == {"failed": 1}
        assert '>       make_fake_registry(pofile="spec")' in run.errors
        assert f"E       ValueError: unknown setting 'pofile'; known are {', '.join(SETTINGS)}" in run.errors
        assert "pytest_fakereg" not in run.errors

    def test_a_taken_port_says_so(self, inner: InnerRun, fake_registry: FakeRegistry) -> None:
        """A port that somebody else has is an error of the test's setup that names it."""
        run = inner(
            f"""
            import pytest
            @pytest.mark.fake_registry(port={fake_registry.port})
            def test_it(fake_registry): ...
            """
        )

        assert run.outcomes == {"errors": 1}
        assert run.errors.endswith(f"cannot listen on 127.0.0.1 port {fake_registry.port}: Address already in use")


class TestOptions:
    @pytest.fixture
    def fake_registry_options(self, fake_registry_options: Mapping[str, Any]) -> dict[str, Any]:
        return {**fake_registry_options, "sparse": "accept", "page_maximum": 3}

    def test_the_fixture_sets_them(self, fake_registry: FakeRegistry) -> None:
        """An override, here one of a class, sets options of its tests' registries."""
        assert fake_registry.profile == SPEC.replace(sparse="accept", page_maximum=3)

    @pytest.mark.fake_registry(page_maximum=4)
    def test_the_marker_comes_first(self, fake_registry: FakeRegistry) -> None:
        """The marker overrides the fixture option by option."""
        assert fake_registry.profile == SPEC.replace(sparse="accept", page_maximum=4)

    @pytest.mark.fake_registry(page_maximum=4, deletes="off")
    def test_the_factory_starts_from_them(self, make_fake_registry: MakeFakeRegistry) -> None:
        """What the factory is given comes before all others, option by option."""
        registry = make_fake_registry(page_maximum=5)

        assert registry.profile == SPEC.replace(sparse="accept", page_maximum=5, deletes="off")

    def test_the_ini_comes_last(self, inner: InnerRun) -> None:
        """Of ini, fixture and marker the later overrides, option by option; ini values are read as text."""
        run = inner(
            """
            import pytest

            @pytest.fixture(scope="module")
            def fake_registry_options():
                return {"page_maximum": 2, "chunk_minimum": 2}

            @pytest.mark.fake_registry(chunk_minimum=3)
            def test_it(fake_registry):
                profile = fake_registry.profile
                assert (profile.blob_limit, profile.page_maximum, profile.chunk_minimum) == (None, 2, 3)
                assert profile.upload_expiry == 0.5
                assert fake_registry.host.startswith("localhost:")
            """,
            ini="""fake_registry_options =
                profile = spec
                host = localhost
                port = 0
                seed = 7
                blob_limit = none
                page_maximum = 1
                chunk_minimum=1
                upload_expiry = 0.5""",
        )

        assert run.outcomes == {"passed": 1}

    def test_the_session_registry_has_ini_and_a_fixture_of_its_own(self, inner: InnerRun) -> None:
        """The session's registry outlives modules and tests, so their options are not asked."""
        run = inner(
            """
            import pytest

            pytestmark = pytest.mark.fake_registry(session_limit=3)

            @pytest.fixture
            def fake_registry_options():
                return {"blob_limit": 100}

            @pytest.fixture(scope="session")
            def fake_registry_session_options():
                return {"chunk_minimum": 2}

            def test_it(fake_registry_session):
                profile = fake_registry_session.profile
                assert (profile.page_maximum, profile.chunk_minimum) == (1, 2)
                assert (profile.blob_limit, profile.session_limit) == (None, None)
            """,
            ini="fake_registry_options =\n  page_maximum = 1\n  chunk_minimum = 1",
        )

        assert run.outcomes == {"passed": 1}

    @pytest.mark.parametrize(
        ("line", "error"),
        [
            ("page_maximum", "a line is `name = value`, got 'page_maximum'"),
            ("port = many", "port takes a whole number, got 'many'"),
            ("page_maximum = 0", "setting 'page_maximum' takes a whole number of entries, 1 or more, or none, got '0'"),
            ("profile = sepc", "unknown profile 'sepc'; known are "),
        ],
    )
    def test_a_wrong_line_is_named(self, inner: InnerRun, line: str, error: str) -> None:
        """A wrong line of the ini option fails each test that starts a registry, in one sentence, and no other."""
        run = inner(
            """
            def test_factory(make_fake_registry): ...
            def test_session(fake_registry_session): ...
            def test_without(): ...
            """,
            ini=f"fake_registry_options =\n  {line}",
        )

        assert run.outcomes == {"errors": 2, "passed": 1}
        assert run.errors.count(f"ini option fake_registry_options: {error}") == 2
        assert ".py:" not in run.errors

    def test_an_unknown_line_is_named(self, inner: InnerRun) -> None:
        """An option that there is not is told together with those that there are."""
        run = inner("def test_it(fake_registry): ...", ini="fake_registry_options = pages = 2")

        assert run.outcomes == {"errors": 1}
        assert run.errors.startswith(
            "ini option fake_registry_options knows no 'pages'; known are profile, host, port, seed, "
        )

    def test_a_line_for_what_is_no_text(self, inner: InnerRun, monkeypatch: pytest.MonkeyPatch) -> None:
        """A parameter whose values cannot be written as text says where they can be given."""
        monkeypatch.setattr(options, "READERS", {})
        run = inner("def test_it(fake_registry): ...", ini="fake_registry_options = seed = 2")

        assert run.outcomes == {"errors": 1}
        assert run.errors == (
            "ini option fake_registry_options: seed cannot be given as text, use the fixture fake_registry_options"
        )

    def test_an_unknown_option_of_the_fixture_is_named(self, inner: InnerRun) -> None:
        """An option that there is not is told together with those that there are."""
        run = inner(
            """
            import pytest

            @pytest.fixture
            def fake_registry_options():
                return {"pages": 2}

            def test_it(fake_registry): ...
            """
        )

        assert run.outcomes == {"errors": 1}
        assert run.errors.startswith("fixture fake_registry_options knows no 'pages'; known are profile, host, port, ")

    def test_a_fixture_that_returns_nothing_is_told(self, inner: InnerRun) -> None:
        """An override that forgets its return says what was expected."""
        run = inner(
            """
            import pytest

            @pytest.fixture
            def fake_registry_options(): ...

            def test_it(fake_registry): ...
            """
        )

        assert run.outcomes == {"errors": 1}
        assert run.errors == "fixture fake_registry_options returns None, not a mapping of options"


class TestOtherRunners:
    def test_unittest_cases(self, inner: InnerRun) -> None:
        """A TestCase has the registry by usefixtures or by an autouse fixture, and its failures show the journal."""
        run = inner(
            """
            import unittest

            import pytest
            from asking import ask

            class Test(unittest.TestCase):
                @pytest.fixture(autouse=True)
                def registry_of_the_case(self, fake_registry):
                    self.registry = fake_registry

                def test_passes(self):
                    assert ask(self.registry) == 200

                def test_fails(self):
                    self.assertEqual(ask(self.registry), 404)

            @pytest.mark.usefixtures("fake_registry")
            class TestUsing(unittest.TestCase):
                def test_passes(self): ...
            """
        )

        assert run.outcomes == {"passed": 2, "failed": 1}
        assert "GET /v2/" in run.sections("Test.test_fails")["fakereg journal"]

    def test_xdist(self, inner: InnerRun) -> None:
        """Each worker has its registries, and a failure's journal reaches the terminal."""
        run = inner(
            """
            import pytest
            from asking import ask

            @pytest.mark.parametrize("number", range(4))
            def test_it(fake_registry, fake_registry_session, number):
                assert ask(fake_registry) == ask(fake_registry_session) == 200
                assert number != 2
            """,
            "-n2",
        )

        assert run.outcomes == {"passed": 3, "failed": 1}
        assert len(run.sections("test_it[2]")) == 2
        assert "- fakereg journal of http://127.0.0.1:" in run.text

    @pytest.mark.parametrize("absent", ["terminal", "logging", "cacheprovider", "capture", "skipping"])
    def test_without_other_plugins(self, inner: InnerRun, absent: str) -> None:
        """No plugin of pytest's own is needed."""
        run = inner(
            """
            from asking import ask

            def test_passes(fake_registry):
                assert ask(fake_registry) == 200

            def test_fails(fake_registry):
                assert ask(fake_registry) == 404
            """,
            f"-pno:{absent}",
        )

        assert [report.outcome for report in run.reports if report.when == "call"] == ["passed", "failed"]
        assert list(run.sections("test_fails")) == ["fakereg journal"]
