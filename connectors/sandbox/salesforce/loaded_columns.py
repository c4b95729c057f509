"""Which field of Salesforce a column of a folder is, and how its cells are read.

A column that Salesforce has a standard field for goes there; any other becomes a custom field
whose type is guessed from its values.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.sandbox.clock import PortalClock
from connectors.sandbox.csv_table import Row, Table, guess
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.moments import instant_of
from connectors.sandbox.salesforce.moments import to_the_second
from connectors.sandbox.salesforce.org import Values

_STRUCTURAL = frozenset(
    {
        *("id", "owner_id", "account_id", "created", "stage", "is_closed", "is_won"),
        *("currency", "stage_history"),
    }
)
_STANDARD: dict[str, dict[str, str]] = {
    "Account": {
        "name": "Name",
        "domain": "Website",
        "city": "BillingCity",
        "industry": "Industry",
        "numberofemployees": "NumberOfEmployees",
        "annual_revenue": "AnnualRevenue",
        "type": "Type",
        "phone": "Phone",
    },
    "Opportunity": {
        "name": "Name",
        "amount": "Amount",
        "close_date": "CloseDate",
        "source": "LeadSource",
        "next_step": "NextStep",
    },
}
_NUMERIC = frozenset({"NumberOfEmployees", "AnnualRevenue", "Amount"})
_DAYS = frozenset({"CloseDate"})
_MEETING_MINUTES = 60
_NOT_HELD = frozenset({"NO_SHOW", "CANCELED", "RESCHEDULED"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the field it fills, its reader, and, for a custom field, its members."""

    field: str
    reader: Callable[[Row, PortalClock], Any]
    custom: JsonObject | None = None

    def read(self, row: Row, clock: PortalClock) -> Any:  # noqa: ANN401 - any field's value
        """Return the value of a cell; None when it is empty; MalformedFolderError."""
        return self.reader(row, clock)


def columns_of(object_name: str, table: Table) -> list[Column]:
    """Map the columns of a file to the fields of an object."""
    known = _STANDARD[object_name]
    found = []
    for name in table.columns:
        if name in _STRUCTURAL:
            continue
        standard = known.get(name.lower())
        if standard is None:
            found.append(_custom(name, [row.text(name) for row in table.rows if row.text(name)]))
        else:
            found.append(Column(standard, _standard_reader(standard, name)))
    return found


def _standard_reader(field: str, name: str) -> Callable[[Row, PortalClock], Any]:
    if field == "NumberOfEmployees":
        return lambda row, _clock: int(Decimal(row.number(name))) if row.number(name) else None
    if field in _NUMERIC:
        return lambda row, _clock: row.quantity(name)
    if field in _DAYS:
        return lambda row, clock: row.day(name, clock.zone)
    return lambda row, _clock: row.text(name) or None


def _instant(row: Row, name: str, clock: PortalClock) -> datetime | None:
    moment = row.moment(name)
    return None if moment is None else to_the_second(instant_of(moment, clock))


def _custom(name: str, values: list[str]) -> Column:
    guessed = guess(values)
    field = api_name(name)
    details: JsonObject = {"name": field, "label": name.replace("_", " ").capitalize()}
    if guessed.type == "number":
        return Column(
            field,
            lambda row, _clock: row.quantity(name),
            details | {"type": "double", "precision": 18, "scale": 2},
        )
    if guessed.type == "date":
        return Column(
            field, lambda row, clock: row.day(name, clock.zone), details | {"type": "date"}
        )
    if guessed.type == "datetime":
        return Column(
            field, lambda row, clock: _instant(row, name, clock), details | {"type": "datetime"}
        )
    if guessed.type == "enumeration":
        details |= {"type": "picklist", "values": list(guessed.choices)}
    else:
        details |= {"type": "string", "length": 255}
    return Column(field, lambda row, _clock: row.text(name) or None, details)


def api_name(name: str) -> str:
    """Turn a column's name into that of a custom field: `cycle de vente` → `Cycle_De_Vente__c`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = [word for word in re.split(r"[^A-Za-z0-9]+", plain) if word]
    return "_".join(word[:1].upper() + word[1:] for word in words)[:40] + "__c"


def activity_values(row: Row, clock: PortalClock) -> tuple[str, Values]:
    """Return the object and the values of an activity: meetings are events, the rest tasks."""
    moment = row.moment("timestamp")
    if moment is None:
        raise row.wrong("timestamp", "this cell must not be empty; fill it or remove the row.")
    at = to_the_second(instant_of(moment, clock))
    kind, is_inbound = row.text("type").lower(), row.text("direction").startswith("IN")
    day = at.astimezone(clock.zone).date()
    if kind == "meeting":
        subject = f"Meeting ({row.text('status').lower()})" if row.text("status") else "Meeting"
        # An event has no field for its outcome: orgs that follow it do so by the type.
        held = row.text("status").upper() not in _NOT_HELD
        planned = min(at, to_the_second(clock.now()))
        return "Event", {
            "Subject": subject,
            "StartDateTime": at,
            "DurationInMinutes": _MEETING_MINUTES,
            "Type": "Meeting" if held else row.text("status").replace("_", " ").capitalize(),
            "CreatedDate": planned,
        }
    values: Values = {
        "Subject": {"call": "Call", "email": "Email"}.get(kind, "Note"),
        "ActivityDate": day,
        "Status": "Completed",
        "Priority": "Normal",
        "TaskSubtype": {"call": "Call", "email": "Email"}.get(kind, "Task"),
        "Type": {"call": "Call", "email": "Email"}.get(kind, "Other"),
        "CreatedDate": at,
    }
    if kind == "call":
        values["CallType"] = "Inbound" if is_inbound else "Outbound"
        values["CallDisposition"] = row.text("status") or None
    elif kind == "email" and is_inbound:
        values |= {"Subject": "Email: received", "Type": "Incoming email"}
    return "Task", values
