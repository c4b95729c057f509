"""The search endpoint: an index beside the store, with its own limits and its own lag.

Archived records are never found; past 10,000 results the answer is 400; a page may be short or
even empty while `paging.next.after` says that more follow.
"""

from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.sandbox import shapes
from connectors.sandbox.clock import epoch_milliseconds, stamp
from connectors.sandbox.filters import Filter, matcher
from connectors.sandbox.portal import Portal
from connectors.sandbox.state import Record
from connectors.sandbox.vocabulary import ObjectType, resolve
from connectors.sandbox.wire import Call, JsonObject, Reply, invalid, read_cursor

_PAGE_MAXIMUM = 200
_TOTAL_MAXIMUM = 10_000
_GROUPS_MAXIMUM = 5
_FILTERS_MAXIMUM = 6
_ALL_FILTERS_MAXIMUM = 18
_CHARACTERS_MAXIMUM = 3000

# A found record and the values that the index holds of it.
Hit = tuple[Record, dict[str, str]]


def search(call: Call) -> Reply:
    """`POST …/objects/{type}/search`."""
    kind = shapes.kind_of(call)
    body = call.object()
    limit, start = _window(body)
    if len(str(body.get("filterGroups", ""))) > _CHARACTERS_MAXIMUM:
        raise invalid(f"The request exceeds {_CHARACTERS_MAXIMUM} characters.")
    hits = _ordered(call.portal, kind, _found(call.portal, kind, body), body.get("sorts"))
    begin, end = _slice(call.portal, start, limit)
    shape = shapes.from_body(call, kind)
    answer: JsonObject = {
        "total": len(hits),
        "results": [shape.print(record, values) for record, values in hits[begin:end]],
    }
    if end < len(hits):
        answer["paging"] = {"next": {"after": str(start + limit)}}
    return Reply(body=answer)


def _window(body: JsonObject) -> tuple[int, int]:
    limit = body.get("limit", 10)
    if not isinstance(limit, int) or not 0 < limit <= _PAGE_MAXIMUM:
        raise invalid(f"Invalid limit '{limit}': the maximum page size is {_PAGE_MAXIMUM}.")
    after = read_cursor(str(body.get("after") or "0"))
    if after + limit > _TOTAL_MAXIMUM:
        raise invalid(
            f"The requested page ends after result {_TOTAL_MAXIMUM}: "
            "a search cannot go further. Narrow the filters."
        )
    return limit, after


def _slice(portal: Portal, start: int, limit: int) -> tuple[int, int]:
    """Return which hits a page shows.

    With short pages the cursor still advances by `limit`, but some places of the index are
    ghosts: of every three pages the first is half full, the second empty, the third nearly full.
    """
    if not portal.switches.short_pages:
        return start, start + limit
    sizes = (max(1, limit // 2), 0, max(1, limit - 1))
    page = start // limit
    begin = sum(sizes) * (page // 3) + sum(sizes[: page % 3])
    return begin, begin + sizes[page % 3]


def _found(portal: Portal, kind: ObjectType, body: JsonObject) -> list[Hit]:
    groups = _groups(portal, kind, body.get("filterGroups"))
    words = str(body.get("query") or "").lower().split()
    found = []
    for record, values in _index(portal, kind):
        if groups and not any(all(test(record, values) for test in group) for group in groups):
            continue
        if words:
            text = " ".join(values.values()).lower()
            if not all(word in text for word in words):
                continue
        found.append((record, values))
    return found


def _index(portal: Portal, kind: ObjectType) -> list[Hit]:
    table = portal.state.tables[kind.name]
    live = [table.records[str(number)] for number in table.live]
    lag = portal.switches.search_lag_seconds
    if not lag:
        return [(record, record.values) for record in live]
    horizon = stamp(portal.clock.now() - timedelta(seconds=lag))
    border = epoch_milliseconds(horizon) or 0
    hits = []
    for record in live:
        for at, values in reversed(record.versions):
            if (epoch_milliseconds(at) or 0) <= border:
                hits.append((record, values))
                break
    return hits


def _groups(portal: Portal, kind: ObjectType, groups: object) -> list[list[Filter]]:
    if groups is None:
        return []
    if not isinstance(groups, list) or len(groups) > _GROUPS_MAXIMUM:
        raise invalid(f"filterGroups must be a list of at most {_GROUPS_MAXIMUM} groups.")
    tests = []
    for group in groups:
        filters = group.get("filters") if isinstance(group, dict) else None
        if not isinstance(filters, list) or not 0 < len(filters) <= _FILTERS_MAXIMUM:
            raise invalid(f"Each filter group must have 1 to {_FILTERS_MAXIMUM} filters.")
        tests.append([_test(portal, kind, row) for row in filters])
    if sum(len(group) for group in tests) > _ALL_FILTERS_MAXIMUM:
        raise invalid(f"A search has at most {_ALL_FILTERS_MAXIMUM} filters in all.")
    return tests


def _test(portal: Portal, kind: ObjectType, row: JsonObject) -> Filter:
    name = str(row.get("propertyName"))
    if name.startswith("associations."):
        return _linked_test(portal, kind, row, name.removeprefix("associations."))
    known = portal.state.properties[kind.name].get(name)
    if known is None:
        raise invalid(
            f"There was a problem with the request. Property '{name}' does not exist.",
            errors=[
                {
                    "message": f"Property '{name}' does not exist",
                    "code": "PROPERTY_DOESNT_EXIST",
                    "context": {"propertyName": [name]},
                }
            ],
        )
    is_text = name == "hs_object_id" and portal.switches.lexicographic_ids
    return matcher(row, name, "string" if is_text else known["type"])


def _linked_test(portal: Portal, kind: ObjectType, row: JsonObject, alias: str) -> Filter:
    target = resolve(alias)
    wanted = set(row["values"]) if "values" in row else {str(row.get("value"))}
    state = portal.state

    def test(record: Record, _values: dict[str, str]) -> bool:
        return not wanted.isdisjoint(state.linked(kind.name, record.id, target.name))

    return test


def _ordered(portal: Portal, kind: ObjectType, hits: list[Hit], sorts: object) -> list[Hit]:
    name, descending = kind.created, False
    if sorts:
        if not isinstance(sorts, list) or len(sorts) > 1:
            raise invalid("A search has at most one sort.")
        first = sorts[0]
        if isinstance(first, dict):
            name = str(first.get("propertyName"))
            descending = first.get("direction") == "DESCENDING"
        else:
            name, descending = str(first).removeprefix("-"), str(first).startswith("-")
    known = portal.state.properties[kind.name].get(name)
    if known is None:
        raise invalid(f"There was a problem with the request. Cannot sort by '{name}'.")
    is_text = name == "hs_object_id" and portal.switches.lexicographic_ids
    type_name = "string" if is_text else known["type"]
    # A stable order among equals, as an index that knows nothing of ids would not promise.
    return sorted(
        hits, key=lambda hit: _key(type_name, hit[1].get(name), hit[0].id), reverse=descending
    )


def _key(type_name: str, text: str | None, record_id: str) -> tuple[bool, Any, int]:
    if text is None:
        return (False, 0, int(record_id))
    match type_name:
        case "number":
            try:
                return (True, Decimal(text), int(record_id))
            except InvalidOperation:
                return (False, 0, int(record_id))
        case "date" | "datetime":
            return (True, epoch_milliseconds(text) or 0, int(record_id))
        case _:
            return (True, text.lower(), int(record_id))
