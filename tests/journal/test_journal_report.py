"""What reports and logs say of requests that faults took part in."""

from __future__ import annotations

import io

from pytest_fakereg.journals import LATEST, Journals

from fakereg import FakeRegistry, Request, faults
from fakereg.cli.log import RequestLog
from fakereg.cli.terminal import Terminal


def test_a_fault_is_not_left_out_of_a_long_report(registry: FakeRegistry) -> None:
    """Among hundreds of requests one that a fault took part in is shown, although it looks like success."""
    journals = Journals()
    journals.follow(registry)
    for _ in range(10 * LATEST):
        registry.handle(Request("GET", "/v2/"))
    registry.journal[7].faults = ("Delay",)

    ((_, text),) = journals.sections(shared=False)
    lines = text.splitlines()
    assert lines[1:3] == ["   8  200  GET /v2/  in 0 B, out 2 B", "            fault: Delay"]
    assert len(lines) == 1 + 2 + LATEST


def test_a_fault_that_fired(registry: FakeRegistry) -> None:
    """The report and the command's log name it."""
    stream = io.StringIO()
    registry.journal.subscribe(RequestLog(Terminal(stream)))
    with registry.fault(faults.Respond(503), on="ping", times=1):
        registry.handle(Request("GET", "/v2/"))

    assert "            fault: Respond(503)" in registry.journal.report().splitlines()
    assert "fault: Respond(503)" in stream.getvalue()
    assert registry.journal.requests(fault="Respond*", status=503) == list(registry.journal)
