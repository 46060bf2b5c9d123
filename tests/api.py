"""A client for tests that speaks to a registry without any network, in the words of the specification.

It knows the paths and the wire forms, and nothing of how fakereg works: digests and manifests are
made here, by hand.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from fakereg.clock import Clock
from fakereg.double.exchange import Exchange
from fakereg.double.pipeline import Pipeline
from fakereg.registry.headers import Headers
from fakereg.registry.messages import Request, Response
from fakereg.registry.profile import SPEC
from fakereg.registry.registry import Registry

HOST = "registry.test:5000"
IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
EMPTY = "application/vnd.oci.empty.v1+json"


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def sha512(content: bytes) -> str:
    return f"sha512:{hashlib.sha512(content).hexdigest()}"


def descriptor(content: bytes, media_type: str = LAYER, **extra: Any) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": sha256(content), "size": len(content), **extra}


def image(config: bytes = b"{}", layers: tuple[bytes, ...] = (), **extra: Any) -> dict[str, Any]:
    """An image manifest as a document; `extra` are further top-level fields, such as `subject`."""
    return {
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": descriptor(config, CONFIG),
        "layers": [descriptor(layer) for layer in layers],
        **extra,
    }


def index(*manifests: bytes, **extra: Any) -> dict[str, Any]:
    """An index of image manifests as a document."""
    children = [descriptor(manifest, IMAGE) for manifest in manifests]
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": children, **extra}


def encode(document: dict[str, Any]) -> bytes:
    return json.dumps(document, indent=1).encode()


@dataclass
class Answer:
    """What came back: status, headers in any case, body; `length` is what Content-Length says of the body."""

    status: int
    headers: Headers
    body: bytes
    length: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def codes(self) -> list[str]:
        """The error codes of an error body."""
        return [error["code"] for error in self.json["errors"]] if self.body else []

    @property
    def next_page(self) -> str | None:
        """Path and query that a Link header leads to, if there is one."""
        link = self.headers.get("Link")
        if link is None:
            return None
        match = re.fullmatch(r'<(?:http://[^/<>]+)?(/[^<>]+)>; rel="next"', link)
        assert match, link
        return match.group(1)


@dataclass
class Api:
    """Requests to one registry; settings are those of its profile: `Api.of(sparse="accept")`."""

    pipeline: Pipeline
    clock: Clock = field(default_factory=Clock)

    @classmethod
    def of(cls, **settings: Any) -> Api:
        clock = Clock(source=lambda: 0.0)  # stands still until it is advanced
        return cls(Pipeline(Registry(SPEC.replace(**settings), clock=clock)), clock)

    def __call__(
        self,
        method: str,
        path: str,
        body: bytes | list[bytes] = b"",
        *,
        headers: dict[str, str] | list[tuple[str, str]] | None = None,
        chunked: bool = False,
        **query: str | int,
    ) -> Answer:
        """Send a request; `query` is appended to the path. A body in pieces or `chunked` has no Content-Length."""
        target = path + (("&" if "?" in path else "?") + urlencode(query) if query else "")
        length = len(body) if isinstance(body, bytes) and not chunked else None
        request = Request(method, target, Headers(headers or {}), authority=HOST, length=length)
        return _answer(method, self.pipeline.handle(request, body))

    def begin(
        self,
        method: str,
        path: str,
        *,
        length: int | None = None,
        headers: dict[str, str] | None = None,
        **query: str,
    ) -> Body:
        """Send a request's head, perhaps with a Content-Length; its body is sent and ended by hand."""
        target = f"{path}?{urlencode(query)}" if query else path
        request = Request(method, target, Headers(headers or {}), authority=HOST, length=length)
        return Body(self.pipeline.open(request))

    def with_settings(self, **settings: Any) -> Api:
        """The same content and clock under another profile."""
        registry = self.pipeline.registry
        changed = replace(registry, profile=registry.profile.replace(**settings))
        return Api(Pipeline(changed), self.clock)

    # The usual conversations, each checked on the way

    def pages(self, target: str, key: str) -> list[list[Any]]:
        """The list under `key` of all pages from `target` on, as their Links lead."""
        found: list[list[Any]] = []
        following: str | None = target
        while following is not None:
            answer = self("GET", following)
            assert answer.status == 200, answer
            found.append(answer.json[key])
            following = answer.next_page
        return found

    def push_blob(self, name: str, content: bytes) -> str:
        """POST, then PUT; the digest."""
        upload = self.start_upload(name)
        answer = upload.put(content, sha256(content))
        assert answer.status == 201, answer
        return sha256(content)

    def push_manifest(
        self,
        name: str,
        document: dict[str, Any] | bytes,
        reference: str | None = None,
        *,
        media_type: str | None = None,
    ) -> str:
        """PUT by `reference`, by digest without one; the digest."""
        body = document if isinstance(document, bytes) else encode(document)
        kind = media_type or json.loads(body).get("mediaType", IMAGE)
        path = f"/v2/{name}/manifests/{reference or sha256(body)}"
        answer = self("PUT", path, body, headers={"Content-Type": kind})
        assert answer.status == 201, answer
        return sha256(body)

    def push_image(
        self, name: str, reference: str | None = None, *, layers: tuple[bytes, ...] = (), **extra: Any
    ) -> bytes:
        """Push config, layers and manifest; the manifest's bytes."""
        config = extra.pop("config", b"{}")
        for content in (config, *layers):
            self.push_blob(name, content)
        body = encode(image(config, layers, **extra))
        self.push_manifest(name, body, reference)
        return body

    def start_upload(self, name: str, **query: str) -> Upload:
        answer = self("POST", f"/v2/{name}/blobs/uploads/", **query)
        assert answer.status == 202, answer
        return Upload(self, path_of(answer.headers["Location"]))


def _answer(method: str, response: Response) -> Answer:
    body = bytes(response.body) if response.has_body(method) else b""
    return Answer(response.status, response.headers, body, len(response.body))


@dataclass
class Body:
    """The body of a request under way."""

    exchange: Exchange

    def send(self, content: bytes) -> Body:
        self.exchange.feed(content)
        return self

    def end(self) -> Answer:
        return _answer(self.exchange.request.method, self.exchange.finish())

    def break_off(self) -> None:
        """The client vanishes."""
        self.exchange.abandon()


def path_of(location: str) -> str:
    """Path and query of a Location, absolute or relative."""
    parts = urlsplit(location)
    return parts.path + (f"?{parts.query}" if parts.query else "")


@dataclass
class Upload:
    """An upload session; its path is renewed from every answer that carries a Location."""

    api: Api
    path: str

    def patch(self, content: bytes | list[bytes], *, at: int | None = None, chunked: bool = False) -> Answer:
        """A chunk at an offset, or without `at` a stream that names none."""
        headers = {} if at is None else {"Content-Range": f"{at}-{at + len(content) - 1}"}
        return self._continued(self.api("PATCH", self.path, content, headers=headers, chunked=chunked))

    def put(self, content: bytes, digest: str, *, at: int | None = None) -> Answer:
        """Close the session, perhaps with its last bytes."""
        headers = {} if at is None else {"Content-Range": f"{at}-{at + len(content) - 1}"}
        return self.api("PUT", self.path, content, headers=headers, digest=digest)

    def status(self) -> Answer:
        return self._continued(self.api("GET", self.path))

    def cancel(self) -> Answer:
        return self.api("DELETE", self.path)

    def _continued(self, answer: Answer) -> Answer:
        if answer.status < 400 and "Location" in answer.headers:
            self.path = path_of(answer.headers["Location"])
        return answer
