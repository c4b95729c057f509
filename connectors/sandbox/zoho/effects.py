"""Everything that changes records: create, update, delete, restore, merge, purge.

No question is asked here: `writing` has asked them. Each change stamps the record, fills in what
Zoho derives, writes stage history, and is noted in `org.writes`.
"""

from datetime import date, datetime, timedelta
from typing import Literal

from connectors.sandbox.zoho.fields import Module
from connectors.sandbox.zoho.org import Deleted, Org, Record, Values

# How long a deleted record can be restored, and how long the feed tells of one that is gone.
RECYCLED, GONE = timedelta(days=60), timedelta(days=120)
# Parent → (child module, look-up) that go into the recycle bin with it.
_CHILDREN: dict[str, tuple[tuple[str, str], ...]] = {
    "Accounts": (
        ("Contacts", "Account_Name"),
        ("Deals", "Account_Name"),
        ("Tasks", "What_Id"),
        ("Events", "What_Id"),
        ("Calls", "What_Id"),
        ("Notes", "Parent_Id"),
    ),
    "Deals": (("Tasks", "What_Id"), ("Events", "What_Id"), ("Calls", "What_Id"),
              ("Notes", "Parent_Id")),
    "Contacts": (("Notes", "Parent_Id"),),
}  # fmt: skip
_ACTIVITIES = frozenset({"Tasks", "Events", "Calls"})


def create(
    org: Org, module: Module, given: Values, actor: str, at: datetime | None = None
) -> Record:
    """Add a record; `at` is when it came (default: now)."""
    moment = at or org.now()
    record_id = org.mint()
    values = _defaults(org, module, actor) | given | {"id": record_id}
    values |= {"Created_By": actor, "Created_Time": moment}
    _finish(org, module, values, None, actor=actor, at=moment)
    made = org.put(module, record_id, values)
    _note(org, "insert", module, record_id, actor=actor, changes=given)
    return made


def _defaults(org: Org, module: Module, actor: str) -> Values:
    values: Values = {"Owner": actor} if "Owner" in module.fields else {}
    if "Currency" in module.fields:
        values |= {"Currency": org.currency, "Exchange_Rate": 1.0}
    if module.api_name == "Tasks":
        for name, wanted in (("Status", "Not Started"), ("Priority", "Normal")):
            known = [choice.actual for choice in module.fields[name].choices]
            values[name] = wanted if wanted in known else known[0]
    if module.api_name == "Deals" and org.pipelines:
        values["Pipeline"] = org.pipelines[0].name
    return values


def update(
    org: Org,
    module: Module,
    found: Record,
    changes: Values,
    actor: str,
    *,
    at: datetime | None = None,
) -> None:
    """Write changes to a record; without any, its stamp moves or not, by a switch."""
    before = found.values
    is_same = all(before.get(name) == value for name, value in changes.items())
    if not (is_same and not org.switches.touch_on_same_value):
        values = before | changes
        _finish(org, module, values, before, actor=actor, at=at or org.now())
        org.put(module, found.id, values)
    _note(org, "update", module, found.id, actor=actor, changes=changes)


def _finish(
    org: Org, module: Module, values: Values, before: Values | None, *, actor: str, at: datetime
) -> None:
    values |= {"Modified_By": actor, "Modified_Time": at}
    if module.api_name == "Contacts":
        names = (values.get("First_Name"), values.get("Last_Name"))
        values["Full_Name"] = " ".join(name for name in names if name)
    elif module.api_name == "Deals":
        _finish_deal(org, values, before, actor, at)
    elif module.api_name in _ACTIVITIES:
        _finish_activity(org, module, values, at)
    if "Currency" in module.fields and (before or {}).get("Currency") != values["Currency"]:
        rates = {entry.code: entry.rate for entry in org.currencies}
        values["Exchange_Rate"] = rates.get(values["Currency"], 1.0)
    for name in [name for name, value in values.items() if value is None]:
        del values[name]


def _finish_deal(org: Org, values: Values, before: Values | None, actor: str, at: datetime) -> None:
    old = before or {}
    has_moved = old.get("Stage") != values.get("Stage")
    stage = org.stage(values.get("Stage"))
    if has_moved:
        values["Stage_Modified_Time"] = at
        if stage is not None and old.get("Probability") == values.get("Probability"):
            values["Probability"] = stage.probability
    if values.get("Amount") is not None and values.get("Probability") is not None:
        values["Expected_Revenue"] = round(values["Amount"] * values["Probability"] / 100, 2)
    if has_moved:
        add_stage(org, values, actor, at)


def add_stage(org: Org, deal: Values, actor: str, at: datetime) -> None:
    """Let a deal's history say that it came into its stage at a moment."""
    module = org.modules["DealHistory"]
    last = org.tables["DealHistory"].get(org.present_stages.get(deal["id"], ""))
    if last is not None:
        spent = (at - last.values["Modified_Time"]).days
        more = {"Moved_To__s": deal.get("Stage"), "Stage_Duration_Calendar_Days": spent}
        last.values = last.values | more
    row_id = org.present_stages[deal["id"]] = org.mint()
    names = ("Stage", "Amount", "Probability", "Expected_Revenue", "Closing_Date")
    row = {name: deal[name] for name in names if name in deal}
    row |= {"id": row_id, "Potential_Name": deal["id"], "Stage_Duration_Calendar_Days": 0}
    row |= {"Created_By": actor, "Modified_By": actor, "Created_Time": at, "Modified_Time": at}
    org.put(module, row_id, row)


def _finish_activity(org: Org, module: Module, values: Values, at: datetime) -> None:
    if module.api_name == "Tasks":
        is_done = values.get("Status") == org.done_status
        values["Closed_Time"] = values.get("Closed_Time", at) if is_done else None
    moment = {"Tasks": at, "Events": values.get("Start_DateTime"),
              "Calls": values.get("Call_Start_Time")}[module.api_name]  # fmt: skip
    if not isinstance(moment, datetime) or moment > org.now():
        return
    for name in ("What_Id", "Who_Id"):
        located = org.find(values.get(name) or "")
        if located is None or "Last_Activity_Time" not in located[0].fields:
            continue
        last = located[1].values.get("Last_Activity_Time")
        if last is None or last < moment:
            # The record's own stamp stays: an activity is no change of it.
            located[1].values = located[1].values | {"Last_Activity_Time": moment}


def delete(
    org: Org,
    module: Module,
    record_id: str,
    actor: str,
    kind: Literal["recycle", "permanent"] = "recycle",
) -> None:
    """Take a record, and what hangs on it, away."""
    found = org.tables[module.api_name].pop(record_id)
    name = found.values.get(module.name_field)
    org.deleted[record_id] = Deleted(
        id=record_id, module=module.api_name, values=found.values, name=name,
        at=org.now(), by=actor, kind=kind, history=_taken_history(org, record_id),
    )  # fmt: skip
    _note(org, "delete", module, record_id, actor=actor, changes={})
    if org.switches.delete_cascades or module.api_name != "Accounts":
        for child, look_up in _CHILDREN.get(module.api_name, ()):
            for record in list(org.tables[child].values()):
                if record.values.get(look_up) == record_id:
                    delete(org, org.modules[child], record.id, actor, kind)


def _taken_history(org: Org, deal_id: str) -> list[Record]:
    """Take the stage history of a deal out: it goes, and comes back, with the deal."""
    if deal_id not in org.present_stages:
        return []
    table = org.tables["DealHistory"]
    rows = [row for row in table.values() if row.values["Potential_Name"] == deal_id]
    for row in rows:
        del table[row.id]
    return rows


def restore(org: Org, record_id: str, actor: str) -> None:
    """Take a record out of the recycle bin, with what went there because of it; KeyError."""
    gone = org.deleted[record_id]
    if org.switches.deleted_feed_keeps_restored:
        gone.is_restored = True
    else:
        del org.deleted[record_id]
    module = org.modules[gone.module]
    stamps = {"Modified_By": actor, "Modified_Time": org.now()}
    org.put(module, record_id, gone.values | stamps)
    org.tables["DealHistory"] |= {row.id: row for row in gone.history}
    _note(org, "restore", module, record_id, actor=actor, changes={})
    look_ups = dict(_CHILDREN.get(gone.module, ()))
    for child in list(org.deleted.values()):
        is_of_it = child.values.get(look_ups.get(child.module, "")) == record_id
        if child.at == gone.at and is_of_it and not child.is_restored:
            restore(org, child.id, actor)


def purge(org: Org, record_id: str, actor: str) -> None:
    """Empty one record out of the recycle bin; KeyError."""
    gone = org.deleted[record_id]
    gone.kind, gone.at, gone.by = "permanent", org.now(), actor
    gone.values = {}
    _note(org, "purge", org.modules[gone.module], record_id, actor=actor, changes={})


def forget(org: Org) -> None:
    """Let the feed of deleted records forget what is too old."""
    now = org.now()
    for gone in list(org.deleted.values()):
        if gone.kind == "recycle" and now - gone.at > RECYCLED:
            gone.kind, gone.values = "permanent", {}
        elif gone.kind == "permanent" and now - gone.at > GONE:
            del org.deleted[gone.id]


def merge(org: Org, module: Module, winner: Record, loser: Record, actor: str) -> None:
    """Join a record into another: what hangs on it moves, then it goes."""
    for child, look_up in _CHILDREN.get(module.api_name, ()):
        for record in list(org.tables[child].values()):
            if record.values.get(look_up) == loser.id:
                update(org, org.modules[child], record, {look_up: winner.id}, actor)
    if module.api_name == "Contacts":
        for roles in org.deal_roles.values():
            if loser.id in roles:
                roles.setdefault(winner.id, roles.pop(loser.id))
    kind: Literal["recycle", "permanent"] = (
        "recycle" if org.switches.merged_records == "recycle" else "permanent"
    )
    delete(org, module, loser.id, actor, kind)
    update(org, module, winner, {"Modified_Time": org.now()}, actor)


def set_role(org: Org, deal: str, contact: str, role: str | None) -> None:
    """Give a contact a role in a deal, or take it away; the deal's stamp moves, by a switch."""
    roles = org.deal_roles.setdefault(deal, {})
    if role is None:
        del roles[contact]
    else:
        roles[contact] = role
    found = org.tables["Deals"].get(deal)
    if found is not None and org.switches.role_touches_deal:
        org.put(org.modules["Deals"], deal, found.values | {"Modified_Time": org.now()})


def shown(value: object) -> object:
    """Print a value for the list of writes."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value


def _note(
    org: Org, action: str, module: Module, record_id: str, *, actor: str, changes: Values
) -> None:
    org.writes.append(
        {
            "seq": len(org.writes) + 1,
            "at": org.printed(org.now()),
            "action": action,
            "objectType": module.api_name,
            "id": record_id,
            "user": actor,
            "values": {name: shown(value) for name, value in changes.items()},
        }
    )
