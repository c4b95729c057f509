"""Which field of Zoho a column of a folder is, and how its cells are read.

A column that Zoho has a standard field for goes there; any other becomes a custom field whose type
is guessed from its values.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.sandbox.clock import PortalClock
from connectors.sandbox.csv_table import Row, Table, guess
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.moments import instant_of
from connectors.sandbox.zoho.org import Values

_STRUCTURAL = frozenset(
    {
        *("id", "owner_id", "account_id", "created", "stage", "is_closed", "is_won"),
        *("currency", "stage_history"),
    }
)
_STANDARD: dict[str, dict[str, str]] = {
    "Accounts": {
        "name": "Account_Name",
        "domain": "Website",
        "city": "Billing_City",
        "industry": "Industry",
        "numberofemployees": "Employees",
        "annual_revenue": "Annual_Revenue",
        "type": "Account_Type",
        "phone": "Phone",
    },
    "Deals": {
        "name": "Deal_Name",
        "amount": "Amount",
        "close_date": "Closing_Date",
        "source": "Lead_Source",
        "next_step": "Next_Step",
    },
    "Contacts": {"name": "", "email": "Email", "title": "Title", "phone": "Phone"},
}
_NUMERIC = frozenset({"Annual_Revenue", "Amount"})
_WHOLE = frozenset({"Employees"})
_DAYS = frozenset({"Closing_Date"})
# The part of a contact in purchases, in the folder's file.
ROLE = "hs_buying_role"
# Kind of activity, and whether it came in → what a company writes as the type of a task.
_TASK_TYPES = {
    ("email", False): "Email",
    ("email", True): "Incoming email",
    ("note", False): "Note",
}
_CALL_RESULTS = {"NO_ANSWER": "No response/Busy", "BUSY": "No response/Busy",
                 "WRONG_NUMBER": "Invalid number"}  # fmt: skip
_LONGEST_LABEL, _LONGEST_TEXT = 25, 255
_MEETING = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the field it fills, its reader, and, for a custom field, its members."""

    field: str
    reader: Callable[[Row, PortalClock], Any]
    custom: JsonObject | None = None


def columns_of(module: str, table: Table) -> list[Column]:
    """Map the columns of a file to the fields of a module."""
    known = _STANDARD[module]
    found = []
    for name in table.columns:
        standard = known.get(name.lower())
        if name in _STRUCTURAL or standard == "":
            continue
        if standard is None:
            found.append(_custom(name, [row.text(name) for row in table.rows if row.text(name)]))
        else:
            found.append(Column(standard, _standard_reader(standard, name)))
    return found


def _standard_reader(field: str, name: str) -> Callable[[Row, PortalClock], Any]:
    if field in _WHOLE:
        return lambda row, _clock: int(Decimal(row.number(name))) if row.number(name) else None
    if field in _NUMERIC:
        return lambda row, _clock: row.quantity(name)
    if field in _DAYS:
        return lambda row, clock: row.day(name, clock.zone)
    return lambda row, _clock: row.text(name) or None


def _instant(row: Row, name: str, clock: PortalClock) -> datetime | None:
    moment = row.moment(name)
    return None if moment is None else instant_of(moment, clock).replace(microsecond=0)


def _custom(name: str, values: list[str]) -> Column:
    """Name a custom field so that Zoho derives `Potentiel_Annuel` from `potentiel_annuel`."""
    guessed = guess(values)
    if name == ROLE:
        return _role(values)
    label = " ".join(word[:1].upper() + word[1:] for word in name.split("_") if word)
    details: JsonObject = {"field_label": label[:_LONGEST_LABEL]}
    if guessed.type == "number":
        return Column(
            name, lambda row, _clock: row.quantity(name), details | {"data_type": "double"}
        )
    if guessed.type == "date":
        return Column(
            name, lambda row, clock: row.day(name, clock.zone), details | {"data_type": "date"}
        )
    if guessed.type == "datetime":
        return Column(
            name, lambda row, clock: _instant(row, name, clock), details | {"data_type": "datetime"}
        )
    if guessed.type == "enumeration":
        choices = [{"display_value": one, "actual_value": one} for one in guessed.choices]
        details |= {"data_type": "picklist", "pick_list_values": choices}
    else:
        is_long = any(len(value) > _LONGEST_TEXT for value in values)
        details["data_type"] = "textarea" if is_long else "text"
    return Column(name, lambda row, _clock: row.text(name) or None, details)


def _role(values: list[str]) -> Column:
    """A contact's part in purchases: Zoho knows it on deals only, so that companies add a field."""
    choices = [
        {"display_value": one, "actual_value": one} for one in map(_words, sorted({*values}))
    ]
    details: JsonObject = {"field_label": "Buying Role", "data_type": "picklist"}
    if choices:
        details["pick_list_values"] = choices
    else:
        details["data_type"] = "text"
    return Column(ROLE, lambda row, _clock: _words(row.text(ROLE)) or None, details)


def _words(constant: str) -> str:
    """`DECISION_MAKER`, as people write it: `Decision maker`."""
    return constant.replace("_", " ").capitalize()


def activity_fields(table: Table) -> list[tuple[str, JsonObject]]:
    """Return the custom fields, by module, in which a company notes what Zoho has no field for.

    They are what a task was, where it was no task, and what became of a meeting.
    """
    kinds = {row.text("type").lower() for row in table.rows}
    outcomes = {row.text("status") for row in table.rows if row.text("type").lower() == "meeting"}
    wanted = {
        ("Tasks", "Task Type"): sorted(_TASK_TYPES.values()) if kinds & {"email", "note"} else [],
        ("Events", "Meeting Outcome"): sorted(map(_words, outcomes - {""})),
    }
    return [
        (
            module,
            {
                "field_label": label,
                "data_type": "picklist",
                "pick_list_values": [
                    {"display_value": one, "actual_value": one} for one in choices
                ],
            },
        )
        for (module, label), choices in wanted.items()
        if choices
    ]


def activity_values(row: Row, clock: PortalClock) -> tuple[str, Values, datetime]:
    """Return an activity's module, its values and when it was noted.

    Zoho has modules for meetings and calls; an e-mail or a note of a folder is a task, which the
    loader marks as done.
    """
    moment = row.moment("timestamp")
    if moment is None:
        raise row.wrong("timestamp", "this cell must not be empty; fill it or remove the row.")
    at = instant_of(moment, clock).replace(microsecond=0)
    noted = min(at, clock.now().replace(microsecond=0))
    kind, is_inbound = row.text("type").lower(), row.text("direction").startswith("IN")
    if kind == "meeting":
        values = {"Event_Title": "Meeting", "Start_DateTime": at, "End_DateTime": at + _MEETING}
        values["Meeting_Outcome"] = _words(row.text("status")) or None
        return "Events", values, noted
    if kind == "call":
        values = {
            "Subject": "Call",
            "Call_Type": "Inbound" if is_inbound else "Outbound",
            "Call_Start_Time": at,
            "Call_Duration": "05:00",
            "Call_Duration_in_seconds": 300,
            "Call_Result": _CALL_RESULTS.get(row.text("status").upper()),
        }
        return "Calls", values, noted
    way = (kind, is_inbound and kind == "email")
    day = at.astimezone(clock.zone).date()
    return "Tasks", {"Subject": _TASK_TYPES[way], "Task_Type": _TASK_TYPES[way],
                     "Due_Date": day}, noted  # fmt: skip
