"""Every way in which a registry refuses, one class per error code, and below it the special cases.

    RegistryError
    ├── BlobUnknown            404 BLOB_UNKNOWN
    ├── BlobUploadInvalid      400 BLOB_UPLOAD_INVALID
    │   └── UploadRangeInvalid 416 (carries the true Range)
    ├── BlobUploadUnknown      404 BLOB_UPLOAD_UNKNOWN
    ├── DigestInvalid          400 DIGEST_INVALID
    ├── ManifestBlobUnknown    404 MANIFEST_BLOB_UNKNOWN
    ├── ManifestInvalid        400 MANIFEST_INVALID
    ├── ManifestUnknown        404 MANIFEST_UNKNOWN
    ├── NameInvalid            400 NAME_INVALID
    ├── NameUnknown            404 NAME_UNKNOWN
    ├── SizeInvalid            400 SIZE_INVALID
    │   ├── ContentTooLarge    413
    │   └── RangeUnsatisfiable 416 (carries Content-Range)
    ├── Unauthorized           401 UNAUTHORIZED
    ├── Denied                 403 DENIED
    ├── TooManyRequests        429 TOOMANYREQUESTS (carries Retry-After)
    └── Unsupported            400 UNSUPPORTED
        ├── BadRequest         400 (a request that is not well-formed)
        ├── HeadersTooLarge    431
        ├── MethodNotAllowed   405 (carries Allow)
        ├── Disabled           405 (switched off by the profile)
        └── EndpointUnknown    404

The core raises them; `double.exchange` is the one place that turns them into answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, ClassVar

# A manifest can miss thousands of blobs; the answer lists them all, a message for people a few.
MOST_NAMED = 5


class RegistryError(Exception):
    """A refusal: a code of the specification, a status, and a message for people.

    `detail` is any JSON value; `headers` are sent with the answer.
    """

    code: ClassVar[str]
    status: ClassVar[int]

    def __init__(self, message: str, *, detail: Any = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail
        self.headers = headers or {}

    def entries(self) -> list[dict[str, Any]]:
        """The members of the answer's `errors` list."""
        return [_entry(self.code, self.message, self.detail)]

    def to_json(self) -> bytes:
        """The error body of the specification: `{"errors": [{code, message, detail}]}`."""
        return json.dumps({"errors": self.entries()}).encode()


def _entry(code: str, message: str, detail: Any) -> dict[str, Any]:
    entry = {"code": code, "message": message}
    return entry if detail is None else {**entry, "detail": detail}


class BlobUnknown(RegistryError):
    """The repository does not hold the blob (spec code BLOB_UNKNOWN)."""

    code, status = "BLOB_UNKNOWN", 404


class BlobUploadInvalid(RegistryError):
    """The upload session cannot take what was sent (spec code BLOB_UPLOAD_INVALID)."""

    code, status = "BLOB_UPLOAD_INVALID", 400


class UploadRangeInvalid(BlobUploadInvalid):
    """A chunk that does not start where the session stands; `Range` tells the true offset (end-5, end-6)."""

    status = 416


class BlobUploadUnknown(RegistryError):
    """No such upload session: never opened here, finished, cancelled or expired (spec code BLOB_UPLOAD_UNKNOWN)."""

    code, status = "BLOB_UPLOAD_UNKNOWN", 404


class DigestInvalid(RegistryError):
    """A digest that is malformed, of an unknown algorithm, or not that of the content (spec code DIGEST_INVALID)."""

    code, status = "DIGEST_INVALID", 400


class ManifestBlobUnknown(RegistryError):
    """A manifest names content that the repository does not hold (spec code MANIFEST_BLOB_UNKNOWN)."""

    code, status = "MANIFEST_BLOB_UNKNOWN", 404

    def __init__(self, missing: Iterable[str]) -> None:
        self.missing = list(missing)
        first, more = self.missing[:MOST_NAMED], len(self.missing) - MOST_NAMED
        names = ", ".join(first) + (f" and {more} more" if more > 0 else "")
        super().__init__(f"the manifest refers to what this repository does not hold: {names}")

    def entries(self) -> list[dict[str, Any]]:
        """One entry per missing digest, as distribution does, so that a client can push all of them at once."""
        return [
            _entry(self.code, f"manifest refers to {digest}, which this repository does not hold", {"digest": digest})
            for digest in self.missing
        ]


class ManifestInvalid(RegistryError):
    """A manifest that is not what its media type promises (spec code MANIFEST_INVALID)."""

    code, status = "MANIFEST_INVALID", 400


class ManifestUnknown(RegistryError):
    """The repository holds no manifest under this reference (spec code MANIFEST_UNKNOWN)."""

    code, status = "MANIFEST_UNKNOWN", 404


class NameInvalid(RegistryError):
    """A repository name or tag that breaks the grammar (spec code NAME_INVALID)."""

    code, status = "NAME_INVALID", 400


class NameUnknown(RegistryError):
    """Nothing was ever pushed to this repository (spec code NAME_UNKNOWN)."""

    code, status = "NAME_UNKNOWN", 404


class SizeInvalid(RegistryError):
    """A length that does not fit the content (spec code SIZE_INVALID)."""

    code, status = "SIZE_INVALID", 400


class ContentTooLarge(SizeInvalid):
    """More bytes than a limit of the profile allows."""

    status = 413


class RangeUnsatisfiable(SizeInvalid):
    """No byte of the asked range exists; `Content-Range` tells the size (RFC 9110, 15.5.17)."""

    status = 416


class Unauthorized(RegistryError):
    """Credentials are needed, or wrong (spec code UNAUTHORIZED)."""

    code, status = "UNAUTHORIZED", 401


class Denied(RegistryError):
    """Known credentials that may not do this (spec code DENIED)."""

    code, status = "DENIED", 403


class TooManyRequests(RegistryError):
    """Slow down, and come again in `retry_after` seconds (spec code TOOMANYREQUESTS)."""

    code, status = "TOOMANYREQUESTS", 429

    def __init__(self, message: str, *, retry_after: int = 1, detail: Any = None) -> None:
        super().__init__(message, detail=detail, headers={"Retry-After": str(retry_after)})


class Unsupported(RegistryError):
    """The registry does not do this (spec code UNSUPPORTED)."""

    code, status = "UNSUPPORTED", 400


class BadRequest(Unsupported):
    """A request that is not well-formed; the list of codes has no better word for it."""


class HeadersTooLarge(Unsupported):
    """A request line or header beyond what the server reads (RFC 6585)."""

    status = 431


class MethodNotAllowed(Unsupported):
    """The path exists, the method does not; `Allow` lists those that do."""

    status = 405


class Disabled(Unsupported):
    """An optional part of the API that the profile switches off (spec: del.2)."""

    status = 405


class EndpointUnknown(Unsupported):
    """No endpoint has this path."""

    status = 404
