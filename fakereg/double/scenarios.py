"""Faults that come together in real life, each by a name: `with registry.fault(scenarios.flaky_cdn()): ...`.

Every one says which registry or incident it rehearses. They are made of the same values as
`registry.fault` takes, so `scenarios.lost_put().acts` shows what one consists of.
"""

from __future__ import annotations

from typing import Any

from fakereg.double.armed import Act
from fakereg.double.fault import FINITE, Fault, number, whole
from fakereg.double.faults.answers import Redirect, Respond
from fakereg.double.faults.breaks import LoseAnswer, Reset, Truncate
from fakereg.double.faults.headers import SetHeader, SetStatus
from fakereg.double.faults.requests import ForgetUpload, LaggingList, StaleRead
from fakereg.double.faults.timing import Delay, Lognormal, Throttle
from fakereg.double.scenario import Scenario
from fakereg.double.target import Target, names_of
from fakereg.registry.messages import Request

MIB = 1024 * 1024

_PULLS = ("get_manifest", "head_manifest", "get_blob", "head_blob")
_UPLOADS = ("patch_upload", "put_upload")


def flaky_cdn(after: int = 1024) -> Scenario:
    """The first download of a blob is cut after so many bytes, the second is reset, the third meets a 503.

    Blobs of the large hosts come from a content delivery network, and a long download through it is cut now
    and then; clients resume with Range, or begin anew.
    """
    return Scenario(
        "flaky_cdn",
        (
            _act(Truncate(after), on="get_blob", times=1),
            _act(Reset("within", after=after), on="get_blob", after=1, times=1),
            _act(Respond(503), on="get_blob", after=2, times=1),
        ),
    )


def redirected_to(host: str) -> Scenario:
    """Blobs are on another `host`, or host:port (307, on HEAD too), as GitLab and most hosted registries answer.

    A client that sends its Authorization along leaks it, and S3 and Azure refuse such a request.
    """
    return Scenario("redirected_to", (_act(Redirect(host=host), on=("get_blob", "head_blob")),))


def rate_limited(times: int = 3, retry_after: float = 1) -> Scenario:
    """Pulls are refused with 429 TOOMANYREQUESTS and Docker Hub's headers, so often; then they work again."""
    headers = {"RateLimit-Limit": "100;w=21600", "RateLimit-Remaining": "0;w=21600"}
    message = "You have reached your pull rate limit."
    fault = Respond(429, code="TOOMANYREQUESTS", message=message, headers=headers, retry_after=retry_after)
    return Scenario("rate_limited", (_act(fault, on=_PULLS, times=times),))


def abuse_limited(times: int = 1) -> Scenario:
    """Docker Hub's other 429: plain text instead of JSON, and a minute to wait."""
    headers = {"Content-Type": "text/plain"}
    fault = Respond(429, body="Too Many Requests (HAP429).\n", headers=headers, retry_after=60)
    return Scenario("abuse_limited", (_act(fault, on=_PULLS, times=times),))


def token_expires_mid_push(after: int = 1) -> Scenario:
    """After so many requests of an upload one is told 401 invalid_token; a new token is to be had at /token.

    Docker Hub's tokens live 300 seconds: a push of large layers outlives them.
    """
    challenge = 'Bearer realm="{url}/token",service="fakereg",scope="repository:*:pull,push",error="invalid_token"'
    token = Respond(
        200, body='{"token": "a-new-token", "expires_in": 300}', headers={"Content-Type": "application/json"}
    )
    return Scenario(
        "token_expires_mid_push",
        (
            _act(Respond(401, challenge=challenge), on=_UPLOADS, after=after, times=1),
            _act(token, target=Target(path="/token"), stage="edge"),
        ),
    )


def eventually_consistent(reads: int = 3) -> Scenario:
    """So many reads, and so many lists, still show what was there when the scenario began.

    Registries on object stores were like this as long as those were eventually consistent (S3 until December 2020).
    """
    whole("reads", reads, 1)
    return Scenario(
        "eventually_consistent",
        (
            _act(StaleRead(), on=("get_manifest", "head_manifest"), times=reads),
            _act(LaggingList(), on=LaggingList().suits(), times=reads),
        ),
    )


def lost_put() -> Scenario:
    """The first blob and the first manifest are stored, and the answers never arrive.

    A proxy in front of the registry gave up waiting. A client that is idempotent pushes again, or asks with HEAD.
    """
    lost = LoseAnswer()
    return Scenario("lost_put", (_act(lost, on=("put_upload", "push_blob"), times=1), _act(lost, on="end-7", times=1)))


def lost_session() -> Scenario:
    """An upload session is gone at the second request of an upload.

    So it is where several instances of distribution stand behind a load balancer and do not share their storage.
    """
    return Scenario("lost_session", (_act(ForgetUpload(), on=_UPLOADS, after=1, times=1),))


def bad_gateway(times: int = 3) -> Scenario:
    """So many requests, of whatever kind, are answered 502 by a proxy: HTML and not JSON."""
    body = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>\n"
    fault = Respond(502, body=body, headers={"Content-Type": "text/html"})
    return Scenario("bad_gateway", (_act(fault, stage="edge", times=times),))


def no_head() -> Scenario:
    """HEAD of a manifest is 405, as some proxies answer; containerd then asks with GET."""
    return Scenario("no_head", (_act(Respond(405, headers={"Allow": "GET"}), on="head_manifest"),))


def small_chunks(most: int = 4 * MIB) -> Scenario:
    """A PATCH above so many bytes is refused with 416, as GHCR does above 4 MiB; chunked transfer encoding passes."""
    whole("most", most)
    fault = Respond(
        416,
        code="REQUESTED_RANGE_NOT_SATISFIABLE",
        message=f"the request body is too large and exceeds the maximum permissible limit of {most / MIB:.2f}MiB",
    )

    def is_large(request: Request) -> bool:
        return request.length is not None and request.length > most

    return Scenario("small_chunks", (_act(fault, target=Target(names_of("patch_upload"), where=is_large)),))


def patch_is_201() -> Scenario:
    """A PATCH is answered 201 instead of 202, and its Range never grows, as Amazon ECR does; the bytes are kept."""
    return Scenario("patch_is_201", (_act(SetStatus(201, of=202), SetHeader("Range", "0-0"), on="patch_upload"),))


def slow_line(rate: float = 256 * 1024, latency: float = 0.05) -> Scenario:
    """Bodies at `rate` bytes per second, both ways, and answers after half a `latency` or several of it."""
    number("latency", latency, most=FINITE)
    return Scenario("slow_line", (_act(Delay(Lognormal(latency)), Throttle(rate)),))


def _act(*faults: Fault, on: Any = None, target: Target | None = None, **limits: Any) -> Act:
    return Act(faults, target or Target(names_of(on)), **limits)
