"""What must be noticed when it breaks in faults and in what watches the requests: when they fire, what they do."""

from __future__ import annotations

from saboteur import Sabotage

WHEN = "faults/test_when_faults_fire.py"
LASTS = "faults/test_how_long_faults_last.py"
TARGETS = "faults/test_targets.py"
STRICT = "faults/test_strict.py"
BODIES = "faults/test_delivered_bodies.py"
LONG = "faults/test_faults_of_bodies.py"
LISTED = "faults/test_every_failure.py"
SECRETS = "journal/test_journal_secrets.py"
WAITING = "journal/test_journal_waiting.py"

FAULTS = [
    Sabotage(
        "a fault fires so many times",
        "double/armed.py",
        "(act.times is not None and self.fired >= act.times)",
        "False",
        f"{WHEN}::TestCounts::test_times",
    ),
    Sabotage(
        "a fault lets the first requests pass",
        "double/armed.py",
        "self.seen <= act.after or",
        "False or",
        f"{WHEN}::TestCounts::test_after",
    ),
    Sabotage(
        "a fault lasts for a while of the registry's clock",
        "double/armed.py",
        "if act.during is not None and not act.during[0] <= now - self._armed_at < act.during[1]:",
        "if False:",
        f"{WHEN}::TestTime::test_during",
    ),
    Sabotage(
        "what a fault draws is drawn for each request anew",
        "double/armed.py",
        "partial(draw, self._seed, self._name, key, self._asked[key])",
        "partial(draw, self._seed, self._name, key)",
        f"{WHEN}::TestChance::test_the_same_seed_gives_the_same_run",
    ),
    Sabotage(
        "other requests do not shift what is drawn",
        "double/armed.py",
        "partial(draw, self._seed, self._name, key, self._asked[key])",
        "partial(draw, self._seed, self._name, self.seen)",
        f"{WHEN}::TestChance::test_the_order_of_different_requests_does_not_matter",
    ),
    Sabotage(
        "upload ids do not shift what is drawn",
        "double/armed.py",
        'if name != "session"',
        "if name",
        f"{WHEN}::TestChance::test_upload_ids_do_not_matter",
    ),
    Sabotage(
        "of several answers the first counts",
        "double/injection.py",
        "answer = answer or begun",
        "answer = begun or answer",
        f"{WHEN}::TestSeveral::test_the_first_that_answers_counts",
    ),
    Sabotage(
        "a fault that never fired is an error",
        "double/plan.py",
        "if kind is None and self._must_fire and not self.fired:",
        "if False:",
        f"{LASTS}::TestNeverFired::test_it_fails_the_test",
    ),
    Sabotage(
        "and never hides another one",
        "double/plan.py",
        "if kind is None and self._must_fire and not self.fired:",
        "if self._must_fire and not self.fired:",
        f"{LASTS}::TestNeverFired::test_it_never_hides_another_error",
    ),
    Sabotage(
        "a with disarms its fault",
        "double/plan.py",
        "        __tracebackhide__ = True\n        self.remove()\n",
        "        __tracebackhide__ = True\n",
        f"{LASTS}::TestHowLong::test_a_with_ends_it",
    ),
    Sabotage(
        "a fault at the edge sees what no endpoint takes",
        "double/pipeline.py",
        "        exchange.unmatched = error\n",
        "        raise\n",
        f"{TARGETS}::TestStages::test_the_edge_takes_what_no_endpoint_has",
    ),
    Sabotage(
        "what is forbidden is found without any fault",
        "double/pipeline.py",
        "if self.plan.rules or self.conduct.forbidden",
        "if self.plan.rules",
        f"{STRICT}::TestForbid::test_by_method",
    ),
    Sabotage(
        "strict mode notes what no endpoint takes",
        "double/conduct.py",
        "if self.is_strict and (unmatched or error.status == _INVALID):",
        "if self.is_strict and error.status == _INVALID:",
        f"{STRICT}::TestStrict::test_what_nothing_takes",
    ),
    Sabotage(
        "strict mode takes 404 for a normal answer",
        "double/conduct.py",
        "(unmatched or error.status == _INVALID)",
        "error.status >= _INVALID",
        f"{STRICT}::TestStrict::test_normal_answers",
    ),
    Sabotage(
        "a cut is exact",
        "http/delivering.py",
        "min(size, delivery.body_bytes)",
        "min(size, delivery.body_bytes + 1)",
        f"{BODIES}::TestBigBodies::test_a_cut_is_exact",
    ),
    Sabotage(
        "a reset is one",
        "http/delivering.py",
        'transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)',
        "pass",
        f"{LISTED}::test_failure",
    ),
    Sabotage(
        "a reset leaves to the client what was sent before",
        "http/delivering.py",
        "        await _arrive(incoming.transport)\n",
        "",
        f"{BODIES}::TestBigBodies::test_a_cut_is_exact",
    ),
    Sabotage(
        "a chunk that is kept in part ends there",
        "double/faults/requests.py",
        "kept = data[: self._left]",
        "kept = data",
        f"{LONG}::TestLongBodies::test_part_of_a_chunk",
    ),
    Sabotage(
        "an upload that is reset keeps what came",
        "double/faults/breaks.py",
        "            self._inner.feed(data[: self._left])\n",
        "            pass\n",
        f"{LONG}::TestLongBodies::test_a_reset_within",
    ),
    Sabotage(
        "one byte is another",
        "double/faults/breaks.py",
        "^ 0xFF",
        "^ 0x00",
        f"{BODIES}::TestCorrupt::test_at_the_borders_of_segments",
    ),
    Sabotage(
        "passwords are never shown",
        "double/journal/redaction.py",
        "    if kind in _CREDENTIALS:\n        return _credentials(value)\n",
        "",
        f"{SECRETS}::test_headers",
    ),
    Sabotage(
        "whoever waits listens before looking back",
        "double/journal/waiting.py",
        "        self._journal.subscribe(self._see)\n",
        "",
        f"{WAITING}::TestInAThread::test_woken_by_the_request",
    ),
]
