"""A query, answered: which records, in which order, and how they are printed."""

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.salesforce.derived import ACTIVITIES, is_archived
from connectors.sandbox.salesforce.errors import SalesforceError
from connectors.sandbox.salesforce.field_history import seen
from connectors.sandbox.salesforce.fields import IDS, TEXTS, Field, ObjectType
from connectors.sandbox.salesforce.org import ACCOUNT_HISTORY, Org, Values
from connectors.sandbox.salesforce.soql_binding import (
    Path,
    Scope,
    child_look_up,
    parent,
    queried,
    value_of,
)
from connectors.sandbox.salesforce.soql_condition import Bound, compiled, id_key, of_record
from connectors.sandbox.salesforce.soql_groups import grouped
from connectors.sandbox.salesforce.soql_parser import parse
from connectors.sandbox.salesforce.soql_tokens import refusal, unexpected
from connectors.sandbox.salesforce.soql_tree import Function, Ordering, Query, place_of
from connectors.sandbox.salesforce.values import outgoing

Key = tuple[Bound, Ordering]


@dataclass(frozen=True, slots=True)
class Child:
    """A query in the brackets of another's SELECT, ready to be run for one parent."""

    name: str
    look_up: str
    answer: "Answer"
    of: dict[str, list[Values]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query found: the records as they were, and the fields to print.

    Where the query groups them, `groups` are the rows as they are printed.
    """

    kind: ObjectType
    paths: tuple[Path, ...]
    rows: list[Values]
    is_count: bool = False
    has_offset: bool = False
    children: tuple[Child, ...] = ()
    groups: list[JsonObject] | None = None


def answered(
    org: Org, user_id: str, source: str, *, with_deleted: bool, is_tooling: bool = False
) -> Answer:
    """Run a query; SalesforceError when Salesforce would not."""
    query = parse(source)
    kind = queried(org, user_id, query.object, source, is_tooling=is_tooling)
    scope = Scope(org, user_id, kind, source)
    if query.is_grouped:
        return _grouped(scope, query, with_deleted=with_deleted)
    paths = _selected(scope, query)
    keys = [_key(scope, ordering) for ordering in query.orderings]
    if query.is_count and keys:
        raise SalesforceError(
            "MALFORMED_QUERY",
            f"Ordered field must be grouped or aggregated: {keys[0][0][0].name}",
        )
    rows = _ordered(org, _found(scope, query, with_deleted=with_deleted), keys)
    children = tuple(_child(scope, child, with_deleted=with_deleted) for child in query.children)
    return Answer(kind, paths, _window(query, rows), query.is_count, query.offset > 0, children)


def _found(scope: Scope, query: Query, *, with_deleted: bool) -> list[Values]:
    """Return the records that meet the condition; archived ones count as deleted."""
    org, name = scope.org, scope.kind.name
    test = compiled(scope, query.where) if query.where else None
    rows: Iterable[Values] = org.rows(name)
    if name == ACCOUNT_HISTORY:
        rows = seen(org, scope.user_id, rows)
    if not with_deleted:
        rows = (values for values in rows if not values.get("IsDeleted"))
        if name in ACTIVITIES:
            rows = (values for values in rows if not is_archived(org, name, values))
    return [values for values in rows if test is None or test(values)]


def _ordered(org: Org, rows: list[Values], keys: list[Key]) -> list[Values]:
    for (field, read), ordering in reversed(keys):
        rows = _sorted(org, rows, (field, read), ordering)
    return rows


def _window(query: Query, rows: list[Any]) -> list[Any]:
    end = None if query.limit is None else query.offset + query.limit
    return rows[query.offset : end]


def _grouped(scope: Scope, query: Query, *, with_deleted: bool) -> Answer:
    if query.children:
        raise unexpected(scope.source, query.children[0].object)
    groups = grouped(scope, query, _found(scope, query, with_deleted=with_deleted))
    rows = groups.rows
    for ordering in reversed(query.orderings):
        rows = _sorted(scope.org, rows, groups.bind(ordering.field), ordering)
    printed = [groups.printed(row) for row in _window(query, rows)]
    return Answer(scope.kind, (), [], has_offset=query.offset > 0, groups=printed)


def _child(scope: Scope, query: Query, *, with_deleted: bool) -> Child:
    """Find what hangs on any parent, by the parent's id."""
    kind, look_up, name = child_look_up(scope, query.object)
    inner = Scope(scope.org, scope.user_id, kind, scope.source)
    answer = Answer(kind, _selected(inner, query), [])
    keys = [_key(inner, ordering) for ordering in query.orderings]
    of: dict[str, list[Values]] = {}
    rows = _ordered(scope.org, _found(inner, query, with_deleted=with_deleted), keys)
    for values in rows:
        of.setdefault(values.get(look_up.name, ""), []).append(values)
    return Child(
        name, look_up.name, answer, {key: _window(query, rows) for key, rows in of.items()}
    )


def _selected(scope: Scope, query: Query) -> tuple[Path, ...]:
    paths: dict[str, Path] = {}
    for selection in query.selections:
        token = selection.operand
        if isinstance(token, Function):
            raise unexpected(scope.source, token.name)
        if selection.alias is not None:
            raise unexpected(scope.source, selection.alias)
        path = scope.bind(token)
        if path.name in paths:
            raise refusal(
                "INVALID_FIELD", scope.source, token.place,
                f"duplicate field selected: {path.name}",
            )  # fmt: skip
        paths[path.name] = path
    return tuple(paths.values())


def _key(scope: Scope, ordering: Ordering) -> Key:
    bound = of_record(scope, ordering.field)
    if not bound[0].is_sortable:
        raise refusal(
            "MALFORMED_QUERY", scope.source, place_of(ordering.field).place,
            f"field '{bound[0].name}' can not be sorted in a query call",
        )  # fmt: skip
    return bound, ordering


def _sorted(org: Org, rows: Iterable[Any], bound: Bound, ordering: Ordering) -> list[Any]:
    field, read = bound
    keyed = [(_sort_key(org, field, read(row)), row) for row in rows]
    empty = [row for key, row in keyed if key is None]
    filled = sorted(
        ((key, row) for key, row in keyed if key is not None),
        key=lambda pair: pair[0],
        reverse=ordering.is_descending,
    )
    switch = org.switches.nulls_last_when_descending
    is_last = ordering.nulls == "LAST" or (not ordering.nulls and ordering.is_descending and switch)
    listed = [row for _, row in filled]
    return listed + empty if is_last else empty + listed


def _sort_key(org: Org, field: Field, value: Any) -> Any:  # noqa: ANN401 - any field's value
    if value is None or field.type not in TEXTS | IDS:
        return value
    if field.type in IDS:
        return id_key(value) if org.switches.id_order == "ignoring_case" else value
    by_label = org.switches.sort_picklists_by_label
    if field.type == "picklist" and field.choices and not by_label:
        listed = [choice.value for choice in field.choices]
        place = listed.index(value) if value in listed else len(listed)
        return (place, value.casefold())
    plain = unicodedata.normalize("NFKD", value.casefold())
    return ("".join(sign for sign in plain if not unicodedata.combining(sign)), value.casefold())


Nested = Callable[[Answer, list[Values]], JsonObject]


def printed_rows(
    org: Org, answer: Answer, rows: Iterable[Values], base: str, nested: Nested | None = None
) -> list[JsonObject]:
    """Print records with the selected fields, parents and children nested.

    `nested` prints a list of children, which may be too long for one page.
    """
    if answer.groups is not None:
        return answer.groups
    printed = []
    for values in rows:
        shown = _printed(org, answer.kind, answer.paths, values, base)
        for child in answer.children:
            found = child.of.get(values["Id"], [])
            shown[child.name] = nested(child.answer, found) if found and nested else None
        printed.append(shown)
    return printed


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
