"""Associations: reading in batches (v4 and date-based), creating, labelling, removing."""

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot import links, shapes
from connectors.sandbox.hubspot.links import End
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.vocabulary import ObjectType, association_types, is_primary
from connectors.sandbox.hubspot.wire import Call, Reply, invalid, is_whole, not_found

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
        if call.version.names_associations:
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
    if call.version.names_associations:
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
            "associationTypes": [_kind(one) for one in sorted(linked[str(number)])],
        }
        for number in following[:size]
    ]
    return page, str(following[size - 1]) if len(following) > size else ""


def batch_create(call: Call) -> Reply:
    """`POST …/associations/{from}/{to}/batch/create`: links with their types."""
    source, target = shapes.kind_of(call, "from"), shapes.kind_of(call, "to")
    pairs = []
    for row in call.inputs(_WRITE_MAXIMUM):
        numbers = _types(call, source, target, row)
        pairs.append(
            (links.identifier_of(row.get("from")), links.identifier_of(row.get("to")), numbers)
        )
    _link_all(call, source, target, pairs)
    rows = [_labelled(call, (source, one), (target, other)) for one, other, _ in pairs]
    return _complete(call, rows, 201)


def _types(call: Call, source: ObjectType, target: ObjectType, row: JsonObject) -> list[int]:
    """Read the types of a link: numbers, or (version 3) one name."""
    name = row.get("type")
    if not call.version.names_associations or not isinstance(name, str):
        return links.numbers_of(source, target, row.get("types"))
    for number in association_types(source.name, target.name):
        if name in {str(number), shapes.association_name(source, target, number)}:
            return [number]
    raise invalid(f"Invalid association type '{name}' for a {source.singular}.")


def labels(call: Call) -> Reply:
    """`GET …/associations/{from}/{to}/labels`: every kind of association between two types."""
    source, target = shapes.kind_of(call, "from"), shapes.kind_of(call, "to")
    numbers = sorted(association_types(source.name, target.name))
    return Reply(body={"results": [_kind(number) for number in numbers]})


def _kind(number: int) -> JsonObject:
    label = "Primary" if is_primary(number) else _LABELS.get(number)
    return {"category": "HUBSPOT_DEFINED", "typeId": number, "label": label}


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
    _link_all(call, source, target, pairs)
    rows = [row for pair in pairs for row in _defaults(source, target, pair)]
    return _complete(call, rows, 200)


# The ids of a pair of records, and the numbers of the links between them.
_Pair = tuple[str, str, list[int]]


def _link_all(call: Call, source: ObjectType, target: ObjectType, pairs: list[_Pair]) -> None:
    links.require_right(call)
    for one, other, _ in pairs:
        links.require(call.portal, source, one)
        links.require(call.portal, target, other)
    for one, other, numbers in pairs:
        links.link(call.portal, (source, one), (target, other), numbers)


def _complete(call: Call, results: list[JsonObject], status: int) -> Reply:
    at = call.portal.clock.stamp()
    body = {"status": "COMPLETE", "results": results, "startedAt": at, "completedAt": at}
    return Reply(status=status, body=body)


def _labelled(call: Call, source: End, target: End) -> JsonObject:
    """Print a pair that was linked by type."""
    read = int if call.portal.switches.numeric_to_object_id else str
    return {
        "fromObjectTypeId": source[0].type_id,
        "fromObjectId": read(source[1]),
        "toObjectTypeId": target[0].type_id,
        "toObjectId": read(target[1]),
        "labels": [],
    }


def _defaults(source: ObjectType, target: ObjectType, pair: _Pair) -> list[JsonObject]:
    """Print a pair that was linked without a label: once in each direction."""
    reverse = association_types(source.name, target.name)
    one, other, numbers = pair
    return [
        {
            "from": {"id": start},
            "to": {"id": end},
            "associationSpec": {
                "associationCategory": "HUBSPOT_DEFINED",
                "associationTypeId": number,
            },
        }
        for forth in numbers
        for start, end, number in ((one, other, forth), (other, one, reverse[forth]))
    ]


def put_default(call: Call) -> Reply:
    """`PUT …/objects/{type}/{id}/associations/default/{to}/{other}`."""
    source, target = shapes.kind_of(call), shapes.kind_of(call, "to")
    pair = (call.params["id"], call.params["other"], links.default_numbers(source, target))
    _link_all(call, source, target, [pair])
    return _complete(call, _defaults(source, target, pair), 200)


def put_labelled(call: Call) -> Reply:
    """`PUT …/objects/{type}/{id}/associations/{to}/{other}` with the types in the body."""
    source, target = shapes.kind_of(call), shapes.kind_of(call, "to")
    one, other = call.params["id"], call.params["other"]
    numbers = links.numbers_of(source, target, call.body)
    _link_all(call, source, target, [(one, other, numbers)])
    return Reply(status=201, body=_labelled(call, (source, one), (target, other)))


def remove(call: Call) -> Reply:
    """`DELETE …/objects/{type}/{id}/associations/{to}/{other}`: all links of a pair."""
    source, target = shapes.kind_of(call), shapes.kind_of(call, "to")
    links.require_right(call)
    links.unlink(call.portal, (source, call.params["id"]), (target, call.params["other"]))
    return Reply(status=204)


def batch_archive(call: Call) -> Reply:
    """`POST …/associations/{from}/{to}/batch/archive`; `to` is a list of ids."""
    source, target = shapes.kind_of(call, "from"), shapes.kind_of(call, "to")
    links.require_right(call)
    for row in call.inputs(_WRITE_MAXIMUM):
        targets = row.get("to")
        for other in targets if isinstance(targets, list) else [targets]:
            links.unlink(
                call.portal,
                (source, links.identifier_of(row.get("from"))),
                (target, links.identifier_of(other)),
            )
    return Reply(status=204)
