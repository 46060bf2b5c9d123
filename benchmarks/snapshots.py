"""What it costs to keep a moment and to go back to it, with 1 GiB stored, beside a copy of the bytes.

    python -m benchmarks.snapshots

Prints medians and the spread (10th to 90th percentile). The first push after a restore is measured too:
it pays for what the restore put off, the copy of one repository's dictionaries and the count of all bytes.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial

from benchmarks.contents import CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE, MIB, Blob
from fakereg import FakeRegistry, Request
from fakereg.registry.headers import Headers

STORED = 1024 * MIB
BLOBS = 10_000
RUNS = 100
COPIES = 3

# How many repositories share the blobs, and whether each blob has a manifest and a tag.
SHAPES = ((1, False), (100, False), (1, True), (100, True))


def send(registry: FakeRegistry, method: str, target: str, body: bytes, media_type: str = "") -> None:
    answer = registry.handle(Request(method, target, Headers({"Content-Type": media_type})), body)
    if answer.status != 201:  # noqa: PLR2004 - created
        raise RuntimeError(f"{method} {target} was answered with {answer.status}")


def push_blob(registry: FakeRegistry, name: str, blob: Blob) -> None:
    send(registry, "POST", f"/v2/{name}/blobs/uploads/?digest={blob.digest}", bytes(blob.content))


def push_manifest(registry: FakeRegistry, name: str, blob: Blob, tag: str) -> None:
    def described(media_type: str) -> dict[str, object]:
        return {"mediaType": media_type, "digest": blob.digest, "size": len(blob.content)}

    document = {"schemaVersion": 2, "config": described(CONFIG_TYPE), "layers": [described(LAYER_TYPE)]}
    send(registry, "PUT", f"/v2/{name}/manifests/{tag}", json.dumps(document).encode(), MANIFEST_TYPE)


def fill(registry: FakeRegistry, blobs: Sequence[Blob], repositories: int, *, tagged: bool) -> None:
    for number, blob in enumerate(blobs):
        name = f"team/app{number % repositories}"
        push_blob(registry, name, blob)
        if tagged:
            push_manifest(registry, name, blob, f"v{number}")


def milliseconds(work: Callable[[], object]) -> float:
    before = time.perf_counter()
    work()
    return (time.perf_counter() - before) * 1000


def report(what: str, figures: list[float]) -> None:
    tenths = statistics.quantiles(figures, n=10)
    print(f"  {what:<32} {statistics.median(figures):9.2f} ms   ({tenths[0]:.2f} to {tenths[-1]:.2f})")


def measure(registry: FakeRegistry) -> None:
    report("snapshot", [milliseconds(registry.snapshot) for _ in range(RUNS)])
    saved = registry.snapshot()
    restores, pushes = [], []
    for number in range(RUNS):
        restores.append(milliseconds(lambda: registry.restore(saved)))
        pushes.append(milliseconds(partial(push_blob, registry, "team/app0", Blob.of(b"%d" % number))))
    report("restore", restores)
    report("first push after it", pushes)


def main() -> None:
    blobs = [Blob.random(STORED // BLOBS) for _ in range(BLOBS)]
    print(f"{STORED // MIB} MiB in {BLOBS} blobs, {RUNS} runs")
    for repositories, tagged in SHAPES:
        registry = FakeRegistry()
        fill(registry, blobs, repositories, tagged=tagged)
        manifests = f", {BLOBS} manifests and tags" if tagged else ""
        print(f"in {repositories} {'repository' if repositories == 1 else 'repositories'}{manifests}")
        measure(registry)
    print("for comparison")
    report(
        "a copy of the bytes", [milliseconds(lambda: [bytearray(one.content) for one in blobs]) for _ in range(COPIES)]
    )


if __name__ == "__main__":
    main()
