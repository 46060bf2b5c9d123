"""What goes wrong in the table of faults: one row each, done by fakereg on cue while a client pulls, pushes or copies.

Every image here has one layer and a config, and what is not the case's subject is there already: so one
download, or one upload, meets the fault, and how many requests a client makes of it is the same in every run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from fakereg import FakeRegistry, faults, scenarios
from fakereg.double.journal import Entry
from fakereg.double.plan import ArmedFault
from fakereg.double.scenario import Scenario
from fakereg.oci.digest import Digest

LAYER = 100_000  # bytes of the layer, about
CUT = 40_000  # bytes of it that arrive
CHUNK = 30_000  # bytes that a client is told to send at a time

BLOB = ("get_blob",)
MANIFEST = ("get_manifest", "head_manifest")
OPENINGS = ("start_upload", "start_upload_with", "mount_blob")
BODIES = ("patch_upload", "put_upload", "push_blob")
LAST_BODIES = ("put_upload", "push_blob")
PATCH = ("patch_upload",)
MANIFEST_PUT = ("put_manifest", "put_manifest_tags")


class Does(Enum):
    """What the client is asked for while the fault is armed."""

    PULL = "a pull"
    PULL_MOVED = "a pull of a tag that has moved"
    PUSH = "a push"
    PUSH_IN_CHUNKS = "a push in chunks, of clients that can be told to"
    COPY = "a copy into another repository, by mounts"
    REFERRERS = "a list of referrers, which are also in an index under the fallback tag"


@dataclass(frozen=True)
class Case:
    """A fault, the endpoints where it fires and whose requests are counted, and what the client does meanwhile.

    Of requests for blobs those for the layer alone fire and count.
    """

    sentence: str
    does: Does
    counted: Sequence[str]
    fault: faults.Fault | Scenario
    limits: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.does.value}: {self.sentence}"

    def arm(self, registry: FakeRegistry, layer: str) -> ArmedFault:
        if isinstance(self.fault, Scenario):
            return registry.fault(self.fault, must_fire=False)
        chosen = {"reference": layer} if self.counted == BLOB else {}
        return registry.fault(self.fault, on=self.counted, must_fire=False, **chosen, **self.limits)

    def requests(self, registry: FakeRegistry, after: int, layer: str) -> list[Entry]:
        """The requests that count, of those after the first so many."""
        asked = [entry for entry in registry.journal.since(after) if entry.endpoint in self.counted]
        return [entry for entry in asked if self.counted != BLOB or entry.reference == layer]


UNAVAILABLE = faults.Respond(503)
TOO_MANY = faults.Respond(429, retry_after=1)
NOT_SATISFIABLE = faults.Respond(416, upload=True)
NO_API = faults.Respond(404, body="404 page not found\n", headers={"Content-Type": "text/plain"})
WRONG_DIGEST = faults.SetHeader("Docker-Content-Digest", str(Digest.of(b"something else")))
ONCE, TWICE, SECOND = {"times": 1}, {"times": 2}, {"times": 1, "after": 1}

CASES: Mapping[str, Case] = {
    "blob 503": Case("The layer is answered 503, twice.", Does.PULL, BLOB, UNAVAILABLE, TWICE),
    "blob 429": Case("The layer is answered 429 with Retry-After: 1, once.", Does.PULL, BLOB, TOO_MANY, ONCE),
    "manifest 429": Case(
        "The manifest is answered 429 with Retry-After: 1, once.", Does.PULL, MANIFEST, TOO_MANY, ONCE
    ),
    "download ends": Case(
        "The line is closed in the middle of the layer, once.", Does.PULL, BLOB, faults.Truncate(CUT), ONCE
    ),
    "download reset": Case(
        "The line is reset in the middle of the layer, once.", Does.PULL, BLOB, faults.Reset("within", after=CUT), ONCE
    ),
    "short blob": Case(
        "The layer is short, and its Content-Length says so too.", Does.PULL, BLOB, faults.Truncate(CUT, honest=True)
    ),
    "corrupt blob": Case("A byte of the layer is another.", Does.PULL, BLOB, faults.Corrupt(1000)),
    "chunked blob": Case(
        "The layer has chunked encoding, and no Content-Length.", Does.PULL, BLOB, faults.ChunkedEncoding()
    ),
    "200 redirects": Case(
        "The layer is redirected to itself, 200 times.", Does.PULL, BLOB, faults.Redirect(), {"times": 200}
    ),
    "wrong digest": Case(
        "The answer to GET of a manifest has another Docker-Content-Digest.", Does.PULL, ("get_manifest",), WRONG_DIGEST
    ),
    "no HEAD": Case("HEAD of a manifest is answered 405.", Does.PULL, MANIFEST, scenarios.no_head()),
    "stale tag": Case(
        "The first read of the tag tells where it was.",
        Does.PULL_MOVED,
        MANIFEST,
        faults.StaleRead(),
        ONCE,
    ),
    "upload 503": Case("The POST that opens an upload is answered 503, once.", Does.PUSH, OPENINGS, UNAVAILABLE, ONCE),
    "bytes 503": Case(
        "The PATCH or PUT with the layer's bytes is answered 503, once.", Does.PUSH, BODIES, UNAVAILABLE, ONCE
    ),
    "lost blob": Case(
        "The layer is stored, and the answer never arrives.", Does.PUSH, LAST_BODIES, faults.LoseAnswer(), ONCE
    ),
    "lost manifest": Case(
        "The manifest is stored, and the answer never arrives.", Does.PUSH, MANIFEST_PUT, faults.LoseAnswer(), ONCE
    ),
    "manifest 503": Case("PUT of the manifest is answered 503, once.", Does.PUSH, MANIFEST_PUT, UNAVAILABLE, ONCE),
    "lost session": Case(
        "The upload session is gone when the layer comes, once.", Does.PUSH, BODIES, faults.ForgetUpload(), ONCE
    ),
    "first PATCH 416": Case(
        "The first PATCH is answered 416, and where the session stands: at 0-0, which is nothing or one byte.",
        Does.PUSH_IN_CHUNKS,
        PATCH,
        NOT_SATISFIABLE,
        ONCE,
    ),
    "second PATCH 416": Case(
        "The second PATCH is answered 416, and where the session stands.",
        Does.PUSH_IN_CHUNKS,
        PATCH,
        NOT_SATISFIABLE,
        SECOND,
    ),
    "part of a PATCH": Case(
        "Of the first PATCH 10,000 bytes are kept, as the answer's Range tells.",
        Does.PUSH_IN_CHUNKS,
        PATCH,
        faults.PartialAccept(CHUNK // 3),
        ONCE,
    ),
    "mount declined": Case(
        "Every mount is answered with an upload session.", Does.COPY, ("mount_blob",), faults.DeclineMount()
    ),
    "no referrers": Case(
        "There is no referrers API: it is answered 404.", Does.REFERRERS, ("get_referrers", "filter_referrers"), NO_API
    ),
}
