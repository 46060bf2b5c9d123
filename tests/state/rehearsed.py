"""A conversation with a registry, and all that can be told of it afterwards: the same in every process, or else.

    python rehearsed.py ORDER

plays it and prints what was answered and what the journal tells, as JSON: one repository after the
other for the ORDER 0, else all at once, each by a thread of its own, let go in an order that ORDER decides.
"""

from __future__ import annotations

import http.client
import json
import random
import sys
import threading
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from fakereg import FakeRegistry, faults
from fakereg.double.journal import Entry

THREADS = 8
SEED = 11

MANIFEST = "application/vnd.oci.image.manifest.v1+json"

# Told by the wire alone, which neither seed nor clock decides.
LEFT_OUT = {"date", "connection", "keep-alive"}


def arm_faults(registry: FakeRegistry) -> None:
    """Faults that fire by chance: they must fire on the same requests in every run."""
    for on, fault in {
        "get_blob": faults.Respond(503),
        "patch_upload": faults.Respond(500, upload=True),
        "get_manifest": faults.Corrupt(1),
        "list_tags": faults.Delay(faults.Uniform(0.0, 0.001)),
    }.items():
        registry.fault(fault, on=on, probability=0.25, must_fire=False)


def digest_of(content: bytes) -> str:
    return f"sha256:{sha256(content).hexdigest()}"


@dataclass
class Client:
    """One client on one connection, in repositories that nobody else touches; it notes every answer."""

    registry: FakeRegistry
    number: int
    answers: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection(self.registry.host, timeout=30)
        self.name, self.base = f"team/{self.number}/app", f"team/{self.number}/base"

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[dict[str, str], bytes]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, body, named)
        answer = self.connection.getresponse()
        content = answer.read()
        told = {
            name.lower(): value.replace(self.registry.host, "HOST")
            for name, value in answer.getheaders()
            if name.lower() not in LEFT_OUT
        }
        self.answers.append([method, path, answer.status, told, digest_of(content)])
        return told, content

    def run(self) -> None:
        layer = f"layer of {self.name} ".encode() * 500
        manifest = self.push(layer)
        self.pull(layer)
        self.err(layer)
        self.mount(layer)
        self.refer(manifest)
        self.page()
        self.leave_open()
        self.connection.close()

    def start(self, name: str) -> str:
        return self.ask("POST", f"/v2/{name}/blobs/uploads/")[0]["location"].partition("HOST")[2]

    def push(self, layer: bytes) -> bytes:
        """In three chunks, at once, and in one request; a manifest under several tags."""
        path = self.start(self.base)
        third = len(layer) // 3
        for at in (0, third):
            self.ask("PATCH", path, layer[at : at + third], Content_Range=f"{at}-{at + third - 1}")
        self.ask("GET", path)
        self.ask("PUT", f"{path}?digest={digest_of(layer)}", layer[2 * third :])
        for name in (self.name, self.base):
            self.ask("PUT", f"{self.start(name)}?digest={digest_of(b'{}')}", b"{}")
        self.ask("POST", f"/v2/{self.name}/blobs/uploads/?digest={digest_of(b'single')}", b"single")
        manifest = self.manifest(layers=[layer])
        for tag in ("v1", "v2", "latest", "nightly", "old"):
            self.ask("PUT", f"/v2/{self.base}/manifests/{tag}", manifest, Content_Type=MANIFEST)
        return manifest

    def manifest(self, layers: list[bytes], **extra: Any) -> bytes:
        def described(content: bytes, kind: str) -> dict[str, Any]:
            return {"mediaType": kind, "digest": digest_of(content), "size": len(content)}

        config = described(b"{}", "application/vnd.oci.image.config.v1+json")
        parts = [described(layer, "application/vnd.oci.image.layer.v1.tar") for layer in layers]
        document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": parts, **extra}
        return json.dumps(document).encode()

    def pull(self, layer: bytes) -> None:
        path = f"/v2/{self.base}/blobs/{digest_of(layer)}"
        self.ask("GET", f"/v2/{self.base}/manifests/v1")
        self.ask("HEAD", path)
        self.ask("GET", path)
        for ranges in ("0-9", "0-9,20-29", "5-5,-7"):
            self.ask("GET", path, Range=f"bytes={ranges}")

    def err(self, layer: bytes) -> None:
        """What is missing, malformed, out of order, of another content, and nobody's."""
        self.ask("GET", f"/v2/{self.name}/manifests/nothing")
        self.ask("GET", f"/v2/{self.name}/blobs/{digest_of(b'nothing')}")
        self.ask("GET", f"/v2/team/{self.number}/nobody/tags/list")
        self.ask("GET", f"/v2/{self.name}/blobs/sha256:short")
        self.ask("PUT", f"/v2/{self.name}/manifests/v1", self.manifest([layer, b"missing"]), Content_Type=MANIFEST)
        path = self.start(self.name)
        self.ask("PATCH", path, b"gap", Content_Range="5-7")
        self.ask("PUT", f"{path}?digest={digest_of(b'other')}", b"content")
        self.ask("DELETE", path)
        self.ask("DELETE", path)

    def mount(self, layer: bytes) -> None:
        for wanted in (layer, b"nothing"):
            self.ask("POST", f"/v2/{self.name}/blobs/uploads/?mount={digest_of(wanted)}&from={self.base}")

    def refer(self, manifest: bytes) -> None:
        subject = {"mediaType": MANIFEST, "digest": digest_of(manifest), "size": len(manifest)}
        for number in range(3):
            body = self.manifest([], subject=subject, annotations={"number": str(number)})
            self.ask("PUT", f"/v2/{self.base}/manifests/{digest_of(body)}", body, Content_Type=MANIFEST)
        self.ask("GET", f"/v2/{self.base}/referrers/{digest_of(manifest)}")

    def page(self) -> None:
        path = f"/v2/{self.base}/tags/list?n=2"
        while path:
            path = self.ask("GET", path)[0].get("link", "").partition(">")[0].lstrip("<")
        self.ask("DELETE", f"/v2/{self.base}/manifests/old")
        self.ask("GET", f"/v2/{self.base}/tags/list")

    def leave_open(self) -> None:
        """Uploads that expire, each when it is its turn."""
        paths = [self.start(self.name) for _ in range(2)]
        self.ask("PATCH", paths[0], b"never finished")
        self.ask("GET", paths[1])


def play(order: int) -> list[dict[str, Any]]:
    """What each client was answered, and what the journal tells of it."""
    with FakeRegistry(seed=SEED, upload_expiry=3600) as registry:
        registry.clock.freeze()
        arm_faults(registry)
        clients = [Client(registry, number) for number in range(THREADS)]
        if order:
            at_once(clients, random.Random(order))
        else:
            for client in clients:
                client.run()
        return [{"answers": client.answers, "journal": told_of(registry, client)} for client in clients]


def at_once(clients: list[Client], chance: random.Random) -> None:
    barrier = threading.Barrier(len(clients))

    def run(client: Client) -> None:
        barrier.wait()
        client.run()

    threads = [threading.Thread(target=run, args=(client,)) for client in chance.sample(clients, len(clients))]
    sys.setswitchinterval(1e-5)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def told_of(registry: FakeRegistry, client: Client) -> list[Any]:
    """The entries of one client, in the order in which they came."""
    return [told(entry) for entry in registry.journal if f"/{client.number}/" in entry.path]


def told(entry: Entry) -> list[Any]:
    """All of an entry, without what differs by its nature: its number, its connection, port and times."""
    body = entry.answer_body
    return [
        [entry.method, entry.target, entry.endpoint, entry.status, entry.received, entry.sent],
        [entry.error, entry.user, entry.session, list(entry.digests), list(entry.faults)],
        [[name, value.replace(entry.url.partition("/v2")[0], "")] for name, value in entry.answer_headers],
        None if body is None else digest_of(body),
    ]


if __name__ == "__main__":
    json.dump(play(int(sys.argv[1])), sys.stdout)
