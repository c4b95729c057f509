"""The people of a portal, who do in HubSpot's pages what the acts of a year tell them to."""

from datetime import datetime
from pathlib import Path

from connectors.sandbox.clock import stamp
from connectors.sandbox.csv_table import Row
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot.columns import KNOWN, Column, cell, slug
from connectors.sandbox.hubspot.links import default_numbers
from connectors.sandbox.hubspot.sandbox import HubSpotSandbox
from connectors.sandbox.hubspot.vocabulary import TYPES
from connectors.sandbox.year import Act, Kind

_TYPES: dict[Kind, str] = {
    "account": "companies", "contact": "contacts", "opportunity": "deals", "call": "calls",
    "meeting": "meetings", "email": "emails", "note": "notes",
}  # fmt: skip
_LINKS = {"account_id": "companies", "opportunity_id": "deals", "contact_id": "contacts"}
# What a person does not type: HubSpot has it of itself, or it is said in another way.
_UNTYPED = frozenset(
    {*_LINKS, "id", "created", "stage", "is_closed", "is_won", "stage_history", "owner_id"}
)
_NOWHERE = Path("year.csv")


class HubSpotPeople:
    """Whoever works in a portal; records that were loaded go by the ids of their folder."""

    def __init__(self, sandbox: HubSpotSandbox) -> None:
        self._sandbox = sandbox
        self._portal = sandbox.portal
        self._ids: dict[tuple[str, str], str] = {}
        stages = self._portal.state.pipelines["default"]["stages"]
        self._stages = {row["label"]: row["id"] for row in stages}

    def play(self, act: Act) -> None:
        """Do one act, at its own instant; KeyError for a record that is not there."""
        self._sandbox.clock.set(act.at)
        kind = _TYPES[act.kind]
        properties = self._properties(kind, act)
        if not act.is_new:
            self._sandbox.act(
                "edit", objectType=kind, id=self._id(kind, act.key), properties=properties
            )
            return
        made = self._sandbox.act(
            "create", objectType=kind, properties=properties, associations=self._links(kind, act)
        )
        self._ids[kind, act.key] = str(made["id"])

    def finish_tasks(self, *, older_than: datetime) -> int:
        """Complete every open task that was made before an instant; how many there were."""
        before = stamp(older_than)
        with self._portal.lock:
            table = self._portal.state.tables["tasks"]
            waiting = [
                record.id
                for record in (table.records[str(key)] for key in table.live)
                if record.values.get("hs_task_status") != "COMPLETED" and record.created_at < before
            ]
        for task_id in waiting:
            self._sandbox.act(
                "edit", objectType="tasks", id=task_id, properties={"hs_task_status": "COMPLETED"}
            )
        return len(waiting)

    def tasks(self) -> list[tuple[str, str]]:
        """The subject of every task, done or not, and the day it was made; oldest first."""
        with self._portal.lock:
            table = self._portal.state.tables["tasks"]
            records = [table.records[str(key)] for key in table.live]
            return [(each.values["hs_task_subject"], each.created_at[:10]) for each in records]

    def _id(self, kind: str, key: str) -> str:
        return self._ids.get((kind, key)) or self._sandbox.id_of(kind, key)

    def _properties(self, kind: str, act: Act) -> dict[str, str]:
        row = Row(_NOWHERE, 0, dict(act.cells))
        known = self._portal.state.properties[kind]
        found: dict[str, str] = {}
        if kind == "contacts" and row.text("name"):
            first, _, last = row.text("name").partition(" ")
            found |= {"firstname": first, "lastname": last}
        for name, text in act.cells.items():
            is_said = name in _UNTYPED or (name == "type" and act.kind != "account")
            if is_said or (kind == "contacts" and name == "name") or not text:
                continue
            definition = known.get(KNOWN[kind].get(name, name)) or known[slug(name)]
            column = Column(name, definition["name"], definition["type"])
            found[column.property] = cell(self._portal, kind, row, column)
            self._widen(kind, definition, found[column.property])
        if row.text("owner_id"):
            found["hubspot_owner_id"] = self._sandbox.id_of("owners", row.text("owner_id"))
        if row.text("stage"):
            found["dealstage"] = self._stages[row.text("stage")]
        if kind == "meetings" and "hs_timestamp" in found:
            found["hs_meeting_start_time"] = found["hs_timestamp"]
        return found

    def _widen(self, kind: str, definition: JsonObject, text: str) -> None:
        """Add a choice that a property lacks, as an administrator would beforehand."""
        if definition["type"] != "enumeration" or definition["externalOptions"]:
            return
        if text not in {row["value"] for row in definition["options"]}:
            self._sandbox.act(
                "add_option", objectType=kind, property=definition["name"], value=text
            )

    def _links(self, kind: str, act: Act) -> list[JsonObject]:
        source = TYPES[kind]
        return [
            {
                "to": {"id": self._id(target, act.cells[column])},
                "types": [
                    {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number}
                    for number in default_numbers(source, TYPES[target])
                ],
            }
            for column, target in _LINKS.items()
            if target != kind and act.cells.get(column)
        ]
