"""What faults cost when there are none, and when there is one for another endpoint: `python -m benchmarks.overhead`.

CPU time of the sans-IO pipeline per request, the least of 20 interleaved runs, beside the same pipeline
without the steps in which faults and forbidden requests are looked for, and beside the three steps of the
core without journal or anything else that makes it a test double.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from fakereg import FakeRegistry, faults
from fakereg.double.exchange import Exchange
from fakereg.double.pipeline import Pipeline, authorise, match, operate
from fakereg.registry import access
from fakereg.registry.endpoints import Router
from fakereg.registry.messages import Request, Response

RUNS = 20
REQUESTS = 5_000

TARGET = "/v2/team/app/manifests/v1"


class Bare(Pipeline):
    """The line as it would be if there were no faults."""

    def open(self, request: Request) -> Exchange:
        exchange = self._begin(request)
        for step in (match, authorise, operate):
            step(exchange)
        return exchange


def main() -> None:
    registry = FakeRegistry()
    registry.seed("team/app:v1")
    inner = registry._pipeline.registry  # noqa: SLF001 - the pipeline is what is measured
    bare, idle, armed = Bare(inner), Pipeline(inner), Pipeline(inner)
    router = Router()

    def core() -> Response:
        request = Request("GET", TARGET)
        request.parse()
        endpoint = router.match(request)
        access.authorise(request, endpoint.action)
        answer = endpoint.run(inner, request)
        if not isinstance(answer, Response):
            raise TypeError("a GET needs no body")
        return answer

    registry.fault(faults.Respond(503), on="put_manifest")
    armed.plan.add(registry._pipeline.plan.rules)  # noqa: SLF001
    measured = least(
        {
            "three steps of the core alone": core,
            "pipeline without the steps of faults": lambda: bare.handle(Request("GET", TARGET)),
            "pipeline, no fault armed": lambda: idle.handle(Request("GET", TARGET)),
            "pipeline, a fault armed for another endpoint": lambda: armed.handle(Request("GET", TARGET)),
        }
    )
    base = measured["pipeline without the steps of faults"]
    for name, seconds in measured.items():
        print(f"{name:<46} {seconds * 1e6:6.2f} us  {seconds / base:5.3f}x")


def least(candidates: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Seconds of CPU per request, the least of all runs: what disturbs a run only makes it longer."""
    found: dict[str, float] = {}
    for _ in range(RUNS):
        for name, ask in candidates.items():
            begun = time.process_time()
            for _ in range(REQUESTS):
                ask()
            seconds = (time.process_time() - begun) / REQUESTS
            found[name] = min(seconds, found.get(name, seconds))
    return found


if __name__ == "__main__":
    main()
