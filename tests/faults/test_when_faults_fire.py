"""When a fault fires: limits by count, by time and by chance, the order of several, and how long one is armed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from on_the_wire import BLOB_PATH, MANIFEST, NAME, TAG, ask, seeded
from unplugged import send, statuses

from fakereg import FakeRegistry, faults

FAULT = faults.Respond(503)


class TestCounts:
    def test_times(self, offline: FakeRegistry) -> None:
        """So often, and then it is as if it were not there."""
        with offline.fault(FAULT, on="ping", times=2) as fault:
            assert statuses(offline, 4) == [503, 503, 200, 200]

        assert fault.fired == 2

    def test_after(self, offline: FakeRegistry) -> None:
        """Not on the first so many that fit; others are not counted."""
        offline.fault(FAULT, on="ping", after=2, times=1)

        send(offline, "GET", TAG)
        assert statuses(offline, 4) == [200, 200, 503, 200]

    def test_always(self, offline: FakeRegistry) -> None:
        """Without a limit it fires until it is removed."""
        fault = offline.fault(FAULT, on="ping")
        assert statuses(offline, 50) == [503] * 50

        fault.remove()

        assert statuses(offline, 2) == [200, 200]
        assert fault.fired == 50

    def test_one_after_another(self, offline: FakeRegistry) -> None:
        """Faults with limits follow each other as `after` says: each counts for itself."""
        offline.fault(faults.Respond(500), on="ping", times=1)
        offline.fault(faults.Respond(502), on="ping", after=1, times=1)

        assert statuses(offline, 3) == [500, 502, 200]

    def test_clients_that_race_each_other(self, offline: FakeRegistry) -> None:
        """A limit holds for requests that come at the same time from many threads."""
        fault = offline.fault(FAULT, on="ping", times=100, after=50)
        begin = threading.Barrier(8)

        def client(_: int) -> list[int]:
            begin.wait(10)
            return statuses(offline, 50)

        with ThreadPoolExecutor(8) as pool:
            found = [status for one in pool.map(client, range(8)) for status in one]

        assert found.count(503) == 100
        assert fault.fired == len(fault.requests) == 100


class TestStaleReads:
    @pytest.mark.parametrize("fault", [faults.StaleRead(), faults.LaggingList()], ids=str)
    def test_what_is_written_stays(self, offline: FakeRegistry, fault: faults.Fault) -> None:
        """The past is read, never written to: a push that meets the fault is stored as ever."""
        manifest = bytes(send(offline, "GET", TAG).body)
        other = TAG.replace("v1", "v2")
        with offline.fault(fault, path="/v2/*", on=["put_manifest", "get_manifest", "delete_manifest"]) as armed:
            pushed = send(offline, "PUT", other, manifest, Content_Type="application/vnd.oci.image.manifest.v1+json")
            assert send(offline, "GET", other).status == 404
        assert (pushed.status, armed.fired) == (201, 2)
        assert bytes(send(offline, "GET", other).body) == manifest
        assert send(offline, "GET", TAG).status == 200


class TestTime:
    def test_during(self, offline: FakeRegistry) -> None:
        """Seconds of the registry's clock, the first of them inclusive, the last exclusive."""
        with offline.clock.freeze() as clock, offline.fault(FAULT, on="ping", during=(10, 30)):
            assert statuses(offline, 1) == [200]
            clock.advance(10)
            assert statuses(offline, 1) == [503]
            clock.advance(19)
            assert statuses(offline, 1) == [503]
            clock.advance(1)
            assert statuses(offline, 1) == [200]

    def test_from_now_on(self, offline: FakeRegistry) -> None:
        """A number counts from the moment in which it was armed."""
        with offline.clock.freeze() as clock:
            clock.advance(1000)
            offline.fault(FAULT, on="ping", during=60)
            assert statuses(offline, 1) == [503]
            clock.advance(60)

            assert statuses(offline, 1) == [200]

    def test_what_comes_too_early_is_not_counted(self, offline: FakeRegistry) -> None:
        """`after` and `times` are about requests within `during`."""
        with offline.clock.freeze() as clock:
            offline.fault(FAULT, on="ping", during=(10, 30), after=1, times=1)
            assert statuses(offline, 3) == [200, 200, 200]
            clock.advance(10)

            assert statuses(offline, 3) == [200, 503, 200]

    def test_a_clock_that_is_put_back(self, offline: FakeRegistry) -> None:
        """After a restore the seconds count anew: a fault that was armed later would sleep else."""
        with offline.clock.freeze() as clock:
            before = offline.snapshot()
            clock.advance(1000)
            offline.fault(FAULT, on="ping", during=60)
            offline.restore(before)
            assert statuses(offline, 1) == [503]
            clock.advance(60)

            assert statuses(offline, 1) == [200]

    def test_connections_too(self, registry: FakeRegistry) -> None:
        """What happens to connections has the same limits."""
        with registry.clock.freeze() as clock:
            fault = registry.fault(faults.Reset(), on="connect", during=10, after=1, times=1)
            assert [ask(registry, "GET", TAG).end for _ in range(3)] == ["kept", "reset", "kept"]
            clock.advance(10)

            assert ask(registry, "GET", TAG).body == MANIFEST
        assert fault.fired == 1
        assert fault.requests == []


class TestChance:
    def outcomes(self, seed: int = 0, *others: faults.Fault, name: str = "", noise: bool = False) -> list[bool]:
        registry = seeded(FakeRegistry(seed=seed))
        for other in others:
            registry.fault(other, probability=0.5)
        registry.fault(FAULT, on="ping", probability=0.3, name=name)
        found = []
        for _ in range(200):
            if noise:
                send(registry, "GET", TAG)
                send(registry, "HEAD", "/v2/")
            found.append(send(registry, "GET", "/v2/").status == 503)
        return found

    def test_the_same_seed_gives_the_same_run(self) -> None:
        """What is drawn is a matter of the seed, and about as often as asked for."""
        found = self.outcomes(7)

        assert found == self.outcomes(7)
        assert found != self.outcomes(8)
        assert 30 < sum(found) < 90

    def test_other_faults_shift_nothing(self) -> None:
        """Each fault draws for itself, so that one more of them does not change when this one fires."""
        assert self.outcomes(0, faults.Delay(0), faults.SetHeader("X-Name", "x")) == self.outcomes()

    def test_other_requests_shift_nothing(self) -> None:
        """Nor do requests to elsewhere: clients that race each other get the same in every run."""
        assert self.outcomes(noise=True) == self.outcomes()

    def test_the_order_of_different_requests_does_not_matter(self, offline: FakeRegistry) -> None:
        """What is drawn for a blob is drawn for this blob, whichever was asked for first."""
        paths = [f"/v2/{NAME}/manifests/v{number}" for number in range(40)]

        def met(order: list[str]) -> set[str]:
            with offline.fault(FAULT, on="get_manifest", probability=0.5):
                return {path for path in order if send(offline, "GET", path).status == 503}

        forwards = met(paths)
        assert forwards == met(paths[::-1])
        assert 8 < len(forwards) < 32

    def test_upload_ids_do_not_matter(self) -> None:
        """The ids of sessions are the registry's own, and what is drawn does not depend on them."""
        found = []
        for generation in range(2):
            registry = FakeRegistry()
            for _ in range(generation):
                registry.reset()
            registry.fault(FAULT, on="get_upload", probability=0.5)
            locations = [send(registry, "POST", "/v2/a/blobs/uploads/").headers["Location"] for _ in range(30)]
            paths = [location.partition("5000")[2] for location in locations]
            found.append([send(registry, "GET", path).status for path in paths])

        assert found[0] == found[1]
        assert set(found[0]) == {204, 503}

    def test_a_name_of_its_own(self) -> None:
        """Two faults that are alike fire together, unless they have names."""
        assert self.outcomes(name="first") == self.outcomes(name="first")
        assert self.outcomes(name="first") != self.outcomes(name="second")

    @pytest.mark.parametrize(("probability", "fired"), [(0, 0), (1, 100)])
    def test_never_and_always(self, offline: FakeRegistry, probability: float, fired: int) -> None:
        """The ends of the scale are exact."""
        fault = offline.fault(FAULT, on="ping", probability=probability)
        statuses(offline, 100)

        assert fault.fired == fired

    def test_times_counts_what_fired(self, offline: FakeRegistry) -> None:
        """A draw that says no uses nothing up."""
        fault = offline.fault(FAULT, on="ping", probability=0.2, times=3)
        found = statuses(offline, 100)

        assert found.count(503) == fault.fired == 3
        assert found[:3] != [503] * 3

    def test_delays_are_drawn_alike(self) -> None:
        """A delay of chance is the same in every run, and within its bounds."""
        drawn = []
        for _ in range(2):
            registry = FakeRegistry(seed=3)
            registry.fault(faults.Delay(faults.Uniform(0.5, 2)), on="ping")
            drawn.append([send(registry, "GET", "/v2/").delivery.delay for _ in range(50)])

        assert drawn[0] == drawn[1]
        assert len(set(drawn[0])) == 50
        assert all(0.5 <= one < 2 for one in drawn[0])

    def test_two_delays_of_one_call_are_drawn_apart(self) -> None:
        """Faults that fire together do not draw the same number."""
        registry = FakeRegistry()
        registry.fault(faults.Delay(faults.Uniform(0, 1)), faults.Delay(faults.Uniform(0, 1), before="body"))
        delivery = send(registry, "GET", "/v2/").delivery

        assert delivery.delay != delivery.pauses[0].seconds

    def test_lognormal(self) -> None:
        """Half of the delays are below the median, and none is negative."""
        registry = FakeRegistry()
        registry.fault(faults.Delay(faults.Lognormal(0.2)), on="ping")
        drawn = sorted(send(registry, "GET", "/v2/").delivery.delay for _ in range(400))

        assert drawn[0] > 0
        assert 160 < sum(one < 0.2 for one in drawn) < 240
        assert drawn[-1] > 0.5


class TestSeveral:
    def test_the_first_that_answers_counts(self, offline: FakeRegistry) -> None:
        """Of two answers in the place of the registry's own, the one that was armed first."""
        with offline.fault(faults.Respond(500), on="ping") as first, offline.fault(faults.Respond(502), on="ping"):
            assert send(offline, "GET", "/v2/").status == 500

        assert first.fired == 1
        assert offline.journal[-1].faults == ("Respond(500)", "Respond(502)")

    def test_all_may_change_the_answer(self, offline: FakeRegistry) -> None:
        """In the order in which they were armed: the later sees what the earlier made."""
        offline.fault(faults.Respond(200, body=b"0123456789"), faults.Truncate(5, honest=True), on="ping")
        offline.fault(faults.Pad(8), faults.SetHeader("X-Name", "a"), on="ping")
        offline.fault(faults.SetHeader("X-Name", "b"), on="ping")

        answer = send(offline, "GET", "/v2/")
        assert bytes(answer.body) == b"01234   "
        assert answer.headers["X-Name"] == "b"

    def test_the_order_in_one_call(self, offline: FakeRegistry) -> None:
        """Faults of one call fire together, from left to right."""
        offline.fault(faults.Pad(110), faults.Truncate(105, honest=True), on="get_blob", times=1)
        offline.fault(faults.Truncate(105, honest=True), faults.Pad(110), on="get_blob", after=1)

        assert [len(send(offline, "GET", BLOB_PATH).body) for _ in range(2)] == [105, 110]

    def test_requests_that_are_changed_twice(self, offline: FakeRegistry) -> None:
        """What one fault makes of a request, the next one takes further."""
        offline.seed(f"{NAME}:v2")
        offline.seed(f"{NAME}:v3")
        offline.fault(faults.SetQuery("n", "1"), faults.SetQuery("last", "v1"), on="list_tags")

        answer = send(offline, "GET", f"/v2/{NAME}/tags/list")
        assert bytes(answer.body) == b'{"name": "team/app", "tags": ["v2"]}'

    def test_refusals_too(self, offline: FakeRegistry) -> None:
        """What changes answers also changes those in which the registry refuses."""
        offline.fault(faults.SetStatus(418), on="get_manifest")

        assert send(offline, "GET", f"/v2/{NAME}/manifests/none").status == 418
