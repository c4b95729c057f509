"""Creating, changing, archiving and merging records, with HubSpot's rules and side effects."""

from decimal import Decimal
from typing import Any

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.requirements import enforce_on_change, enforce_on_create
from connectors.sandbox.hubspot.tables import Record
from connectors.sandbox.hubspot.values import normalised, texts_only
from connectors.sandbox.hubspot.vocabulary import ObjectType
from connectors.sandbox.hubspot.wire import ApiError, invalid, not_found


def create(
    portal: Portal, kind: ObjectType, properties: object, *, enforces: bool = True
) -> Record:
    """Create a record; 400 on a bad value, 409 on a contact's known address.

    `enforces`: whether administrators' rules bind this write.
    """
    accepted = check_create(portal, kind, properties, enforces=enforces)
    record_id = portal.state.allocate(kind.name)
    event = portal.commit(
        "record.created",
        type=kind.name,
        id=record_id,
        values=accepted,
        created=portal.clock.stamp(),
    )
    return portal.state.tables[kind.name].records[event["id"]]


def check_create(
    portal: Portal, kind: ObjectType, properties: object, *, enforces: bool = True
) -> dict[str, str]:
    """Return the values that a create would store, computed ones included."""
    written = texts_only(properties)
    accepted = {name: text for name, text in normalised(portal, kind, written, {}).items() if text}
    if kind.name == "deals":
        accepted.setdefault("pipeline", "default")
    if kind.scope != kind.name and "hs_timestamp" not in accepted:
        raise invalid("Some required properties were not set: [hs_timestamp]")
    if enforces:
        enforce_on_create(portal, kind, accepted)
    check_unique(portal, kind, accepted, "")
    return accepted | computed(portal, kind, accepted, {})


def change(
    portal: Portal,
    kind: ObjectType,
    record: Record,
    properties: object,
    *,
    enforces: bool = True,
) -> Record:
    """Write properties of a record; values that stay the same leave it untouched."""
    different = check_change(portal, kind, record, properties, enforces=enforces)
    if different:
        portal.commit("record.changed", type=kind.name, id=record.id, values=different)
    return record


def check_change(
    portal: Portal,
    kind: ObjectType,
    record: Record,
    properties: object,
    *,
    enforces: bool = True,
) -> dict[str, str]:
    """Return the values that a write would change, computed ones included."""
    accepted = normalised(portal, kind, texts_only(properties), record.values)
    if enforces:
        enforce_on_change(portal, kind, record.values | accepted, frozenset(accepted))
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
    """Return the amount in the company's currency; empty where there is no rate, never 1:1."""
    currency = values.get("deal_currency_code") or portal.account.currency
    amount, rate = values.get("amount", ""), portal.switches.exchange_rates.get(currency)
    at_home = amount if currency == portal.account.currency else ""
    if amount and not at_home and rate is not None:
        at_home = str(round(Decimal(amount) * Decimal(rate), 2))
    if values.get("amount_in_home_currency", "") == at_home:
        return {}
    return {"amount_in_home_currency": at_home}


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
    return portal.state.tables[kind.name].holder(name, text)


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


def require_unlocked(portal: Portal, kind: ObjectType, record_id: str) -> None:
    """Refuse to write a record that another process holds: 423, to be tried again after 2 s."""
    if portal.is_locked(kind.name, record_id):
        raise ApiError(
            423,
            "LOCKED",
            f"{kind.singular} {record_id} is locked by another process; try again in 2 seconds.",
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


def purge(portal: Portal, kind: ObjectType, record_id: str) -> None:
    """Delete an archived record for good, as HubSpot does after 90 days in the recycle bin."""
    record = portal.state.tables[kind.name].get(record_id)
    if record is None or not record.archived:
        raise not_found(f"{kind.singular} {record_id} is not in the recycle bin")
    portal.commit("record.purged", type=kind.name, id=record.id)


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
