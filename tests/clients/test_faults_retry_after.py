"""Whether a client waits as long as Retry-After says: read from when its requests arrived."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import contents
from client import Client
from test_containerd import Containerd
from test_containers_image import ContainersImage
from test_crane import Crane
from test_oras_go import OrasGo
from test_regctl import Regctl
from test_skopeo import Skopeo

from fakereg import FakeRegistry, faults

SECOND = timedelta(seconds=1)
LONG = timedelta(seconds=60)


class Waits:
    """For clients that come back when they were told to, and not before."""

    Client: type[Client]

    def test_seconds(self, client: Client, fake_registry: FakeRegistry) -> None:
        """After `Retry-After: 1` it comes back a second later, once."""
        first, second = refused(client, fake_registry, faults.Respond(429, retry_after=1))

        assert second - first >= SECOND


class WaitsForADate(Waits):
    def test_date(self, client: Client, fake_registry: FakeRegistry) -> None:
        """After an HTTP date it comes back when that has passed, once."""
        moment = (datetime.now(UTC) + 2 * SECOND).replace(microsecond=0)

        first, second = refused(client, fake_registry, faults.Respond(429, retry_after=moment))

        assert first < moment <= second


class ComesBackEarly:
    """For clients that have pauses of their own, or none."""

    Client: type[Client]

    def test_a_minute(self, client: Client, fake_registry: FakeRegistry) -> None:
        """After `Retry-After: 60` it comes back within the minute."""
        first, second = refused(client, fake_registry, faults.Respond(429, retry_after=60))

        assert second - first < LONG


def refused(client: Client, registry: FakeRegistry, fault: faults.Fault) -> list[datetime]:
    """When the requests for a manifest arrived, of which the fault took the first; what was pulled is whole."""
    image = registry.seed("team/app:v1")

    with registry.fault(fault, on="end-3", times=1):
        pulled = client.pull(image.reference)

    assert contents.needed(pulled) == contents.held(registry, "team/app", "v1")
    first, *_, second = [entry for entry in registry.journal.requests(endpoint="end-3") if entry.reference == "v1"][:2]
    assert (first.status, second.status) == (429, 200)
    return [first.started, second.started]


class TestContainerdRetryAfter(ComesBackEarly):
    Client = Containerd


class TestContainersImageRetryAfter(WaitsForADate):
    Client = ContainersImage


class TestCraneRetryAfter(ComesBackEarly):
    Client = Crane


class TestOrasGoRetryAfter(Waits):
    Client = OrasGo


class TestRegctlRetryAfter(Waits):
    Client = Regctl


class TestSkopeoRetryAfter(WaitsForADate):
    Client = Skopeo
