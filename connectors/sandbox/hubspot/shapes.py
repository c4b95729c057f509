"""How a record is printed: properties asked for, history, associations."""

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.tables import Record
from connectors.sandbox.hubspot.values import warnings
from connectors.sandbox.hubspot.vocabulary import (
    TYPES,
    ObjectType,
    association_types,
    is_primary,
    resolve,
)
from connectors.sandbox.hubspot.wire import Call


class Shape:
    """What a client asked to see of each record of one type."""

    def __init__(
        self,
        portal: Portal,
        kind: ObjectType,
        *,
        properties: list[str],
        history: list[str],
        associations: list[str],
    ) -> None:
        self._portal = portal
        self._kind = kind
        known = portal.state.properties[kind.name]
        wanted = [*properties, *history, *kind.always] if properties else [*kind.defaults, *history]
        # Undefined names are left out in silence; defined and empty ones are null.
        self._names = [name for name in dict.fromkeys(wanted) if name in known]
        self._history = [name for name in dict.fromkeys(history) if name in known]
        self._associations = [resolve(name) for name in associations]

    def print(self, record: Record, values: dict[str, str] | None = None) -> JsonObject:
        """Return a record as JSON, with the values of another version if given."""
        shown = record.values if values is None else values
        body: JsonObject = {
            "id": record.id,
            "properties": {name: shown.get(name) for name in self._names},
            "createdAt": record.created_at,
            "updatedAt": record.updated_at,
            "archived": record.archived,
        }
        if record.archived:
            body["archivedAt"] = record.archived_at
        if self._history:
            body["propertiesWithHistory"] = {name: _past(record, name) for name in self._history}
        if self._associations:
            linked = {kind.name: self._linked(record, kind) for kind in self._associations}
            shown_links = {name: {"results": rows} for name, rows in linked.items() if rows}
            if shown_links:
                body["associations"] = shown_links
        return body

    def _linked(self, record: Record, target: ObjectType) -> list[JsonObject]:
        table = self._portal.state.tables[target.name]
        rows: list[JsonObject] = []
        for other, numbers in self._portal.state.linked(
            self._kind.name, record.id, target.name
        ).items():
            if table.records[other].archived:
                continue
            rows.extend(
                {"id": other, "type": association_name(self._kind, target, number)}
                for number in sorted(numbers)
            )
        return rows


def association_name(source: ObjectType, target: ObjectType, number: int) -> str:
    """Return the name of an association as the objects API prints it."""
    name = f"{source.singular}_to_{target.singular}"
    has_primary = any(is_primary(known) for known in association_types(source.name, target.name))
    return f"{name}_unlabeled" if has_primary and not is_primary(number) else name


def _past(record: Record, name: str) -> list[JsonObject]:
    return [
        {
            "value": entry.value,
            "timestamp": entry.timestamp,
            "sourceType": entry.source_type,
            "sourceId": entry.source_id,
        }
        for entry in reversed(record.entries(name))
    ]


def from_query(call: Call, kind: ObjectType) -> Shape:
    """Read the shape from query parameters (list, get one)."""
    return Shape(
        call.portal,
        kind,
        properties=call.names("properties"),
        history=call.names("propertiesWithHistory"),
        associations=call.names("associations"),
    )


def from_body(call: Call, kind: ObjectType) -> Shape:
    """Read the shape from a JSON body (batch read, search)."""
    return Shape(
        call.portal,
        kind,
        properties=call.texts("properties"),
        history=call.texts("propertiesWithHistory"),
        associations=[],
    )


def everything(portal: Portal, kind: ObjectType, record: Record, also: list[str]) -> JsonObject:
    """Print a record after a write: defaults, what was written and what has a value."""
    shown = Shape(portal, kind, properties=[*also, *record.values], history=[], associations=[])
    return shown.print(record)


def afterwards(call: Call, kind: ObjectType, record: Record, written: JsonObject) -> JsonObject:
    """Return what only an answer to a write has: the caller's trace, warnings from 2026-09 on."""
    extra: JsonObject = {}
    if written.get("objectWriteTraceId"):
        extra["objectWriteTraceId"] = written["objectWriteTraceId"]
    if call.version.warns:
        found = warnings(call.portal, kind, written.get("properties"), record.values)
        if found:
            extra["warnings"] = found
    return extra


def kind_of(call: Call, name: str = "type") -> ObjectType:
    """Return the object type named in the path."""
    alias = call.params[name]
    return TYPES.get(alias) or resolve(alias)
