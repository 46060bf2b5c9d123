"""A container registry in memory, for tests.

`FakeRegistry` is loaded when it is first named, and aiohttp with it: whoever uses only the rings
that need no network, or asks the command for its version, does not wait for it.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fakereg.server import FakeRegistry

__all__ = ["FakeRegistry", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name == "FakeRegistry":
        from fakereg.server import FakeRegistry  # noqa: PLC0415 - see above

        return FakeRegistry
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
