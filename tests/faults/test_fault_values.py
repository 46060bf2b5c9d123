"""Faults as values: what they refuse, how they are written, and that nothing changes them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from on_the_wire import MANIFEST_DIGEST, TAG, UPLOADS, seeded
from unplugged import send

from fakereg import FakeRegistry, Request, faults

F = faults

# One of each, with more than its defaults where there is more, and how it is written.
WRITTEN: list[tuple[F.Fault, str]] = [
    (F.ChunkedEncoding(), "ChunkedEncoding()"),
    (F.ContentEncoding(), "ContentEncoding()"),
    (F.ContentEncoding(compressed=False), "ContentEncoding(compressed=False)"),
    (F.Corrupt(), "Corrupt()"),
    (F.Corrupt(7), "Corrupt(7)"),
    (F.DeclineMount(), "DeclineMount()"),
    (F.Delay(0), "Delay(0)"),
    (F.Delay(1.5, before="body"), "Delay(1.5, before='body')"),
    (F.Delay(F.Uniform(1, 2)), "Delay(Uniform(least=1, most=2))"),
    (F.Delay(F.Lognormal(0.2)), "Delay(Lognormal(median=0.2, sigma=0.5))"),
    (F.DropHeader("Date"), "DropHeader('Date')"),
    (F.EmptyAnswer(), "EmptyAnswer()"),
    (F.EndlessPages(), "EndlessPages()"),
    (F.ForgetUpload(), "ForgetUpload()"),
    (F.IgnoreFilter(), "IgnoreFilter()"),
    (F.IgnoreRange(), "IgnoreRange()"),
    (F.LaggingList(), "LaggingList()"),
    (F.LoseAnswer(), "LoseAnswer()"),
    (F.LoseAnswer(clean=True), "LoseAnswer(clean=True)"),
    (F.MultipartRange(), "MultipartRange()"),
    (F.Pad(10), "Pad(10)"),
    (F.PartialAccept(3), "PartialAccept(3)"),
    (F.Redirect(), "Redirect()"),
    (F.Redirect("/x", status=302), "Redirect('/x', status=302)"),
    (F.Redirect(host="a:1"), "Redirect(host='a:1')"),
    (F.Relocate(), "Relocate()"),
    (F.Relocate(absolute=False), "Relocate(absolute=False)"),
    (F.Relocate(query={"a": "b"}, port=False), "Relocate(port=False, query=(('a', 'b'),))"),
    (F.Reset(), "Reset()"),
    (F.Reset("within", after=3), "Reset('within', after=3)"),
    (F.Reset("after"), "Reset('after')"),
    (F.Reset("upload", after=3), "Reset('upload', after=3)"),
    (F.Respond(503), "Respond(503)"),
    (F.Respond(429, retry_after=1), "Respond(429, retry_after=1)"),
    (F.Respond(200, body=b"", headers={"A": "b"}), "Respond(200, body=b'', headers={'A': 'b'})"),
    (F.Respond(401, challenge=["Basic", "Bearer"]), "Respond(401, challenge=('Basic', 'Bearer'))"),
    (F.SetHeader("A", ""), "SetHeader('A', value='')"),
    (F.SetQuery("n"), "SetQuery('n')"),
    (F.SetStatus(200, of=206), "SetStatus(200, of=206)"),
    (F.SlowTls(1), "SlowTls(1)"),
    (F.StaleRead(), "StaleRead()"),
    (F.Stall(), "Stall()"),
    (F.Stall(0, seconds=2), "Stall(0, seconds=2)"),
    (F.Throttle(1000, up=False), "Throttle(1000, up=False)"),
    (F.Truncate(0), "Truncate(0)"),
    (F.Truncate(5, clean=False, honest=True), "Truncate(5, clean=False, honest=True)"),
    (F.WrongContentRange(), "WrongContentRange()"),
]

NAMES = [name for name in faults.__all__ if name not in ("Fault", "Lognormal", "Uniform")]

HOST = "host is host or host:port, such as registry.host"

REFUSED: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: F.Corrupt(-1), ValueError, "at is a whole number, 0 or more, got -1"),
    (lambda: F.Corrupt(1.0), ValueError, "at is a whole number, 0 or more, got 1.0"),
    (lambda: F.Delay(-1), ValueError, "seconds is a number, 0 or more, got -1"),
    (lambda: F.Delay(math.nan), ValueError, "seconds is a number, 0 or more, got nan"),
    (lambda: F.Delay("1"), ValueError, "seconds is a number, 0 or more, got '1'"),
    (lambda: F.Delay(True), ValueError, "seconds is a number, 0 or more, got True"),
    (lambda: F.Delay(1, before="end"), ValueError, "before is 'head' or 'body', got 'end'"),
    (lambda: F.Uniform(-1, 1), ValueError, "least is a number, 0 or more, got -1"),
    (lambda: F.Uniform(2, 1), ValueError, "most is a number, 2 or more, got 1"),
    (lambda: F.Uniform(0, math.inf), ValueError, "most is a number, 0 or more, got inf"),
    (lambda: F.Lognormal(-1), ValueError, "median is a number, 0 or more, got -1"),
    (lambda: F.Lognormal(math.inf), ValueError, "median is a number, 0 or more, got inf"),
    (lambda: F.Lognormal(1, 1000), ValueError, "sigma is a number, from 0 to 10, got 1000"),
    (lambda: F.DropHeader(""), ValueError, "name is the name of a header, such as 'Docker-Content-Digest', got ''"),
    (lambda: F.DropHeader("a b"), ValueError, "name is the name of a header"),
    (lambda: F.SetHeader("a:", "b"), ValueError, "name is the name of a header"),
    (lambda: F.SetHeader(None, "b"), ValueError, "name is the name of a header"),
    (lambda: F.SetHeader("a", "b\r\nc: d"), ValueError, "value is text on one line, got 'b\\r\\nc: d'"),
    (lambda: F.SetHeader("a", 5), ValueError, "value is text on one line, got 5"),
    (
        lambda: F.SetHeader("Transfer-Encoding", "x"),
        ValueError,
        "Transfer-Encoding follows from how the answer is sent",
    ),
    (lambda: F.SetHeader("connection", "x"), ValueError, "connection follows from how the answer is sent"),
    (lambda: F.DropHeader("Connection"), ValueError, "Connection follows from how the answer is sent"),
    (lambda: F.SetHeader("a", "\udc80"), ValueError, "value is text on one line, got '\\udc80'"),
    (lambda: F.Pad(-1), ValueError, "size is a whole number, from 0 to 1073741824, got -1"),
    (lambda: F.Pad(10**13), ValueError, "size is a whole number, from 0 to 1073741824, got 10000000000000"),
    (lambda: F.PartialAccept(0), ValueError, "keep is a whole number, 1 or more, got 0"),
    (lambda: F.Redirect(status=200), ValueError, "status is 301, 302, 303, 307, 308, got 200"),
    (lambda: F.Redirect(status="307"), ValueError, "status is 301, 302, 303, 307, 308, got '307'"),
    (lambda: F.Redirect("/x", host="a"), ValueError, "give `to` or `host`: a redirect leads to one place"),
    (lambda: F.Redirect("/x\n"), ValueError, "to is text on one line"),
    (lambda: F.Redirect(0), ValueError, "to is text on one line, got 0"),
    (lambda: F.Redirect(status=307.0), ValueError, "status is 301, 302, 303, 307, 308, got 307.0"),
    (lambda: F.Redirect(host="a\0"), ValueError, f"{HOST}, got 'a\\x00'"),
    (lambda: F.Redirect(host=""), ValueError, f"{HOST}, got ''"),
    (lambda: F.Redirect(host="http://cdn:1"), ValueError, f"{HOST}, got a URL: 'http://cdn:1'"),
    (lambda: F.Redirect(host=5000), ValueError, f"{HOST}, got 5000"),
    (lambda: F.Relocate(host="a\r"), ValueError, f"{HOST}, got 'a\\r'"),
    (lambda: F.Relocate(host="https://cdn/"), ValueError, f"{HOST}, got a URL: 'https://cdn/'"),
    (lambda: F.Relocate(port=5000), TypeError, "port is True or False, got 5000"),
    (lambda: F.Relocate(absolute=1), TypeError, "absolute is True or False, got 1"),
    (lambda: F.Relocate(query={"a": "\ud800"}), ValueError, "query is text that can be sent as UTF-8, got '\\ud800'"),
    (lambda: F.Relocate(session=0), ValueError, "session is text on one line, got 0"),
    (lambda: F.LoseAnswer("yes"), TypeError, "clean is True or False, got 'yes'"),
    (lambda: F.Truncate(10, clean=None), TypeError, "clean is True or False, got None"),
    (lambda: F.Truncate(10, honest="no"), TypeError, "honest is True or False, got 'no'"),
    (lambda: F.ContentEncoding("gzip"), TypeError, "compressed is True or False, got 'gzip'"),
    (lambda: F.Throttle(10, down="x"), TypeError, "down is True or False, got 'x'"),
    (lambda: F.Throttle(10, up=0), TypeError, "up is True or False, got 0"),
    (lambda: F.Delay(10**400), ValueError, "seconds is a number, 0 or more, got 1000"),
    (lambda: F.Relocate(session="a\n"), ValueError, "session is text on one line"),
    (lambda: F.Relocate(absolute=False, host="a"), ValueError, "absolute=False is the path alone"),
    (lambda: F.Relocate(absolute=False, port=False), ValueError, "absolute=False is the path alone"),
    (lambda: F.Relocate(query="a=b"), ValueError, "query is names and values such as {'_state': 'abc'}, got 'a=b'"),
    (lambda: F.Relocate(query=3), ValueError, "query is names and values such as {'_state': 'abc'}, got 3"),
    (lambda: F.Reset("later"), ValueError, "when is 'before' or 'upload' or 'within' or 'after', got 'later'"),
    (lambda: F.Reset("within", after=-1), ValueError, "after is a whole number, 0 or more, got -1"),
    (lambda: F.Respond(99), ValueError, "status is a number from 200 to 999, got 99"),
    (lambda: F.Respond(100), ValueError, "status is a number from 200 to 999, got 100"),
    (lambda: F.Respond(1000), ValueError, "status is a number from 200 to 999, got 1000"),
    (lambda: F.Respond("503"), ValueError, "status is a number from 200 to 999, got '503'"),
    (lambda: F.Respond(503, 1), TypeError, "code is str or None, got 1"),
    (lambda: F.Respond(503, code="\udfff"), ValueError, "code is text that can be sent as UTF-8, got '\\udfff'"),
    (lambda: F.Respond(503, message=None), TypeError, "message is str, got None"),
    (lambda: F.Respond(503, body=3), TypeError, "body is str or bytes or None, got 3"),
    (lambda: F.Respond(200, body="\ud800"), ValueError, "body is text that can be sent as UTF-8, got '\\ud800'"),
    (lambda: F.Respond(401, upload="x"), TypeError, "upload is True or False, got 'x'"),
    (lambda: F.Respond(401, challenge=None), TypeError, "challenge is str or tuple or list, got None"),
    (lambda: F.Respond(503, headers=[("a", "b")]), TypeError, "headers is Mapping, got [('a', 'b')]"),
    (lambda: F.Respond(503, headers={"a": 3}), ValueError, "value is text on one line, got 3"),
    (lambda: F.Respond(503, headers={"a b": "c"}), ValueError, "name is the name of a header"),
    (lambda: F.Respond(503, retry_after=-1), ValueError, "retry_after is a number, 0 or more, got -1"),
    (lambda: F.Respond(503, retry_after=math.inf), ValueError, "retry_after is a number, 0 or more, got inf"),
    (lambda: F.Respond(503, retry_after="1\n2"), ValueError, "retry_after is text on one line"),
    (lambda: F.Respond(503, retry_after=b"1"), TypeError, "retry_after is int or float or datetime or str or None"),
    (lambda: F.Respond(401, challenge="a\nb"), ValueError, "challenge is text on one line, got 'a\\nb'"),
    (lambda: F.Respond(401, challenge=("a", 3)), ValueError, "challenge is text on one line, got 3"),
    (lambda: F.SetQuery(3), TypeError, "name is str, got 3"),
    (lambda: F.SetQuery("n", 3), TypeError, "value is str or None, got 3"),
    (lambda: F.SetQuery("\ud800"), ValueError, "name is text that can be sent as UTF-8, got '\\ud800'"),
    (lambda: F.SetQuery("n", "\ud800"), ValueError, "value is text that can be sent as UTF-8, got '\\ud800'"),
    (lambda: F.SetStatus(100), ValueError, "status is a number from 200 to 999, got 100"),
    (lambda: F.SetStatus(5000), ValueError, "status is a number from 200 to 999, got 5000"),
    (lambda: F.SetStatus(200, of=1), ValueError, "status is a number from 200 to 999, got 1"),
    (lambda: F.SlowTls(-1), ValueError, "seconds is a number, 0 or more, got -1"),
    (lambda: F.Stall(-1), ValueError, "after is a whole number, 0 or more, got -1"),
    (lambda: F.Stall(seconds=-1), ValueError, "seconds is a number, 0 or more, got -1"),
    (lambda: F.Throttle(0), ValueError, "rate is a number, 1 or more, got 0"),
    (lambda: F.Throttle(math.inf), ValueError, "rate is a number, 1 or more, got inf"),
    (lambda: F.Throttle(10, down=False, up=False), ValueError, "down or up: one of them is to be slow"),
    (lambda: F.Truncate(-1), ValueError, "after is a whole number, 0 or more, got -1"),
    (lambda: F.Truncate(None), ValueError, "after is a whole number, 0 or more, got None"),
    (lambda: F.WrongContentRange("a\n"), ValueError, "value is text on one line"),
]


# What is taken for a connection in another form alone, and in which.
NOT_ON_CONNECTIONS: dict[F.Fault, tuple[str, str]] = {
    F.Delay(1.5, before="body"): ("Delay(1.5, before='body')", "Delay(seconds)"),
    F.Reset("within", after=3): ("Reset('within', after=3)", "Reset()"),
    F.Reset("after"): ("Reset('after')", "Reset()"),
    F.Reset("upload", after=3): ("Reset('upload', after=3)", "Reset()"),
    F.Stall(0, seconds=2): ("Stall(0, seconds=2)", "Stall(seconds=...)"),
}


class TestEach:
    @pytest.mark.parametrize(("fault", "text"), WRITTEN, ids=[text for _, text in WRITTEN])
    def test_it_is_written_as_it_is_made(self, fault: F.Fault, text: str) -> None:
        """str() has the fields that differ from their defaults; what it says makes an equal fault."""
        again = eval(text, vars(faults))

        assert str(fault) == text
        assert again == fault
        assert hash(again) == hash(fault)

    @pytest.mark.parametrize("fault", [fault for fault, _ in WRITTEN], ids=str)
    def test_nothing_changes_it(self, fault: F.Fault) -> None:
        """A fault may be shared by tests: no field of it can be set, and none added."""
        for name in [*(field.name for field in fields(fault)), "another"]:
            with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
                setattr(fault, name, None)

    def test_headers_are_a_copy(self) -> None:
        """Whoever gave the headers may go on with theirs: what was checked is what is sent."""
        given = {"A": "b"}
        fault = F.Respond(503, headers=given)
        given["C"] = "d\r\nE: f"

        assert fault.headers == {"A": "b"}

    def test_there_is_one_of_each(self) -> None:
        """The tests above know every fault that the package offers, and each says what a client sees."""
        assert {type(fault).__name__ for fault, _ in WRITTEN} == set(NAMES)
        assert all(getattr(faults, name).__doc__.strip() for name in NAMES)

    def test_all_are_different(self) -> None:
        """Two faults that are written in different ways are different."""
        assert len({fault for fault, _ in WRITTEN}) == len(WRITTEN)


class TestRefused:
    @pytest.mark.parametrize(("make", "error", "told"), REFUSED, ids=[told for _, _, told in REFUSED])
    def test_a_bad_value(self, make: Callable[[], object], error: type[Exception], told: str) -> None:
        """It is refused where it is written: the message names the field, what it takes and what it got."""
        with pytest.raises(error) as caught:
            make()

        assert str(caught.value).startswith(told)

    @pytest.mark.parametrize("fault", [fault for fault, _ in WRITTEN], ids=str)
    def test_on_connections(self, fault: F.Fault) -> None:
        """What needs a request cannot be armed for a connection, and says what can."""
        registry = FakeRegistry()
        takes = (F.Delay, F.Reset, F.EmptyAnswer, F.Stall, F.SlowTls)
        if isinstance(fault, takes) and fault not in NOT_ON_CONNECTIONS:
            registry.fault(fault, on="connect")
            assert registry.faults == [f"{fault} on connect"]
            return
        with pytest.raises(ValueError) as caught:
            registry.fault(fault, on="connect")

        name, takes_instead = type(fault).__name__, "Delay, Reset, EmptyAnswer, Stall and SlowTls"
        name, takes_instead = NOT_ON_CONNECTIONS.get(fault, (name, takes_instead))
        assert str(caught.value) == f"{name} needs a request: on='connect' takes {takes_instead}"
        assert registry.faults == []


class TestRespond:
    def respond(self, fault: F.Fault, method: str = "GET", target: str = TAG) -> Any:
        registry = seeded(FakeRegistry())
        registry.fault(fault)
        return send(registry, method, target)

    @pytest.mark.parametrize(
        ("status", "code"),
        [
            (401, "UNAUTHORIZED"),
            (403, "DENIED"),
            (404, "NAME_UNKNOWN"),
            (405, "UNSUPPORTED"),
            (429, "TOOMANYREQUESTS"),
            (418, "UNKNOWN"),
            (503, "UNKNOWN"),
        ],
    )
    def test_the_usual_code(self, status: int, code: str) -> None:
        """A refusal has the specification's form, and the code that goes with its status."""
        answer = self.respond(F.Respond(status))

        message = "a fault that the test asked for"
        assert bytes(answer.body) == f'{{"errors": [{{"code": "{code}", "message": "{message}"}}]}}'.encode()
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"

    def test_code_and_message(self) -> None:
        """Both can be others."""
        answer = self.respond(F.Respond(400, code="DIGEST_INVALID", message='the "digest"'))

        assert bytes(answer.body) == b'{"errors": [{"code": "DIGEST_INVALID", "message": "the \\"digest\\""}]}'

    def test_a_success_has_no_errors(self) -> None:
        """What is no refusal has an empty object as its body."""
        assert bytes(self.respond(F.Respond(200)).body) == b"{}"

    @pytest.mark.parametrize(("body", "sent"), [("é", b"\xc3\xa9"), (b"\xff", b"\xff"), ("", b""), (b"", b"")])
    def test_a_body(self, body: str | bytes, sent: bytes) -> None:
        """Text is sent as UTF-8, bytes as they are, and without a type unless one is given."""
        answer = self.respond(F.Respond(500, body=body))

        assert bytes(answer.body) == sent
        assert "Content-Type" not in answer.headers

    def test_headers(self) -> None:
        """They come in the place of those of the same name, whatever its case."""
        answer = self.respond(F.Respond(503, headers={"content-type": "text/plain", "X-Name": "x"}))

        assert answer.headers.getall("Content-Type", []) == ["text/plain"]
        assert answer.headers["X-Name"] == "x"

    @pytest.mark.parametrize(
        ("value", "told"),
        [
            (0, "0"),
            (1.5, "1.5"),
            ("", ""),
            (datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC), "Tue, 03 Feb 2026 04:05:06 GMT"),
            (datetime(2026, 2, 3, 1, 0, 0, tzinfo=timezone(timedelta(hours=3))), "Mon, 02 Feb 2026 22:00:00 GMT"),
        ],
    )
    def test_retry_after(self, value: Any, told: str) -> None:
        """A moment is told in GMT, wherever it was meant."""
        assert self.respond(F.Respond(503, retry_after=value)).headers["Retry-After"] == told

    def test_challenges_know_where_they_are(self) -> None:
        """`{url}` is the registry as the client reached it."""
        answer = self.respond(F.Respond(401, challenge=['Bearer realm="{url}/token"', "Basic"]))

        assert answer.headers.getall("WWW-Authenticate", []) == [
            'Bearer realm="http://registry.test:5000/token"',
            "Basic",
        ]

    def test_upload_without_a_session(self) -> None:
        """Where there is no session there is nothing to tell."""
        for method, target in (("POST", UPLOADS), ("PATCH", f"{UPLOADS}none"), ("GET", TAG)):
            answer = self.respond(F.Respond(416, upload=True), method, target)
            assert "Location" not in answer.headers
            assert "Range" not in answer.headers

    def test_a_long_body_is_not_repeated_in_the_journal(self) -> None:
        """The journal tells of every firing; a body of megabytes is shortened there."""
        assert len(str(F.Respond(200, body=b"x" * 5_000_000))) < 300
        assert len(str(F.Respond(200, body="x" * 5_000_000, headers={"A": "y" * 9999}))) < 500


class TestRelocate:
    def location(self, fault: F.Fault, authority: str = "registry.test:5000", target: str = UPLOADS) -> str:
        registry = FakeRegistry(seed=1)
        registry.seed("team/app:v1")
        registry.fault(fault)
        answer = registry.handle(Request("POST", target, authority=authority, length=0))
        return answer.headers["Location"].partition("/uploads/")[0] + "/uploads/..."

    @pytest.mark.parametrize(
        ("fault", "authority", "told"),
        [
            (F.Relocate(port=False), "registry.test", "http://registry.test/v2/team/app/blobs/uploads/..."),
            (F.Relocate(port=False), "[::1]:5000", "http://[::1]/v2/team/app/blobs/uploads/..."),
            (F.Relocate(port=False), "[::1]", "http://[::1]/v2/team/app/blobs/uploads/..."),
            (F.Relocate(host="a:1", port=False), "b:2", "http://a/v2/team/app/blobs/uploads/..."),
            (F.Relocate(), "", "/v2/team/app/blobs/uploads/..."),
            (F.Relocate(absolute=True), "", "/v2/team/app/blobs/uploads/..."),
            (F.Relocate(host="a:1"), "", "http://a:1/v2/team/app/blobs/uploads/..."),
        ],
    )
    def test_hosts(self, fault: F.Fault, authority: str, told: str) -> None:
        """Whatever the client called the registry, the Location is a URL or a path."""
        assert self.location(fault, authority) == told

    def test_a_mount_that_succeeds_names_no_session(self) -> None:
        """A stale session is one of an upload: the Location of a blob stays."""
        registry = seeded(FakeRegistry())
        digest = registry.repository("team/app").blobs[0]
        registry.fault(F.Relocate(session="stale"))
        answer = send(registry, "POST", f"/v2/b/blobs/uploads/?mount={digest}&from=team/app")

        assert answer.status == 201
        assert answer.headers["Location"].endswith(f"/v2/b/blobs/{digest}")


class TestRedirect:
    def test_a_client_that_names_no_host(self) -> None:
        """HTTP/1.0 needs no Host: then a redirect to itself is the path."""
        registry = FakeRegistry()
        registry.fault(F.Redirect())
        assert registry.handle(Request("GET", "/v2/?a=b")).headers["Location"] == "/v2/?a=b"

    @pytest.mark.parametrize("authority", ['a"b', "", "a b", "a/b", "a:b"])
    def test_a_host_that_is_none_is_not_repeated(self, authority: str) -> None:
        """At the edge nobody has checked the Host: without one that can be, what is told is the path alone."""
        registry = FakeRegistry()
        registry.fault(F.Redirect(), path="/token", stage="edge")
        registry.fault(F.Respond(401, challenge='Bearer realm="{url}/t"'), path="/v3/", stage="edge")
        redirect = registry.handle(Request("GET", "/token?a=b", authority=authority))
        challenge = registry.handle(Request("GET", "/v3/", authority=authority))

        assert (redirect.status, redirect.headers["Location"]) == (307, "/token?a=b")
        assert (challenge.status, challenge.headers["WWW-Authenticate"]) == (401, 'Bearer realm="/t"')


class TestOnlyWhatItIsFor:
    """A fault that does not fit an answer leaves it as it is."""

    @pytest.mark.parametrize(
        "fault",
        [
            F.WrongContentRange(),
            F.Relocate(query={"a": "b"}),
            F.EndlessPages(),
            F.Corrupt(10_000),
            F.Truncate(10_000),
            F.Pad(1),
            F.SetStatus(201, of=202),
            F.Reset("within", after=10_000),
        ],
        ids=str,
    )
    def test_a_refusal(self, fault: F.Fault) -> None:
        """A manifest that is not there is refused as ever."""
        plain, registry = seeded(FakeRegistry()), seeded(FakeRegistry())
        registry.fault(fault, on="get_manifest")
        expected, answer = (send(one, "GET", "/v2/team/app/manifests/none") for one in (plain, registry))

        assert (answer.status, [*answer.headers]) == (expected.status, [*expected.headers])
        assert bytes(answer.body) == bytes(expected.body)
        assert answer.delivery == expected.delivery

    @pytest.mark.parametrize("fault", [F.ForgetUpload(), F.PartialAccept(1), F.Reset("within", after=10_000)], ids=str)
    def test_a_session_that_nobody_opened(self, fault: F.Fault) -> None:
        """There is nothing to forget or to keep: it is refused as ever."""
        plain, registry = seeded(FakeRegistry()), seeded(FakeRegistry())
        registry.fault(fault, on="patch_upload")
        expected, answer = (send(one, "PATCH", f"{UPLOADS}none", b"abc") for one in (plain, registry))

        assert (answer.status, bytes(answer.body)) == (404, bytes(expected.body))
        assert answer.delivery == expected.delivery

    def test_a_range_that_cannot_be(self) -> None:
        """416 has a Content-Range, and is no part of anything."""
        registry = seeded(FakeRegistry())
        digest = registry.repository("team/app").blobs[0]
        registry.fault(F.MultipartRange(), F.WrongContentRange())
        answer = send(registry, "GET", f"/v2/team/app/blobs/{digest}", Range="bytes=5000-")

        assert answer.status == 416
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Content-Range"].startswith("bytes */")

    @pytest.mark.parametrize("fault", [F.ContentEncoding(), F.ContentEncoding(compressed=False), F.Pad(500)], ids=str)
    def test_what_has_no_body(self, fault: F.Fault) -> None:
        """Nothing is compressed or padded where nothing is: a session's 202 and a 304 stay as they are."""
        plain, registry = seeded(FakeRegistry(seed=1)), seeded(FakeRegistry(seed=1))
        registry.fault(fault)
        for method, target, headers in (("POST", UPLOADS, {}), ("GET", TAG, {"If-None-Match": f'"{MANIFEST_DIGEST}"'})):
            expected, answer = (send(one, method, target, **headers) for one in (plain, registry))

            assert expected.status in (202, 304)
            assert [*answer.headers] == [*expected.headers]
            assert bytes(answer.body) == bytes(expected.body)

    def test_a_head_tells_of_the_body_of_a_get(self) -> None:
        """What changes the length of a body changes the length that HEAD announces."""
        for fault in (F.ContentEncoding(), F.Pad(5000), F.Truncate(5, honest=True)):
            registry = seeded(FakeRegistry())
            registry.fault(fault)
            got, head = (send(registry, method, TAG) for method in ("GET", "HEAD"))

            assert len(got.body) == len(head.body)
            assert got.headers.get("Content-Encoding") == head.headers.get("Content-Encoding")
