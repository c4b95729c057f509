"""How each kind of event changes the state: the only code that does.

An event is a JSON object with its `kind`, the instant `at`, the `method` and the `source` that
caused it. Events carry outcomes, not requests, so replaying the journal gives the same portal.
"""

from collections.abc import Callable

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot import generator
from connectors.sandbox.hubspot.state import State
from connectors.sandbox.hubspot.tables import Entry, Record
from connectors.sandbox.hubspot.vocabulary import TYPES, association_types, is_primary

LOAD = "LOAD"


def apply(state: State, event: JsonObject) -> None:
    """Change the state as an event says."""
    _EFFECTS[event["kind"]](state, event)
    state.last_at = max(state.last_at, event["at"])


def _note(
    state: State,
    event: JsonObject,
    target: tuple[str, str],
    name: str,
    change: tuple[object, object],
) -> None:
    # What a folder brought in is not a write that somebody made.
    if event["method"] == LOAD:
        return
    state.writes.append(
        {
            "seq": len(state.writes) + 1,
            "at": event["at"],
            "method": event["method"],
            "objectType": target[0],
            "id": target[1],
            "property": name,
            "before": change[0],
            "after": change[1],
            "source": event["source"]["app"],
        }
    )


def _create_record(state: State, event: JsonObject) -> None:
    kind = TYPES[event["type"]]
    values = dict(event["values"])
    record = Record(event["id"], values, event["created"], event["at"])
    values["hs_object_id"] = record.id
    values[kind.created] = values.get(kind.created) or event["created"]
    values[kind.modified] = event["at"]
    source = event["source"]
    past = event.get("history", {})
    for name, value in event["values"].items():
        entries = past.get(name) or [[value, event["at"]]]
        record.history[name] = [
            Entry(entry[0], entry[1], source["type"], source["id"]) for entry in entries
        ]
        _note(state, event, (kind.name, record.id), name, (None, value))
    state.tables[kind.name].insert(record)
    if event.get("loaded_id"):
        state.loaded_ids[kind.name, event["loaded_id"]] = record.id


def _change_record(state: State, event: JsonObject) -> None:
    kind = TYPES[event["type"]]
    table = state.tables[kind.name]
    record = table.records[event["id"]]
    # A new dictionary: the search index may still hold the old one.
    values = dict(record.values)
    source = event["source"]
    for name, value in event["values"].items():
        before = values.get(name)
        if record.is_generated and before is not None:
            record.history[name] = record.entries(name)
        if value == "":
            values.pop(name, None)
        else:
            values[name] = value
        entry = Entry(value, event["at"], source["type"], source["id"])
        record.history.setdefault(name, []).append(entry)
        _note(state, event, (kind.name, record.id), name, (before, value or None))
    values[kind.modified] = event["at"]
    table.change(record, values, event["at"])


def _touch_records(state: State, event: JsonObject) -> None:
    """Give every live record of a type the same modified stamp, as HubSpot's bulk jobs do."""
    kind = TYPES[event["type"]]
    table = state.tables[kind.name]
    for record in table.records.values():
        if not record.archived:
            table.change(record, record.values | {kind.modified: event["at"]}, event["at"])


def _archive_record(state: State, event: JsonObject) -> None:
    # Archiving leaves the modified stamp as it was: seen in HubSpot, and a trap for readers.
    table = state.tables[event["type"]]
    record = table.records[event["id"]]
    table.move(record, archived=True)
    record.archived_at = event["at"]
    _note(state, event, (event["type"], record.id), "", ("live", "archived"))


def _restore_record(state: State, event: JsonObject) -> None:
    table = state.tables[event["type"]]
    record = table.records[event["id"]]
    table.move(record, archived=False)
    record.archived_at = ""
    _note(state, event, (event["type"], record.id), "", ("archived", "live"))


def _purge_record(state: State, event: JsonObject) -> None:
    kind, record_id = event["type"], event["id"]
    table = state.tables[kind]
    record = table.records[record_id]
    for target, linked in state.links[kind].pop(record_id, {}).items():
        for other in linked:
            state.links[target][other][kind].pop(record_id, None)
    table.remove(record)
    before = "archived" if record.archived else "live"
    _note(state, event, (kind, record_id), "", (before, None))


def _merge_records(state: State, event: JsonObject) -> None:
    table = state.tables[event["type"]]
    for old in event["from"]:
        record = table.records[old]
        if old != event["id"]:
            _relink(state, event["type"], old, event["id"])
            table.remove(record)
            table.merged[old] = event["id"]
        _note(state, event, (event["type"], old), "", (old, event["id"]))


def _relink(state: State, kind: str, old: str, new: str) -> None:
    for target, linked in state.links[kind].pop(old, {}).items():
        for other, numbers in linked.items():
            if (target, other) == (kind, new):
                continue
            if target == "companies" and _has_primary(state, kind, new):
                # One of the two already gave its primary company.
                kept = [number for number in numbers if not is_primary(number)]
            else:
                kept = numbers
            reverse = [association_types(kind, target)[number] for number in kept]
            _put_link(state, (kind, new), (target, other), kept)
            state.links[target][other][kind].pop(old, None)
            _put_link(state, (target, other), (kind, new), reverse)


def _has_primary(state: State, kind: str, record_id: str) -> bool:
    linked = state.linked(kind, record_id, "companies")
    return any(is_primary(number) for numbers in linked.values() for number in numbers)


def _put_link(
    state: State, source: tuple[str, str], target: tuple[str, str], numbers: list[int]
) -> None:
    linked = state.links[source[0]].setdefault(source[1], {}).setdefault(target[0], {})
    present = linked.setdefault(target[1], [])
    present.extend(number for number in numbers if number not in present)


def _add_link(state: State, event: JsonObject) -> None:
    source, target = (event["from"][0], event["from"][1]), (event["to"][0], event["to"][1])
    reverses = association_types(source[0], target[0])
    numbers = event["types"]
    for one, other, given in (
        (source, target, numbers),
        (target, source, [reverses[number] for number in numbers]),
    ):
        if any(is_primary(number) for number in given):
            _demote(state, one, other[0])
    _put_link(state, source, target, numbers)
    _put_link(state, target, source, [reverses[number] for number in numbers])
    after = {"to": list(target), "types": numbers}
    _note(state, event, source, "associations", (None, after))


def _demote(state: State, source: tuple[str, str], target: str) -> None:
    """Leave a record without a primary company, before it gets another one.

    Only the side that has one primary: a company is the primary of many deals.
    """
    if target != "companies":
        return
    for other, numbers in state.linked(*source, target).items():
        numbers[:] = [number for number in numbers if not is_primary(number)]
        reverse = state.links[target][other][source[0]][source[1]]
        reverse[:] = [number for number in reverse if not is_primary(number)]


def _remove_link(state: State, event: JsonObject) -> None:
    source, target = (event["from"][0], event["from"][1]), (event["to"][0], event["to"][1])
    numbers = state.linked(*source, target[0]).pop(target[1], None)
    state.linked(*target, source[0]).pop(source[1], None)
    before = {"to": list(target), "types": numbers}
    _note(state, event, source, "associations", (before, None))


def _save_property(state: State, event: JsonObject) -> None:
    kind, name = event["type"], event["definition"]["name"]
    before = state.properties[kind].get(name)
    state.archived_properties[kind].pop(name, None)
    state.properties[kind][name] = event["definition"]
    _note(state, event, (kind, name), "definition", (before, event["definition"]))


def _archive_property(state: State, event: JsonObject) -> None:
    kind, name = event["type"], event["name"]
    definition = state.properties[kind].pop(name)
    state.archived_properties[kind][name] = definition | {
        "archived": True,
        "archivedAt": event["at"],
    }
    _note(state, event, (kind, name), "definition", (definition, None))


def _save_group(state: State, event: JsonObject) -> None:
    kind, name = event["type"], event["group"]["name"]
    before = state.groups[kind].get(name)
    state.groups[kind][name] = event["group"]
    _note(state, event, (kind, name), "group", (before, event["group"]))


def _archive_group(state: State, event: JsonObject) -> None:
    before = state.groups[event["type"]].pop(event["name"])
    _note(state, event, (event["type"], event["name"]), "group", (before, None))


def _save_owner(state: State, event: JsonObject) -> None:
    owner = event["owner"]
    state.owners[owner["id"]] = owner
    if event.get("loaded_id"):
        state.loaded_ids["owners", event["loaded_id"]] = owner["id"]
    _note(state, event, ("owners", owner["id"]), "", (None, owner))


def _save_pipeline(state: State, event: JsonObject) -> None:
    pipeline = event["pipeline"]
    state.pipelines[pipeline["id"]] = pipeline
    _note(state, event, ("pipelines", pipeline["id"]), "", (None, pipeline))


def _remove_pipeline(state: State, event: JsonObject) -> None:
    before = state.pipelines.pop(event["id"])
    _note(state, event, ("pipelines", event["id"]), "", (before, None))


_EFFECTS: dict[str, Callable[[State, JsonObject], None]] = {
    "record.created": _create_record,
    "record.changed": _change_record,
    "records.touched": _touch_records,
    "record.purged": _purge_record,
    "portal.generated": generator.apply,
    "record.archived": _archive_record,
    "record.restored": _restore_record,
    "record.merged": _merge_records,
    "link.added": _add_link,
    "link.removed": _remove_link,
    "property.saved": _save_property,
    "property.archived": _archive_property,
    "group.saved": _save_group,
    "group.archived": _archive_group,
    "owner.saved": _save_owner,
    "pipeline.saved": _save_pipeline,
    "pipeline.removed": _remove_pipeline,
}
