"""pytest fixtures for fakereg."""
