"""Who may ask: programs of this machine, and whoever has the token; not what a browser was told elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from admin_client import V1, AdminClient
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from raw_client import Answer, Raw

from fakereg import FakeRegistry
from fakereg.http import administering

TOKEN = "correct-horse"


def asked(registry: FakeRegistry, line: str = f"POST {V1}/reset", **headers: str) -> Answer:
    """What a request over a bare socket is answered, whatever headers it has."""
    method, target = line.split(" ")
    lines = {"Content_Type": "application/json"} | headers
    with Raw(registry) as connection:
        return connection.request(method, target, **lines)


def refusal(answer: Answer) -> tuple[int, str]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    return answer.status, answer.json["type"].partition("#")[2]


@pytest.fixture
def seeded(registry: FakeRegistry) -> FakeRegistry:
    """A registry with an image, so that whether a reset was done shows."""
    registry.seed("team/app:v1")
    return registry


class TestRebinding:
    @pytest.mark.parametrize(
        "host",
        ["evil.test", "evil.test:{port}", "127.0.0.1.evil.test", "192.0.2.1", "localhost.evil.test", "[2001:db8::1]"],
    )
    @pytest.mark.parametrize("line", [f"POST {V1}/reset", "GET /_fakereg/health"])
    def test_a_foreign_host_is_refused(self, seeded: FakeRegistry, host: str, line: str) -> None:
        """A name that was pointed at 127.0.0.1 is in the Host header, and is none of this machine's."""
        answer = asked(seeded, line, Host=host.format(port=seeded.port))

        assert refusal(answer) == (403, "foreign-host")
        assert seeded.repositories == ["team/app"]

    def test_no_host_is_refused(self, seeded: FakeRegistry) -> None:
        """HTTP/1.0 may leave it out; then nobody says who is meant."""
        with Raw(seeded) as connection:
            connection.send(f"POST {V1}/reset HTTP/1.0\r\nContent-Type: application/json\r\n\r\n".encode())
            answer = connection.answer("POST")

        assert refusal(answer) == (403, "foreign-host")
        assert seeded.repositories == ["team/app"]

    @pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1", "127.9.9.9:1", "[::1]:5000"])
    def test_names_of_this_machine_are_taken(self, seeded: FakeRegistry, host: str) -> None:
        """Whatever the port: it may be forwarded from another one."""
        assert asked(seeded, Host=host).status == 204
        assert seeded.repositories == []


class TestForgery:
    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.test"},
            {"Origin": "null"},
            {"Origin": "http://localhost:3000"},
            {"Origin": "file://"},
            {"Sec_Fetch_Site": "cross-site"},
            {"Sec_Fetch_Site": "same-site"},
        ],
        ids=lambda headers: " ".join(*headers.items()),
    )
    @pytest.mark.parametrize("line", [f"POST {V1}/reset", "GET /_fakereg/health"])
    def test_a_page_elsewhere_is_refused(self, seeded: FakeRegistry, headers: dict[str, str], line: str) -> None:
        """A browser says from where a page asks, and another port is another page."""
        answer = asked(seeded, line, **headers)

        assert refusal(answer) == (403, "foreign-origin")
        assert seeded.repositories == ["team/app"]

    @pytest.mark.parametrize(
        "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
    )
    @pytest.mark.parametrize("path", ["reset", "seed", "load"])
    def test_what_a_form_can_send_is_refused(self, seeded: FakeRegistry, kind: str, path: str) -> None:
        """These types a page may send anywhere without asking; browsers that tell nothing are guarded against too."""
        answer = asked(seeded, f"POST {V1}/{path}", Content_Type=kind)

        assert refusal(answer) == (415, "wrong-content-type")
        assert seeded.repositories == ["team/app"]

    def test_nothing_is_allowed_to_other_pages(self, seeded: FakeRegistry) -> None:
        """The question that a browser asks before other requests gets no consent."""
        answer = asked(seeded, f"OPTIONS {V1}/reset", Origin="https://evil.test", Access_Control_Request_Method="POST")

        assert refusal(answer) == (403, "foreign-origin")
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]

    def test_its_own_page_may(self, seeded: FakeRegistry) -> None:
        """The origin of the registry itself, and the user who types its address."""
        assert asked(seeded, "GET /_fakereg/health", Origin=seeded.url, Sec_Fetch_Site="same-origin").status == 200
        assert asked(seeded, "GET /_fakereg/health", Sec_Fetch_Site="none").status == 200

    def test_content_is_no_page(self, registry: FakeRegistry) -> None:
        """What was pushed as HTML is not shown as such by the origin of the admin API."""
        image = registry.seed("team/app", artifact_type="text/html", layers=[b"<script>"])
        (layer,) = image.layers

        answer = AdminClient(registry).ask("GET", f"repositories/team/app/blobs/{layer}")

        assert answer.body == b"<script>"
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


class TestToken:
    @pytest.fixture
    def guarded(self) -> FakeRegistry:
        return FakeRegistry(admin_token=TOKEN)

    @pytest.mark.parametrize(
        "given",
        [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer \xff"],
    )
    def test_without_it_nothing_is_done(self, guarded: FakeRegistry, given: str | None) -> None:
        """The token is asked for, and what came instead is not repeated."""
        guarded.seed("team/app:v1")
        with guarded:
            answer = asked(guarded, **({} if given is None else {"Authorization": given}))

        assert refusal(answer) == (401, "token-needed")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="fakereg admin"'
        assert guarded.repositories == ["team/app"]
        assert TOKEN not in answer.body.decode()

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
    def test_with_it_all_is(self, guarded: FakeRegistry, scheme: str) -> None:
        """The token stands for the Host's name too: a foreign page does not know it."""
        guarded.seed("team/app:v1")
        with guarded:
            answer = asked(guarded, Authorization=f"{scheme} {TOKEN}", Host="build-host.test")

        assert answer.status == 204
        assert guarded.repositories == []

    def test_a_page_elsewhere_is_refused_all_the_same(self, guarded: FakeRegistry) -> None:
        """Whoever has the token does not ask from a page of another site."""
        with guarded:
            answer = asked(guarded, Authorization=f"Bearer {TOKEN}", Origin="https://evil.test")

        assert refusal(answer) == (403, "foreign-origin")

    def test_it_is_not_shown(self, guarded: FakeRegistry) -> None:
        """Neither by the registry nor by its guard, which tests print when they fail."""
        assert TOKEN not in repr(guarded)
        assert TOKEN not in repr(guarded._guard)

    def test_what_is_no_text_is_refused(self) -> None:
        """And is not shown either."""
        with pytest.raises(TypeError, match="admin_token is text, not bytes"):
            FakeRegistry(admin_token=b"correct-horse")

    @pytest.mark.parametrize("token", ["", "two words", "naïve", "line\nbreak"])
    def test_what_no_header_can_carry_is_refused(self, token: str) -> None:
        """A token that no client could send would lock everybody out."""
        with pytest.raises(ValueError, match="admin_token is printable ASCII without spaces, and not empty"):
            FakeRegistry(admin_token=token)


class TestOtherMachines:
    def test_without_a_token_it_is_off(self) -> None:
        """Where others could reach it the admin API is not there, and says how to have it."""
        with FakeRegistry(host="0.0.0.0") as registry:
            answer = asked(registry)
            pinged = asked(registry, "GET /v2/")

        assert refusal(answer) == (404, "admin-off")
        assert 'FakeRegistry(admin_token="...")' in answer.json["detail"]
        assert pinged.status == 200

    def test_with_a_token_it_is_on(self) -> None:
        """The token opens it on every address."""
        with FakeRegistry(host="0.0.0.0", admin_token=TOKEN) as registry:
            answer = asked(registry, Authorization=f"Bearer {TOKEN}")

        assert answer.status == 204

    def test_an_address_that_is_called_by_another_name(self) -> None:
        """`localhost` is loopback, whichever address that is."""
        with FakeRegistry(host="localhost") as registry:
            assert asked(registry).status == 204

    def test_switched_off(self) -> None:
        """With admin=False it is nowhere, and the registry works on."""
        with FakeRegistry(admin=False, admin_token=TOKEN) as registry:
            answer = asked(registry, Authorization=f"Bearer {TOKEN}")
            pinged = asked(registry, "GET /v2/")

        assert refusal(answer) == (404, "admin-off")
        assert answer.json["detail"] == "the admin API of this registry is switched off: it was made with admin=False"
        assert pinged.status == 200
        assert [entry.path for entry in registry.journal] == ["/v2/"]


Ask = Callable[["TestClient[web.Request, web.Application]"], Awaitable[None]]


def embedded(registry: FakeRegistry, ask: Ask, *, admin: bool) -> None:
    """Run `ask` with a client of an application that the registry is mounted in."""

    async def run() -> None:
        app = web.Application()
        registry.add_to(app, admin=admin)
        async with TestClient(TestServer(app)) as client:
            await ask(client)

    asyncio.run(run())


class TestEmbedded:
    def test_it_is_mounted_only_when_asked_for(self) -> None:
        """In somebody's application the path belongs to the application."""

        async def ask(client: TestClient[web.Request, web.Application]) -> None:
            answer = await client.get("/_fakereg/health")
            assert answer.status == 404
            assert await answer.text() == "404: Not Found"

        embedded(FakeRegistry(), ask, admin=False)

    def test_mounted(self) -> None:
        """On loopback it is open there too; nothing of it is in the journal."""
        registry = FakeRegistry()

        async def ask(client: TestClient[web.Request, web.Application]) -> None:
            seeded = await client.post(f"{V1}/seed", json={"image": "team/app:v1"})
            health = await (await client.get("/_fakereg/health")).json()
            assert seeded.status == 201
            assert health["counts"]["tags"] == 1

        embedded(registry, ask, admin=True)

        assert list(registry.journal) == []

    def test_where_others_reach_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is the address at which a connection arrives that counts."""
        monkeypatch.setattr(administering, "_address", lambda _: "192.0.2.7")

        async def ask(client: TestClient[web.Request, web.Application]) -> None:
            answer = await client.get("/_fakereg/health")
            assert answer.status == 404
            assert (await answer.json(content_type=None))["type"].endswith("#admin-off")

        embedded(FakeRegistry(), ask, admin=True)
