"""THE table of the admin API: it drives routing, the checks of requests, the OpenAPI document, docs and tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakereg.control.desk import Ask
from fakereg.control.openapi import describe
from fakereg.control.operations import assertions, conduct, contents, faults, health, journal, state
from fakereg.control.route import LONGEST_ARCHIVE, MIB, PREFIX, V1, Body, Reply, Route, Run
from fakereg.control.shapes import BOOLEAN, TEXT, Schema, record, some

_NOTHING = record()
_ID, _NAME = "<id>", "<name>"
_REPOSITORY: Mapping[str, Schema] = {"repository": TEXT}
_MUST_FIRE: Mapping[str, Schema] = {"must_fire": BOOLEAN}


def get_openapi(ask: Ask) -> Reply:
    return Reply(describe(ROUTES))


def _get(name: str, template: str, run: Run, summary: str, gives: Schema | None = None, **more: Any) -> Route:
    return Route(name=name, method="GET", template=template, run=run, summary=summary, gives=gives, **more)


def _post(name: str, template: str, run: Run, summary: str, takes: Schema = _NOTHING, **more: Any) -> Route:
    defaults = {"method": "POST", "body": Body.JSON, **more}
    return Route(name=name, template=template, run=run, summary=summary, takes=takes, **defaults)


def _delete(name: str, template: str, run: Run, summary: str, **more: Any) -> Route:
    defaults = {"method": "DELETE", "status": 204, **more}
    return Route(name=name, template=template, run=run, summary=summary, **defaults)


ROUTES: tuple[Route, ...] = (
    _get("health", f"{PREFIX}/health", health.get, "Whether it is there, and what it holds", health.HEALTH),
    _get("openapi", f"{V1}/openapi.json", get_openapi, "This API in OpenAPI 3.1", {"type": "object"}),
    _get("problems", f"{V1}/problems", health.problems, "The types of problems that it answers with", health.TYPES),
    _post("reset", f"{V1}/reset", state.reset, "Start over: content, journal, faults, clock, settings", status=204),
    # Snapshots
    _get("list_snapshots", f"{V1}/snapshots", state.list_snapshots, "All snapshots", state.SNAPSHOTS),
    _post(
        "create_snapshot",
        f"{V1}/snapshots",
        state.create_snapshot,
        "Put aside what is stored, open uploads and the clock's reading",
        state.NEW_SNAPSHOT,
        gives=state.SNAPSHOT,
        status=201,
        refusals=(409,),
    ),
    _delete("delete_snapshot", f"{V1}/snapshots/{_ID}", state.delete_snapshot, "Forget a snapshot", refusals=(404,)),
    _post(
        "restore_snapshot",
        f"{V1}/snapshots/{_ID}/restore",
        state.restore_snapshot,
        "Go back to a snapshot",
        status=204,
        refusals=(404,),
    ),
    _get(
        "diff_snapshot",
        f"{V1}/snapshots/{_ID}/diff",
        state.diff_snapshot,
        "What was pushed, retagged and deleted since a snapshot, or up to another one",
        state.CHANGES,
        query={"to": TEXT},
        refusals=(404,),
        is_slow=True,
    ),
    # Contents
    _post(
        "seed",
        f"{V1}/seed",
        contents.seed,
        "Build an image, an index or an artifact, and store it",
        contents.SEED,
        gives=contents.IMAGE,
        status=201,
        limit=64 * MIB,
        is_slow=True,
    ),
    _post(
        "load",
        f"{V1}/load",
        contents.load,
        "Store what an OCI archive or a docker-archive holds",
        {},
        query=_REPOSITORY,
        body=Body.ARCHIVE,
        gives=contents.LOADED,
        status=201,
        limit=LONGEST_ARCHIVE,
        is_slow=True,
    ),
    _get(
        "export",
        f"{V1}/export",
        contents.export,
        "An archive of one repository, or of all",
        query={**_REPOSITORY, "format": some(*contents.FORMATS), "gzip": BOOLEAN},
        media_types=(contents.TAR, contents.GZIP),
        refusals=(404, 409, 422),
        is_slow=True,
    ),
    _get(
        "list_repositories",
        f"{V1}/repositories",
        contents.list_repositories,
        "The names of all repositories",
        contents.REPOSITORIES,
    ),
    _get(
        "get_repository",
        f"{V1}/repositories/{_NAME}",
        contents.get_repository,
        "What a repository holds: tags, manifests, blobs, uploads",
        contents.REPOSITORY,
        refusals=(404, 422),
        is_slow=True,
    ),
    _get(
        "get_manifest_bytes",
        f"{V1}/repositories/{_NAME}/manifests/<reference>",
        contents.get_manifest,
        "A manifest's bytes; its type is in X-Media-Type",
        media_types=(contents.BYTES,),
        refusals=(404, 422),
    ),
    _get(
        "get_blob_bytes",
        f"{V1}/repositories/{_NAME}/blobs/<digest>",
        contents.get_blob,
        "A blob's bytes",
        media_types=(contents.BYTES,),
        refusals=(404, 422),
    ),
    # What was asked
    _get(
        "get_journal",
        f"{V1}/journal",
        journal.get,
        "The requests that fit, as JSON, JSON lines, HAR or a script of curl; with `wait` once they are there",
        journal.JOURNAL,
        query=journal.QUERY,
        media_types=tuple(journal.MEDIA_TYPES.values()),
        refusals=(408,),
        is_slow=True,
    ),
    _post(
        "assert_journal",
        f"{V1}/journal/assert",
        assertions.assert_journal,
        "It holds what `assert` names: requests, their order, a push, a pull; 409 with the reason otherwise",
        assertions.ASSERT,
        described=assertions.DESCRIBED,
        gives=assertions.ASSERTED,
        refusals=(409,),
        is_slow=True,
    ),
    # What it does wrong
    _get("list_faults", f"{V1}/faults", faults.list_faults, "What is armed, and how often it fired", faults.FAULTS),
    _post(
        "arm_fault",
        f"{V1}/faults",
        faults.arm_fault,
        "Do something wrong from now on: a fault, several at once, or a scenario",
        faults.ARM,
        described=faults.DESCRIBED,
        gives=faults.FAULT,
        status=201,
    ),
    _delete(
        "delete_faults",
        f"{V1}/faults",
        faults.delete_faults,
        "Remove all faults, and tell what they did",
        query=_MUST_FIRE,
        gives=faults.FAULTS,
        status=200,
        refusals=(409,),
    ),
    _get(
        "get_fault", f"{V1}/faults/{_ID}", faults.get_fault, "One fault, and what it did", faults.FAULT, refusals=(404,)
    ),
    _delete(
        "delete_fault",
        f"{V1}/faults/{_ID}",
        faults.delete_fault,
        "Remove a fault, and tell what it did",
        query=_MUST_FIRE,
        gives=faults.FAULT,
        status=200,
        refusals=(404, 409),
    ),
    _get("list_warnings", f"{V1}/warnings", conduct.list_warnings, "What answers warn of", conduct.WARNINGS),
    _post(
        "add_warning",
        f"{V1}/warnings",
        conduct.add_warning,
        "Send a Warning header from now on",
        conduct.WARNING,
        gives=conduct.WARNINGS,
        status=201,
    ),
    # What clients must not do
    _get("list_forbidden", f"{V1}/forbid", conduct.list_forbidden, "What is forbidden", conduct.FORBIDDEN),
    _post(
        "forbid",
        f"{V1}/forbid",
        conduct.forbid,
        "Make a violation of every such request from now on",
        conduct.FORBID,
        status=204,
    ),
    _get(
        "list_violations",
        f"{V1}/violations",
        conduct.list_violations,
        "Requests that should not have been sent; a reset keeps them",
        conduct.VIOLATIONS,
    ),
    _delete("delete_violations", f"{V1}/violations", conduct.delete_violations, "Forget the violations"),
    # The clock, and the settings
    _get("get_clock", f"{V1}/clock", state.get_clock, "The clock by which uploads expire", state.CLOCK),
    _post(
        "advance_clock",
        f"{V1}/clock/advance",
        state.advance_clock,
        "Let seconds pass at once",
        state.ADVANCE,
        gives=state.CLOCK,
    ),
    _post("freeze_clock", f"{V1}/clock/freeze", state.freeze_clock, "Stop the clock", gives=state.CLOCK),
    _post("thaw_clock", f"{V1}/clock/thaw", state.thaw_clock, "Let time pass by itself again", gives=state.CLOCK),
    _get("get_settings", f"{V1}/settings", conduct.get_settings, "How the registry behaves", conduct.GIVEN),
    _post(
        "change_settings",
        f"{V1}/settings",
        conduct.change_settings,
        "Change settings, for requests that begin from now on; a reset takes it back",
        conduct.CHANGED,
        method="PATCH",
        gives=conduct.GIVEN,
    ),
)
