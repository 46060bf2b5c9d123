"""What a test asserts of the requests: seen, not seen, how often, in which order."""

from __future__ import annotations

from typing import Unpack

from fakereg.double.journal import near_miss
from fakereg.double.journal.checks import endpoints_of
from fakereg.double.journal.entry import Entry
from fakereg.double.journal.queries import Queries
from fakereg.double.journal.text import times
from fakereg.double.journal.wanted import Criteria, Wanted

# A step of assert_order: a request(), ("PUT", "/v2/..."), or the name or id of an endpoint.
Step = Wanted | tuple[str, str] | str


class Assertions(Queries):
    """Each raises AssertionError with the nearest requests, and what differs in them."""

    def assert_requested(
        self,
        method: str | None = None,
        path: str | None = None,
        *,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        **criteria: Unpack[Criteria],
    ) -> None:
        """Such a request arrived: at least once, exactly `times`, or between the two bounds, both inclusive.

        A request counts when it arrived, whatever it was answered; add `status="2xx"` for those that
        succeeded. `times=0` is `assert_not_requested`. Criteria as for `requests`.
        """
        __tracebackhide__ = True
        expected = Bounds.of(times, at_least, at_most)
        wanted = Wanted.of(method, path, criteria)
        found = self._found(wanted)
        if expected.holds(len(found)):
            return
        if expected.most == 0:
            raise self._failure(near_miss.unwanted(wanted, found))
        if not found:
            raise self._failure(self._missing(wanted))
        others = list(self) if len(found) < expected.least else []
        raise self._failure(near_miss.wrong_count(wanted, found, str(expected), others))

    def assert_not_requested(
        self, method: str | None = None, path: str | None = None, **criteria: Unpack[Criteria]
    ) -> None:
        """No such request arrived. Without any argument: no request at all."""
        __tracebackhide__ = True
        wanted = Wanted.of(method, path, criteria)
        if found := self._found(wanted):
            raise self._failure(near_miss.unwanted(wanted, found))

    def assert_order(self, *steps: Step) -> None:
        """Such requests arrived in this order; others may have come between them.

            journal.assert_order("put_upload", ("PUT", "/v2/team/app/manifests/v1"))
            journal.assert_order("head_blob", journal.request(endpoint="put_manifest", status=201))

        Raises ValueError for a name that no endpoint has.
        """
        __tracebackhide__ = True
        wanted = [_step(step) for step in steps]
        entries: list[Entry] = list(self)
        done: list[Entry] = []
        for number, one in enumerate(wanted, start=1):
            after = done[-1].number if done else 0
            found = next((entry for entry in entries if entry.number > after and one.matches(entry)), None)
            if found is None:
                seen = [entry for entry in entries if one.matches(entry)]
                raise self._failure(_out_of_order(wanted, number, done, seen) or self._missing(one))
            done.append(found)


class Bounds:
    """How often something is expected."""

    def __init__(self, least: int, most: int | None) -> None:
        self.least, self.most = least, most

    @classmethod
    def of(cls, times: int | None, at_least: int | None, at_most: int | None) -> Bounds:
        """Raises ValueError for a negative number, `times` beside a bound, and bounds that exclude each other."""
        given = [number for number in (times, at_least, at_most) if number is not None]
        if any(number < 0 for number in given):
            raise ValueError(f"a request cannot be seen {min(given)} times")
        if times is not None and len(given) > 1:
            raise ValueError("times says exactly how often: leave at_least and at_most out")
        if times is not None:
            return cls(times, times)
        found = cls(at_least if at_least is not None else int(at_most is None), at_most)
        if found.most is not None and found.least > found.most:
            raise ValueError(f"at_least={at_least} is more than at_most={at_most}: that is never seen")
        return found

    def holds(self, number: int) -> bool:
        return self.least <= number and (self.most is None or number <= self.most)

    def __str__(self) -> str:
        if self.least == self.most:
            return f"wanted {self.least}"
        bounds = [f"at least {self.least}"] if self.least else []
        bounds += [f"at most {self.most}"] if self.most is not None else []
        return f"wanted {' and '.join(bounds)}"


def _step(step: Step) -> Wanted:
    if isinstance(step, Wanted):
        return step
    if isinstance(step, str):
        endpoints_of(step)
        return Wanted.of(None, None, {"endpoint": step})
    if isinstance(step, tuple):
        method, path = step
        return Wanted.of(method, path, {})
    raise TypeError(f"a step is a request(), (method, path) or an endpoint's name, got {step!r}")


def _out_of_order(wanted: list[Wanted], number: int, done: list[Entry], seen: list[Entry]) -> str | None:
    """None where the step was never seen: then the nearest requests say more."""
    if not seen:
        return None
    lines = [f"step {number} of {len(wanted)}, {wanted[number - 1]}, was not seen after the steps before it:"]
    lines += near_miss.listed(done)
    lines += [f"it was seen {times(len(seen))}, all before that:", *near_miss.listed(seen)]
    return "\n".join(lines)
