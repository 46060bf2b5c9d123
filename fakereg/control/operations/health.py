"""Whether it is there, and the problems that it knows."""

from __future__ import annotations

from typing import Any

import fakereg
from fakereg.control.desk import Ask
from fakereg.control.problems import PROBLEMS
from fakereg.control.route import Reply
from fakereg.control.shapes import TEXT, WHOLE, answered, many, some

_COUNTS = ("repositories", "tags", "manifests", "blobs", "bytes", "uploads", "requests", "faults", "snapshots")

HEALTH = answered(
    status=some("ok"),
    version=TEXT,
    profile=TEXT,
    uptime={"type": "number", "minimum": 0, "description": "seconds, whatever was reset or advanced since"},
    counts=answered(**dict.fromkeys((*_COUNTS, "violations"), WHOLE)),
)
TYPES = answered(problems=many(answered(name=TEXT, title=TEXT, status=WHOLE, description=TEXT)))


def get(ask: Ask) -> Reply:
    document = {
        "status": "ok",
        "version": fakereg.__version__,
        "profile": ask.fake.profile.name,
        "uptime": round(ask.desk.clock.now(), 3),
        "counts": counts(ask),
    }
    return Reply(document)


def counts(ask: Ask) -> dict[str, Any]:
    store = ask.pipeline.registry.store
    repositories = store.repositories()
    return {
        "repositories": len(repositories),
        "tags": sum(len(one.tagged()) for one in repositories),
        "manifests": sum(len(one.manifests()) for one in repositories),
        "blobs": len({blob.digest for one in repositories for blob in one.blobs()}),
        "bytes": store.usage.bytes,
        "uploads": sum(len(one.uploads()) for one in store.places()),
        "requests": len(ask.pipeline.journal),
        "faults": len(ask.desk.armed(ask.pipeline)),
        "snapshots": len(ask.desk.snapshots),
        "violations": len(ask.fake.violations),
    }


def problems(ask: Ask) -> Reply:
    known = [
        {"name": one.name, "title": one.title, "status": one.status, "description": one.__doc__} for one in PROBLEMS
    ]
    return Reply({"problems": known})
