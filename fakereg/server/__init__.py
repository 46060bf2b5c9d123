"""FakeRegistry, in parts: each file is what a user does with one side of it."""

from fakereg.server.fake_registry import FakeRegistry

__all__ = ["FakeRegistry"]
