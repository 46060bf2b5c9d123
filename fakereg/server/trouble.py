"""What a test tells the registry to do wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fakereg.double.armed import Act, Rule, Stage
from fakereg.double.fault import Fault
from fakereg.double.plan import ArmedFault, check_connecting
from fakereg.double.scenario import Scenario
from fakereg.double.target import Labels, Target, check_places, names_of
from fakereg.registry.messages import Request
from fakereg.server.core import Core


class Trouble(Core):
    """Faults, and warnings."""

    def fault(
        self,
        *faults: Fault | Scenario,
        on: Labels | None = None,
        method: str | None = None,
        path: str | None = None,
        repository: str | None = None,
        reference: str | None = None,
        header: Mapping[str, str | None] | None = None,
        where: Callable[[Request], bool] | None = None,
        times: int | None = None,
        after: int = 0,
        during: float | tuple[float, float] | None = None,
        probability: float = 1.0,
        stage: Stage = "authorised",
        name: str = "",
        must_fire: bool = True,
    ) -> ArmedFault:
        """Do something wrong from now on; with several faults, all of them on the same request, in this order.

            with registry.fault(faults.Respond(429, retry_after=1), on="get_blob", times=2) as fault:
                pull()
            assert fault.fired == 2

        Which requests: `on` is a name or id of the endpoint table, several of them, or "connect" for what
        happens before a request; without it most faults fire everywhere, and some where they make sense
        (`IgnoreRange` on get_blob). `path`, `repository`, `reference` and the values of `header` are shell
        globs; `where` is asked last, with the Request.

        When: at most `times`, not on the first so many that fit (`after`), within so many seconds of the
        registry's clock (`during`: a number from now on, or a pair), with a `probability` that is drawn from the
        registry's seed, this fault and the request, so that other faults and other clients do not shift it.

        By default a fault fires on requests that are allowed; `stage="edge"` comes before anybody looks at
        credentials, and also takes requests that no endpoint has. Faults that fire on one request work in the
        order in which they were armed.

        A scenario of `fakereg.scenarios` stands alone, and brings its own targets.

        Raises ValueError or TypeError, naming the argument, for what makes no sense.
        """
        if any(isinstance(one, Scenario) for one in faults):
            limits = (on, method, path, repository, reference, header, where, times, after, during, name)
            is_limited = any(limits) or probability != 1 or stage != "authorised"
            return self._arm(_only(faults, is_limited=is_limited).acts, str(faults[0]), must_fire=must_fire)
        chosen = tuple(one for one in faults if isinstance(one, Fault))
        if len(chosen) != len(faults):
            raise TypeError(f"faults are values such as faults.Respond(503), got {faults!r}")
        target = Target(
            endpoints=names_of(on) or _natural(chosen),
            method=method,
            path=path,
            repository=repository,
            reference=reference,
            header=header or {},
            where=where,
        )
        act = Act(
            chosen,
            target,
            times=times,
            after=after,
            during=(0.0, during) if isinstance(during, (int, float)) else during,
            probability=probability,
            stage=stage,
            name=name,
        )
        return self._arm((act,), name or str(act), must_fire=must_fire)

    @property
    def faults(self) -> list[str]:
        """What is armed, in the order in which it works."""
        return [str(rule.act) for rule in self._pipeline.plan.rules]

    def forbid(
        self,
        method: str | None = None,
        path: str | None = None,
        *,
        endpoint: Labels | None = None,
        repository: str | None = None,
        reference: str | None = None,
        header: Mapping[str, str | None] | None = None,
        where: Callable[[Request], bool] | None = None,
        reason: str = "",
    ) -> None:
        """Make a violation of every such request from now on; it is answered all the same.

            registry.forbid("DELETE")
            registry.forbid(endpoint="put_manifest", reference="latest", reason="we push versions alone")

        `method`, `path` and `endpoint` are those of the journal's `assert_not_requested`, all else is as for
        `fault`; a path is a shell glob. Under pytest the test fails once it has run.
        Raises ValueError for an unknown endpoint, and if nothing is named.
        """
        target = Target(
            endpoints=names_of(endpoint),
            method=method,
            path=path,
            repository=repository,
            reference=reference,
            header=header or {},
            where=where,
        )
        if target == Target():
            raise ValueError("name what is forbidden, such as a method or an endpoint: forbid('DELETE')")
        self._pipeline.conduct.forbid(target, f"forbidden: {reason or target}")

    def warn(self, text: str, *, on: str | None = None) -> None:
        """Send a `Warning: 299` header with every answer, or with those of the endpoint `on` (its name or id).

        Raises ValueError for text that a header cannot hold, for an unknown endpoint, and beyond the
        4096 bytes that the specification allows on one answer.
        """
        self._pipeline.warnings.add(text, on)

    def _arm(self, acts: tuple[Act, ...], name: str, *, must_fire: bool) -> ArmedFault:
        pipeline = self._pipeline
        for act in acts:
            check_connecting(act)
            check_places(act.faults, act.target.endpoints)
        rules = [Rule(act, self._seed, pipeline.registry) for act in acts]
        pipeline.plan.add(rules)
        return ArmedFault(rules, pipeline.plan, pipeline.journal, name=name, must_fire=must_fire)


def _natural(faults: tuple[Fault, ...]) -> tuple[str, ...]:
    """Where faults fire that were not told: where the first of them makes sense."""
    return next((fault.suits() for fault in faults if fault.suits()), ())


def _only(faults: tuple[Fault | Scenario, ...], *, is_limited: bool) -> Scenario:
    if is_limited:
        raise TypeError("a scenario brings its own targets and limits: only must_fire may stand beside it")
    if len(faults) == 1 and isinstance(faults[0], Scenario):
        return faults[0]
    raise TypeError("a scenario stands alone: arm the other faults with a call of their own")
