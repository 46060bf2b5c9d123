"""No credential is found in anything that the journal gives out."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from api import Api

from fakereg.double.journal import Entry, Journal
from fakereg.double.journal.export import FORMATS
from fakereg.registry.headers import Headers
from fakereg.registry.messages import Request, Response

SECRET = "hun/ter 2"
BASIC = base64.b64encode(f"ann:{SECRET}".encode()).decode()
FORMS = (SECRET, quote(SECRET), quote(SECRET, safe=""), SECRET.replace(" ", "+"), BASIC, "hun/ter", "hun%2Fter")


def everything(journal: Journal) -> str:
    """All that can be read, asserted and written."""
    said = [journal.report(), repr(list(journal)), *(write(journal) for write in FORMATS.values())]
    for entry in journal:
        said += [str(entry), repr(entry), entry.target, entry.url, str(entry.query), str(entry.error)]
        said += [str(list(entry.request_headers)), str(list(entry.answer_headers))]
        said += [str(entry.request_body), str(entry.answer_body)]
    try:
        journal.assert_requested("PUT", "/v2/nowhere", header={"Authorization": "x*"}, query={"token": "x*"})
    except AssertionError as error:
        said.append(str(error))
    return "\n".join(said)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Authorization", f"Basic {BASIC}", "Basic ann:REDACTED"),
        ("authorization", f"Bearer {SECRET}", "Bearer REDACTED"),
        ("Authorization", "Basic ???" + SECRET, "Basic REDACTED"),
        ("Authorization", SECRET.replace(" ", ""), "REDACTED"),
        ("Proxy-Authorization", f"Basic {BASIC}", "Basic ann:REDACTED"),
        ("Cookie", f"a={SECRET}; b={SECRET}", "a=REDACTED; b=REDACTED"),
        ("X-Registry-Auth", SECRET, "REDACTED"),
        (
            "Referer",
            f"http://ann:hun%2Fter@h/?n=1&token={quote(SECRET)}&m=2",
            "http://REDACTED@h/?n=1&token=REDACTED&m=2",
        ),
    ],
)
def test_headers(api: Api, journal: Journal, name: str, value: str, shown: str) -> None:
    """Of credentials in a header the scheme stays, and of Basic the user."""
    api("GET", "/v2/", headers={name: value})

    assert journal[0].request_headers[name] == shown
    assert not [form for form in FORMS if form in everything(journal)]


@pytest.mark.parametrize("name", ["token", "access_token", "refresh_token", "password", "PASSWORD", "%74oken", "sig"])
def test_queries(api: Api, journal: Journal, name: str) -> None:
    """Of a secret in the query the name stays."""
    api("GET", f"/token?service=a&{name}={quote(SECRET, safe='')}&n=1")

    assert journal[0].target == f"/token?service=a&{name}=REDACTED&n=1"
    assert journal[0].query["service"] == ["a"]
    assert not [form for form in FORMS if form in everything(journal)]


def test_messages(api: Api, journal: Journal) -> None:
    """A refusal that repeats what was asked does not repeat the secret in it."""
    api("GET", f"/v2/%zz?password={quote(SECRET)}%ff", headers={"Authorization": f"Bearer {SECRET}"})
    entry = journal.open(Request("GET", "/v2/", Headers({"Authorization": f"Basic {BASIC}"})))
    entry.error = f"DENIED: {SECRET} and {BASIC} are wrong"
    entry.answer(Response.of(403, {"Set-Cookie": f"session={SECRET}; Path=/"}, f'["{SECRET}"]'.encode()))

    assert journal[0].status == 400
    assert entry.error == "DENIED: REDACTED and REDACTED are wrong"
    assert entry.answer_headers["Set-Cookie"] == "session=REDACTED; Path=/"
    assert entry.answer_body == b'["REDACTED"]'
    assert not [form for form in FORMS if form in everything(journal)]


def test_bodies_of_a_token_service(journal: Journal) -> None:
    """Neither the form that asks for a token nor the document that holds it shows one."""
    entry = journal.open(Request("POST", "/token"))
    entry.keep(f"grant_type=password&username=ann&password={quote(SECRET)}&x=1".encode())
    entry.answer(Response.of(200, {}, b'{"access_token": "hun/ter \\"2", "expires_in": 60}'))

    assert entry.request_body == b"grant_type=password&username=ann&password=REDACTED&x=1"
    assert entry.answer_body == b'{"access_token": "REDACTED", "expires_in": 60}'
    assert "hun/ter" not in everything(journal)


def test_what_is_compared(api: Api, journal: Journal) -> None:
    """A test compares with what the journal gives out; a secret in it is refused, and not repeated."""
    api("GET", "/token?token=abc", headers={"Authorization": f"Basic {BASIC}"})

    journal.assert_requested(header={"Authorization": "Basic ann:*"}, query={"token": "REDACTED"})
    journal.assert_requested(path="/token?token=REDACTED")
    for criteria, words in (
        ({"header": {"Authorization": f"Basic {BASIC}"}}, "header Authorization with 'Basic ann:REDACTED'"),
        ({"header": {"Cookie": "a=secret"}}, "header Cookie with 'a=REDACTED'"),
        ({"query": {"token": "secret"}}, "query token with 'REDACTED'"),
        ({"path": "/token?token=secret"}, "the path with '/token?token=REDACTED'"),
    ):
        with pytest.raises(ValueError, match="gives no credentials out") as caught:
            journal.assert_requested(**criteria)
        assert words in str(caught.value)
        assert "secret" not in str(caught.value)


def test_content_stays_as_it_is(api: Api, journal: Journal) -> None:
    """A manifest that speaks of tokens is kept byte for byte."""
    body = api.push_image("team/app", "v1", annotations={"token": "abc", "password": "def"})
    api("GET", "/v2/team/app/manifests/v1")

    assert journal[-2].request_body == journal[-1].answer_body == body


def test_an_entry_keeps_no_secret_in_its_repr() -> None:
    """Also where a debugger or an assertion prints it."""
    entry = Entry(1, Request("GET", f"/token?password={quote(SECRET)}", Headers({"Authorization": f"Basic {BASIC}"})))

    assert repr(entry) == "<Entry 1: GET /token?password=REDACTED None>"
