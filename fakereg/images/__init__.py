"""Content that a test prepares: images, indexes and artifacts, and OCI layouts on disk.

Law of this package: it knows the specification's nouns and the store, and nothing of serving. What
goes wrong is told before anything is stored.
"""

from fakereg.images.image import Image
from fakereg.images.layers import File, Symlink, layer
from fakereg.images.layout import LayoutError

__all__ = ["File", "Image", "LayoutError", "Symlink", "layer"]
