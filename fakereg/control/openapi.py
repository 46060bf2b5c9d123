"""The admin API in OpenAPI 3.1, made from its table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import fakereg
from fakereg.control.problems import PROBLEM
from fakereg.control.route import Body, Route
from fakereg.control.shapes import Schema
from fakereg.double import fault_forms

# What every route may answer, whatever it does: guards, limits, and failures of ours.
_ALWAYS = (400, 401, 403, 404, 405, 500)
_WITH_BODY = (413, 415, 422)

_PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "format": "uri-reference"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                "required": ["field", "message"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "instance"],
}


def describe(routes: Sequence[Route]) -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = re.sub(r"<(\w+)>", r"{\1}", route.template)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route)
    faults = {name: fault_forms.schema(kind) for name, kind in fault_forms.FAULTS.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "fakereg admin API",
            "version": fakereg.__version__,
            "description": "What a Python test does by methods, for tests in any language.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"token": []}],
        "paths": paths,
        "components": {
            "schemas": {"Problem": _PROBLEM, **faults},
            "responses": {"Problem": _response("Why it was refused", {PROBLEM: _ref("Problem")})},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    statuses = sorted({*_ALWAYS, *route.refusals, *(() if route.body is Body.NONE else _WITH_BODY)})
    problem = {"$ref": "#/components/responses/Problem"}
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "responses": {str(route.status): _success(route), **{str(status): problem for status in statuses}},
    }
    if parameters := [*_in_path(route), *_in_query(route)]:
        operation["parameters"] = parameters
    if route.body is not Body.NONE:
        content = {kind: {"schema": _taken(route)} for kind in route.body.value}
        operation["requestBody"] = {"content": content, "required": _needs_body(route)}
    return operation


def _needs_body(route: Route) -> bool:
    return route.body is Body.ARCHIVE or bool(route.takes.get("required")) or route.described is not None


def _taken(route: Route) -> Schema:
    if route.body is Body.ARCHIVE:
        return {"type": "string", "format": "binary"}
    return route.takes if route.described is None else route.described


def _success(route: Route) -> dict[str, Any]:
    if route.status == 204:  # noqa: PLR2004 - HTTP's own number
        return {"description": route.summary}
    binary: Schema = {"type": "string", "format": "binary"}
    content = {
        kind: route.gives if route.gives is not None and kind == "application/json" else binary
        for kind in route.media_types
    }
    return _response(route.summary, content)


def _response(description: str, schemas: Mapping[str, Schema]) -> dict[str, Any]:
    return {"description": description, "content": {kind: {"schema": schema} for kind, schema in schemas.items()}}


def _in_path(route: Route) -> list[dict[str, Any]]:
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in route.parameters]


def _in_query(route: Route) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "schema": schema} for name, schema in route.query.items()]


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
