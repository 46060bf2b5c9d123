"""What the plugin costs those who do not use it, and what it leaves behind for those who do."""

from __future__ import annotations

import sys

import pytest
from inner_run import ASKING, InnerRun


def test_unused_it_imports_nothing(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session without a registry imports neither fakereg nor aiohttp nor hypothesis."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(
        """
        import sys

        import pytest

        @pytest.mark.fake_registry(sparse="accept")
        def test_it(pytestconfig):
            assert pytestconfig.pluginmanager.has_plugin("pytest_fakereg")
            assert {"fakereg", "aiohttp", "asyncio", "hypothesis"} & set(sys.modules) == set()
        """
    )
    result = pytester.runpytest_subprocess("-p", "pytest_fakereg", "--strict-markers")

    result.assert_outcomes(passed=1)


def test_used_it_leaves_nothing(pytester: pytest.Pytester) -> None:
    """After a session there is no warning, no thread and nothing on standard error."""
    pytester.makepyfile(asking=ASKING)
    pytester.makeconftest(
        """
        import atexit
        import threading

        def tell():
            print("threads at exit:", [thread.name for thread in threading.enumerate()])

        atexit.register(tell)  # before fakereg is imported, and so run after what it registers
        """
    )
    pytester.makepyfile(
        """
        import threading

        from asking import ask

        def test_passes(fake_registry, fake_registry_session, make_fake_registry):
            for registry in (fake_registry, fake_registry_session, make_fake_registry()):
                assert ask(registry) == 200
            assert "fakereg" in [thread.name for thread in threading.enumerate()]

        def test_fails(fake_registry, fake_registry_session):
            with fake_registry_session.isolated() as registry:
                assert ask(registry) == 404
        """
    )
    left_out = [f"-pno:{name}" for name in ("asyncio", "aiohttp", "anyio", "xdist")]
    result = pytester.run(sys.executable, "-Xdev", "-Werror", "-m", "pytest", "-Werror", *left_out)

    result.assert_outcomes(passed=1, failed=1)
    assert result.stdout.lines[-1] == "threads at exit: ['MainThread']"
    assert result.stderr.lines == []


def test_it_can_be_left_out(inner: InnerRun) -> None:
    """`-p no:fakereg` takes the plugin away, and nothing misses it."""
    run = inner(
        """
        def test_without(): ...

        def test_with(fake_registry): ...
        """,
        "-pno:fakereg",
    )

    assert run.outcomes == {"passed": 1, "errors": 1}
    assert "fixture 'fake_registry' not found" in run.text
