"""What the code under test must not do: strict mode, forbidden requests, and how a test learns of them."""

from __future__ import annotations

import asyncio

import pytest
from on_the_wire import BLOB_DIGEST, NAME, TAG, UPLOADS, Line, ask, seeded
from unplugged import send

from fakereg import FakeRegistry, faults
from fakereg.double.conduct import KEPT


@pytest.fixture
def strict() -> FakeRegistry:
    """A strict registry that is asked without any network."""
    return seeded(FakeRegistry(strict=True))


def speak_nonsense(registry: FakeRegistry) -> None:
    with Line(registry.port) as line:
        line.send(b"nonsense\r\n\r\n").rest()


def reasons(registry: FakeRegistry) -> list[str]:
    return [violation.reason for violation in registry.violations]


class TestStrict:
    @pytest.mark.parametrize(
        ("method", "target", "reason"),
        [
            ("GET", "/v3/", "no endpoint takes it"),
            ("GET", "/v2/team/app/manifest/v1", "no endpoint takes it"),
            ("DELETE", "/v2/", "no endpoint takes it"),
            ("GET", "/v2/%zz", "no endpoint takes it"),
            ("GET", "/v2/Team/app/manifests/v1", "malformed"),
            ("GET", f"{TAG[:-2]}~", "malformed"),
            ("GET", f"/v2/{NAME}/tags/list?n=x", "malformed"),
            ("PUT", TAG, "malformed"),
        ],
    )
    def test_what_nothing_takes(self, strict: FakeRegistry, method: str, target: str, reason: str) -> None:
        """A request that no endpoint takes, or that is malformed, is one that no client should send."""
        answer = send(strict, method, target)

        assert answer.status in (400, 404, 405)
        assert reasons(strict) == [f"strict: {reason}"]
        assert strict.violations[0].entry is strict.journal[-1]

    @pytest.mark.parametrize(
        ("method", "target"),
        [
            ("GET", f"/v2/{NAME}/manifests/none"),
            ("HEAD", "/v2/none/manifests/v1"),
            ("GET", f"/v2/{NAME}/blobs/sha256:{'0' * 64}"),
            ("PATCH", f"{UPLOADS}none"),
            ("POST", f"/v2/b/blobs/uploads/?mount={BLOB_DIGEST}&from=none"),
            ("GET", TAG),
        ],
    )
    def test_normal_answers(self, strict: FakeRegistry, method: str, target: str) -> None:
        """To ask for what is not there is how clients find out."""
        send(strict, method, target)

        assert strict.violations == []
        strict.assert_no_violations()

    def test_not_unless_asked_for(self) -> None:
        """By default nothing is a violation."""
        registry = FakeRegistry()
        send(registry, "GET", "/v3/")

        assert registry.violations == []

    def test_what_a_fault_makes_of_it_is_none(self, strict: FakeRegistry) -> None:
        """A request that a fault changes into nonsense was right when it was sent."""
        strict.seed("team/app:v1")
        with strict.fault(faults.SetQuery("n", "nonsense"), on="list_tags"):
            assert send(strict, "GET", "/v2/team/app/tags/list").status == 400

        assert strict.violations == []

    def test_one_request_that_two_rules_forbid(self, strict: FakeRegistry) -> None:
        """It is one request, with both reasons."""
        strict.forbid("GET")
        strict.forbid(path="/v2/*", reason="not here")
        send(strict, "GET", "/v2/")

        with pytest.raises(AssertionError) as caught:
            strict.assert_no_violations()
        assert str(caught.value).startswith("a request should not have been sent:\nforbidden: GET\n")
        assert "forbidden: not here" in str(caught.value)

    def test_what_a_fault_answers_is_none(self, strict: FakeRegistry) -> None:
        """A 400 that the test asked for is not the client's doing, nor a path that a fault at the edge takes."""
        with strict.fault(faults.Respond(400), on="get_manifest"):
            send(strict, "GET", TAG)
        with strict.fault(faults.Respond(200), path="/token", stage="edge"):
            send(strict, "GET", "/token")

        assert strict.violations == []

    def test_what_is_not_http(self) -> None:
        """Garbage on the wire is a violation, too."""
        with pytest.raises(AssertionError) as caught, FakeRegistry(strict=True) as registry:
            speak_nonsense(registry)

        assert "a request should not have been sent:\nstrict: " in str(caught.value)


class TestForbid:
    def test_by_method(self) -> None:
        """It is answered all the same, and noted."""
        registry = seeded(FakeRegistry())
        registry.forbid("delete")

        assert send(registry, "DELETE", TAG).status == 202
        assert send(registry, "GET", "/v2/").status == 200
        assert reasons(registry) == ["forbidden: DELETE"]
        assert str(registry.violations[0]).splitlines()[0] == "forbidden: DELETE"
        assert f"DELETE {TAG}" in str(registry.violations[0])

    def test_by_all_else(self) -> None:
        """Endpoint, name, reference, header and condition are those of a fault's target."""
        registry = seeded(FakeRegistry())
        registry.forbid(endpoint="end-3", reference="latest", reason="we pull versions alone")
        registry.forbid(path="/v2/*/tags/*")
        registry.forbid(header={"Authorization": "Basic *"})
        registry.forbid(repository="other/*", where=lambda request: request.method == "PUT")

        send(registry, "GET", f"/v2/{NAME}/manifests/latest")
        send(registry, "GET", f"/v2/{NAME}/tags/list")
        send(registry, "GET", "/v2/", Authorization="Basic abc")
        send(registry, "PUT", "/v2/other/app/manifests/v1")
        send(registry, "GET", "/v2/other/app/manifests/v1")
        assert reasons(registry) == [
            "forbidden: we pull versions alone",
            "forbidden: /v2/*/tags/*",
            "forbidden: with Authorization: Basic *",
            "forbidden: of other/*, where <lambda>",
        ]
        with pytest.raises(AssertionError) as caught:
            registry.assert_no_violations()
        assert str(caught.value).startswith(
            "4 requests should not have been sent:\nforbidden: we pull versions alone\n"
        )

    def test_before_any_fault(self) -> None:
        """What was sent counts, whatever becomes of it."""
        registry = FakeRegistry()
        registry.forbid("GET", "/secret")
        with registry.fault(faults.Reset(), stage="edge"):
            send(registry, "GET", "/secret")

        assert reasons(registry) == ["forbidden: GET, /secret"]

    def test_a_reset_ends_it(self) -> None:
        """Nothing is forbidden any more, and what was found stays."""
        registry = FakeRegistry()
        registry.forbid("GET")
        send(registry, "GET", "/v2/")

        registry.reset()
        send(registry, "GET", "/v2/")

        assert len(registry.violations) == 1

    def test_only_so_many_are_kept(self) -> None:
        """A client in a loop does not fill the memory; the latest are told."""
        registry = FakeRegistry()
        registry.forbid("GET")
        for number in range(KEPT + 5):
            send(registry, "GET", f"/v2/?{number}")

        assert len(registry.violations) == KEPT
        assert registry.violations[-1].entry.target == f"/v2/?{KEPT + 4}"

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            ({}, "name what is forbidden, such as a method or an endpoint: forbid('DELETE')"),
            ({"endpoint": "delete"}, "unknown endpoint 'delete'"),
            ({"endpoint": "connect"}, "what is forbidden are requests, so 'connect' names none of them"),
            ({"endpoint": []}, "an empty list names no endpoint"),
        ],
    )
    def test_nonsense(self, options: dict[str, object], told: str) -> None:
        """It is refused where it is written."""
        with pytest.raises(ValueError) as caught:
            FakeRegistry().forbid(**options)  # type: ignore[arg-type]

        assert str(caught.value).startswith(told)


class TestBlocks:
    def test_with(self) -> None:
        """A block that ends well in spite of violations fails at its end, and has stopped serving."""
        with pytest.raises(AssertionError) as caught, FakeRegistry(strict=True) as registry:
            ask(registry, "GET", "/v3/", Connection="close")

        assert str(caught.value).startswith("a request should not have been sent:\nstrict: ")
        assert "GET /v3/" in str(caught.value)
        with pytest.raises(RuntimeError):
            registry.url  # noqa: B018 - it serves no more

    def test_with_an_error_of_its_own(self) -> None:
        """The test's own error is the one that is raised."""
        with pytest.raises(KeyError), FakeRegistry(strict=True) as registry:
            raise KeyError(ask(registry, "GET", "/v3/").status)

    def test_async_with(self) -> None:
        """In an event loop as well."""

        async def main() -> None:
            async with FakeRegistry(strict=True) as registry:
                await asyncio.to_thread(ask, registry, "GET", "/v3/")

        with pytest.raises(AssertionError) as caught:
            asyncio.run(main())
        assert "GET /v3/" in str(caught.value)


ASKING = """
    from urllib.error import HTTPError
    from urllib.request import urlopen

    def ask(registry, path="/v2/"):
        try:
            with urlopen(registry.url + path, timeout=10) as answer:
                return answer.status
        except HTTPError as error:
            with error:
                return error.code
"""


@pytest.fixture
def run(pytester: pytest.Pytester) -> object:
    """Run a test module in a pytest of its own, with a client to import: outcomes by test, and the text."""
    pytester.makepyfile(asking=ASKING)
    left_out = [f"-pno:{name}" for name in ("asyncio", "aiohttp", "anyio")]

    def inner(source: str, ini: str = "") -> tuple[dict[tuple[str, str], str], str]:
        pytester.makepyfile(test_inner=source)
        pytester.makeini(f"[pytest]\n{ini}")
        result = pytester.runpytest_inprocess("-Werror", *left_out)
        reports = result.reprec.getreports("pytest_runtest_logreport")
        found = {(each.location[2], each.when): each.outcome for each in reports if each.when == "call" or each.failed}
        return found, "\n".join(str(each.longrepr) for each in reports if each.failed)

    return inner


class TestPlugin:
    def test_a_violation_fails_the_test_itself(self, run) -> None:
        """In its call phase, as FAILED and not as an error; the next test is not told of it."""
        outcomes, text = run("""
            from asking import ask

            def test_bad(fake_registry):
                fake_registry.forbid("GET")
                ask(fake_registry)

            def test_good(fake_registry):
                ask(fake_registry)
        """)

        assert outcomes == {("test_bad", "call"): "failed", ("test_good", "call"): "passed"}
        assert text.startswith("a request should not have been sent:\nforbidden: GET\n")
        assert "GET /v2/" in text

    def test_it_never_hides_the_tests_own_error(self, run) -> None:
        """What the test asserts is what it fails with."""
        outcomes, text = run("""
            from asking import ask

            def test_bad(fake_registry):
                fake_registry.forbid("GET")
                assert ask(fake_registry) == 201, "the test's own"
        """)

        assert outcomes == {("test_bad", "call"): "failed"}
        assert "the test's own" in text
        assert "should not have been sent" not in text

    def test_clean_up_counts_too(self, run) -> None:
        """A fixture that sends what is forbidden once the test has passed fails in its teardown."""
        outcomes, text = run("""
            import pytest
            from asking import ask

            @pytest.fixture
            def tidy(fake_registry):
                fake_registry.forbid("GET")
                yield
                ask(fake_registry)

            def test_good(tidy):
                pass
        """)

        assert outcomes == {("test_good", "call"): "passed", ("test_good", "teardown"): "failed"}
        assert text.startswith("a request should not have been sent:\nforbidden: GET\n")

    def test_strict_by_marker_and_ini(self, run) -> None:
        """`strict = on` in the ini is for all tests, and a marker for one."""
        source = """
            import pytest
            from asking import ask

            def test_ini(fake_registry):
                ask(fake_registry, "/v3/")

            @pytest.mark.fake_registry(strict=False)
            def test_off(fake_registry):
                ask(fake_registry, "/v3/")

            @pytest.mark.fake_registry(strict=True)
            def test_on(fake_registry):
                ask(fake_registry, "/v3/")

            def test_factory(make_fake_registry):
                ask(make_fake_registry(strict=False), "/v3/")
        """
        by_ini, _ = run(source, ini="fake_registry_options =\n    strict = on")
        by_default, _ = run(source)

        assert [name for (name, _), outcome in by_ini.items() if outcome == "failed"] == ["test_ini", "test_on"]
        assert [name for (name, _), outcome in by_default.items() if outcome == "failed"] == ["test_on"]

    def test_a_strict_that_is_neither_on_nor_off(self, run) -> None:
        """It is told before the test begins."""
        outcomes, text = run("def test_it(fake_registry): pass", ini="fake_registry_options =\n    strict = maybe")

        assert outcomes == {("test_it", "setup"): "failed"}
        assert "strict takes on or off, got 'maybe'" in text

    def test_expected_to_fail(self, run) -> None:
        """A violation is a failure as any other, also where one is expected."""
        outcomes, _ = run("""
            import pytest
            from asking import ask

            @pytest.mark.xfail(strict=True)
            def test_it(fake_registry):
                fake_registry.forbid("GET")
                ask(fake_registry)
        """)

        assert outcomes == {("test_it", "call"): "skipped"}

    def test_the_sessions_registry(self, run) -> None:
        """Of a registry that tests share, only what the running test sent counts."""
        outcomes, text = run("""
            import pytest
            from asking import ask

            @pytest.fixture(scope="session")
            def fake_registry_session_options():
                return {"strict": True}

            def test_first(fake_registry_session):
                ask(fake_registry_session, "/v3/first")

            def test_second(fake_registry_session):
                ask(fake_registry_session)

            def test_third(fake_registry_session):
                with fake_registry_session.isolated() as registry:
                    ask(registry, "/v3/third")
        """)

        assert outcomes == {
            ("test_first", "call"): "failed",
            ("test_second", "call"): "passed",
            ("test_third", "call"): "failed",
        }
        assert "/v3/first" in text
        assert text.count("should not have been sent") == 2

    def test_several_registries(self, run) -> None:
        """The violations of all of them are told."""
        _, text = run("""
            from asking import ask

            def test_it(make_fake_registry):
                for name in ("one", "two"):
                    ask(make_fake_registry(strict=True), f"/{name}")
        """)

        assert text.count("a request should not have been sent:") == 2
        assert "GET /one" in text
        assert "GET /two" in text
