"""Everything that changes records: create, update, delete, undelete, merge, purge.

No question is asked here: `checks` has asked them. Each change stamps the record, fills in what
Salesforce derives, writes deal history, and is noted in `org.writes`.
"""

from datetime import datetime, timedelta

from connectors.sandbox.salesforce import field_history
from connectors.sandbox.salesforce.derived import complete, history_row
from connectors.sandbox.salesforce.fields import ObjectType
from connectors.sandbox.salesforce.org import ACCOUNT_HISTORY, DELETED_AT, Org, Record, Values
from connectors.sandbox.salesforce.values import outgoing

# How long a deleted record stays in the recycle bin.
BIN = timedelta(days=15)
# Parent → (child object, look-up) that go into the recycle bin with it.
_CHILDREN: dict[str, tuple[tuple[str, str], ...]] = {
    "Account": (
        ("Contact", "AccountId"),
        ("Opportunity", "AccountId"),
        ("AccountContactRole", "AccountId"),
        (ACCOUNT_HISTORY, "AccountId"),
        ("Task", "WhatId"),
        ("Event", "WhatId"),
    ),
    "Opportunity": (
        ("OpportunityContactRole", "OpportunityId"),
        ("OpportunityHistory", "OpportunityId"),
        ("Task", "WhatId"),
        ("Event", "WhatId"),
    ),
    "Contact": (
        ("OpportunityContactRole", "ContactId"),
        ("AccountContactRole", "ContactId"),
        ("Task", "WhoId"),
        ("Event", "WhoId"),
    ),
    "PermissionSet": (
        ("FieldPermissions", "ParentId"),
        ("PermissionSetAssignment", "PermissionSetId"),
    ),
}


def create(
    org: Org, actor: str, kind: ObjectType, given: Values, at: datetime | None = None
) -> str:
    """Add a record and return its id; `at` is when it came (default: now)."""
    now = org.now()
    record_id = org.mint(kind.prefix or "")
    values = _defaults(org, kind, actor) | given
    values |= {"Id": record_id, "CreatedDate": at or now, "CreatedById": actor}
    _stamp(values, actor, at or now)
    _flow(org, kind, values)
    complete(org, kind.name, values, set(values))
    org.put(kind.name, record_id, _tidied(kind, values))
    note(org, "create", kind.name, record_id, actor=actor, changes=given)
    _aftermath(org, kind, values, None)
    return record_id


def _defaults(org: Org, kind: ObjectType, actor: str) -> Values:
    values: Values = {}
    for made in kind.fields.values():
        if made.type == "boolean":
            values[made.name] = bool(made.default)
        elif made.name == "OwnerId":
            values["OwnerId"] = actor
        elif made.name == "CurrencyIsoCode":
            values[made.name] = org.currency
        elif made.default is not None:
            values[made.name] = made.default
    return values


def update(org: Org, actor: str, kind: ObjectType, found: Record, changes: Values) -> None:
    """Write changes to a record; without any, its stamp moves or not, by a switch."""
    before = found.values
    is_same = all(before.get(name) == value for name, value in changes.items())
    if is_same and not org.switches.touch_on_same_value:
        return
    values = before | changes
    changed = {name for name, value in changes.items() if before.get(name) != value}
    _stamp(values, actor, org.now())
    _flow(org, kind, values)
    complete(org, kind.name, values, changed)
    org.put(kind.name, found.id, _tidied(kind, values))
    note(org, "update", kind.name, found.id, actor=actor, changes=changes)
    _aftermath(org, kind, values, before)


def _flow(org: Org, kind: ObjectType, values: Values) -> None:
    """Run the administrator's flows before a save."""
    for full_name, form in org.switches.before_save.items():
        object_name, _, name = full_name.partition(".")
        if object_name == kind.name and form == "upper" and isinstance(values.get(name), str):
            values[name] = values[name].upper()


def delete(org: Org, actor: str, kind: ObjectType, found: Record) -> None:
    """Put a record, and what hangs on it, into the recycle bin (or away, where there is none)."""
    for child_kind, child in _hanging(org, kind, found):
        if not child.values.get("IsDeleted"):
            delete(org, actor, child_kind, child)
    if "IsDeleted" not in kind.fields:
        org.drop(kind.name, found.id)
    else:
        _bin(org, actor, kind, found, {})
    note(org, "delete", kind.name, found.id, actor=actor, changes={})


def _bin(org: Org, actor: str, kind: ObjectType, found: Record, more: Values) -> None:
    """Put a record into the recycle bin; whether its stamps move is a switch."""
    values = found.values | {"IsDeleted": True, DELETED_AT: org.now()} | more
    if org.switches.deletion_stamps:
        _stamp(values, actor, org.now())
    org.put(kind.name, found.id, values)


def _hanging(org: Org, kind: ObjectType, found: Record) -> list[tuple[ObjectType, Record]]:
    if kind.name in {"Account", "Opportunity", "Contact"} and not org.switches.delete_cascades:
        return []
    return [
        (org.objects[child], record)
        for child, look_up in _CHILDREN.get(kind.name, ())
        for record in list(org.tables[child].values())
        if record.values.get(look_up) == found.id
    ]


def undelete(org: Org, actor: str, kind: ObjectType, found: Record) -> None:
    """Take a record out of the recycle bin, with what went there because of it."""
    deleted_at = found.values[DELETED_AT]
    for child_kind, child in _hanging(org, kind, found):
        values = child.values
        if values.get("IsDeleted") and values[DELETED_AT] == deleted_at:
            undelete(org, actor, child_kind, child)
    values = found.values | {"IsDeleted": False}
    for name in ("MasterRecordId", DELETED_AT):
        values.pop(name, None)
    _stamp(values, actor, org.now())
    org.put(kind.name, found.id, values)
    note(org, "undelete", kind.name, found.id, actor=actor, changes={})


def purge(org: Org, kind: ObjectType, record_id: str) -> None:
    """Remove a record for good, as a hard delete or the bin's emptying does."""
    found = org.record(kind.name, record_id)
    if found is not None:
        log = org.purged.setdefault(kind.name, {})
        log[record_id] = found.values.get(DELETED_AT, org.now())
    org.drop(kind.name, record_id)
    note(org, "purge", kind.name, record_id, actor="", changes={})


def empty_bins(org: Org) -> None:
    """Remove what has been in the recycle bin for longer than it is kept."""
    horizon = org.now() - BIN
    for kind in list(org.objects.values()):
        old = [
            found.id
            for found in org.tables[kind.name].values()
            if found.values.get("IsDeleted") and found.values[DELETED_AT] < horizon
        ]
        for record_id in old:
            purge(org, kind, record_id)


def merge(org: Org, actor: str, kind: ObjectType, winner: Record, loser: Record) -> None:
    """Join a record into another: its children move, it goes to the bin and names its master."""
    for child, look_up in _CHILDREN.get(kind.name, ()):
        if child == ACCOUNT_HISTORY:
            # A history is that of one record, and goes where it goes.
            continue
        for record in list(org.tables[child].values()):
            if record.values.get(look_up) == loser.id:
                update(org, actor, org.objects[child], record, {look_up: winner.id})
    _bin(org, actor, kind, loser, {"MasterRecordId": winner.id})
    update(org, actor, kind, org.tables[kind.name][winner.id], {})
    note(org, "merge", kind.name, loser.id, actor=actor, changes={"MasterRecordId": winner.id})


def _stamp(values: Values, actor: str, at: datetime) -> None:
    values |= {"LastModifiedDate": at, "LastModifiedById": actor, "SystemModstamp": at}


def _tidied(kind: ObjectType, values: Values) -> Values:
    """Leave out nulls and what the object has no field for."""
    return {
        name: value for name, value in values.items() if value is not None and name in kind.fields
    }


def note(
    org: Org, action: str, object_name: str, record_id: str, *, actor: str, changes: Values
) -> None:
    """Write down what was done, for those who rehearse."""
    org.writes.append(
        {
            "seq": len(org.writes) + 1,
            "at": outgoing(org.now()),
            "action": action,
            "objectType": object_name,
            "id": record_id,
            "user": actor,
            "values": {name: outgoing(value) for name, value in changes.items()},
        }
    )


def _aftermath(org: Org, kind: ObjectType, values: Values, before: Values | None) -> None:
    for change in field_history.rows(org, kind, values, before):
        _add_change(org, change, values["LastModifiedById"], values["SystemModstamp"])
    if kind.name == "Opportunity":
        row = history_row(values, before)
        if row is not None:
            add_history(org, row, values["LastModifiedById"], values["SystemModstamp"])
    elif kind.name in {"Task", "Event"}:
        _touch_last_activity(org, values)


def add_history(org: Org, row: Values, actor: str, at: datetime) -> None:
    """Add a row of deal history."""
    record_id = org.mint("008")
    whole = row | {
        "Id": record_id,
        "IsDeleted": False,
        "CreatedDate": at,
        "CreatedById": actor,
        "SystemModstamp": at,
    }
    org.put("OpportunityHistory", record_id, _tidied(org.objects["OpportunityHistory"], whole))


def _add_change(org: Org, row: Values, actor: str, at: datetime) -> None:
    """Add a row of the history of an account's fields."""
    record_id = org.mint("017")
    whole = row | {"Id": record_id, "IsDeleted": False, "CreatedDate": at, "CreatedById": actor}
    org.put(ACCOUNT_HISTORY, record_id, _tidied(org.objects[ACCOUNT_HISTORY], whole))


def _touch_last_activity(org: Org, values: Values) -> None:
    """Move the last activity of what the activity is about; no stamp moves with it."""
    day = values.get("ActivityDate")
    is_done = values.get("IsClosed", day is not None and day <= org.now().date())
    if day is None or not is_done:
        return
    for name in ("AccountId", "WhatId", "WhoId"):
        located = org.find(values.get(name) or "")
        if located is None:
            continue
        kind, found = located
        last = found.values.get("LastActivityDate")
        if last is None or last < day:
            org.put(kind.name, found.id, found.values | {"LastActivityDate": day})
