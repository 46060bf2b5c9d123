"""One function per action, a file per resource: `(registry, request)` in, Response or Receiver out."""
