"""A fakereg that holds many tags and referrers before it serves; over HTTP that would take minutes."""

from __future__ import annotations

import argparse
import asyncio
import signal

from benchmarks.contents import MANIFEST, MANIFEST_TYPE, referrer, tag
from benchmarks.servers.loop import new_event_loop
from fakereg import FakeRegistry, Request
from fakereg.oci.manifest import Manifest
from fakereg.oci.names import Tag
from fakereg.registry.headers import Headers


def _add_tags(registry: FakeRegistry, repository: str, count: int) -> None:
    tags = (Tag(tag(number)) for number in range(count))
    _make(registry, repository)
    stored = registry.repository(repository)._repository  # noqa: SLF001 - a million requests would take minutes
    stored.put_manifest(Manifest.parse(MANIFEST), tags, whole=False)


def _add_referrers(registry: FakeRegistry, repository: str, count: int) -> None:
    _make(registry, repository)
    stored = registry.repository(repository)._repository  # noqa: SLF001 - the same
    for number in range(count):
        stored.put_manifest(Manifest.parse(referrer(number)), whole=False)


def _make(registry: FakeRegistry, repository: str) -> None:
    """A repository is known once something was pushed to it."""
    headers = Headers({"Content-Type": MANIFEST_TYPE})
    answer = registry.handle(Request("PUT", f"/v2/{repository}/manifests/{tag(0)}", headers), MANIFEST)
    if answer.status != 201:  # noqa: PLR2004 - created
        raise RuntimeError(f"the registry answered {answer.status}: {bytes(answer.body)!r}")


async def _serve(registry: FakeRegistry) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with registry:
        await ended.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tags", action="append", default=[], metavar="REPOSITORY=COUNT")
    parser.add_argument("--referrers", action="append", default=[], metavar="REPOSITORY=COUNT")
    options = parser.parse_args()
    registry = FakeRegistry(port=options.port, sparse="accept")
    for wanted, add in ((options.tags, _add_tags), (options.referrers, _add_referrers)):
        for one in wanted:
            repository, _, count = one.partition("=")
            add(registry, repository, int(count))
    with asyncio.Runner(loop_factory=new_event_loop()) as runner:
        runner.run(_serve(registry))


if __name__ == "__main__":
    main()
