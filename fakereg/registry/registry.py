"""What every operation works on: a profile, a store, a clock and a source of identifiers."""

from __future__ import annotations

from dataclasses import dataclass, field

from fakereg.clock import Clock, Ids
from fakereg.oci.errors import BlobUploadUnknown, NameUnknown
from fakereg.registry.messages import Request
from fakereg.registry.profile import SPEC, Profile
from fakereg.store.repository import Repository
from fakereg.store.store import Store


@dataclass(frozen=True, slots=True)
class Registry:
    """A registry without network, and without the way that a request takes through it.

    Immutable: a reset or another profile makes a new one, and requests under way finish on the one
    they started with.
    """

    profile: Profile = SPEC
    store: Store = field(default_factory=Store)
    clock: Clock = field(default_factory=Clock)
    ids: Ids = field(default_factory=Ids)

    def repository(self, request: Request) -> Repository:
        """The repository that a request reads. Raises NameInvalid, or NameUnknown if nothing was stored there."""
        name = request.name
        repository = self.store.find(name)
        if repository is None:
            raise NameUnknown(f"repository {name} is not known: nothing was pushed to it", detail={"name": name})
        return repository

    def repository_for_push(self, request: Request) -> Repository:
        """The repository that a request writes to, made by its first push. Raises NameInvalid.

        Uploads that nobody touched for too long go now: no timer runs in a registry.
        """
        repository = self.store.repository(request.name)
        if self.profile.upload_expiry is not None:
            # Where all repositories share a limit, what is dead in another one must not count.
            place = repository if self.profile.total_limit is None else self.store
            place.expire_uploads(self.clock.now() - self.profile.upload_expiry)
        return repository

    def repository_for_upload(self, request: Request) -> Repository:
        """The repository in which an upload session was opened. Raises NameInvalid or BlobUploadUnknown."""
        name = request.name
        if not self.store.has(name):
            raise BlobUploadUnknown(f"repository {name} has no upload sessions")
        return self.repository_for_push(request)
