"""A query, answered: which records, in which order, and how they are printed."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.salesforce.errors import SalesforceError
from connectors.sandbox.salesforce.fields import IDS, TEXTS, Field, ObjectType
from connectors.sandbox.salesforce.org import Org, Values
from connectors.sandbox.salesforce.soql_binding import (
    Path,
    Scope,
    parent,
    queried,
    value_at,
    value_of,
)
from connectors.sandbox.salesforce.soql_condition import compiled
from connectors.sandbox.salesforce.soql_parser import parse
from connectors.sandbox.salesforce.soql_tokens import refusal
from connectors.sandbox.salesforce.soql_tree import Ordering, Query
from connectors.sandbox.salesforce.values import outgoing

_MOST_KEYS = 32


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query found: the records as they were, and the fields to print."""

    kind: ObjectType
    paths: tuple[Path, ...]
    rows: list[Values]
    is_count: bool
    has_offset: bool


def answered(
    org: Org, user_id: str, source: str, *, with_deleted: bool, is_tooling: bool = False
) -> Answer:
    """Run a query; SalesforceError when Salesforce would not."""
    query = parse(source)
    kind = queried(org, user_id, query.object, source, is_tooling=is_tooling)
    scope = Scope(org, user_id, kind, source)
    paths = _selected(scope, query)
    keys = [_key(scope, ordering) for ordering in query.orderings]
    if query.is_count and keys:
        raise SalesforceError(
            "MALFORMED_QUERY", f"Ordered field must be grouped or aggregated: {keys[0][0].name}"
        )
    test = compiled(scope, query.where) if query.where else None
    rows = [
        values
        for values in org.rows(kind.name)
        if (with_deleted or not values.get("IsDeleted")) and (test is None or test(values))
    ]
    for path, ordering in reversed(keys):
        rows = _sorted(org, rows, path, ordering)
    end = None if query.limit is None else query.offset + query.limit
    return Answer(kind, paths, rows[query.offset : end], query.is_count, query.offset > 0)


def _selected(scope: Scope, query: Query) -> tuple[Path, ...]:
    paths: dict[str, Path] = {}
    for token in query.fields:
        path = scope.bind(token)
        if path.name in paths:
            raise refusal(
                "INVALID_FIELD", scope.source, token.place,
                f"duplicate field selected: {path.name}",
            )  # fmt: skip
        paths[path.name] = path
    return tuple(paths.values())


def _key(scope: Scope, ordering: Ordering) -> tuple[Path, Ordering]:
    path = scope.bind(ordering.field)
    if not path.field.is_sortable:
        raise refusal(
            "MALFORMED_QUERY", scope.source, ordering.field.place,
            f"field '{path.field.name}' can not be sorted in a query call",
        )  # fmt: skip
    return path, ordering


def _sorted(org: Org, rows: Iterable[Values], path: Path, ordering: Ordering) -> list[Values]:
    by_label = org.switches.sort_picklists_by_label
    keyed = [
        (_sort_key(path.field, value_at(org, values, path), by_label=by_label), values)
        for values in rows
    ]
    empty = [values for key, values in keyed if key is None]
    filled = sorted(
        ((key, values) for key, values in keyed if key is not None),
        key=lambda pair: pair[0],
        reverse=ordering.is_descending,
    )
    switch = org.switches.nulls_last_when_descending
    is_last = ordering.nulls == "LAST" or (not ordering.nulls and ordering.is_descending and switch)
    listed = [values for _, values in filled]
    return listed + empty if is_last else empty + listed


def _sort_key(field: Field, value: Any, *, by_label: bool) -> Any:  # noqa: ANN401 - any field's value
    if value is None or field.type not in TEXTS | IDS:
        return value
    if field.type in IDS:
        return value
    if field.type == "picklist" and field.choices and not by_label:
        listed = [choice.value for choice in field.choices]
        place = listed.index(value) if value in listed else len(listed)
        return (place, value.casefold())
    plain = unicodedata.normalize("NFKD", value.casefold())
    return ("".join(sign for sign in plain if not unicodedata.combining(sign)), value.casefold())


def printed_rows(org: Org, answer: Answer, rows: Iterable[Values], base: str) -> list[JsonObject]:
    """Print records with the selected fields, parents nested."""
    return [_printed(org, answer.kind, answer.paths, values, base) for values in rows]


def _printed(
    org: Org, kind: ObjectType, paths: Iterable[Path], values: Values, base: str
) -> JsonObject:
    shown: JsonObject = {"attributes": attributes(kind.name, values["Id"], base, org)}
    for path in paths:
        place, present, nested = shown, values, True
        for step in path.steps:
            found = parent(org, present, step)
            name = str(step.relationship)
            if found is None:
                place[name], nested = None, False
                break
            present = found
            target = "Name" if step.is_polymorphic else step.reference_to[0]
            place = place.setdefault(
                name, {"attributes": attributes(target, present["Id"], base, org)}
            )
        if nested:
            place[path.field.name] = outgoing(value_of(org, present, path.field))
    return shown


def attributes(name: str, record_id: str, base: str, org: Org) -> JsonObject:
    """Print what a record is and where it lives."""
    kind = org.object_of(record_id) if name == "Name" else None
    real = kind.name if kind else name
    return {"type": name, "url": f"{base}/sobjects/{real}/{record_id}"}
