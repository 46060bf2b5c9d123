"""Content that a test prepares: images, indexes and artifacts, and OCI layouts and archives of them.

Law of this package: it knows the specification's nouns and the store, and nothing of serving. What
goes wrong is told before anything is stored.
"""

from fakereg.images.files import LayoutError
from fakereg.images.image import Image
from fakereg.images.layers import File, Symlink, layer
from fakereg.images.limits import Limits

__all__ = ["File", "Image", "LayoutError", "Limits", "Symlink", "layer"]
