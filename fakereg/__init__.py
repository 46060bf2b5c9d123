"""A container registry in memory, for tests.

What stands here is loaded when it is first named, and aiohttp with `FakeRegistry` alone: whoever uses
only the rings that need no network, or asks the command for its version, does not wait for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fakereg.double import faults, scenarios
    from fakereg.double.changes import Changes
    from fakereg.double.snapshots import Snapshot
    from fakereg.images import File, Image, LayoutError, Limits, Symlink
    from fakereg.oci import errors
    from fakereg.registry.messages import Request, Response
    from fakereg.registry.profile import Profile
    from fakereg.server import FakeRegistry

__version__ = "0.1.0"

_HOMES = {
    "Changes": "fakereg.double.changes",
    "FakeRegistry": "fakereg.server",
    "File": "fakereg.images",
    "Image": "fakereg.images",
    "LayoutError": "fakereg.images",
    "Limits": "fakereg.images",
    "Profile": "fakereg.registry.profile",
    "Request": "fakereg.registry.messages",
    "Response": "fakereg.registry.messages",
    "Snapshot": "fakereg.double.snapshots",
    "Symlink": "fakereg.images",
}

_MODULES = {"errors": "fakereg.oci.errors", "faults": "fakereg.double.faults", "scenarios": "fakereg.double.scenarios"}

__all__ = [
    "Changes",
    "FakeRegistry",
    "File",
    "Image",
    "LayoutError",
    "Limits",
    "Profile",
    "Request",
    "Response",
    "Snapshot",
    "Symlink",
    "__version__",
    "errors",
    "faults",
    "scenarios",
]


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
