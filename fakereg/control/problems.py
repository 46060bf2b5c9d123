"""Every way in which the admin API refuses: one class per problem type of RFC 9457.

The core raises them; `control.admin` is the one place that turns them into answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from fakereg.registry.messages import Response

PROBLEM = "application/problem+json"

# Where the types are listed, each under its name.
TYPES = "/_fakereg/v1/problems"


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with one field; `field` is its place in the document: `layers[0].mode`, "" for all of it."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field} {self.message}" if self.field else self.message


class Problem(Exception):
    """A refusal: a type, a status, and for people a detail that says what to do."""

    name: ClassVar[str]
    title: ClassVar[str]
    status: ClassVar[int]

    def __init__(self, detail: str, *, flaws: Sequence[Flaw] = (), headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.flaws = flaws
        self.headers = headers or {}

    def answer(self, instance: str) -> Response:
        """`instance` is the path that was asked for."""
        document = {
            "type": f"{TYPES}#{self.name}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
        }
        if self.flaws:
            document["errors"] = [{"field": flaw.field, "message": flaw.message} for flaw in self.flaws]
        return Response.of(self.status, {"Content-Type": PROBLEM, **self.headers}, json.dumps(document).encode())


class AdminOff(Problem):
    """The admin API is switched off, or needs a token that nobody set."""

    name, title, status = "admin-off", "The admin API is off", 404


class UnknownRoute(Problem):
    """No route has this path."""

    name, title, status = "unknown-route", "No such route", 404


class NotFound(Problem):
    """What the path or the query names is not there."""

    name, title, status = "not-found", "No such thing", 404


class MethodNotOffered(Problem):
    """The path exists, and takes other methods: see Allow."""

    name, title, status = "method-not-offered", "Method not offered", 405


class ForeignHost(Problem):
    """The Host header names another machine: a page elsewhere may have pointed its own name here."""

    name, title, status = "foreign-host", "Asked by a foreign name", 403


class ForeignOrigin(Problem):
    """A page of another site asks, by its visitor's browser."""

    name, title, status = "foreign-origin", "Asked by a foreign page", 403


class TokenNeeded(Problem):
    """The Authorization header is missing, or is not the one that was set."""

    name, title, status = "token-needed", "A token is needed", 401


class MalformedRequest(Problem):
    """The request is not well-formed HTTP, or its path or query cannot be decoded."""

    name, title, status = "malformed-request", "Malformed request", 400


class InvalidQuery(Problem):
    """A query parameter is unknown, stands twice or has a value that it does not take."""

    name, title, status = "invalid-query", "Invalid query", 400


class NotJson(Problem):
    """The body is not a JSON object in UTF-8."""

    name, title, status = "not-json", "The body is not a JSON object", 400


class WrongContentType(Problem):
    """The Content-Type is missing or another one, or the body is compressed by Content-Encoding."""

    name, title, status = "wrong-content-type", "Wrong content type", 415


class TooLarge(Problem):
    """The body is longer than this route takes."""

    name, title, status = "too-large", "The body is too large", 413


class InvalidFields(Problem):
    """A field is unknown, missing, or has a value that it does not take."""

    name, title, status = "invalid-fields", "Invalid fields", 422


class InvalidArchive(Problem):
    """The archive is no OCI image layout and no docker-archive, or is broken; nothing of it is stored."""

    name, title, status = "invalid-archive", "Invalid archive", 422


class Conflict(Problem):
    """It is there already."""

    name, title, status = "conflict", "It is there already", 409


class AssertionFailed(Problem):
    """What was asserted does not hold; the detail tells the nearest requests."""

    name, title, status = "assertion-failed", "Assertion failed", 409


class WaitedInVain(Problem):
    """What was waited for did not come in time; the detail tells the nearest requests."""

    name, title, status = "waited-in-vain", "Waited in vain", 408


class CannotExport(Problem):
    """The format cannot hold what the registry holds."""

    name, title, status = "cannot-export", "Cannot be exported", 409


class InternalProblem(Problem):
    """Our own code failed; the registry's log has the traceback."""

    name, title, status = "internal", "fakereg itself failed", 500


PROBLEMS: tuple[type[Problem], ...] = tuple(Problem.__subclasses__())


def invalid(flaws: Sequence[Flaw], kind: type[Problem] = InvalidFields) -> Problem:
    """All flaws in one problem."""
    return kind("; ".join(map(str, flaws)), flaws=flaws)
