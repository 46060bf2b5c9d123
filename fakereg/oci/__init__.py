"""The specification's nouns: parsed once at the edge, never checked again; `str()` is the wire form."""
