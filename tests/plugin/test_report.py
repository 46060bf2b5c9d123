"""What a failed test's report tells: what the registry was asked, in a section of its own."""

from __future__ import annotations

import weakref

import pytest
from inner_run import InnerRun, requests_in
from pytest_fakereg.journals import KEPT, LATEST, Journals

from fakereg import FakeRegistry, Request
from fakereg.double.journal import Journal

TITLE = "fakereg journal"
BEGUN = "after reset() or in isolated():"


class TestFailures:
    def test_in_the_call(self, inner: InnerRun) -> None:
        """A failed test shows its requests, below its traceback."""
        run = inner(
            """
            from asking import ask

            def test_it(fake_registry):
                ask(fake_registry)
                ask(fake_registry, "/v2/team/app/tags/list?n=1")
                raise ValueError
            """
        )

        sections = run.sections("test_it")
        assert {title: requests_in(text) for title, text in sections.items()} == {
            TITLE: ["GET /v2/", "GET /v2/team/app/tags/list?n=1"]
        }
        assert run.text.index("ValueError") < run.text.index(f"- {TITLE} -") < run.text.index("GET /v2/team")

    def test_the_text_is_the_journals_own(self, inner: InnerRun) -> None:
        """The lines are those that the journal itself reports."""
        run = inner(
            """
            import pytest
            from asking import ask

            def test_it(fake_registry):
                ask(fake_registry, "/v2/team/app/manifests/v1")
                pytest.fail(fake_registry.journal.report(), pytrace=False)
            """
        )

        assert run.sections("test_it")[TITLE].strip() == run.errors

    def test_in_the_setup(self, inner: InnerRun) -> None:
        """A fixture that asks the registry and fails shows what it asked."""
        run = inner(
            """
            import pytest
            from asking import ask

            @pytest.fixture
            def image(fake_registry):
                assert ask(fake_registry, "/v2/_catalog") == 0

            def test_it(image): ...
            """
        )

        assert run.outcomes == {"errors": 1}
        assert requests_in(run.sections("test_it", "setup")[TITLE]) == ["GET /v2/_catalog"]

    def test_in_the_teardown(self, inner: InnerRun) -> None:
        """So does one that fails after the test, also when the registry stopped by then; the test itself passed."""
        run = inner(
            """
            import pytest
            from asking import ask

            @pytest.fixture(autouse=True)
            def outer():
                yield
                raise ValueError

            def test_it(fake_registry):
                ask(fake_registry)
            """
        )

        assert run.outcomes == {"passed": 1, "errors": 1}
        assert run.sections("test_it", "call") == {}
        assert requests_in(run.sections("test_it", "teardown")[TITLE]) == ["GET /v2/"]

    def test_nothing_was_asked(self, inner: InnerRun) -> None:
        """That no request arrived is worth knowing too."""
        run = inner("def test_it(fake_registry): raise ValueError")

        assert run.sections("test_it") == {TITLE: "no request arrived"}

    def test_a_strict_xpass(self, inner: InnerRun) -> None:
        """A test that passes and should not have is a failure like others."""
        run = inner(
            """
            import pytest

            @pytest.mark.xfail(strict=True)
            def test_it(fake_registry): ...
            """
        )

        assert run.outcomes == {"failed": 1}
        assert list(run.sections("test_it")) == [TITLE]


class TestNoFailure:
    def test_no_section(self, inner: InnerRun) -> None:
        """Tests that pass, are skipped or fail as expected have no section."""
        run = inner(
            """
            import pytest
            from asking import ask

            def test_passes(fake_registry): ask(fake_registry)

            def test_skips(fake_registry): pytest.skip()

            @pytest.mark.xfail
            def test_xfails(fake_registry): raise ValueError
            """,
            "-rA",
        )

        assert run.outcomes == {"passed": 1, "skipped": 1, "xfailed": 1}
        assert [report.sections for report in run.reports] == [[]] * 9
        assert TITLE not in run.text

    def test_another_plugin_forgives(self, inner: InnerRun, pytester: pytest.Pytester) -> None:
        """What counts is what becomes of the report in the end."""
        pytester.makeconftest(
            """
            import pytest

            @pytest.hookimpl(wrapper=True)
            def pytest_runtest_makereport():
                report = yield
                report.outcome = "passed"
                return report
            """
        )
        run = inner("def test_it(fake_registry): raise ValueError")

        assert run.outcomes == {"passed": 1}
        assert run.sections("test_it") == {}

    def test_a_test_without_a_registry(self, inner: InnerRun) -> None:
        """A failure that has nothing to do with a registry is left alone, also after tests that use one."""
        run = inner(
            """
            def test_with(fake_registry, fake_registry_session): ...

            def test_without(): raise ValueError
            """
        )

        assert run.sections("test_without") == {}


class TestSeveral:
    def test_each_has_a_section(self, inner: InnerRun) -> None:
        """With several registries the titles say which is which, by their urls."""
        run = inner(
            """
            import pytest
            from asking import ask

            def test_it(fake_registry, make_fake_registry, fake_registry_session):
                registries = [fake_registry_session, fake_registry, make_fake_registry()]
                for number, registry in enumerate(registries):
                    ask(registry, f"/v2/{number}/tags/list")
                pytest.fail(" ".join(registry.url for registry in registries), pytrace=False)
            """
        )

        urls = run.errors.split()
        assert {title: requests_in(text) for title, text in run.sections("test_it").items()} == {
            f"{TITLE} of {url}": [f"GET /v2/{number}/tags/list"] for number, url in enumerate(urls)
        }


class TestLong:
    def told(self, statuses: list[int | None]) -> list[str]:
        """The lines of the report of a test that was answered so, one request after the other."""
        journals = Journals()
        with FakeRegistry() as registry:
            journals.follow(registry)
            for number, status in enumerate(statuses):
                registry.journal.open(Request("GET", f"/v2/{number}/tags/list")).status = status
        ((_, text),) = journals.sections(shared=False)
        return requests_in(text)

    def test_refusals_and_the_latest(self) -> None:
        """Of thousands of requests the refused ones and the latest are shown, in their order, and how many are not."""
        statuses: list[int | None] = [200] * 2000
        statuses[7], statuses[1500], statuses[1990] = 404, None, 404

        assert self.told(statuses) == [
            f"(1948 more requests; see the registry's journal. Here: latest refusals, then the last {LATEST})",
            *[f"GET /v2/{number}/tags/list" for number in (7, 1500, *range(1950, 2000))],
        ]

    def test_nothing_but_refusals(self) -> None:
        """Refusals are bounded too: the latest count."""
        lines = self.told([404] * 12_000)

        assert lines[0].startswith("(11900 more requests; ")
        assert lines[1:] == [f"GET /v2/{number}/tags/list" for number in range(12_000 - 2 * LATEST, 12_000)]

    def test_all_that_fits(self) -> None:
        """A journal that is not long is shown whole."""
        assert self.told([404, *[200] * LATEST]) == [f"GET /v2/{number}/tags/list" for number in range(LATEST + 1)]


class TestSession:
    def test_only_what_this_test_asked(self, inner: InnerRun) -> None:
        """What earlier tests asked the session's registry is not shown."""
        run = inner(
            """
            from asking import ask

            def test_first(fake_registry_session): ask(fake_registry_session, "/v2/first/tags/list")

            def test_second(fake_registry_session):
                ask(fake_registry_session, "/v2/second/tags/list")
                raise ValueError
            """
        )

        assert requests_in(run.sections("test_second")[TITLE]) == ["GET /v2/second/tags/list"]

    def test_asked_for_in_the_midst(self, inner: InnerRun) -> None:
        """A test that has it by another way than its parameters shows it if it asked it something."""
        run = inner(
            """
            from asking import ask

            def test_before(request): request.getfixturevalue("fake_registry_session")

            def test_asks(request):
                ask(request.getfixturevalue("fake_registry_session"))
                raise ValueError

            def test_does_not_ask(request):
                request.getfixturevalue("fake_registry_session")
                raise ValueError
            """
        )

        assert requests_in(run.sections("test_asks")[TITLE]) == ["GET /v2/"]
        assert run.sections("test_does_not_ask") == {}

    def test_behind_another_fixture(self, inner: InnerRun) -> None:
        """A fixture between it and the test hides nothing, whatever scope it has."""
        run = inner(
            """
            import pytest

            @pytest.fixture(scope="module")
            def url(fake_registry_session):
                return fake_registry_session.url

            def test_first(url): ...

            def test_second(url): raise ValueError
            """
        )

        assert run.sections("test_second") == {TITLE: "no request arrived"}

    def test_a_repeated_test(self, inner: InnerRun, pytester: pytest.Pytester) -> None:
        """A plugin that repeats the last test has the session's registry stopped and another started between."""
        pytester.makeconftest(
            """
            from _pytest.runner import runtestprotocol

            def pytest_runtest_protocol(item, nextitem):
                for _ in range(2):
                    item._initrequest()
                    runtestprotocol(item, nextitem=nextitem)
                return True
            """
        )
        run = inner(
            """
            from asking import ask

            def test_it(fake_registry_session):
                ask(fake_registry_session)
                raise ValueError
            """
        )

        assert run.outcomes == {"failed": 2}
        assert [requests_in(text) for report in run.reports for _, text in report.sections] == [["GET /v2/"]] * 2


class TestStartingOver:
    def test_inside_isolated(self, inner: InnerRun) -> None:
        """The failure left the isolated block before it was reported; what was asked in it is shown."""
        run = inner(
            """
            from asking import ask

            def test_first(fake_registry_session): ask(fake_registry_session, "/v2/first/tags/list")

            def test_it(fake_registry_session):
                with fake_registry_session.isolated() as registry:
                    ask(registry, "/v2/inside/tags/list")
                    raise ValueError
            """
        )

        assert run.sections("test_first") == {}
        assert requests_in(run.sections("test_it")[TITLE]) == [BEGUN, "GET /v2/inside/tags/list"]

    def test_around_isolated(self, inner: InnerRun) -> None:
        """What was asked before and after the block stands first."""
        run = inner(
            """
            from asking import ask

            def test_it(fake_registry):
                ask(fake_registry, "/v2/before/tags/list")
                with fake_registry.isolated():
                    ask(fake_registry, "/v2/inside/tags/list")
                ask(fake_registry, "/v2/after/tags/list")
                raise ValueError
            """
        )

        assert requests_in(run.sections("test_it")[TITLE]) == [
            "GET /v2/before/tags/list",
            "GET /v2/after/tags/list",
            BEGUN,
            "GET /v2/inside/tags/list",
        ]

    def test_after_reset(self, inner: InnerRun) -> None:
        """A reset empties the journal, not the report."""
        run = inner(
            """
            from asking import ask

            def test_it(fake_registry):
                ask(fake_registry, "/v2/before/tags/list")
                fake_registry.reset()
                ask(fake_registry, "/v2/between/tags/list")
                fake_registry.reset()
                raise ValueError
            """
        )

        assert requests_in(run.sections("test_it")[TITLE]) == [
            "GET /v2/before/tags/list",
            BEGUN,
            "GET /v2/between/tags/list",
        ]

    def test_the_latest_of_many(self) -> None:
        """Of a property-based test with hundreds of examples the latest few are kept, and the report says so."""
        journals = Journals()
        with FakeRegistry() as registry:
            journals.begin()
            journals.follow(registry)
            for number in range(KEPT + 2):
                with registry.isolated():
                    registry.journal.open(Request("GET", f"/v2/{number}/tags/list"))

        ((title, text),) = journals.sections(shared=False)
        kept = [f"GET /v2/{number}/tags/list" for number in range(2, KEPT + 2)]
        assert title == TITLE
        assert requests_in(text) == [
            "(2 earlier journals, of reset() or isolated(), are not kept)",
            *[line for request in kept for line in (BEGUN, request)],
        ]

    def test_nothing_is_kept_after_the_test(self) -> None:
        """When the next test begins the registry of the test before is freed at once, with all its blobs."""
        journals = Journals()
        seen: list[weakref.ref[FakeRegistry | Journal]] = []
        shared, own = FakeRegistry().start(), FakeRegistry().start()
        journals.follow_session(shared)
        journals.follow(own)
        for registry in (shared, own):
            with registry.isolated():
                seen.append(weakref.ref(registry.journal))
        seen.append(weakref.ref(own))
        own.stop()
        del own, registry
        journals.begin()

        assert [each() for each in seen] == [None, None, None]
        assert journals.sections(shared=True) == [(TITLE, "no request arrived")]
        shared.stop()


@pytest.mark.fake_registry(sparse="accept")
def test_the_watcher_sees_what_begins(fake_registry: FakeRegistry) -> None:
    """A registry hands over each journal that begins, until nobody watches."""
    begun: list[Journal] = []
    fake_registry.watch(begun.append)
    with fake_registry.isolated():
        inside = fake_registry.journal
    fake_registry.reset()
    after = fake_registry.journal
    fake_registry.watch(None)
    fake_registry.reset()

    assert begun == [inside, after]
