"""Finding the clients, and gathering what came of every scenario."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

pytest.register_assert_rewrite("scenarios", "contents", "known_layers", "variants", "fault_run")

import made_layouts  # noqa: E402 - after the line above, so that assertions in the modules that it imports explain themselves
from client import Client, Program  # noqa: E402
from environment import own_environment  # noqa: E402
from fault_run import Faults  # noqa: E402
from scenarios import SCENARIOS, Connect, Scenarios  # noqa: E402
from table import Results, clients, faults_table, page, table  # noqa: E402

from fakereg import FakeRegistry  # noqa: E402
from fakereg.client_environment import client_environment  # noqa: E402

LARGE = 300 * 1000 * 1000


class Recorder:
    """Gathers the outcomes of a run and writes the table at its end."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.results = Results()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told = dict(report.user_properties)
        if "row" in told and (report.when == "call" or not report.passed):
            client, row = told["row"]
            self.results.add(client, row, report.outcome)
            self.results.versions[client] = told["version"]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        self.file.write_text(page(self.results))
        terminalreporter.section("clients and scenarios")
        for line in (*table(clients(), self.results), "", *faults_table(clients(), self.results)):
            terminalreporter.line(line)


def pytest_configure(config: pytest.Config) -> None:
    if file := config.getoption("--clients-table"):
        config.pluginmanager.register(Recorder(Path(file)))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what a client cannot do; the table says why."""
    kept, left_out = [], []
    for item in items:
        client = client_of(item)
        if client:
            item.add_marker(pytest.mark.clients)
        (left_out if client and scenario_of(item) in client.cannot else kept).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


def client_of(item: pytest.Item) -> type[Client] | None:
    """The client of a class of scenarios, or of tests that are this client's alone."""
    found = getattr(getattr(item, "cls", None), "Client", None)
    return found if isinstance(found, type) and issubclass(found, Client) else None


def scenario_of(item: pytest.Item) -> str | None:
    """The scenario that a test is, if it is one and no test of a client's own."""
    name = getattr(item, "originalname", item.name).removeprefix("test_")
    return name if name in SCENARIOS and issubclass(item.cls, Scenarios) else None


def fault_of(item: pytest.Item) -> str | None:
    """The case that a test is of the table of faults, if it is one."""
    asked = getattr(item, "cls", None)
    return item.callspec.params["case"] if isinstance(asked, type) and issubclass(asked, Faults) else None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Without its client a test is skipped, or fails under --require-clients.

    A hook and not a fixture: pytest then tells in one line per client, not per test, what is missing.
    """
    client = client_of(item)
    missing = [need for need in client.needs if not need.is_met] if client else []
    if missing:
        told = ", ".join(map(str, missing))
        if item.config.getoption("--require-clients"):
            pytest.fail(told, pytrace=False)
        pytest.skip(told)
    row = scenario_of(item) or fault_of(item)
    if client and row and item.config.getoption("--clients-table"):
        item.user_properties += [("row", (client.name, row)), ("version", version(client))]


@cache
def version(client: type[Client]) -> str:
    return client.version()


@pytest.fixture
def connect(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Makes the client of a class of scenarios, for a host."""

    def make(host: str) -> Client:
        folder = tmp_path / "client"
        environ = {**own_environment(folder), **client_environment(host, folder / "environ")}
        if not issubclass(request.cls.Client, Program):  # a library reads the environment of this process
            here = {name: environ[name] for name in ("HOME", "DOCKER_CONFIG")}
            for name, value in {**here, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}.items():
                monkeypatch.setenv(name, value)
        made: Client = request.cls.Client(host, folder, environ)
        return made

    return make


@pytest.fixture
def client(connect: Connect, fake_registry: FakeRegistry) -> Client:
    """The client under test, for the registry itself."""
    return connect(fake_registry.host)


@pytest.fixture(scope="session")
def large_layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image with one layer of 300 MB."""
    return made_layouts.image(tmp_path_factory.mktemp("large") / "image", layers=1, size=LARGE)
