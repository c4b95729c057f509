"""Which column of a folder becomes which property, and the properties that have to be added."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime

from connectors.sandbox.clock import PortalClock, stamp
from connectors.sandbox.csv_table import Guess, Row, Table, guess
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.standard import definition, option, readable, standard_group
from connectors.sandbox.moments import instant_of

# Columns with HubSpot names of their own.
KNOWN = {
    "companies": {"owner_id": "hubspot_owner_id", "created": "createdate"},
    "deals": {
        "owner_id": "hubspot_owner_id",
        "currency": "deal_currency_code",
        "created": "createdate",
        "close_date": "closedate",
        "loss_reason": "closed_lost_reason",
        "name": "dealname",
    },
    "contacts": {"owner_id": "hubspot_owner_id", "created": "createdate"},
    "calls": {
        "owner_id": "hubspot_owner_id",
        "timestamp": "hs_timestamp",
        "status": "hs_call_status",
        "direction": "hs_call_direction",
        "subject": "hs_call_title",
        "body": "hs_call_body",
    },
    "meetings": {
        "owner_id": "hubspot_owner_id",
        "timestamp": "hs_timestamp",
        "status": "hs_meeting_outcome",
        "subject": "hs_meeting_title",
        "body": "hs_meeting_body",
    },
    "emails": {
        "owner_id": "hubspot_owner_id",
        "timestamp": "hs_timestamp",
        "status": "hs_email_status",
        "direction": "hs_email_direction",
        "subject": "hs_email_subject",
        "body": "hs_email_text",
    },
    "notes": {
        "owner_id": "hubspot_owner_id",
        "timestamp": "hs_timestamp",
        "body": "hs_note_body",
    },
}
# How a property of each type is edited.
_FIELD_TYPES = {
    "string": "text",
    "number": "number",
    "date": "date",
    "datetime": "date",
    "enumeration": "select",
}
_DIRECTIONS = {
    "emails": {
        "OUTBOUND": "EMAIL",
        "OUTGOING": "EMAIL",
        "INBOUND": "INCOMING_EMAIL",
        "INCOMING": "INCOMING_EMAIL",
    },
    "calls": {"OUTGOING": "OUTBOUND", "INCOMING": "INBOUND"},
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column and the property that takes its cells."""

    name: str
    property: str
    type: str


def map_columns(
    portal: Portal, kind: str, table: Table, rows: list[Row], structural: frozenset[str]
) -> list[Column]:
    """Map the columns of a table to properties of a type, adding those that are missing.

    `structural` names the columns that the loader reads itself.
    """
    columns = []
    for name in table.columns:
        if name in structural or not name:
            continue
        values = [row.text(name) for row in rows if row.text(name)]
        present = portal.state.properties[kind]
        known = present.get(KNOWN[kind].get(name, name)) or present.get(slug(name))
        if known is None:
            columns.append(_added(portal, kind, name, guess(values)))
            continue
        columns.append(Column(name, known["name"], known["type"]))
        if known["type"] == "enumeration" and not known["externalOptions"]:
            given = [coded(kind, known["name"], value) for value in values]
            _widen(portal, kind, known["name"], given)
    return columns


def check_cells(portal: Portal, kind: str, table: Table) -> None:
    """Read every cell whose property exists already; MalformedFolderError at the first misfit."""
    known = portal.state.properties[kind]
    columns = []
    for name in table.columns:
        found = known.get(KNOWN[kind].get(name, name)) or known.get(slug(name))
        if found is not None:
            columns.append(Column(name, found["name"], found["type"]))
    for row in table.rows:
        for column in columns:
            cell(portal, kind, row, column)


def _added(portal: Portal, kind: str, name: str, guessed: Guess) -> Column:
    added = definition(
        slug(name),
        guessed.type,
        _FIELD_TYPES[guessed.type],
        group=standard_group(kind),
        at=portal.clock.stamp(),
        label=readable(name),
    )
    added["options"] = [option(value, order, value) for order, value in enumerate(guessed.choices)]
    portal.commit("property.saved", type=kind, definition=added)
    return Column(name, added["name"], guessed.type)


def _widen(portal: Portal, kind: str, name: str, values: list[str]) -> None:
    """Add the choices that the data has and the property lacks, as an administrator would."""
    known = portal.state.properties[kind][name]
    present = {row["value"] for row in known["options"]}
    parts = [part for value in values for part in value.split(";")]
    missing = [part for part in dict.fromkeys(parts) if part and part not in present]
    if missing:
        start = len(known["options"])
        added = [option(value, start + order, value) for order, value in enumerate(missing)]
        changed = known | {"options": [*known["options"], *added]}
        portal.commit("property.saved", type=kind, definition=changed)


def cell(portal: Portal, kind: str, row: Row, column: Column) -> str:
    """Return a cell as its property keeps it; MalformedFolderError when it does not fit."""
    match column.type:
        case "number":
            return row.number(column.name)
        case "date" | "datetime":
            moment = row.moment(column.name)
            return "" if moment is None else _as_property(moment, column.type, portal.clock)
        case "bool":
            return "true" if row.flag(column.name) else "false"
        case "enumeration":
            return coded(kind, column.property, row.text(column.name))
        case _:
            return row.text(column.name)


def coded(kind: str, name: str, text: str) -> str:
    """Return a choice in HubSpot's spelling: "No answer" → NO_ANSWER, "lead" stays "lead"."""
    if name.startswith(("hs_call_", "hs_meeting_", "hs_email_")):
        text = re.sub(r"[\s-]+", "_", text.strip()).upper()
        if name.endswith("_direction"):
            return _DIRECTIONS.get(kind, {}).get(text, text)
    return text


def slug(name: str) -> str:
    """Return a column's title as an internal property name."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slugged = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    return slugged if slugged[:1].isalpha() else f"p_{slugged}"


def _as_property(moment: date | datetime, type_name: str, clock: PortalClock) -> str:
    """Print a moment for a `date` property (a day) or a `datetime` one (an instant in UTC)."""
    if type_name == "date":
        return moment.isoformat()[:10]
    return stamp(instant_of(moment, clock))
