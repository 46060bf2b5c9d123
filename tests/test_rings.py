"""The architecture, as a test: who may import whom, and that the inner rings need no network."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import fakereg

PACKAGE = Path(fakereg.__file__).parent

# What a ring may import beside itself. `clock` stands beneath them all.
CORE = {"clock", "oci", "store", "registry", "double"}
RINGS = {
    "clock": set(),
    "oci": set(),
    "store": {"oci"},
    "registry": {"clock", "oci", "store"},
    "double": {"clock", "oci", "store", "registry"},
    "images": {"oci", "store"},
    "client_environment": set(),
    "control": {*CORE, "images"},
    "http": {*CORE, "control"},
    "server": {*CORE, "images", "client_environment", "control", "http"},
    "cli": {*CORE, "images", "server", "FakeRegistry", "__version__"},
}

# May import anything of the package: they only give names to users.
DOORS = {"__init__", "__main__"}

MODULES = sorted(PACKAGE.rglob("*.py"))


def ring_of(module: Path) -> str:
    parts = module.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imports_of(module: Path) -> set[str]:
    """The absolute names of all modules that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
class TestImports:
    def test_a_ring_imports_only_inwards(self, module: Path) -> None:
        """Nothing imports a ring that is further out than itself."""
        ring = ring_of(module)
        if ring in DOORS:
            return

        used = {name.split(".")[1] for name in imports_of(module) if name.startswith("fakereg.")}

        assert used <= RINGS[ring] | {ring}, f"{ring} imports {used - RINGS[ring]}"

    def test_only_the_outer_rings_know_the_network(self, module: Path) -> None:
        """aiohttp is imported by http/ and server.py alone; asyncio and sockets by nothing further in."""
        outer = ring_of(module) in {"http", "server", "cli", *DOORS}

        roots = {name.split(".")[0] for name in imports_of(module)}

        assert "aiohttp" not in roots or ring_of(module) in {"http", "server"}
        assert outer or not roots & {"asyncio", "socket", "socketserver", "http", "yarl", "multidict"}


class TestNoNetwork:
    def test_the_inner_rings_work_without_aiohttp(self) -> None:
        """An image is pushed with aiohttp, asyncio and sockets impossible to import."""
        script = """
            import sys
            for name in ("aiohttp", "asyncio", "socket", "multidict", "yarl"):
                sys.modules[name] = None
            from api import Api, sha256
            api = Api.of()
            body = api.push_image("team/app", "v1", layers=(b"layer",))
            assert api("GET", "/v2/team/app/manifests/v1").body == body
            assert api("GET", f"/v2/team/app/blobs/{sha256(b'layer')}").body == b"layer"
            print("pushed")
        """

        done = run(script)

        assert done == "pushed\n"

    def test_the_admin_api_needs_none_either(self) -> None:
        """A request to the admin API is answered with aiohttp, asyncio and sockets impossible to import."""
        script = """
            import sys
            for name in ("aiohttp", "asyncio", "socket", "multidict", "yarl"):
                sys.modules[name] = None
            from fakereg.control.admin import Admin
            from fakereg.control.desk import Desk
            from fakereg.control.guard import Guard
            from fakereg.double.pipeline import Pipeline
            from fakereg.registry.headers import Headers
            from fakereg.registry.messages import Request
            from fakereg.registry.registry import Registry

            pipeline = Pipeline(Registry())
            admin = Admin(None, lambda: pipeline, Desk(), Guard())
            headers = Headers({"Content-Type": "application/json"})
            request = Request("POST", "/_fakereg/v1/journal/assert", headers, authority="localhost")
            call = admin.open(request, "127.0.0.1")
            call.feed(b'{"times": 0}')
            print(bytes(call.run().body).decode())
        """

        assert run(script) == '{"seen": 0}\n'

    def test_no_event_loop_runs(self) -> None:
        """A mount, a resumed upload and a page of referrers need no event loop, and leave none behind."""
        script = """
            import sys
            before = set(sys.modules)
            from api import Api, descriptor, encode, sha256
            api = Api.of(page_maximum=1)
            manifest = api.push_image("team/app", "v1", layers=(b"layer",))
            mounted = api("POST", "/v2/other/app/blobs/uploads/", mount=sha256(b"layer"), **{"from": "team/app"})
            assert mounted.status == 201
            assert api("GET", f"/v2/other/app/blobs/{sha256(b'layer')}").body == b"layer"

            upload = api.start_upload("team/app")
            assert upload.patch(b"hello ", at=0).headers["Range"] == "0-5"
            assert upload.status().headers["Range"] == "0-5"
            assert upload.put(b"world", sha256(b"hello world"), at=6).status == 201
            assert api("GET", f"/v2/team/app/blobs/{sha256(b'hello world')}").body == b"hello world"

            subject = descriptor(manifest, "application/vnd.oci.image.manifest.v1+json")
            pushed = {sha256(api.push_image("team/app", subject=subject, config=text)) for text in (b"1", b"2")}
            first = api("GET", f"/v2/team/app/referrers/{sha256(manifest)}")
            rest = api("GET", first.headers["Link"].split(">")[0].removeprefix("<"))
            assert {one["digest"] for page in (first, rest) for one in page.json["manifests"]} == pushed

            assert not {"asyncio", "aiohttp", "socket"} & (set(sys.modules) - before)
            print("no loop")
        """

        assert run(script) == "no loop\n"


def run(script: str) -> str:
    """What a fresh interpreter prints that runs an indented script beside the tests."""
    lines = "\n".join(line.removeprefix(" " * 12) for line in script.splitlines())
    folder = Path(__file__).parent
    command = [sys.executable, "-c", lines]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
