"""What a test does with a registry beside pushing and pulling: prepare, move, read back, start over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from api import Api, encode, image, sha256, sha512

import fakereg
from fakereg import FakeRegistry
from fakereg.clock import Clock
from fakereg.oci.errors import BlobUnknown, DigestInvalid, ManifestUnknown, NameInvalid
from fakereg.registry.messages import Request
from fakereg.registry.profile import PROFILES, SETTINGS, SPEC, Settings, Sparse, Switch


@pytest.fixture
def registry() -> FakeRegistry:
    """A registry that does not serve."""
    return FakeRegistry()


def pushed(registry: FakeRegistry, content: bytes = b"content") -> str:
    """Push a blob to team/app without any network; its digest."""
    target = f"/v2/team/app/blobs/uploads/?digest={sha256(content)}"
    assert registry.handle(Request("POST", target), content).status == 201
    return sha256(content)


class TestReadingBack:
    def test_what_was_pushed(self, registry: FakeRegistry) -> None:
        """A repository shows its tags, manifests, blobs, referrers and open uploads as plain values."""
        seeded = registry.seed("team/app:v1", layers=[{"etc/motd": b"hi"}])
        bill = registry.seed("team/app", artifact_type="application/spdx+json", subject=seeded)
        registry.handle(Request("POST", "/v2/team/app/blobs/uploads/"))
        repository = registry.repository("team/app")

        assert registry.repositories == ["team/app"]
        assert repository.name == "team/app"
        assert repository.tags == ["v1"]
        assert [manifest.digest for manifest in repository.manifests] == [seeded.digest, bill.digest]
        assert repository.manifest("v1").body == repository.manifest(seeded.digest).body == seeded.body
        assert set(seeded.layers) < set(repository.blobs)
        assert sha256(repository.blob(seeded.layers[0])) == seeded.layers[0]
        assert [one.digest for one in repository.referrers(seeded.digest)] == [bill.digest]
        assert len(repository.uploads) == 1
        assert repr(repository) == "<repository team/app: 1 tags, 2 manifests>"

    def test_an_upload_that_was_only_begun(self, registry: FakeRegistry) -> None:
        """A session that a client left behind is seen, also where nothing was ever stored."""
        location = registry.handle(Request("POST", "/v2/team/app/blobs/uploads/")).headers["Location"]

        assert registry.repository("team/app").uploads == [location.rpartition("/")[2]]
        assert registry.repositories == []

    def test_a_view_looks_anew(self, registry: FakeRegistry) -> None:
        """A view taken before the first push sees it, and sees nothing any more after a reset."""
        repository = registry.repository("team/app")
        image = registry.seed("team/app:v1")

        assert repository.tags == ["v1"]
        assert repository.manifest("v1").digest == image.digest
        registry.reset()
        assert repository.tags == []

    def test_what_was_not_pushed(self, registry: FakeRegistry) -> None:
        """An unknown repository is empty, and asking for its content is an error that names it."""
        repository = registry.repository("no/such")

        assert (repository.tags, repository.manifests, repository.blobs) == ([], [], [])
        assert registry.repositories == []
        with pytest.raises(ManifestUnknown, match="no/such holds no manifest v1"):
            repository.manifest("v1")
        with pytest.raises(BlobUnknown, match=sha256(b"x")):
            repository.blob(sha256(b"x"))
        with pytest.raises(DigestInvalid, match="not a digest"):
            repository.blob("latest")
        with pytest.raises(NameInvalid, match="'No/Such'"):
            registry.repository("No/Such")


class TestStartingOver:
    def test_reset(self, registry: FakeRegistry) -> None:
        """After a reset nothing is stored, nothing was asked, no warning is sent, and the clock is at its beginning."""
        pushed(registry)
        registry.warn("here")
        registry.clock.advance(1000)

        registry.reset()

        assert registry.repositories == []
        assert list(registry.journal) == []
        assert registry.clock.now() < 1000
        assert "Warning" not in registry.handle(Request("GET", "/v2/")).headers

    def test_isolated(self, registry: FakeRegistry) -> None:
        """Within the block the registry is empty; afterwards everything is as it was, also after an error."""
        pushed(registry)
        registry.clock.advance(50)

        def work_that_fails() -> None:
            with registry.isolated() as inside:
                assert inside is registry
                assert registry.repositories == []
                assert len(registry.journal) == 0
                registry.seed("other/app:v1")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            work_that_fails()

        assert registry.repositories == ["team/app"]
        assert [entry.endpoint for entry in registry.journal] == ["push_blob"]
        assert registry.clock.now() >= 50

    def test_isolated_within_isolated(self, registry: FakeRegistry) -> None:
        """Blocks nest."""
        with registry.isolated():
            registry.seed("outer/app:v1")
            with registry.isolated():
                registry.seed("inner/app:v1")

            assert registry.repositories == ["outer/app"]

    def test_the_same_seed_gives_the_same_ids(self) -> None:
        """Upload ids depend on nothing but the seed and the order of requests."""

        def ids(seed: int) -> list[str]:
            registry = FakeRegistry(seed=seed)
            answers = [registry.handle(Request("POST", "/v2/team/app/blobs/uploads/")) for _ in range(3)]
            return [answer.headers["Docker-Upload-UUID"] for answer in answers]

        assert ids(1) == ids(1)
        assert ids(1) != ids(2)
        assert len(set(ids(1))) == 3

    def test_ids_do_not_come_again_after_a_reset(self, registry: FakeRegistry) -> None:
        """A late request of what went before must not find itself in a new upload session."""
        start = Request("POST", "/v2/team/app/blobs/uploads/")
        before = registry.handle(start).headers["Location"]

        with registry.isolated():
            inside = registry.handle(start).headers["Location"]
            assert registry.handle(Request("PATCH", before), b"late").status == 404
        registry.reset()

        assert len({before, inside, registry.handle(start).headers["Location"]}) == 3


class TestClock:
    def test_it_moves_by_hand(self) -> None:
        """What is advanced counts beside the time that passes."""
        seconds = iter([100.0, 101.5])
        clock = Clock(lambda: next(seconds))

        clock.advance(60)

        assert clock.now() == 61.5

    def test_it_does_not_go_back(self, registry: FakeRegistry) -> None:
        """A negative step is refused."""
        with pytest.raises(ValueError, match="cannot advance by -1 seconds"):
            registry.clock.advance(-1)
        with pytest.raises(ValueError, match="cannot advance by nan seconds"):
            registry.clock.advance(float("nan"))


class TestWarnings:
    def test_an_unknown_endpoint_is_refused(self, registry: FakeRegistry) -> None:
        """The error lists the endpoints that there are."""
        with pytest.raises(ValueError, match=r"unknown endpoint 'pull_manifest'; known are ping, .*get_manifest"):
            registry.warn("x", on="pull_manifest")


class TestWhereItIs:
    def test_not_serving(self, registry: FakeRegistry) -> None:
        """Without a server there is no address, and the error says how to get one."""
        for name in ("host", "port", "url"):
            with pytest.raises(RuntimeError, match="use `with`, `async with` or start"):
                getattr(registry, name)
        assert repr(registry) == "<FakeRegistry spec, not serving>"

    def test_reference(self) -> None:
        """An image's full reference has the registry's host in front; a malformed one is refused."""
        digest = sha512(b"x")
        with FakeRegistry() as registry:
            assert registry.reference("team/app:v1") == f"{registry.host}/team/app:v1"
            assert registry.reference(f"team/app@{digest}") == f"{registry.host}/team/app@{digest}"
            with pytest.raises(NameInvalid, match="'Team'"):
                registry.reference("Team:v1")
            assert repr(registry) == f"<FakeRegistry spec, {registry.url}>"

    def test_environ(self, tmp_path: Path) -> None:
        """The environment names the registry in every form, and files that make clients accept plain HTTP."""
        with FakeRegistry() as registry:
            environ = registry.environ(tmp_path / "client")

            assert environ["FAKEREG_URL"] == registry.url
            assert environ["FAKEREG_HOST"] == registry.host
            assert environ["FAKEREG_PORT"] == str(registry.port)
            assert json.loads((Path(environ["DOCKER_CONFIG"]) / "config.json").read_text()) == {"auths": {}}
            assert json.loads(Path(environ["REGISTRY_AUTH_FILE"]).read_text()) == {"auths": {}}
            registries = Path(environ["CONTAINERS_REGISTRIES_CONF"]).read_text()
            assert registries == f'[[registry]]\nlocation = "{registry.host}"\ninsecure = true\n'
            hosts = Path(environ["CONTAINERD_HOSTS_DIR"]) / f"127.0.0.1_{registry.port}_" / "hosts.toml"
            assert hosts.read_text() == f'server = "{registry.url}"\n'


class TestProfile:
    def test_settings_are_keywords(self) -> None:
        """A setting differs from the profile's, enum members also by their value."""
        registry = FakeRegistry(sparse="accept", deletes=Switch.OFF, tag_deletes=False, page_maximum=5)

        assert registry.profile.sparse is Sparse.ACCEPT
        assert registry.profile.deletes is Switch.OFF
        assert registry.profile.tag_deletes is Switch.OFF
        assert registry.profile.page_maximum == 5
        assert registry.profile.manifest_limit == SPEC.manifest_limit

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"profile": "nexus"}, "unknown profile 'nexus'; known are spec"),
            ({"sparce": "accept"}, "unknown setting 'sparce'; known are sparse, deletes, "),
            ({"sparse": "maybe"}, "setting 'sparse' takes refuse or accept, got 'maybe'"),
            ({"deletes": 1}, "setting 'deletes' takes on or off, got 1"),
            ({"page_maximum": 0}, "setting 'page_maximum' takes a whole number of entries, 1 or more, or none, got 0"),
            ({"blob_limit": -1}, "setting 'blob_limit' takes a whole number of bytes, 0 or more, or none, got -1"),
            ({"blob_limit": 1.5}, "got 1.5"),
            ({"manifest_limit": True}, "got True"),
            ({"upload_expiry": "soon"}, "setting 'upload_expiry' takes a number of seconds, 0 or more, or none"),
            ({"upload_expiry": float("nan")}, "got nan"),
        ],
    )
    def test_wrong_settings_are_named(self, settings: dict[str, object], message: str) -> None:
        """The error says what was wrong and what would be right."""
        with pytest.raises(ValueError, match=message):
            FakeRegistry(**settings)

    def test_settings_as_text(self) -> None:
        """The command's `--set name=value` reads every kind of value, and `none`."""
        profile = SPEC.set({"sparse": "ACCEPT", "blob_limit": "10", "manifest_limit": "none", "upload_expiry": "0.5"})

        assert profile.sparse is Sparse.ACCEPT
        assert (profile.blob_limit, profile.manifest_limit, profile.upload_expiry) == (10, None, 0.5)
        with pytest.raises(ValueError, match=r"setting 'blob_limit' takes a whole number of bytes, .* got '1k'"):
            SPEC.set({"blob_limit": "1k"})

    def test_every_field_can_be_set(self) -> None:
        """The keyword arguments, the readers of text and the fields of a profile are the same names."""
        fields = {name for name in SPEC.__slots__ if name != "name"}

        assert fields == set(SETTINGS) == set(Settings.__annotations__)
        assert PROFILES == {"spec": SPEC}


class TestWrongTypes:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"port": "5000"}, "port is a whole number, 0 for a free one, got '5000'"),
            ({"host": None}, "host is a name or address such as '127.0.0.1', got None"),
            ({"profile": []}, r"a profile is given by name or as a Profile, got \[\]"),
        ],
    )
    def test_they_are_named(self, arguments: dict[str, object], message: str) -> None:
        """An argument of the wrong type is refused where it is given, and not where it is used."""
        with pytest.raises(TypeError, match=message):
            FakeRegistry(**arguments)

    def test_an_image_is_text_without_a_host(self, registry: FakeRegistry) -> None:
        """A full reference is told apart from a name, and a tag beside a digest is checked too."""
        with pytest.raises(NameInvalid, match=r"leave the host '127.0.0.1:5000' out: 'team/app:v1'"):
            registry.seed("127.0.0.1:5000/team/app:v1")
        with FakeRegistry() as serving:
            with pytest.raises(TypeError, match="an image is named by text such as 'team/app:v1', got None"):
                serving.reference(None)
            with pytest.raises(NameInvalid, match="invalid tag 'not a tag'"):
                serving.reference(f"team/app:not a tag@{sha256(b'x')}")


class TestPublicNames:
    def test_they_are_all_there(self) -> None:
        """What the package lists can be imported from it, and nothing else can."""
        for name in fakereg.__all__:
            assert getattr(fakereg, name) is not None
            assert name in dir(fakereg)
        assert issubclass(fakereg.errors.ManifestUnknown, fakereg.errors.RegistryError)
        with pytest.raises(AttributeError, match="no attribute 'Registry'"):
            fakereg.Registry  # noqa: B018


class TestJournal:
    def test_it_tells_what_was_asked_and_answered(self, api: Api) -> None:
        """Method, target, endpoint, status, sizes and the refusal of every request, in order."""
        body = encode(image())

        api("PUT", "/v2/team/app/manifests/v1", body)
        api("GET", "/nowhere?x=1")

        first, second = api.pipeline.journal
        assert (first.number, first.method, first.endpoint) == (1, "PUT", "put_manifest")
        assert (first.status, first.received) == (404, len(body))
        assert first.error.startswith("MANIFEST_BLOB_UNKNOWN: ")
        assert (second.target, second.endpoint, second.status) == ("/nowhere?x=1", None, 404)
        assert second.sent > 0

    def test_it_can_be_shown_whatever_a_client_sent(self, api: Api) -> None:
        """Lone surrogates, control characters and endless messages come out as short printable lines."""
        kind = {"Content-Type": "application/vnd.oci.image.manifest.v1+json"}
        api("PUT", "/v2/team/app/manifests/v1", b'{"mediaType": "a/\\ud800"}', headers=kind)
        api("GET", "/v2/" + "x" * 5000)
        missing = [sha256(str(number).encode()) for number in range(1000)]
        layers = [{"mediaType": "a/b", "digest": digest, "size": 1} for digest in missing]
        answer = api("PUT", "/v2/team/app/manifests/v1", encode(image() | {"layers": layers}), headers=kind)

        report = api.pipeline.journal.report()
        assert report.encode().decode() == report
        assert "ud800" in report
        assert all(len(line) < 1200 for line in report.splitlines())
        assert " and 996 more" in report
        assert len(answer.json["errors"]) == 1001

    def test_entries_have_a_number(self, api: Api) -> None:
        """The latest is found by -1, and the journal tells how many requests there were."""
        api("GET", "/v2/")
        api("GET", "/v2/_catalog")

        assert api.pipeline.journal[-1].endpoint == "catalog"
        assert repr(api.pipeline.journal) == "<journal of 2 requests>"

    def test_it_forgets_what_is_long_ago(self, api: Api) -> None:
        """The latest ten thousand requests are kept, and the report says how many came before."""
        for _ in range(10_005):
            api.pipeline.journal.open(Request("GET", "/v2/"))

        journal = api.pipeline.journal
        assert len(journal) == 10_005
        assert next(iter(journal)).number == 6
        assert journal.report().startswith("(5 earlier requests are not kept)\n")
        assert journal.report(after=10_005) == "no request arrived"
