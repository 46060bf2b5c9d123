"""A container registry in memory, for tests."""

from fakereg.server import FakeRegistry

__all__ = ["FakeRegistry", "__version__"]
__version__ = "0.1.0"
