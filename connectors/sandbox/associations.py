"""Associations: reading in batches (v4 and date-based), creating, labelling, removing."""

from connectors.sandbox import links, shapes
from connectors.sandbox.links import End
from connectors.sandbox.portal import Portal
from connectors.sandbox.vocabulary import ObjectType, is_primary
from connectors.sandbox.wire import Call, JsonObject, Reply, is_whole, not_found

_READ_MAXIMUM = 1000
_WRITE_MAXIMUM = 2000
_LABELS = {13: "Parent Company", 14: "Child Company"}


def batch_read(call: Call) -> Reply:
    """`POST …/associations/{from}/{to}/batch/read`; ids without links come as errors (207)."""
    source, target = shapes.kind_of(call, "from"), shapes.kind_of(call, "to")
    results, alone = [], []
    for row in call.inputs(_READ_MAXIMUM):
        record_id = links.identifier_of(row)
        page, cursor = _page(call.portal, (source, record_id), target, str(row.get("after") or ""))
        if not page:
            alone.append(record_id)
            continue
        if call.version == "v3":
            page = _named(source, target, page)
        shown: JsonObject = {"from": {"id": record_id}, "to": page}
        if cursor:
            link = f"{call.url}?after={cursor}"
            shown["paging"] = {"next": {"after": cursor, "link": link}}
        results.append(shown)
    at = call.portal.clock.stamp()
    body: JsonObject = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": at,
        "completedAt": at,
    }
    as_errors = bool(alone) and call.portal.switches.unlinked_as_errors
    if as_errors:
        body["numErrors"] = len(alone)
        body["errors"] = [_nothing(source, target, record_id) for record_id in alone]
    return Reply(status=207 if as_errors else 200, body=body)


def _nothing(source: ObjectType, target: ObjectType, record_id: str) -> JsonObject:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {target.singular} is associated with {source.singular} {record_id}.",
        "context": {"fromObjectId": [record_id]},
    }


def read(call: Call) -> Reply:
    """`GET …/objects/{type}/{id}/associations/{to}`: the links of one record, paged."""
    source, target = shapes.kind_of(call), shapes.kind_of(call, "to")
    record = call.portal.state.tables[source.name].get(call.params["id"], follow_merges=True)
    if record is None or record.archived:
        raise not_found()
    page, cursor = _page(
        call.portal, (source, record.id), target, call.text("after"), call.limit(500, 500)
    )
    if call.version == "v3":
        page = _named(source, target, page)
    body: JsonObject = {"results": page}
    if cursor:
        body["paging"] = {"next": {"after": cursor, "link": f"{call.url}?after={cursor}"}}
    return Reply(body=body)


def _named(source: ObjectType, target: ObjectType, page: list[JsonObject]) -> list[JsonObject]:
    """Return links in the shape of version 3: names instead of numbers."""
    return [
        {"id": str(row["toObjectId"]), "type": shapes.association_name(source, target, number)}
        for row in page
        for number in (kind["typeId"] for kind in row["associationTypes"])
    ]


def _page(
    portal: Portal,
    source: End,
    target: ObjectType,
    after: str,
    limit: int | None = None,
) -> tuple[list[JsonObject], str]:
    size = min(limit or _READ_MAXIMUM, portal.switches.association_page_size)
    table = portal.state.tables[target.name]
    linked = portal.state.linked(source[0].name, source[1], target.name)
    start = int(after) if is_whole(after) else 0
    ids = sorted(int(other) for other in linked if not table.records[other].archived)
    following = [number for number in ids if number > start]
    page = [
        {
            "toObjectId": number if portal.switches.numeric_to_object_id else str(number),
            "associationTypes": [
                {
                    "category": "HUBSPOT_DEFINED",
                    "typeId": kind,
                    "label": "Primary" if is_primary(kind) else _LABELS.get(kind),
                }
                for kind in sorted(linked[str(number)])
            ],
        }
        for number in following[:size]
    ]
    return page, str(following[size - 1]) if len(following) > size else ""


def batch_create(call: Call) -> Reply:
    """`POST …/associations/{from}/{to}/batch/create`: links with their types."""
    source, target = shapes.kind_of(call, "from"), shapes.kind_of(call, "to")
    pairs = []
    for row in call.inputs(_WRITE_MAXIMUM):
        numbers = links.numbers_of(source, target, row.get("types"))
        pairs.append(
            (links.identifier_of(row.get("from")), links.identifier_of(row.get("to")), numbers)
        )
    return _batch_linked(call, source, target, pairs)


def batch_default(call: Call) -> Reply:
    """`POST …/associations/{from}/{to}/batch/associate/default`: unlabelled links."""
    source, target = shapes.kind_of(call, "from"), shapes.kind_of(call, "to")
    pairs = [
        (
            links.identifier_of(row.get("from")),
            links.identifier_of(row.get("to")),
            links.default_numbers(source, target),
        )
        for row in call.inputs(_WRITE_MAXIMUM)
    ]
    return _batch_linked(call, source, target, pairs)


def _batch_linked(
    call: Call,
    source: ObjectType,
    target: ObjectType,
    pairs: list[tuple[str, str, list[int]]],
) -> Reply:
    for one, other, _ in pairs:
        links.require(call.portal, source, one)
        links.require(call.portal, target, other)
    for one, other, numbers in pairs:
        links.link(call.portal, (source, one), (target, other), numbers)
    at = call.portal.clock.stamp()
    results = [_linked_result((source, one), (target, other)) for one, other, _ in pairs]
    body = {"status": "COMPLETE", "results": results, "startedAt": at, "completedAt": at}
    return Reply(status=201, body=body)


def _linked_result(source: End, target: End) -> JsonObject:
    return {
        "fromObjectTypeId": source[0].type_id,
        "fromObjectId": int(source[1]),
        "toObjectTypeId": target[0].type_id,
        "toObjectId": int(target[1]),
        "labels": [],
    }


def put_default(call: Call) -> Reply:
    """`PUT …/objects/{type}/{id}/associations/default/{to}/{other}`."""
    source, target = shapes.kind_of(call), shapes.kind_of(call, "to")
    pair = (call.params["id"], call.params["other"], links.default_numbers(source, target))
    reply = _batch_linked(call, source, target, [pair])
    return Reply(status=200, body=reply.body)


def put_labelled(call: Call) -> Reply:
    """`PUT …/objects/{type}/{id}/associations/{to}/{other}` with the types in the body."""
    source, target = shapes.kind_of(call), shapes.kind_of(call, "to")
    one, other = call.params["id"], call.params["other"]
    numbers = links.numbers_of(source, target, call.body)
    _batch_linked(call, source, target, [(one, other, numbers)])
    return Reply(status=201, body=_linked_result((source, one), (target, other)))


def remove(call: Call) -> Reply:
    """`DELETE …/objects/{type}/{id}/associations/{to}/{other}`: all links of a pair."""
    source, target = shapes.kind_of(call), shapes.kind_of(call, "to")
    links.unlink(call.portal, (source, call.params["id"]), (target, call.params["other"]))
    return Reply(status=204)


def batch_archive(call: Call) -> Reply:
    """`POST …/associations/{from}/{to}/batch/archive`; `to` is a list of ids."""
    source, target = shapes.kind_of(call, "from"), shapes.kind_of(call, "to")
    for row in call.inputs(_WRITE_MAXIMUM):
        targets = row.get("to")
        for other in targets if isinstance(targets, list) else [targets]:
            links.unlink(
                call.portal,
                (source, links.identifier_of(row.get("from"))),
                (target, links.identifier_of(other)),
            )
    return Reply(status=204)
