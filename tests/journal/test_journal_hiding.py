"""What is a secret by its name, wherever it stands, and what is none."""

from __future__ import annotations

import base64
import json

import pytest
from api import Api
from raw_client import Raw

from fakereg import FakeRegistry, faults
from fakereg.double.journal import Journal
from fakereg.double.journal.export import FORMATS
from fakereg.double.journal.redaction import is_secret
from fakereg.registry.messages import Request, Response

SECRET = "s3cr3tvalue"

SECRETS = [
    *("X-Vault-Token", "X-Amz-Security-Token", "X-Access-Token", "Private-Token", "X-JFrog-Art-Api", "Api-Key"),
    *("X-Api-Key", "apikey", "client_secret", "jwt", "auth", "pass", "passwd", "PASSWORD", "sig", "identitytoken"),
]
HONEST = [
    *("token_type", "expires_in", "next_page", "next_page_token", "page-token", "continuation_token", "scope"),
    *("Docker-Content-Digest", "WWW-Authenticate", "author", "authority", "passage", "service", "key", "Range"),
    *("Access-Control-Allow-Credentials", "dev.example/signature"),
]


def written(journal: Journal) -> str:
    """All that is shown and saved."""
    said = [journal.report(), *(write(journal) for write in FORMATS.values())]
    said += [f"{entry.url} {entry.path} {entry.target} {entry.query} {entry.faults}" for entry in journal]
    try:
        journal.assert_not_requested()
    except AssertionError as error:
        said.append(str(error))
    return "\n".join(said)


class TestNames:
    @pytest.mark.parametrize("name", SECRETS)
    def test_secret(self, api: Api, journal: Journal, name: str) -> None:
        """In a header, a query, a form and a document the name stays, and the value does not."""
        api("GET", f"/v2/?n=1&{name}={SECRET}", headers={name: SECRET})
        form, document = journal.open(Request("POST", "/login")), journal.open(Request("POST", "/login"))
        form.keep(f"n=1&{name}={SECRET}".encode())
        document.answer(Response.of(200, {}, json.dumps({"n": "1", name: SECRET}).encode()))

        assert journal[0].query == {"n": ["1"], name: ["REDACTED"]}
        assert journal[0].request_headers[name] == "REDACTED"
        assert form.request_body == f"n=1&{name}=REDACTED".encode()
        assert json.loads(document.answer_body) == {"n": "1", name: "REDACTED"}
        assert SECRET not in written(journal)

    @pytest.mark.parametrize("name", HONEST)
    def test_honest(self, name: str) -> None:
        """What only speaks of a token, or leads to the next page, is shown."""
        assert not is_secret(name)

    def test_a_challenge(self, registry: FakeRegistry) -> None:
        """What WWW-Authenticate asks for can be read."""
        challenge = 'Bearer realm="https://auth.example/token",service="registry",scope="repository:team/app:pull"'
        entry = registry.journal.open(Request("GET", "/v2/"))
        entry.answer(Response.of(401, {"WWW-Authenticate": challenge, "Docker-Content-Digest": "sha256:abc"}))

        assert entry.answer_headers["WWW-Authenticate"] == challenge
        assert entry.answer_headers["Docker-Content-Digest"] == "sha256:abc"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (f'{{"auths": {{"x": {{"auth": "{SECRET}"}}}}}}', '{"auths": {"x": {"auth": "REDACTED"}}}'),
        (f'{{"p\\u0061ssword": "{SECRET}"}}', '{"password": "REDACTED"}'),
        (f'{{"tokens": ["{SECRET}"], "n": 1}}', '{"tokens": ["REDACTED"], "n": 1}'),
        (f'{{"token": "\\"{SECRET}", "token_type": "Bearer"}}', '{"token": "REDACTED", "token_type": "Bearer"}'),
        (f"grant_type=password&pass%77ord={SECRET}", "grant_type=password&pass%77ord=REDACTED"),
        (f"user=a;password={SECRET}", "user=a;password=REDACTED"),
        (
            f'--x\r\nContent-Disposition: form-data; name="password"\r\n\r\n{SECRET}\r\n--x--',
            '--x\r\nContent-Disposition: form-data; name="password"\r\n\r\nREDACTED\r\n--x--',
        ),
    ],
    ids=["nested", "escaped key", "list", "escaped value", "escaped field", "semicolon", "parts"],
)
def test_bodies(journal: Journal, sent: str, shown: str) -> None:
    """Documents and forms, however they are written."""
    entry = journal.open(Request("POST", "/login"))
    entry.keep(sent.encode())

    assert entry.request_body == shown.encode()


@pytest.mark.parametrize(
    "head",
    [
        f"GET http://ann:{SECRET}@x/v2/ HTTP/1.1\r\nHost: x\r\n",
        f"GET /v2/ HTTP/1.1\r\nHost: ann:{SECRET}@x\r\n",
        f"GET /v2/#access_token={SECRET} HTTP/1.1\r\nHost: x\r\n",
        f"GET /v2/https://ann:{SECRET}@x/ HTTP/1.1\r\nHost: x\r\n",
        f"GET /v2/?a=1;token={SECRET} HTTP/1.1\r\nHost: x\r\n",
        f"GET /v2/ HTTP/1.1\r\nHost: x\r\nReferer: https://x/?%74oken={SECRET}\r\n",
        f"GET /v2/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer\t{SECRET}\r\n",
        f"GET /v2/ HTTP/1.1\r\nHost: x\r\nAuthorization Bearer {SECRET}\r\n",
        f"GET /v2/ HTTP/1.1\r\nHost: x\r\nAuthoriz ation: Bearer {SECRET}\r\n",
        f"GET /v2/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\x01\r\n",
        f"GET /v2/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer\n{SECRET}\r\n",
        f"GET /v2/?token={SECRET} HTTP/9.9x\r\nHost: x\r\n",
        f"GET /v2/?token={SECRET}\xff HTTP/1.1\r\nHost: x\r\n",
        f"GET /v2/?token={SECRET}%zz HTTP/1.1\r\nHost: x\r\n",
    ],
)
def test_heads(registry: FakeRegistry, head: str) -> None:
    """Whatever a client makes of its credentials, also where it is not HTTP any more, nobody reads them."""
    with Raw(registry) as client:
        answer = client.send(f"{head}\r\n".encode("latin-1")).answer()

    assert len(registry.journal) == 1
    assert answer.status in (200, 400, 404)
    assert SECRET not in written(registry.journal)


def test_what_a_malformed_head_tells(registry: FakeRegistry) -> None:
    """The reason stays, with the name of the header, or method and path."""
    for head in ("GET /v2/ HTTP/1.1\r\nHost: x\r\nX-Mine: a\x01\r\n", "GET /v2/_catalog?n=1 HTTP/9.9x\r\nHost: x\r\n"):
        with Raw(registry) as client:
            client.send(f"{head}\r\n".encode()).answer()

    header, line = (str(entry.error) for entry in registry.journal)
    assert "X-Mine" in header
    assert "GET /v2/_catalog'" in line


def test_a_token_as_user(api: Api, journal: Journal) -> None:
    """In Basic without a password the user's name is the secret."""
    for pair in (f"{SECRET}:", "ann:pw"):
        api("GET", "/v2/", headers={"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"})

    assert [entry.request_headers["Authorization"] for entry in journal] == ["Basic REDACTED", "Basic ann:REDACTED"]


def test_faults(registry: FakeRegistry, api: Api) -> None:
    """The arguments of faults are told without what is secret in them."""
    registry.fault(faults.Respond(200, body=json.dumps({"token": SECRET, "n": 1})), path="/token", stage="edge")
    registry.fault(faults.Redirect(f"https://ann:{SECRET}@cdn.example/x?token={SECRET}"), path="/cdn", stage="edge")
    for path in ("/token", "/cdn"):
        registry.handle(Request("GET", path))

    assert SECRET not in written(registry.journal)
    assert '"token": "REDACTED"' in registry.journal[0].faults[0]
    assert "cdn.example/x?token=REDACTED" in registry.journal[1].faults[0]
