"""How long a fault is armed, what is told of one that never fired, and what is remembered of one that did."""

from __future__ import annotations

from typing import Any

import pytest
from on_the_wire import BLOB, BLOB_PATH, TAG, Line
from unplugged import send, statuses

from fakereg import FakeRegistry, faults, scenarios
from fakereg.double import armed as armed_module
from fakereg.double.plan import FaultNeverFired
from fakereg.double.target import ConditionFailed

FAULT = faults.Respond(503)


class TestNeverFired:
    def test_it_fails_the_test(self, offline: FakeRegistry) -> None:
        """A fault that nothing met is told, with what arrived instead."""
        with pytest.raises(FaultNeverFired) as caught, offline.fault(FAULT, on="get_blob", times=2):
            send(offline, "GET", TAG)

        lines = str(caught.value).splitlines()
        assert lines[0].startswith("the fault never fired: Respond(503) on get_blob, 2 times, as no request fitted")
        assert f"GET {TAG}" in str(caught.value)
        assert isinstance(caught.value, AssertionError)

    def test_limits_are_told(self, offline: FakeRegistry) -> None:
        """If requests fitted, its limits were in the way."""
        with pytest.raises(FaultNeverFired) as caught, offline.fault(FAULT, on="ping", after=5, name="late"):
            statuses(offline, 3)

        lines = str(caught.value).splitlines()
        assert lines[0] == "the fault never fired: late; 3 requests fitted, but its limits kept it from firing:"
        assert len(lines) == 4

    def test_only_what_arrived_since(self, offline: FakeRegistry) -> None:
        """Requests from before it was armed have no part in it."""
        send(offline, "GET", "/v2/early")
        with pytest.raises(FaultNeverFired) as caught, offline.fault(FAULT):
            pass

        assert "early" not in str(caught.value)
        assert str(caught.value).endswith(", as no request arrived while it was armed")

    def test_it_never_hides_another_error(self, offline: FakeRegistry) -> None:
        """What went wrong in the body is what the test fails with."""
        with pytest.raises(KeyError), offline.fault(FAULT):
            raise KeyError("the client's own")

        assert offline.faults == []

    @pytest.mark.parametrize(
        ("target", "hint"),
        [
            ({"path": "/token"}, "hint: requests that no endpoint takes"),
            ({"where": lambda _: False}, "hint: requests that no endpoint takes"),
            ({"header": {"Accept": None}, "method": "PUT"}, "method differs"),
        ],
        ids=["no endpoint", "where", "another method"],
    )
    def test_what_arrived_is_told(self, offline: FakeRegistry, target: dict[str, Any], hint: str) -> None:
        """The requests that came instead are listed, with what may be the reason."""
        with pytest.raises(FaultNeverFired) as caught, offline.fault(FAULT, **target):
            send(offline, "GET", "/token")

        assert "/token" in str(caught.value).partition("\n")[2]
        assert hint in str(caught.value)

    def test_it_is_used_once(self, offline: FakeRegistry) -> None:
        """A second block would rehearse nothing."""
        fault = offline.fault(FAULT, must_fire=False)
        with fault:
            pass

        with pytest.raises(RuntimeError, match="was used before, or removed: arm another") as caught, fault:
            pass
        assert str(fault) in str(caught.value)

    def test_it_is_not_nested_in_itself(self, offline: FakeRegistry) -> None:
        """The inner block would disarm the outer one's."""
        with offline.fault(FAULT, must_fire=False) as fault, pytest.raises(RuntimeError), fault:
            pass

    def test_it_can_be_allowed(self, offline: FakeRegistry) -> None:
        """must_fire=False is for faults that need not be met."""
        with offline.fault(FAULT, must_fire=False) as fault:
            pass

        assert fault.fired == 0

    def test_a_scenario_fires_if_one_of_its_acts_does(self, offline: FakeRegistry) -> None:
        """A scenario is one whole: parts of it may stay unmet."""
        with offline.fault(scenarios.eventually_consistent()):
            send(offline, "GET", TAG)
        with pytest.raises(FaultNeverFired) as caught, offline.fault(scenarios.no_head()):
            send(offline, "GET", TAG)

        assert str(caught.value).startswith("the fault never fired: no_head, as no request fitted")

    def test_not_after_a_reset(self, offline: FakeRegistry) -> None:
        """A fault that a reset ended before it fired is told as well."""
        with pytest.raises(FaultNeverFired), offline.fault(FAULT, on="ping"):
            offline.reset()


class TestHowLong:
    def test_a_with_ends_it(self, offline: FakeRegistry) -> None:
        """Inside it is armed, afterwards it is not."""
        with offline.fault(FAULT, on="ping"):
            assert offline.faults == ["Respond(503) on ping"]
            assert statuses(offline, 1) == [503]

        assert offline.faults == []
        assert statuses(offline, 1) == [200]

    def test_remove(self, offline: FakeRegistry) -> None:
        """Once more does no harm, and others stay armed."""
        first, second = offline.fault(FAULT, on="ping"), offline.fault(faults.Respond(500), on="ping")

        first.remove()
        first.remove()

        assert offline.faults == ["Respond(500) on ping"]
        assert statuses(offline, 1) == [500]
        assert second.fired == 1

    def test_two_that_are_alike(self, offline: FakeRegistry) -> None:
        """Each is its own: to remove one leaves the other."""
        first = offline.fault(FAULT, on="ping")
        offline.fault(FAULT, on="ping")

        first.remove()

        assert offline.faults == ["Respond(503) on ping"]

    def test_a_reset_ends_it(self, offline: FakeRegistry) -> None:
        """Who starts over has no faults."""
        fault = offline.fault(FAULT, on="ping")

        offline.reset()

        assert statuses(offline, 1) == [200]
        assert offline.faults == []
        fault.remove()

    def test_isolated(self, offline: FakeRegistry) -> None:
        """Inside there are no faults of outside, and what is armed inside ends with it."""
        offline.fault(FAULT, on="ping")

        with offline.isolated():
            assert statuses(offline, 1) == [200]
            inner = offline.fault(faults.Respond(500), on="ping")
            assert statuses(offline, 1) == [500]

        assert statuses(offline, 1) == [503]
        assert offline.faults == ["Respond(503) on ping"]
        assert inner.fired == 1

    def test_restore_keeps_it(self, offline: FakeRegistry) -> None:
        """Going back to a snapshot is about content; faults are the test's."""
        before = offline.snapshot()
        fault = offline.fault(FAULT, on="ping", times=2)
        assert statuses(offline, 1) == [503]

        offline.restore(before)

        assert statuses(offline, 2) == [503, 200]
        assert fault.fired == 2

    def test_a_request_that_began_keeps_its_fault(self, registry: FakeRegistry) -> None:
        """To remove a fault changes nothing for the requests that it fired on."""
        with Line(registry.port) as line:
            fault = registry.fault(faults.Stall(after=10, seconds=0.1), on="get_blob")
            line.send(f"GET {BLOB_PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            first = line.socket.recv(1)
            fault.remove()

            assert (first + line.answer().raw).endswith(BLOB)


class TestRequests:
    def test_what_it_fired_on(self, offline: FakeRegistry) -> None:
        """The journal's entries, in their order, each with the fault's name."""
        with offline.fault(FAULT, method="GET", times=2) as fault:
            send(offline, "HEAD", TAG)
            statuses(offline, 1)
            send(offline, "GET", TAG)
            statuses(offline, 1)

        assert [entry.target for entry in fault.requests] == ["/v2/", TAG]
        assert [entry.faults for entry in offline.journal] == [(), ("Respond(503)",), ("Respond(503)",), ()]
        assert fault.requests == [offline.journal[1], offline.journal[2]]

    def test_several_acts(self, offline: FakeRegistry) -> None:
        """Those of a scenario come in the order in which they arrived, too."""
        with offline.fault(scenarios.rate_limited(times=2)) as fault:
            send(offline, "GET", BLOB_PATH)
            send(offline, "GET", TAG)
            send(offline, "GET", TAG)

        assert [entry.number for entry in fault.requests] == [1, 2]

    def test_only_so_many_are_kept(self, offline: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
        """A fault that fires for hours does not fill the memory; `fired` still counts all."""
        monkeypatch.setattr(armed_module, "KEPT", 10)
        fault = offline.fault(FAULT, on="ping")
        statuses(offline, 25)

        assert fault.fired == 25
        assert [entry.number for entry in fault.requests] == list(range(16, 26))

    def test_an_answer_that_never_was(self, offline: FakeRegistry) -> None:
        """The journal tells of no status where a fault let no answer out, and of the fault."""
        offline.fault(faults.Reset(), on="ping")
        send(offline, "GET", "/v2/")

        assert offline.journal[-1].status is None
        assert "no answer  GET /v2/" in str(offline.journal[-1])
        assert "fault: Reset()" in str(offline.journal[-1])

    def test_text(self, offline: FakeRegistry) -> None:
        """It says what it is, and how often it fired."""
        fault = offline.fault(FAULT, on="ping", times=1)
        statuses(offline, 2)

        assert str(fault) == "Respond(503) on ping, once"
        assert repr(fault) == "<fault Respond(503) on ping, once: fired 1 times>"


class TestNonsense:
    @pytest.mark.parametrize(
        ("options", "error", "told"),
        [
            ({"times": 0}, ValueError, "times is a whole number, 1 or more, got 0"),
            ({"times": True}, ValueError, "times is a whole number, 1 or more, got True"),
            ({"times": 1.5}, ValueError, "times is a whole number, 1 or more, got 1.5"),
            ({"after": -1}, ValueError, "after is a whole number, 0 or more, got -1"),
            ({"after": None}, ValueError, "after is a whole number, 0 or more, got None"),
            ({"during": 0}, ValueError, "during ends after it begins, got (0.0, 0)"),
            ({"during": -1}, ValueError, "during is a number, 0 or more, got -1"),
            ({"during": (5, 1)}, ValueError, "during ends after it begins, got (5, 1)"),
            ({"during": (1, 2, 3)}, ValueError, "during is a number of seconds from now on, or a pair (from, up to)"),
            ({"during": "5"}, ValueError, "during is a number of seconds from now on, or a pair (from, up to)"),
            ({"during": (1, "2")}, ValueError, "during is a number, 0 or more, got '2'"),
            ({"during": float("nan")}, ValueError, "during is a number, 0 or more, got nan"),
            ({"probability": 1.1}, ValueError, "probability is a number, from 0 to 1, got 1.1"),
            ({"probability": -0.1}, ValueError, "probability is a number, from 0 to 1, got -0.1"),
            ({"probability": float("nan")}, ValueError, "probability is a number, from 0 to 1, got nan"),
            ({"stage": "early"}, ValueError, "stage is 'authorised' or 'edge', got 'early'"),
            ({"name": 3}, TypeError, "name is str, got 3"),
        ],
    )
    def test_limits_that_make_no_sense(
        self, offline: FakeRegistry, options: dict[str, object], error: type[Exception], told: str
    ) -> None:
        """They are refused where they are written, and nothing is armed."""
        with pytest.raises(error) as caught:
            offline.fault(FAULT, **options)  # type: ignore[arg-type]

        assert str(caught.value).startswith(told)
        assert offline.faults == []

    @pytest.mark.parametrize("what", [(), (faults.Reset,), (503,), (FAULT, "Respond")])
    def test_what_is_no_fault(self, offline: FakeRegistry, what: tuple[object, ...]) -> None:
        """A class, a number or nothing at all is no fault."""
        with pytest.raises(TypeError) as caught:
            offline.fault(*what)  # type: ignore[arg-type]

        assert str(caught.value).startswith("faults are values such as faults.Respond(503), got ")

    def test_a_scenario_stands_alone(self, offline: FakeRegistry) -> None:
        """It has targets and limits of its own: others beside it would be without effect."""
        with pytest.raises(TypeError) as beside:
            offline.fault(scenarios.no_head(), FAULT)
        errors = []
        for options in ({"on": "ping"}, {"times": 1}, {"after": 1}, {"probability": 0.5}, {"stage": "edge"}):
            with pytest.raises(TypeError) as caught:
                offline.fault(scenarios.no_head(), **options)  # type: ignore[arg-type]
            errors.append(str(caught.value))

        assert str(beside.value) == "a scenario stands alone: arm the other faults with a call of their own"
        assert set(errors) == {"a scenario brings its own targets and limits: only must_fire may stand beside it"}

    def test_a_condition_that_fails(self, offline: FakeRegistry) -> None:
        """An error of the test's own condition is raised, and told in the journal as no fault of the client."""
        offline.fault(FAULT, where=lambda one: one.params["nothing"] == "")

        with pytest.raises(ConditionFailed):
            send(offline, "GET", "/v2/")
        assert offline.journal[-1].status == 500
        assert offline.journal[-1].error == "the test's own condition where=<lambda> raised KeyError('nothing')"
