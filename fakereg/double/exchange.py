"""One request on its way to its answer, and the one place where a refusal becomes an answer."""

from __future__ import annotations

from fakereg.double.conduct import Conduct
from fakereg.double.fault import Fault, Firing, Interrupted
from fakereg.double.journal import Entry
from fakereg.double.plan import Plan
from fakereg.double.target import ConditionFailed
from fakereg.double.warnings import Warnings
from fakereg.oci import media_types
from fakereg.oci.errors import RegistryError
from fakereg.registry.access import ANONYMOUS, Identity
from fakereg.registry.endpoints import Endpoint
from fakereg.registry.messages import Answer, Receiver, Request, Response
from fakereg.registry.registry import Registry
from fakereg.store.content import Segment


class Exchange:
    """A request, the registry that it started on, and its answer once there is one.

    While `response` is None the body is wanted: `feed` it, then `finish`; or `abandon` it.
    """

    def __init__(
        self,
        request: Request,
        registry: Registry,
        entry: Entry,
        *,
        warnings: Warnings,
        plan: Plan,
        conduct: Conduct,
    ) -> None:
        self.request = self._asked = request
        self.registry = registry
        self.entry = entry
        self.endpoint: Endpoint | None = None
        self.identity: Identity = ANONYMOUS
        self.response: Response | None = None
        self.unmatched: RegistryError | None = None  # refused by matching, which faults at the edge may still prevent
        self.plan = plan
        self.pace: float | None = None  # bytes per second at which the body is read
        self._fired: list[tuple[Fault, Firing]] = []
        self.conduct = conduct
        self._warnings = warnings
        self._receiver: Receiver | None = None
        self.is_handed_over = False

    def take(self, answer: Answer) -> None:
        """What the operation answered with."""
        if isinstance(answer, Response):
            self._settle(answer)
        else:
            for fault, firing in self._fired:
                answer = fault.receive(answer, firing)
            self._receiver = answer

    def note(self, fault: Fault, firing: Firing) -> None:
        """Note a fault that takes part from here on."""
        self._fired.append((fault, firing))
        self.entry.note_fault(str(fault))

    def refuse(self, error: RegistryError) -> Response:
        """Answer with an error, in the specification's form."""
        self.entry.error = f"{error.code}: {error.message}"
        if self.request is self._asked:  # what a fault made of it is not the client's doing
            self.conduct.refused(error, self.entry, unmatched=self.endpoint is None)
        headers = {"Content-Type": media_types.JSON, **error.headers}
        return self._settle(Response.of(error.status, headers, error.to_json()))

    def feed(self, data: Segment) -> bool:
        """Take a piece of the body; False once there is an answer, and the rest of the body is not wanted."""
        self.entry.received += len(data)
        self.entry.keep(data)
        if self.response is None and self._receiver is not None:
            try:
                self._receiver.feed(data)
            except RegistryError as error:
                self.refuse(error)
            except Interrupted as end:
                self._settle(end.response)
        return self.response is None

    def finish(self) -> Response:
        """The body is complete: the answer."""
        if self.response is not None:
            return self.response
        if self._receiver is None:
            raise RuntimeError("an exchange is finished after its pipeline ran")
        try:
            return self._settle(self._receiver.finish())
        except RegistryError as error:
            return self.refuse(error)
        except Interrupted as end:
            return self._settle(end.response)

    def hand_over(self) -> None:
        """Another thread is about to `finish`: the body is complete, so the client need not stay any more."""
        self.is_handed_over = True

    def abandon(self) -> None:
        """The client vanished, or its body cannot be read any further."""
        if self.response is None and self._receiver is not None and not self.is_handed_over:
            self._receiver.abandon()

    def fail(self, error: Exception) -> None:
        """Our own code failed, or the test's, and the client is told no more than that."""
        self.entry.status = 500
        is_the_tests = isinstance(error, ConditionFailed)
        self.entry.error = str(error) if is_the_tests else "the registry itself failed: see the log for the traceback"
        self.entry.end()

    @property
    def is_slow(self) -> bool:
        """Whether `finish` takes long enough that an event loop should not run it itself."""
        return self.response is None and self._receiver is not None and self._receiver.is_slow

    def _settle(self, response: Response) -> Response:
        response.headers.add("Docker-Distribution-Api-Version", "registry/2.0")
        for line in self._warnings.lines(self.endpoint):
            response.headers.add("Warning", line)
        for fault, firing in self._fired:
            response = fault.answer(response, firing)
        self.entry.answer(response)
        self.response = response
        return response
