"""Batches of up to 100 records: read, create, update, upsert, archive.

Without an `objectWriteTraceId` on every input, one bad row refuses the whole batch and nothing is
written; with one, the answer is 207, the good rows are written and the bad ones are listed.
"""

import random
from collections.abc import Callable

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot import links, records, shapes
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.tables import Record
from connectors.sandbox.hubspot.vocabulary import ObjectType
from connectors.sandbox.hubspot.wire import ApiError, Call, Reply, invalid, not_found

_MAXIMUM = 100
_Write = Callable[[JsonObject], tuple[Record, JsonObject]]


def read(call: Call) -> Reply:
    """`batch/read`: ids that are missing come as one error (207), never as an exception."""
    kind = shapes.kind_of(call)
    inputs = call.inputs(_MAXIMUM)
    ids = _distinct(inputs)
    id_property = str(call.object().get("idProperty") or "")
    if id_property and id_property != "hs_object_id":
        records.check_id_property(call.portal, kind, id_property)
    shape = shapes.from_body(call, kind)
    found: list[Record] = []
    missing: list[str] = []
    for record_id in ids:
        record = _lookup(call.portal, kind, record_id, id_property)
        if record is not None and record.archived == call.flag("archived"):
            found.append(record)
        else:
            missing.append(record_id)
    results = [shape.print(record) for record in found]
    errors = [_missing(kind, missing)] if missing else []
    return _answer(call.portal, results, errors, 200)


def _lookup(portal: Portal, kind: ObjectType, record_id: str, id_property: str) -> Record | None:
    if id_property and id_property != "hs_object_id":
        return records.by_value(portal, kind, id_property, record_id)
    # The id of a merged record is not followed in batches.
    return portal.state.tables[kind.name].get(record_id)


def _missing(kind: ObjectType, ids: list[str]) -> JsonObject:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": f"Could not get some {kind.singular.upper()} objects, they may be deleted or "
        "not exist. Check that ids are valid.",
        "context": {"ids": ids},
    }


def create(call: Call) -> Reply:
    """`batch/create`: 201, with associations."""
    kind = shapes.kind_of(call)
    portal = call.portal

    enforces = call.version.enforces_rules

    def write(row: JsonObject) -> tuple[Record, JsonObject]:
        wanted = links.requested(portal, kind, row.get("associations"))
        record = records.create(portal, kind, row.get("properties"), enforces=enforces)
        for target, other, numbers in wanted:
            links.link(portal, (kind, record.id), (target, other), numbers)
        return record, {}

    def check(row: JsonObject) -> None:
        if links.requested(portal, kind, row.get("associations")):
            links.require_right(call)
        records.check_create(portal, kind, row.get("properties"), enforces=enforces)

    inputs = call.inputs(_MAXIMUM)
    _distinct_values(kind, inputs)
    return _written(call, kind, inputs, (check, write), status=201, allows_partial=True)


def update(call: Call) -> Reply:
    """`batch/update` by record id, or by a property with unique values."""
    kind = shapes.kind_of(call)
    portal = call.portal
    inputs = call.inputs(_MAXIMUM)
    _distinct(inputs)
    for row in inputs:
        if row.get("idProperty"):
            records.check_id_property(portal, kind, row["idProperty"])

    def target(row: JsonObject) -> Record:
        record = _lookup(portal, kind, str(row["id"]), str(row.get("idProperty") or ""))
        if record is None or record.archived:
            raise not_found(_missing(kind, [])["message"])
        records.require_unlocked(portal, kind, record.id)
        return record

    enforces = call.version.enforces_rules

    def write(row: JsonObject) -> tuple[Record, JsonObject]:
        written = row.get("properties")
        return records.change(portal, kind, target(row), written, enforces=enforces), {}

    def check(row: JsonObject) -> None:
        records.check_change(portal, kind, target(row), row.get("properties"), enforces=enforces)

    allows_partial = portal.switches.batch_update_with_trace == "multi_status"
    return _written(call, kind, inputs, (check, write), status=200, allows_partial=allows_partial)


def upsert(call: Call) -> Reply:
    """`batch/upsert` by a property with unique values; each result says whether it is new."""
    kind = shapes.kind_of(call)
    portal = call.portal
    inputs = call.inputs(_MAXIMUM)
    _distinct(inputs)
    for row in inputs:
        records.check_id_property(portal, kind, str(row.get("idProperty") or "hs_object_id"))

    def present(row: JsonObject) -> Record | None:
        return records.by_value(portal, kind, row["idProperty"], str(row["id"]))

    def full(row: JsonObject) -> dict[str, object]:
        return {row["idProperty"]: str(row["id"]), **(row.get("properties") or {})}

    enforces = call.version.enforces_rules

    def write(row: JsonObject) -> tuple[Record, JsonObject]:
        record = present(row)
        if record is None:
            return records.create(portal, kind, full(row), enforces=enforces), {"new": True}
        written = row.get("properties")
        return records.change(portal, kind, record, written, enforces=enforces), {"new": False}

    def check(row: JsonObject) -> None:
        record = present(row)
        if record is None:
            records.check_create(portal, kind, full(row), enforces=enforces)
            return
        records.require_unlocked(portal, kind, record.id)
        records.check_change(portal, kind, record, row.get("properties"), enforces=enforces)

    return _written(call, kind, inputs, (check, write), status=200, allows_partial=True)


def archive(call: Call) -> Reply:
    """`batch/archive`: 204, whether or not the records were there."""
    kind = shapes.kind_of(call)
    ids = _distinct(call.inputs(_MAXIMUM))
    for record_id in ids:
        records.require_unlocked(call.portal, kind, record_id)
    for record_id in ids:
        records.archive(call.portal, kind, record_id)
    return Reply(status=204)


def _written(
    call: Call,
    kind: ObjectType,
    inputs: list[JsonObject],
    steps: tuple[Callable[[JsonObject], None], _Write],
    *,
    status: int,
    allows_partial: bool,
) -> Reply:
    """Check every row, then write: all of them, or (with traces) those that pass."""
    check, write = steps
    partial = allows_partial and all(row.get("objectWriteTraceId") for row in inputs)
    lenient = call.portal.switches.missing_ids_in_update == "multi_status"
    good, errors = [], []
    for row in inputs:
        try:
            check(row)
            good.append(row)
        except ApiError as error:
            if not (partial or (lenient and error.category == "OBJECT_NOT_FOUND")):
                raise
            errors.append(_row_error(row, error))
    results = []
    for row in good:
        try:
            record, extra = write(row)
        except ApiError as error:
            # A row that only its predecessors made impossible: two equal unique values.
            errors.append(_row_error(row, error))
            continue
        shown = shapes.everything(call.portal, kind, record, list(row.get("properties") or ()))
        results.append(shown | shapes.afterwards(call, kind, record, row) | extra)
    return _answer(call.portal, results, errors, status)


def _row_error(row: JsonObject, error: ApiError) -> JsonObject:
    context: JsonObject = {}
    if row.get("objectWriteTraceId"):
        context["objectWriteTraceId"] = [row["objectWriteTraceId"]]
    if row.get("id"):
        context["ids"] = [str(row["id"])]
    shown: JsonObject = {
        "status": "error",
        "category": error.category,
        "message": error.message,
        "context": context,
    }
    if error.errors:
        shown["errors"] = error.errors
    return shown


def _answer(
    portal: Portal, results: list[JsonObject], errors: list[JsonObject], status: int
) -> Reply:
    if portal.switches.shuffled_results:
        # Seeded by the first id: another order than the inputs, and the same one each time.
        order = random.Random(str(results[:1]))  # noqa: S311 - no secret depends on it
        order.shuffle(results)
    at = portal.clock.stamp()
    body: JsonObject = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": at,
        "completedAt": at,
    }
    if errors:
        body["numErrors"] = len(errors)
        body["errors"] = errors
    return Reply(status=207 if errors else status, body=body)


def _distinct(inputs: list[JsonObject]) -> list[str]:
    """Return the ids of a batch; 400 when one is missing, no text, or there twice."""
    ids, repeated = [], []
    seen = set()
    for row in inputs:
        record_id = row.get("id")
        if not isinstance(record_id, str) or not record_id:
            raise invalid("Some required fields were not set: [id]")
        if record_id in seen:
            repeated.append(record_id)
        seen.add(record_id)
        ids.append(record_id)
    if repeated:
        raise invalid(
            f"Duplicate IDs found in batch input: [{', '.join(repeated)}]. IDs must be unique",
            context={"ids": repeated},
        )
    return ids


def _distinct_values(kind: ObjectType, inputs: list[JsonObject]) -> None:
    if kind.name != "contacts":
        return
    rows = [row.get("properties") for row in inputs]
    addresses = [
        str(row["email"]).lower() for row in rows if isinstance(row, dict) and row.get("email")
    ]
    if len(set(addresses)) < len(addresses):
        raise invalid("Duplicate e-mail addresses found in batch input. They must be unique.")
