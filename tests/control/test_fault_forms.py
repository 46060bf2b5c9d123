"""Faults as JSON and back, each of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fakereg import faults
from fakereg.double import fault_forms
from fakereg.double.fault_forms import FAULTS, FormError

# Values of every fault, at least one for each way in which a field can be given.
VALUES: list[faults.Fault] = [
    faults.ChunkedEncoding(),
    faults.ContentEncoding(compressed=False),
    faults.Corrupt(7),
    faults.DeclineMount(),
    faults.Delay(0.5, before="body"),
    faults.Delay(faults.Uniform(1, 2.5)),
    faults.Delay(faults.Lognormal(0.1, 0.7)),
    faults.DropHeader("Content-Length"),
    faults.EmptyAnswer(),
    faults.EndlessPages(),
    faults.ForgetUpload(),
    faults.IgnoreFilter(),
    faults.IgnoreRange(),
    faults.LaggingList(),
    faults.LoseAnswer(clean=True),
    faults.MultipartRange(),
    faults.Pad(100),
    faults.PartialAccept(3),
    faults.Redirect(host="127.0.0.1:1", status=302),
    faults.Redirect("/elsewhere"),
    faults.Relocate(port=False, query=(("a", "1"), ("a", "2")), session="x"),
    faults.Reset("within", after=3),
    faults.Respond(503),
    faults.Respond(429, retry_after=1.5, code="X", message="m", headers={"A": "b"}, upload=True),
    faults.Respond(429, retry_after=datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)),
    faults.Respond(429, retry_after=datetime(2030, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))),
    faults.Respond(429, retry_after="soon"),
    faults.Respond(429, retry_after="2030-01-02T03:04:05"),
    faults.Respond(200, body="text"),
    faults.Respond(200, body=b"\xff\0"),
    faults.Respond(401, challenge=("Basic", 'Bearer realm="x"')),
    faults.Respond(401, challenge="Basic"),
    faults.SetHeader("A", "b"),
    faults.SetQuery("n", "1"),
    faults.SetQuery("n"),
    faults.SetStatus(200),
    faults.SlowTls(1),
    faults.StaleRead(),
    faults.Stall(),
    faults.Stall(3, seconds=2),
    faults.Throttle(1024, up=False),
    faults.Truncate(3, clean=False, honest=True),
    faults.WrongContentRange("bytes 0-1/2"),
]


def test_each_is_tried() -> None:
    """A new fault needs a line above."""
    assert {type(value).__name__ for value in VALUES} >= set(FAULTS)


@pytest.mark.parametrize("fault", VALUES, ids=str)
def test_round_trip(fault: faults.Fault) -> None:
    """The form is JSON, fits the schema of the fault, and gives the same fault again."""
    form = json.loads(json.dumps(fault_forms.to_json(fault), allow_nan=False))

    Draft202012Validator(fault_forms.schema(type(fault))).validate(form)
    assert fault_forms.from_json(form) == fault


@pytest.mark.parametrize("form", [{"fault": "Stall", "seconds": None}, {"fault": "Stall", "seconds": "forever"}])
def test_forever(form: dict[str, Any]) -> None:
    """Null and "forever" are infinitely many seconds."""
    assert fault_forms.from_json(form) == faults.Stall()


def test_an_object_of_parameters() -> None:
    """Where no name stands twice, an object will do."""
    form = {"fault": "Relocate", "query": {"_state": "abc"}}

    assert fault_forms.from_json(form) == faults.Relocate(query=(("_state", "abc"),))


def wrong() -> Iterator[tuple[dict[str, Any], str]]:
    yield {}, "fault is missing: name one, such as 'Respond'"
    yield {"fault": 1}, "fault takes a name as text"
    yield {"fault": "Fault"}, "fault is unknown: 'Fault'; known are ChunkedEncoding, "
    yield {"fault": "Uniform"}, "fault is unknown: 'Uniform'; "
    yield {"fault": "Truncate"}, "after is missing: Truncate needs it"
    yield {"fault": "Stall", "secs": 1}, "secs is no field of Stall; it has after, seconds"
    yield {"fault": "Stall", "seconds": True}, "seconds takes a number or 'forever', got true"
    yield {"fault": "Stall", "seconds": -1}, "seconds is a number, 0 or more, got -1"
    yield {"fault": "Delay", "seconds": {"uniform": [1]}}, "seconds takes a number or {"
    yield {"fault": "Delay", "seconds": {"uniform": [2, 1]}}, "seconds takes a number or {"
    yield {"fault": "Delay", "seconds": 1, "before": "tail"}, "before takes 'head' or 'body', got \"tail\""
    yield {"fault": "Respond", "status": 1.5}, "status takes a whole number, got 1.5"
    yield (
        {"fault": "Respond", "status": 200, "body": {"base64": "?"}},
        'body takes {"base64": ...} or text or null, got',
    )
    yield {"fault": "Respond", "status": 200, "headers": ["a"]}, 'headers takes an object of texts, got ["a"]'
    yield {"fault": "Redirect", "to": "/", "host": "a"}, "fault Redirect cannot be: give `to` or `host`"


@pytest.mark.parametrize(("form", "message"), list(wrong()), ids=lambda value: str(value)[:40])
def test_it_names_the_field(form: dict[str, Any], message: str) -> None:
    """A wrong form is told by its field and what that takes."""
    with pytest.raises(FormError) as raised:
        fault_forms.from_json(form)

    assert str(raised.value).startswith(message)
    assert raised.value.field == message.partition(" ")[0]
