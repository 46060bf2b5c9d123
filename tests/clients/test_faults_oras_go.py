"""oras-go and what a registry says of digests and ranges: its own truth table, and a download that is resumed."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping

import pytest
from client import ClientFailed
from fault_cases import CUT, LAYER
from test_oras_go import OrasGo

from fakereg import FakeRegistry, faults

DIGEST = "Docker-Content-Digest"
ANOTHER = f"sha256:{hashlib.sha256(b'another').hexdigest()}"

HEADERS: Mapping[str, faults.Fault] = {
    "missing": faults.DropHeader(DIGEST),
    "right": faults.SetHeader("X-Untouched", "yes"),
    "wrong": faults.SetHeader(DIGEST, ANOTHER),
}
VERBS = {"HEAD": "resolve", "GET": "fetch"}

MISSING = "HTTP HEAD request missing required header"
MISMATCH = "digest mismatch in Docker-Content-Digest"

# What the client asked by, the header, and the method: the digest that it goes on with, or the error it ends with.
TRUTH = {
    ("tag", "missing", "HEAD"): MISSING,
    ("tag", "missing", "GET"): "the image's",
    ("tag", "right", "HEAD"): "the image's",
    ("tag", "right", "GET"): "the image's",
    ("tag", "wrong", "HEAD"): "the header's",
    ("tag", "wrong", "GET"): "the header's",
    ("digest", "missing", "HEAD"): "the image's",
    ("digest", "missing", "GET"): "the image's",
    ("digest", "right", "HEAD"): "the image's",
    ("digest", "right", "GET"): "the image's",
    ("digest", "wrong", "HEAD"): MISMATCH,
    ("digest", "wrong", "GET"): MISMATCH,
}


class TestOrasGoDigestHeader:
    Client = OrasGo

    def test_the_table_is_whole(self) -> None:
        """There is a line for every reference, header and method."""
        assert set(TRUTH) == set(itertools.product(("tag", "digest"), HEADERS, VERBS))

    @pytest.mark.parametrize(("asked", "header", "method"), TRUTH)
    def test_truth_table(
        self, asked: str, header: str, method: str, client: OrasGo, fake_registry: FakeRegistry
    ) -> None:
        """Only HEAD of a tag without the header fails, and a digest whose header has another one."""
        image = fake_registry.seed("team/app:v1")
        reference = image.reference if asked == "tag" else fake_registry.reference(f"team/app@{image.digest}")
        expected = TRUTH[asked, header, method]

        with fake_registry.fault(HEADERS[header], on=("get_manifest", "head_manifest")) as fault:
            if expected in (MISSING, MISMATCH):
                with pytest.raises(ClientFailed, match=expected):
                    client.ask(VERBS[method], reference)
            else:
                told = client.ask(VERBS[method], reference)["digest"]
                assert told == {"the image's": image.digest, "the header's": ANOTHER}[expected]

        assert [entry.method for entry in fault.requests] == [method]


class TestOrasGoResumes:
    Client = OrasGo

    @pytest.mark.parametrize("broken", [faults.Truncate(CUT), faults.Reset("within", after=CUT)], ids=str)
    def test_a_seek_asks_for_the_rest(self, broken: faults.Fault, client: OrasGo, fake_registry: FakeRegistry) -> None:
        """Where a caller seeks back to where the line broke, the rest comes by one request, and the blob is whole."""
        image = fake_registry.seed("team/app:v1", layers=[bytes(range(250)) * (LAYER // 250)])
        layer = image.layers[0]

        with fake_registry.fault(broken, on="get_blob", times=1):
            read = client.ask("resume", fake_registry.reference(f"team/app@{layer}"))["digest"]

        whole, rest = fake_registry.journal.requests(endpoint="get_blob")
        start = int(rest.request_headers["Range"].removeprefix("bytes=").partition("-")[0])
        assert (whole.status, rest.status) == (200, 206)
        assert 0 < start <= CUT
        assert rest.sent == LAYER - start
        assert read == layer

    def test_a_range_ignored_is_refused(self, client: OrasGo, fake_registry: FakeRegistry) -> None:
        """A seek that is answered with the whole blob fails: nothing is read twice."""
        layer = fake_registry.seed("team/app:v1", layers=[b"x" * LAYER]).layers[0]

        with (
            fake_registry.fault(faults.Truncate(CUT), on="get_blob", times=1),
            fake_registry.fault(faults.IgnoreRange(), after=1),
            pytest.raises(ClientFailed, match="unexpected status code 200"),
        ):
            client.ask("resume", fake_registry.reference(f"team/app@{layer}"))

        fake_registry.journal.assert_requested("GET", endpoint="get_blob", times=2)


class TestOrasGoReferrers:
    Client = OrasGo

    def test_an_unknown_name_is_no_missing_api(self, client: OrasGo, fake_registry: FakeRegistry) -> None:
        """A 404 that says NAME_UNKNOWN is an error, and not the sign of a registry without the referrers API."""
        image = fake_registry.seed("team/app:v1")

        with (
            fake_registry.fault(faults.Respond(404, code="NAME_UNKNOWN"), on=("end-12a", "end-12b")) as fault,
            pytest.raises(ClientFailed, match="response status code 404: name unknown"),
        ):
            client.referrers(image.reference)

        assert fault.fired == 1
        fake_registry.journal.assert_not_requested(reference="sha256-*")
