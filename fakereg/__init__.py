"""A container registry in memory, for tests.

What stands here is loaded when it is first named, and aiohttp with `FakeRegistry` alone: whoever uses
only the rings that need no network, or asks the command for its version, does not wait for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fakereg.images import File, Image, LayoutError, Symlink
    from fakereg.oci import errors
    from fakereg.registry.messages import Request, Response
    from fakereg.registry.profile import Profile
    from fakereg.server import FakeRegistry

__version__ = "0.1.0"

_HOMES = {
    "FakeRegistry": "fakereg.server",
    "File": "fakereg.images",
    "Image": "fakereg.images",
    "LayoutError": "fakereg.images",
    "Profile": "fakereg.registry.profile",
    "Request": "fakereg.registry.messages",
    "Response": "fakereg.registry.messages",
    "Symlink": "fakereg.images",
}

__all__ = [
    "FakeRegistry",
    "File",
    "Image",
    "LayoutError",
    "Profile",
    "Request",
    "Response",
    "Symlink",
    "__version__",
    "errors",
]


def __getattr__(name: str) -> object:
    if name == "errors":
        return import_module("fakereg.oci.errors")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
