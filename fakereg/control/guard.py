"""Who may ask: not every page that a browser on this machine happens to show, and nobody from other machines.

A registry on loopback is reached by every program of the machine, and they may do as they like. But a browser
is one of them and runs what any site sends it. So a Host that is no name of this machine is refused (a foreign
name may have been pointed at 127.0.0.1 since: DNS rebinding), so is what a page of another origin asks, and what
changes something has to come in a form that no page can send without asking first (CSRF).
"""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass, field

from fakereg.control.problems import AdminOff, ForeignHost, ForeignOrigin, TokenNeeded
from fakereg.registry.messages import Request

SWITCHED_OFF = "the admin API of this registry is switched off: it was made with admin=False"
UNGUARDED = (
    "this registry can be reached from other machines, so its admin API needs a token: "
    'FakeRegistry(admin_token="..."), or FAKEREG_ADMIN_TOKEN in the environment of `fakereg serve`'
)

# What browsers say of a request that the page's own origin made, or its user.
_OWN = ("same-origin", "none")


@dataclass(frozen=True, slots=True)
class Guard:
    """What was set when the registry was made. The token is in no message and no representation."""

    is_on: bool = True
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.token is None:
            return
        if not isinstance(self.token, str):
            raise TypeError(f"admin_token is text, not {type(self.token).__name__}")
        if not self.token or not self.token.isascii() or not self.token.isprintable() or " " in self.token:
            raise ValueError("admin_token is printable ASCII without spaces, and not empty")

    def check(self, request: Request, bound: str, name: str) -> None:
        """`bound` is the address on which it serves, `name` what the user called that. Raises a Problem."""
        if not self.is_on:
            raise AdminOff(SWITCHED_OFF)
        if self.token is None and not is_loopback(bound):
            raise AdminOff(UNGUARDED)
        # A foreign page does not know the token, so that other names of the machine need not be known.
        if self.token is None:
            _check_host(request, {bound, name})
        _check_origin(request)
        if self.token is not None:
            self._check_token(request, self.token)

    def _check_token(self, request: Request, token: str) -> None:
        lines = request.headers.getall("Authorization", [])
        scheme, _, given = (lines[0] if len(lines) == 1 else "").partition(" ")
        headers = {"WWW-Authenticate": 'Bearer realm="fakereg admin"'}
        if scheme.lower() != "bearer":
            raise TokenNeeded("send the admin token of this registry: Authorization: Bearer TOKEN", headers=headers)
        if not hmac.compare_digest(given.strip().encode(errors="surrogateescape"), token.encode()):
            raise TokenNeeded("this is not the admin token of this registry", headers=headers)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    if host.lower().removesuffix(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_host(request: Request, names: set[str]) -> None:
    host = host_of(request.authority)
    if not is_loopback(host) and host.lower() not in {name.lower() for name in names if name}:
        raise ForeignHost(
            f"the Host {request.authority!r} is no name of this registry; use 127.0.0.1 or localhost, "
            "or set an admin_token, with which any name is good"
        )


def host_of(authority: str) -> str:
    """`::1` of `[::1]:5000`."""
    if authority.startswith("["):
        return authority[1:].partition("]")[0]
    return authority.partition(":")[0]


def _check_origin(request: Request) -> None:
    for origin in request.headers.getall("Origin", []):
        scheme, _, authority = origin.partition("://")
        if scheme not in ("http", "https") or authority.lower() != request.authority.lower():
            raise ForeignOrigin(f"the page of {origin!r} must not use the admin API, only one of this registry may")
    for site in request.headers.getall("Sec-Fetch-Site", []):
        if site not in _OWN:
            raise ForeignOrigin(f"a browser asks for a page elsewhere (Sec-Fetch-Site: {site}), which must not do so")
