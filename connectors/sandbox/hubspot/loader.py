"""Loading a folder of CSV files into a portal, as a company's import would have done it.

The files are those of `csv_folder`. 1. Everything is read and checked. 2. Owners, companies,
contacts, the pipeline, deals and activities are written, in that order, under their numeric ids
where these are free.
"""

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.sandbox.clock import stamp
from connectors.sandbox.csv_folder import CsvFolder
from connectors.sandbox.csv_table import MalformedFolderError, Row, Table
from connectors.sandbox.hubspot import effects
from connectors.sandbox.hubspot.columns import Column, cell, check_cells, map_columns
from connectors.sandbox.hubspot.links import default_numbers, link
from connectors.sandbox.hubspot.loaded_stages import StageTable, stages_of
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.records import computed
from connectors.sandbox.hubspot.vocabulary import TYPES
from connectors.sandbox.moments import instant_of
from connectors.sandbox.stages import Step, read_history

if TYPE_CHECKING:
    from connectors.sandbox.hubspot.sandbox import HubSpotSandbox

__all__ = ["MalformedFolderError", "load_folder"]

_KINDS = {"call": "calls", "meeting": "meetings", "email": "emails", "note": "notes"}
_LARGEST_ID = 9_007_199_254_740_991


def load_folder(sandbox: "HubSpotSandbox", folder: Path) -> None:
    """Load a folder into the portal; MalformedFolderError, and then nothing is written."""
    files = CsvFolder(folder)
    portal = sandbox.portal
    with portal.acting(effects.LOAD, app="import", source_type="IMPORT", source_id="import"):
        _Loading(portal, files).run()


class _Loading:
    """One load into one portal."""

    def __init__(self, portal: Portal, files: CsvFolder) -> None:
        self._portal = portal
        self._files = files
        self._now = portal.clock.stamp()

    def run(self) -> None:
        """Check every cell, then write."""
        files, portal = self._files, self._portal
        stages = stages_of(files.opportunities, portal.clock, self._now)
        self._check_cells()
        for row in files.owners.rows:
            self._owner(row)
        self._records("companies", files.accounts, frozenset({"id"}), self._nothing)
        hidden = frozenset({"id", "account_id", "name"})
        self._records("contacts", files.contacts, hidden, self._person)
        self._pipeline(stages)
        self._deals(stages)
        hidden = frozenset({"id", "type", "account_id", "opportunity_id", "contact_id"})
        for kind in _KINDS.values():
            self._records(kind, self._activities(kind), hidden, self._activity)

    def _check_cells(self) -> None:
        """Read every cell that a property could refuse, so that mistakes come before writes."""
        files, portal = self._files, self._portal
        check_cells(portal, "companies", files.accounts)
        check_cells(portal, "contacts", files.contacts)
        check_cells(portal, "deals", files.opportunities)
        for kind in _KINDS.values():
            check_cells(portal, kind, self._activities(kind))
        for row in (*files.accounts.rows, *files.contacts.rows):
            row.required("name")
        for row in files.activities.rows:
            row.required("timestamp")

    def _activities(self, kind: str) -> Table:
        table = self._files.activities
        rows = [row for row in table.rows if _KINDS[row.text("type").lower()] == kind]
        # A column that is empty for this type of activity is no property of it.
        columns = [name for name in table.columns if any(row.text(name) for row in rows)]
        return Table(table.path, columns, rows)

    def _free_id(self, kind: str, wanted: str) -> str:
        state = self._portal.state
        taken = state.owners if kind == "owners" else state.tables[kind].records
        is_usable = re.fullmatch(r"[1-9]\d{0,15}", wanted) and int(wanted) <= _LARGEST_ID
        return wanted if is_usable and wanted not in taken else state.allocate(kind)

    def _owner(self, row: Row) -> None:
        first, _, last = row.required("name").partition(" ")
        owner_id = self._free_id("owners", row.text("id"))
        user_id = 50_000_000 + len(self._portal.state.owners) + 1
        owner = {
            "id": owner_id,
            "email": row.text("email") or f"{_plain(first, last)}@example.com",
            "type": "PERSON",
            "firstName": first,
            "lastName": last,
            "userId": user_id,
            "userIdIncludingInactive": user_id,
            "createdAt": self._now,
            "updatedAt": self._now,
            "archived": False,
        }
        self._portal.commit("owner.saved", owner=owner, loaded_id=row.text("id"))

    def _records(
        self,
        kind: str,
        table: Table,
        structural: frozenset[str],
        extra: Callable[[str, Row], dict[str, str]],
    ) -> None:
        """Write the rows of a table as records of one type."""
        columns = map_columns(self._portal, kind, table, table.rows, structural)
        for row in table.rows:
            values = self._values(kind, row, columns) | extra(kind, row)
            self._create(kind, row, values, {})

    def _values(self, kind: str, row: Row, columns: list[Column]) -> dict[str, str]:
        values = {}
        for column in columns:
            text = cell(self._portal, kind, row, column)
            if column.property == "hubspot_owner_id" and text:
                text = self._portal.state.loaded_ids["owners", text]
            if text:
                values[column.property] = text
        return values

    def _create(
        self,
        kind: str,
        row: Row,
        values: dict[str, str],
        history: dict[str, list[tuple[str, str]]],
    ) -> None:
        record_id = self._free_id(kind, row.text("id"))
        created = values.get("createdate") or values.get("hs_timestamp") or self._now
        values.pop("createdate", None)
        self._portal.commit(
            "record.created",
            type=kind,
            id=record_id,
            values=values,
            created=created,
            history=history,
            loaded_id=row.text("id"),
        )
        self._link(kind, record_id, row)

    def _link(self, kind: str, record_id: str, row: Row) -> None:
        for column, target in (
            ("account_id", "companies"),
            ("opportunity_id", "deals"),
            ("contact_id", "contacts"),
        ):
            if kind == target or not row.text(column):
                continue
            other = self._portal.state.loaded_ids[target, row.text(column)]
            source, end = TYPES[kind], TYPES[target]
            link(self._portal, (source, record_id), (end, other), default_numbers(source, end))

    @staticmethod
    def _nothing(_kind: str, _row: Row) -> dict[str, str]:
        return {}

    @staticmethod
    def _person(_kind: str, row: Row) -> dict[str, str]:
        first, _, last = row.required("name").partition(" ")
        return {"firstname": first} | ({"lastname": last} if last else {})

    def _activity(self, kind: str, row: Row) -> dict[str, str]:
        if kind != "meetings":
            return {}
        moment = row.moment("timestamp")
        at = stamp(instant_of(moment, self._portal.clock)) if moment else ""
        return {"hs_meeting_start_time": at}

    def _pipeline(self, stages: StageTable) -> None:
        """Make the folder's stages those of the default pipeline."""
        present = self._portal.state.pipelines["default"]
        listed = stages.stages
        if self._portal.state.tables["deals"].records:
            known = {row["id"] for row in present["stages"]}
            listed = present["stages"] + [row for row in listed if row["id"] not in known]
        changed = present | {"stages": listed, "updatedAt": self._now}
        self._portal.commit("pipeline.saved", pipeline=changed)

    def _deals(self, stages: StageTable) -> None:
        table, portal = self._files.opportunities, self._portal
        structural = frozenset(
            {"id", "account_id", "stage", "is_closed", "is_won", "stage_history"}
        )
        columns = map_columns(portal, "deals", table, table.rows, structural)
        for row in table.rows:
            values = self._values("deals", row, columns)
            values.setdefault("dealname", row.text("id"))
            values.setdefault("deal_currency_code", portal.account.currency)
            values |= {"pipeline": "default", "dealstage": stages.ids[row.text("stage")]}
            steps = self._steps(row, values, stages)
            values |= {
                name: text
                for name, text in computed(portal, TYPES["deals"], values, {}).items()
                if text
            }
            if not row.text("close_date"):
                values.pop("closedate", None)
            past = {"dealstage": [(stages.ids[step.label], step.at) for step in steps]}
            self._create("deals", row, values, past)

    def _steps(self, row: Row, values: dict[str, str], stages: StageTable) -> list[Step]:
        """Return the stages an opportunity went through; the last one is where it is now."""
        label = row.text("stage")
        created = values.get("createdate", self._now)
        steps = read_history(row, self._portal.clock)
        if steps and steps[-1].label == label:
            return steps
        if row.flag("is_closed"):
            closed = max(values.get("closedate", created), created)
            if steps:
                return [*steps, Step(label, closed)]
            opened = [Step(stages.first_open, created)] if stages.first_open else []
            return [*opened, Step(label, closed)]
        return [*steps, Step(label, steps[-1].at if steps else created)]


def _plain(first: str, last: str) -> str:
    joined = ".".join(part for part in (first, *last.split()) if part)
    plain = unicodedata.normalize("NFKD", joined.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9.]+", "", plain)
