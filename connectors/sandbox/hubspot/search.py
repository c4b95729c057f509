"""The search endpoint: an index beside the store, with its own limits and its own lag.

Archived records are never found; past 10,000 results the answer is 400; a page may be short or
even empty while `paging.next.after` says that more follow.
"""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any, NamedTuple

from connectors.sandbox.clock import epoch_milliseconds
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot import lag, shapes
from connectors.sandbox.hubspot.filters import Filter, matcher
from connectors.sandbox.hubspot.index import SearchIndex
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.tables import Record, Table
from connectors.sandbox.hubspot.vocabulary import ObjectType, resolve
from connectors.sandbox.hubspot.windows import Criterion, Window, window_of
from connectors.sandbox.hubspot.wire import Call, Reply, invalid, read_cursor

_PAGE_MAXIMUM = 200
_TOTAL_MAXIMUM = 10_000
_GROUPS_MAXIMUM = 5
_FILTERS_MAXIMUM = 6
_ALL_FILTERS_MAXIMUM = 18
_CHARACTERS_MAXIMUM = 3000
_LARGEST = 2**63


class Sort(NamedTuple):
    """What a search is sorted by."""

    name: str
    type_name: str
    descending: bool


class Hits(NamedTuple):
    """The records that a search found, in order."""

    table: Table
    numbers: list[int]

    def page(self, begin: int, end: int) -> Iterator[tuple[Record, dict[str, str]]]:
        """Yield records with the values that the index holds of them."""
        for number in self.numbers[begin:end]:
            record = self.table.records[str(number)]
            yield record, self.table.index.values(number) or record.values


def search(call: Call) -> Reply:
    """`POST …/objects/{type}/search`."""
    kind = shapes.kind_of(call)
    body = call.object()
    limit, start = _window(body)
    if len(str(body.get("filterGroups", ""))) > _CHARACTERS_MAXIMUM:
        raise invalid(f"The request exceeds {_CHARACTERS_MAXIMUM} characters.")
    sort = _sort_of(call.portal, kind, body.get("sorts"))
    hits = _found(call.portal, kind, body, sort)
    begin, end = _slice(call.portal, start, limit)
    shape = shapes.from_body(call, kind)
    answer: JsonObject = {
        "total": len(hits.numbers),
        "results": [shape.print(record, values) for record, values in hits.page(begin, end)],
    }
    if end < len(hits.numbers):
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


def _found(portal: Portal, kind: ObjectType, body: JsonObject, sort: Sort) -> Hits:
    """Return the records that match, in the order asked for."""
    groups = _groups(portal, kind, body.get("filterGroups"))
    words = str(body.get("query") or "").lower().split()
    table = portal.state.tables[kind.name]
    _catch_up(portal, table.index)
    window = window_of(portal, kind, groups)
    candidates = _candidates(table, window)
    if window.rest or words:
        tests = [[one.test for one in group] for group in window.rest]
        candidates = [
            number
            for number in candidates
            if _matches(table, number, tests) and _has_words(table, number, words)
        ]
    return Hits(table, _ordered(portal, kind, candidates, sort))


def _catch_up(portal: Portal, index: SearchIndex) -> None:
    switches = portal.switches
    now = round(portal.clock.now().timestamp() * 1000)
    is_immediate = not switches.search_lag_seconds and switches.search_lag == "constant"
    index.catch_up(now, None if is_immediate else partial(lag.seconds, switches))


def _candidates(table: Table, window: Window) -> list[int]:
    """Return the records of a window, in the order of their modified stamp, then of their id."""
    found = table.index.between(window.stamps.low, window.stamps.high)
    low, high = window.ids
    if low is None and high is None:
        return found
    low, high = low or 0, _LARGEST if high is None else high
    return [number for number in found if low <= number <= high]


def _matches(table: Table, number: int, groups: list[list[Filter]]) -> bool:
    values = table.index.values(number)
    if values is None:
        return False
    record = table.records[str(number)]
    return not groups or any(all(test(record, values) for test in group) for group in groups)


def _has_words(table: Table, number: int, words: list[str]) -> bool:
    if not words:
        return True
    text = " ".join((table.index.values(number) or {}).values()).lower()
    return all(word in text for word in words)


def _groups(portal: Portal, kind: ObjectType, groups: object) -> list[list[Criterion]]:
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


def _test(portal: Portal, kind: ObjectType, row: JsonObject) -> Criterion:
    name = str(row.get("propertyName"))
    if name.startswith("associations."):
        test = _linked_test(portal, kind, row, name.removeprefix("associations."))
        return Criterion(name, row, test)
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
    return Criterion(name, row, matcher(row, name, "string" if is_text else known["type"]))


def _linked_test(portal: Portal, kind: ObjectType, row: JsonObject, alias: str) -> Filter:
    target = resolve(alias)
    wanted = set(row["values"]) if "values" in row else {str(row.get("value"))}
    state = portal.state

    def test(record: Record, _values: dict[str, str]) -> bool:
        return not wanted.isdisjoint(state.linked(kind.name, record.id, target.name))

    return test


def _sort_of(portal: Portal, kind: ObjectType, sorts: object) -> Sort:
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
    return Sort(name, "string" if is_text else known["type"], descending)


def _ordered(portal: Portal, kind: ObjectType, found: list[int], sort: Sort) -> list[int]:
    """Sort records that come in the order of their modified stamp, then of their id.

    Equals stay in the order of their ids, which a real index would not promise.
    """
    if sort.name == kind.modified:
        return found[::-1] if sort.descending else found
    if sort.name == "hs_object_id" and sort.type_name == "number":
        return sorted(found, reverse=sort.descending)
    index = portal.state.tables[kind.name].index

    def key(number: int) -> tuple[bool, Any, int]:
        return _key(sort.type_name, (index.values(number) or {}).get(sort.name), number)

    return sorted(found, key=key, reverse=sort.descending)


def _key(type_name: str, text: str | None, number: int) -> tuple[bool, Any, int]:
    if text is None:
        return (False, 0, number)
    match type_name:
        case "number":
            try:
                return (True, Decimal(text), number)
            except InvalidOperation:
                return (False, 0, number)
        case "date" | "datetime":
            return (True, epoch_milliseconds(text) or 0, number)
        case _:
            return (True, text.lower(), number)
