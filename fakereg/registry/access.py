"""Who asks, and whether they may. For now everybody is anonymous and may do everything."""

from __future__ import annotations

from dataclasses import dataclass

from fakereg.registry.messages import Request


@dataclass(frozen=True, slots=True)
class Identity:
    """The caller of a request; `user` is None for an anonymous one."""

    user: str | None = None


ANONYMOUS = Identity()


def authorise(request: Request, action: str) -> Identity:
    """The identity behind a request, which may do `action`."""
    return ANONYMOUS
