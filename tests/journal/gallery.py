"""Mistakes that clients make, each with the assertion that finds it: the source of docs/failures.md.

Every function is one picture: the first line of its docstring is the title, the rest says what the
client did. It is run against a registry, must fail, and what it says is shown below its code.
`PYTHONPATH=tests python tests/journal/gallery.py` writes the page anew.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from api import IMAGE, Api, encode, image, index, sha256

from fakereg import FakeRegistry, faults

PAGE = Path(__file__).parents[2] / "docs" / "failures.md"

HEAD = """\
# What a failing assertion tells

A test that fails says what the client did instead: the nearest requests, what differs in them, the
registry's own words, and, where a reason is known, that. Below are mistakes that clients make, each with
the assertion that finds it and with what it says. `client` sends the requests that a client would send.

This page is made of assertions that really fail: `PYTHONPATH=tests python tests/journal/gallery.py` writes it
anew, and a test compares it with what they say now. Upload ids are `xxxxxxxx`.
"""

Picture = Callable[[FakeRegistry, Api], None]

PICTURES: dict[Picture, dict[str, Any]] = {}

LAYER = b"a layer"


def picture(**settings: Any) -> Callable[[Picture], Picture]:
    """Add a function to the page; `settings` are those of its registry."""

    def add(function: Picture) -> Picture:
        PICTURES[function] = settings
        return function

    return add


@picture()
def wrong_tag(registry: FakeRegistry, client: Api) -> None:
    """The wrong tag is pushed

    The version was read from the wrong place.
    """
    client.push_image("team/app", "v1", layers=(LAYER,))

    registry.assert_pushed("team/app:v2")


@picture()
def wrong_repository(registry: FakeRegistry, client: Api) -> None:
    """It is pushed to another repository

    A prefix is missing; the tag is right.
    """
    client.push_image("app", "v2", layers=(LAYER,))

    registry.assert_requested("PUT", "/v2/team/app/manifests/v2", times=1)


@picture()
def manifest_first(registry: FakeRegistry, client: Api) -> None:
    """The manifest comes before its blobs

    Registries refuse a manifest whose blobs they do not have, and the client gives up.
    """
    client("PUT", "/v2/team/app/manifests/v1", encode(image(b"{}", (LAYER,))), headers={"Content-Type": IMAGE})
    client.push_blob("team/app", b"{}")
    client.push_blob("team/app", LAYER)

    registry.assert_pushed("team/app:v1")


@picture()
def wrong_order(registry: FakeRegistry, client: Api) -> None:
    """A tag moves before the image that it had is backed up

    All requests are there, in the wrong order.
    """
    client.push_image("team/app", "latest", layers=(LAYER,))
    client("GET", "/v2/team/app/manifests/latest")

    registry.assert_order(("GET", "/v2/team/app/manifests/latest"), ("PUT", "/v2/team/app/manifests/latest"))


@picture()
def asked_and_not_pulled(registry: FakeRegistry, client: Api) -> None:
    """It is asked for and not pulled

    The client looks whether the image is there, and takes another from its cache.
    """
    registry.seed("team/app:v1")
    client("HEAD", "/v2/team/app/manifests/v1")

    registry.assert_pulled("team/app:v1")


@picture()
def wrong_accept(registry: FakeRegistry, client: Api) -> None:
    """Accept does not name the type

    The image is an index, and the client says that it reads images alone.
    """
    registry.seed("team/app:v1", platforms=["linux/amd64", "linux/arm64"])
    client("GET", "/v2/team/app/manifests/v1", headers={"Accept": IMAGE})

    registry.assert_pulled("team/app:v1")


@picture()
def half_a_pull(registry: FakeRegistry, client: Api) -> None:
    """The manifest is pulled, and not all of its blobs

    The loop over the layers ends too early.
    """
    seeded = registry.seed("team/app:v1", layers=[{"a": b"1"}, {"b": b"2"}])
    client("GET", "/v2/team/app/manifests/v1")
    for digest in list(seeded.blobs)[:2]:
        client("GET", f"/v2/team/app/blobs/{digest}")

    registry.assert_pulled("team/app:v1", whole=True)


@picture()
def broken_pull(registry: FakeRegistry, client: Api) -> None:
    """A broken answer is taken for the whole layer

    The connection ends early, and nobody compares the digest.
    """
    seeded = registry.seed("team/app:v1", layers=[LAYER])
    registry.fault(faults.Truncate(3), on="get_blob", reference=sha256(LAYER))
    client("GET", "/v2/team/app/manifests/v1")
    for digest in seeded.blobs:
        client("GET", f"/v2/team/app/blobs/{digest}")

    registry.assert_pulled("team/app:v1", whole=True)


@picture()
def stale_tag(registry: FakeRegistry, client: Api) -> None:
    """The tag has moved since it was pulled

    The client asks once, and works with an old image.
    """
    registry.seed("team/app:stable", layers=[b"old"])
    client("GET", "/v2/team/app/manifests/stable")
    current = registry.seed("team/app:stable", layers=[b"new"])

    registry.assert_pulled(current)


@picture()
def pushed_twice(registry: FakeRegistry, client: Api) -> None:
    """A layer is pushed twice

    Two images share it, and the client does not ask whether it is there.
    """
    for tag in ("v1", "v2"):
        client.push_image("team/app", tag, layers=(LAYER,), annotations={"version": tag})

    registry.assert_uploaded_once(sha256(LAYER))


@picture()
def retried_too_often(registry: FakeRegistry, client: Api) -> None:
    """A refusal is retried that no retry can heal

    404 is final, and the client treats it like 503.
    """
    for _ in range(4):
        client("GET", "/v2/team/app/manifests/v1")

    registry.assert_requested("GET", "/v2/team/app/manifests/v1", at_most=1)


@picture()
def not_retried(registry: FakeRegistry, client: Api) -> None:
    """A failure is not retried

    The registry has a bad moment, and the client gives up at once.
    """
    registry.seed("team/app:v1")
    registry.fault(faults.Respond(503), on="get_manifest", times=1)
    client("GET", "/v2/team/app/manifests/v1")

    registry.assert_pulled("team/app:v1")


@picture()
def uploaded_instead_of_mounted(registry: FakeRegistry, client: Api) -> None:
    """A layer that is there already is uploaded again

    It could be mounted from another repository, and is sent.
    """
    registry.seed("team/base:v1", layers=[LAYER])
    client.push_blob("team/app", LAYER)

    registry.assert_mounted(sha256(LAYER), into="team/app", from_="team/base")


@picture()
def mounted_from_nowhere(registry: FakeRegistry, client: Api) -> None:
    """A layer is mounted from a repository that does not have it

    The registry opens an upload session instead, and the client takes 202 for success.
    """
    client("POST", "/v2/team/app/blobs/uploads/", mount=sha256(LAYER), **{"from": "team/base"})

    registry.assert_mounted(sha256(LAYER), into="team/app", from_="team/base")


@picture()
def session_left_open(registry: FakeRegistry, client: Api) -> None:
    """An upload is begun and forgotten

    A progress bar was closed; nobody cancelled the session.
    """
    client.push_image("team/app", "v1", layers=(LAYER,))
    client.start_upload("team/app").patch(b"half a la")

    registry.assert_no_unused_uploads()


@picture()
def unused_blob(registry: FakeRegistry, client: Api) -> None:
    """A blob is pushed that nothing needs

    It was compressed again, so the manifest names another one.
    """
    client.push_blob("team/app", b"the layer, compressed elsewhere")
    client.push_image("team/app", "v1", layers=(LAYER,))

    registry.assert_no_unused_uploads()


@picture(sparse="accept")
def incomplete_image(registry: FakeRegistry, client: Api) -> None:
    """An image is pushed without one of its layers

    A registry that takes incomplete manifests, as some do, hides it until somebody pulls.
    """
    child = encode(image(b"{}", (LAYER,)))
    client.push_blob("team/app", b"{}")
    client.push_manifest("team/app", child)
    client.push_manifest("team/app", index(child), "v1")

    registry.assert_pushed("team/app:v1")


@picture()
def wrong_digest(registry: FakeRegistry, client: Api) -> None:
    """The digest is that of something else

    It was computed before compression.
    """
    upload = client.start_upload("team/app")
    upload.put(b"the layer, compressed", sha256(LAYER))

    registry.assert_uploaded_once(sha256(LAYER))


@picture()
def deleted_by_tag(registry: FakeRegistry, client: Api) -> None:
    """More is deleted than was meant

    A digest was deleted, and with it all its tags.
    """
    body = client.push_image("team/app", "v1")
    client.push_manifest("team/app", body, "stable")
    client("DELETE", f"/v2/team/app/manifests/{sha256(body)}")

    registry.assert_pushed("team/app:stable")


@picture()
def credentials_to_strangers(registry: FakeRegistry, client: Api) -> None:
    """Credentials leak

    This registry should have been asked without any. Nobody reads the password here either.
    """
    client("GET", "/v2/", headers={"Authorization": "Basic YW5uOnMzY3JldA=="})

    registry.assert_not_requested(header="Authorization")


@picture()
def rehearses_nothing(registry: FakeRegistry, client: Api) -> None:
    """The fault is armed where the client does not go

    Nothing was rehearsed, and without this the test would be green for ever.
    """
    registry.seed("team/app:v1", layers=[LAYER])

    with registry.fault(faults.Respond(503), on="get_blob", times=2):
        client("GET", "/v2/team/app/manifests/v1")


@picture()
def fired_too_late(registry: FakeRegistry, client: Api) -> None:
    """The fault is for a later request than the client sends

    It asks once, and `after=1` waits for its second try.
    """
    registry.seed("team/app:v1")

    with registry.fault(faults.Truncate(10), on="get_manifest", after=1):
        client("GET", "/v2/team/app/manifests/v1")


@picture()
def deletes(registry: FakeRegistry, client: Api) -> None:
    """The client does what the test forbids

    With the fixtures the test fails by itself, once it has run.
    """
    registry.forbid("DELETE", reason="this tool only ever adds")
    registry.seed("team/app:v1")
    client("DELETE", "/v2/team/app/manifests/v1")

    registry.assert_no_violations()


@picture(strict=True)
def makes_no_sense(registry: FakeRegistry, client: Api) -> None:
    """A request that nothing could take, in strict mode

    404s and the like are normal answers; what no endpoint takes, or what is malformed, is not.
    """
    client("GET", "/v2/team/app/manifest/v1")
    client("PUT", "/v2/team/app/manifests/v1", b"not JSON", headers={"Content-Type": IMAGE})

    registry.assert_no_violations()


@picture()
def only_greeted(registry: FakeRegistry, client: Api) -> None:
    """The client stops after its first question

    It did not find in the answer what it looked for.
    """
    client("GET", "/v2/")

    registry.assert_requested(endpoint="get_manifest", repository="team/app")


@picture()
def asked_elsewhere(registry: FakeRegistry, client: Api) -> None:
    """Nothing arrives at all

    The client was given another host, or speaks TLS.
    """
    registry.journal.wait_for("GET", "/v2/team/app/manifests/v1", timeout=0.1)


# The page


def page() -> str:
    return "\n".join([HEAD, *(shown(function) for function in PICTURES)])


def shown(function: Picture) -> str:
    """Title, sentence, code and what it says."""
    title, _, rest = inspect.getdoc(function).partition("\n")
    settings = ", ".join(f"{name}={value!r}" for name, value in PICTURES[function].items())
    note = f" (`FakeRegistry({settings})`)" if settings else ""
    sentence = " ".join(rest.split())
    return f"## {title}\n\n{sentence}{note}\n\n```python\n{code(function)}```\n\n```text\n{said(function)}\n```\n"


def code(function: Picture) -> str:
    """The body, without the docstring."""
    source = inspect.getsource(function)
    return textwrap.dedent(source[source.index('"""', source.index('"""') + 3) + 4 :])


def said(function: Picture) -> str:
    """What the assertion at its end says."""
    registry = FakeRegistry(**PICTURES[function])
    try:
        function(registry, Api(registry._pipeline))
    except AssertionError as error:
        return re.sub(r"(/blobs/uploads/)[0-9a-f]{8}…", r"\1xxxxxxxx…", str(error))
    raise RuntimeError(f"{function.__name__} was to fail, and did not")


if __name__ == "__main__":
    PAGE.write_text(page())
