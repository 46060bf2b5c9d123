"""`fakereg demo`: a newcomer's first minute, with real requests to a registry that lives as long as it takes."""

from __future__ import annotations

import argparse
import gzip
import http.client
import io
import sys
import tarfile
from typing import Any

import fakereg
from fakereg.cli.conversation import Answer, Conversation, Surprise
from fakereg.cli.log import size
from fakereg.cli.terminal import Style, Terminal
from fakereg.double.journal import Journal
from fakereg.images.build import Builder
from fakereg.images.image import Image
from fakereg.images.recipe import Recipe
from fakereg.oci.digest import Digest
from fakereg.oci.media_types import OCI_INDEX, OCI_MANIFEST
from fakereg.oci.names import RepositoryName, Tag

EXAMPLES = "It needs no network, no files and no other program, and takes less than a second."

BASE, APP, TAG = RepositoryName.parse("team/base"), RepositoryName.parse("team/app"), Tag.parse("v1")
BASE_FILES = {"etc/os-release": "NAME=demo\n"}
APP_FILES = {"etc/motd": "Hello from a registry in memory!\n"}
PLATFORMS = ("linux/amd64", "linux/arm64")
SIGNATURE = "application/vnd.example.signature"

NEXT = {
    "fakereg serve --port 5000": "a registry for any client on this machine",
    "fakereg run -- COMMAND": "a registry for one command, at $FAKEREG_URL",
    "def test_push(fake_registry):": "a fresh one in each of your tests, by the pytest fixture",
}

_REFUSED = 400


def add_options(parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(options: argparse.Namespace) -> int:
    terminal = Terminal(sys.stdout)
    with fakereg.FakeRegistry() as registry:
        terminal.line(f"fakereg {fakereg.__version__}: a container registry in memory, at {registry.url}")
        conversation = Conversation(registry.host, terminal)
        try:
            _tell(conversation)
        except (Surprise, OSError, http.client.HTTPException) as error:
            Terminal(sys.stderr).line(f"fakereg: the demo failed: {error}")
            return 1
        finally:
            conversation.close()
    conversation.about("The journal, which a test can ask what its client did")
    terminal.line(f"  {_summary(registry.journal)}")
    conversation.about("What to try next")
    for what, gives in NEXT.items():
        terminal.line_with_remark(f"  {what:<30}", gives, Style.PLAIN, indent=6)
    return 0


def _tell(conversation: Conversation) -> None:
    """The whole story. Raises Surprise as soon as an answer is not what it must be."""
    conversation.about("Is there a registry?")
    conversation.ask("GET", "/v2/", expect=200)

    conversation.about(f"Push {BASE}:{TAG}, an image of one layer")
    base = Builder(BASE, TAG, Recipe(layers=[BASE_FILES])).build()
    for digest, content in base.blobs.items():
        _push_blob(conversation, BASE, content, "a layer" if digest in base.layers else "its config")
    _put_manifest(conversation, base, TAG, "the image")

    conversation.about(f"Push {APP}:{TAG} on top of it, for {' and '.join(PLATFORMS)}")
    app = Builder(APP, TAG, Recipe(layers=[BASE_FILES, APP_FILES], platforms=PLATFORMS)).build()
    _push_platforms(conversation, app)

    conversation.about(f"Pull it for {PLATFORMS[1]}, and compare every digest")
    _pull(conversation, PLATFORMS[1])

    conversation.about("Attach a signature, and find it again by what it signs")
    _sign(conversation, app)

    conversation.about("List the tags, and ask for one that does not exist")
    listed = conversation.ask("GET", f"/v2/{APP}/tags/list", expect=200, note="v1 and nothing else")
    _check(listed.json["tags"] == [TAG], f"the tags are {listed.json['tags']}")
    missing = conversation.ask("GET", f"/v2/{APP}/manifests/v2", expect=404)
    _check(missing.json["errors"][0]["code"] == "MANIFEST_UNKNOWN", "the refusal has another code")


# Pushing


def _push_blob(conversation: Conversation, name: str, content: bytes, what: str) -> None:
    target = f"/v2/{name}/blobs/uploads/?digest={Digest.of(content)}"
    conversation.ask("POST", target, content, expect=201, note=f"{what} in a single request, {size(len(content))}")


def _push_in_chunks(conversation: Conversation, name: str, content: bytes, what: str) -> None:
    half = len(content) // 2
    session = conversation.ask("POST", f"/v2/{name}/blobs/uploads/", expect=202, note=f"{what} in chunks: a session")
    for start, chunk in ((0, content[:half]), (half, content[half:])):
        end = start + len(chunk) - 1
        note = f"bytes {start} to {end}"
        session = conversation.ask(
            "PATCH", session.location, chunk, expect=202, note=note, Content_Range=f"{start}-{end}"
        )
    last = f"{session.location}{'&' if '?' in session.location else '?'}digest={Digest.of(content)}"
    conversation.ask("PUT", last, expect=201, note="complete, and the digest is right")


def _put_manifest(conversation: Conversation, image: Image, reference: str, what: str) -> Answer:
    target = f"/v2/{image.name}/manifests/{reference}"
    answer = conversation.ask("PUT", target, image.body, expect=201, note=what, Content_Type=image.media_type)
    _check(answer.headers["Docker-Content-Digest"] == image.digest, "the registry found another digest")
    return answer


def _push_platforms(conversation: Conversation, index: Image) -> None:
    shared, own = index.children[0].layers
    target = f"/v2/{APP}/blobs/uploads/?mount={shared}&from={BASE}"
    conversation.ask("POST", target, expect=201, note=f"the layer of {BASE}, mounted: nothing is sent")
    _push_in_chunks(conversation, APP, index.children[0].blobs[own], "a layer")
    for child in index.children:
        (config,) = set(child.blobs) - {shared, own}
        _push_blob(conversation, APP, child.blobs[config], f"the config for {child.platform}")
        _put_manifest(conversation, child, child.digest, f"the image for {child.platform}")
    _put_manifest(conversation, index, TAG, "the index of both")


def _sign(conversation: Conversation, signed: Image) -> None:
    recipe = Recipe(artifact_type=SIGNATURE, layers=[b"signed by a newcomer"])
    signature = Builder(APP, None, recipe, signed.descriptor()).build()
    for content in signature.blobs.values():
        _push_blob(conversation, APP, content, "the empty config" if content == b"{}" else "the signature")
    answer = _put_manifest(conversation, signature, signature.digest, "the artifact, whose subject is the index")
    _check(answer.headers["OCI-Subject"] == signed.digest, "the registry did not see the subject")
    target = f"/v2/{APP}/referrers/{signed.digest}"
    found = conversation.ask("GET", target, expect=200, note=f"one referrer, {SIGNATURE}").json["manifests"]
    _check([one["digest"] for one in found] == [signature.digest], "the signature is not among the referrers")


# Pulling: from here on only what came back counts


def _pull(conversation: Conversation, platform: str) -> None:
    index = _get_manifest(conversation, TAG, OCI_INDEX, f"the index: {', '.join(PLATFORMS)}")
    children = {f"{child['platform']['os']}/{child['platform']['architecture']}": child for child in index["manifests"]}
    image = _get_manifest(conversation, children[platform]["digest"], OCI_MANIFEST, f"the image for {platform}")
    _get_blob(conversation, image["config"], "the config")
    _get_blob(conversation, image["layers"][0], f"the layer of {BASE}")
    message = _read_file(_get_blob(conversation, image["layers"][1], "the layer with etc/motd"), "etc/motd")
    conversation.say(f"etc/motd says: {message.strip()}")
    _check(message == APP_FILES["etc/motd"], "etc/motd is not what was pushed")


def _get_manifest(conversation: Conversation, reference: str, media_type: str, what: str) -> Any:
    answer = conversation.ask("GET", f"/v2/{APP}/manifests/{reference}", expect=200, note=what, Accept=media_type)
    _check(answer.headers["Content-Type"] == media_type, "the manifest came as another type")
    _check(Digest.of(answer.body) == answer.headers["Docker-Content-Digest"], "the manifest's digest is wrong")
    _check(reference in (TAG, Digest.of(answer.body)), "this is another manifest")
    return answer.json


def _get_blob(conversation: Conversation, descriptor: dict[str, Any], what: str) -> bytes:
    note = f"{what}, {size(descriptor['size'])}"
    body = conversation.ask("GET", f"/v2/{APP}/blobs/{descriptor['digest']}", expect=200, note=note).body
    _check(Digest.of(body) == descriptor["digest"], "the blob's digest is wrong")
    return body


def _read_file(layer: bytes, name: str) -> str:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(layer))) as archive:
        file = archive.extractfile(name)
        return file.read().decode() if file else ""


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Surprise(otherwise)


def _summary(journal: Journal) -> str:
    entries = list(journal)
    received, sent = sum(entry.received for entry in entries), sum(entry.sent for entry in entries)
    refused = sum((entry.status or 0) >= _REFUSED for entry in entries)
    return f"{len(entries)} requests, {size(received)} received, {size(sent)} sent, {refused} refused"
