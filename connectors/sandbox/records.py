"""Creating, changing, archiving and merging records, with HubSpot's rules and side effects."""

from typing import Any

from connectors.sandbox.portal import Portal
from connectors.sandbox.state import Record
from connectors.sandbox.values import normalised, texts_only
from connectors.sandbox.vocabulary import ObjectType
from connectors.sandbox.wire import ApiError, JsonObject, invalid, not_found


def create(portal: Portal, kind: ObjectType, properties: object) -> Record:
    """Create a record; 400 on a bad value, 409 on a contact's known address."""
    accepted = check_create(portal, kind, properties)
    record_id = portal.state.allocate(kind.name)
    event = portal.commit(
        "record.created",
        type=kind.name,
        id=record_id,
        values=accepted,
        created=portal.clock.stamp(),
    )
    return portal.state.tables[kind.name].records[event["id"]]


def check_create(portal: Portal, kind: ObjectType, properties: object) -> dict[str, str]:
    """Return the values that a create would store, computed ones included."""
    written = texts_only(properties)
    accepted = {name: text for name, text in normalised(portal, kind, written, {}).items() if text}
    if kind.name == "deals":
        accepted.setdefault("pipeline", "default")
    if kind.scope != kind.name and "hs_timestamp" not in accepted:
        raise invalid("Some required properties were not set: [hs_timestamp]")
    _enforce_rules(portal, kind, accepted, is_create=True)
    check_unique(portal, kind, accepted, "")
    return accepted | computed(portal, kind, accepted, {})


def change(portal: Portal, kind: ObjectType, record: Record, properties: object) -> Record:
    """Write properties of a record; values that stay the same leave it untouched."""
    different = check_change(portal, kind, record, properties)
    if different:
        portal.commit("record.changed", type=kind.name, id=record.id, values=different)
    return record


def check_change(
    portal: Portal, kind: ObjectType, record: Record, properties: object
) -> dict[str, str]:
    """Return the values that a write would change, computed ones included."""
    accepted = normalised(portal, kind, texts_only(properties), record.values)
    after = record.values | accepted
    _enforce_rules(portal, kind, after, is_create=False, written=accepted)
    check_unique(portal, kind, accepted, record.id)
    accepted |= computed(portal, kind, accepted, record.values)
    if portal.switches.touch_on_same_value:
        return accepted
    return {name: text for name, text in accepted.items() if record.values.get(name, "") != text}


def computed(
    portal: Portal, kind: ObjectType, written: dict[str, str], present: dict[str, str]
) -> dict[str, str]:
    """Return the values that HubSpot itself sets because of a write."""
    if kind.name == "tasks" and "hs_task_status" in written:
        is_done = written["hs_task_status"] == "COMPLETED"
        finished = present.get("hs_task_completion_date") or portal.clock.stamp()
        return {
            "hs_task_is_completed": "true" if is_done else "false",
            "hs_task_completion_date": finished if is_done else "",
        }
    if kind.name != "deals":
        return {}
    values = _home_amount(portal, present | written)
    if "dealstage" in written and written["dealstage"] != present.get("dealstage"):
        values |= stage_values(portal, written["dealstage"])
        if values.get("hs_is_closed") == "true" and "closedate" not in written:
            values["closedate"] = portal.clock.stamp()
    return values


def stage_values(portal: Portal, stage_id: str) -> dict[str, str]:
    """Return the calculated properties of a deal in a stage."""
    stage = portal.state.stage(stage_id)
    if stage is None:
        return {}
    probability = stage["metadata"]["probability"]
    is_closed = stage["metadata"]["isClosed"] == "true"
    is_won = is_closed and float(probability) == 1
    return {
        "hs_is_closed": "true" if is_closed else "false",
        "hs_is_closed_won": "true" if is_won else "false",
        "hs_is_closed_lost": "true" if is_closed and not is_won else "false",
        "hs_deal_stage_probability": probability,
    }


def _home_amount(portal: Portal, values: dict[str, str]) -> dict[str, str]:
    # This portal has no exchange rates: another currency has no amount at home.
    currency = values.get("deal_currency_code") or portal.account.currency
    at_home = values.get("amount", "") if currency == portal.account.currency else ""
    if values.get("amount_in_home_currency", "") == at_home:
        return {}
    return {"amount_in_home_currency": at_home}


def _enforce_rules(
    portal: Portal,
    kind: ObjectType,
    values: dict[str, str],
    *,
    is_create: bool,
    written: dict[str, str] | None = None,
) -> None:
    """Apply the administrators' rules that bind API writes since version 2026-09."""
    required = portal.switches.required_properties.get(kind.name, ()) if is_create else ()
    missing = [
        ("MISSING_REQUIRED_PROPERTY", name, f"{name} is required.")
        for name in required
        if not values.get(name)
    ]
    for rule in portal.switches.conditional_rules:
        if rule["objectType"] != kind.name or values.get(rule["property"]) != rule["value"]:
            continue
        concerned = written is None or {rule["property"], rule["required"]} & written.keys()
        if concerned and not values.get(rule["required"]):
            sentence = (
                f"{rule['required']} is required because of a conditional property rule "
                f"based on [{rule['property']}]"
            )
            missing.append(("MISSING_CONDITIONAL_REQUIRED_PROPERTY", rule["required"], sentence))
    if missing:
        raise invalid(
            "; ".join(sentence for _, _, sentence in missing),
            errors=[
                {"message": sentence, "code": code, "context": {"propertyName": [name]}}
                for code, name, sentence in missing
            ],
        )


def check_unique(portal: Portal, kind: ObjectType, values: dict[str, str], own_id: str) -> None:
    """Refuse a value that another record holds in a property with unique values."""
    known = portal.state.properties[kind.name]
    for name, text in values.items():
        is_address = kind.name == "contacts" and name == "email"
        if not text or not (is_address or known[name]["hasUniqueValue"]):
            continue
        other = by_value(portal, kind, name, text)
        if other is None or other.id == own_id:
            continue
        if is_address:
            raise ApiError(409, "CONFLICT", f"Contact already exists. Existing ID: {other.id}")
        raise invalid(
            f"Cannot set PropertyValueCoordinates{{propertyName={name}, value={text}}} on "
            f"{own_id or 'a new record'}. {other.id} already has that value."
        )


def by_value(portal: Portal, kind: ObjectType, name: str, text: str) -> Record | None:
    """Find the live record whose property has a value."""
    table = portal.state.tables[kind.name]
    for record in table.records.values():
        if not record.archived and record.values.get(name) == text:
            return record
    return None


def find(portal: Portal, kind: ObjectType, record_id: str, id_property: str = "") -> Record:
    """Return a live record by id (a merged id leads to its survivor) or unique value; 404."""
    table = portal.state.tables[kind.name]
    record: Record | None
    if id_property and id_property != "hs_object_id":
        check_id_property(portal, kind, id_property)
        record = by_value(portal, kind, id_property, record_id)
    else:
        record = table.get(record_id, follow_merges=True)
    if record is None or record.archived:
        raise not_found()
    return record


def check_id_property(portal: Portal, kind: ObjectType, name: str) -> None:
    """Refuse to look records up by a property whose values are not unique."""
    known = portal.state.properties[kind.name].get(name)
    is_address = kind.name == "contacts" and name == "email"
    if not is_address and (known is None or not known["hasUniqueValue"]):
        raise invalid(
            f"Unable to perform update/upsert by non-unique {kind.type_id} property: {name}"
        )


def archive(portal: Portal, kind: ObjectType, record_id: str) -> None:
    """Move a record to the recycle bin; nothing happens if it is not there."""
    record = portal.state.tables[kind.name].get(record_id)
    if record is not None and not record.archived:
        portal.commit("record.archived", type=kind.name, id=record.id)


def restore(portal: Portal, kind: ObjectType, record_id: str) -> None:
    """Take a record out of the recycle bin, under the same id."""
    record = portal.state.tables[kind.name].get(record_id)
    if record is None or not record.archived:
        raise not_found(f"{kind.singular} {record_id} is not in the recycle bin")
    portal.commit("record.restored", type=kind.name, id=record.id)


def merge(portal: Portal, kind: ObjectType, body: JsonObject) -> Record:
    """Merge two records; contacts and companies survive under a new id (change of 2025)."""
    primary = find(portal, kind, _text(body, "primaryObjectId"))
    other = find(portal, kind, _text(body, "objectIdToMerge"))
    if primary.id == other.id:
        raise invalid("Cannot merge a record with itself.")
    values = other.values | primary.values
    merged = [primary.values.get("hs_merged_object_ids", ""), primary.id, other.id]
    gone = [part for text in merged for part in text.split(";") if part]
    kept = {name: text for name, text in values.items() if name not in kind.always}
    renews = portal.switches.merge_creates_new_id and kind.name in {"contacts", "companies"}
    if renews:
        kept["hs_merged_object_ids"] = ";".join(gone)
        survivor = portal.state.allocate(kind.name)
        portal.commit(
            "record.created", type=kind.name, id=survivor, values=kept, created=primary.created_at
        )
    else:
        survivor = primary.id
        gone.remove(primary.id)
        kept["hs_merged_object_ids"] = ";".join(gone)
        portal.commit("record.changed", type=kind.name, id=survivor, values=kept)
    portal.commit("record.merged", type=kind.name, id=survivor, **{"from": [primary.id, other.id]})
    return portal.state.tables[kind.name].records[survivor]


def _text(body: JsonObject, name: str) -> str:
    value: Any = body.get(name)
    if not isinstance(value, str):
        raise invalid(f"Some required fields were not set: [{name}]")
    return value
