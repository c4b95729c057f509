"""Loading a folder of CSV files into the organization, as a company's import would have done it.

The files are those of `csv_folder`. Columns become the real fields that Zoho has for them, the
others custom fields. 1. Everything is read and checked. 2. Users, accounts,
contacts, stages, deals and activities are written, stamped with their dates.
"""

from datetime import datetime
from pathlib import Path

from connectors.sandbox.clock import PortalClock
from connectors.sandbox.csv_folder import CsvFolder
from connectors.sandbox.csv_table import MalformedFolderError, Row
from connectors.sandbox.moments import instant_of
from connectors.sandbox.stages import read_history, read_stages
from connectors.sandbox.zoho import effects, field_changes, setup
from connectors.sandbox.zoho.errors import ZohoError
from connectors.sandbox.zoho.fields import Choice
from connectors.sandbox.zoho.loaded_columns import (
    Column,
    activity_fields,
    activity_values,
    columns_of,
)
from connectors.sandbox.zoho.org import Org, Values

__all__ = ["MalformedFolderError", "load_folder"]

_FORECASTS = {"open": "Open", "won": "Closed Won", "lost": "Closed Lost"}
# How the files name the roles of contacts → the contact roles of a new organization.
_ROLES = {
    "DECISION_MAKER": "Decision Maker",
    "BUDGET_HOLDER": "Economic Decision Maker",
    "CHAMPION": "Executive Sponsor",
    "EXECUTIVE_SPONSOR": "Executive Sponsor",
    "INFLUENCER": "Developer/Evaluator",
}


def load_folder(org: Org, folder: Path) -> None:
    """Load a folder; MalformedFolderError, and then nothing is written."""
    files = CsvFolder(folder)
    with org.lock:
        _Loading(org, files, folder).run()


def _nothing(_row: Row, _clock: PortalClock) -> None:
    """Read no cell: the field is filled from several."""


class _Loading:
    """One load into one organization."""

    def __init__(self, org: Org, files: CsvFolder, folder: Path) -> None:
        self._org, self._files, self._folder = org, files, folder
        admin = org.user_by_email(setup.ADMIN)
        self._actor = admin.id if admin else ""
        # Column → the API name that Zoho gave to its custom field, by module.
        self._names: dict[tuple[str, str], str] = {}

    def run(self) -> None:
        """Check every cell, then write."""
        files, org = self._files, self._org
        stages = read_stages(files.opportunities, org.clock)
        tables = {"Accounts": files.accounts, "Contacts": files.contacts,
                  "Deals": files.opportunities}  # fmt: skip
        columns = {name: columns_of(name, table) for name, table in tables.items()}
        read = {
            name: [self._values(row, columns[name]) for row in table.rows]
            for name, table in tables.items()
        }
        for row in files.activities.rows:
            activity_values(row, org.clock)
        for name, found in columns.items():
            self._make_fields(name, found)
            self._declare(name, read[name])
        for name, custom in activity_fields(files.activities):
            self._make_fields(name, [Column(str(custom["field_label"]), _nothing, custom)])
        for row in files.owners.rows:
            self._owner(row)
        setup.set_stages(org, [(one.label, round(one.probability * 100), _FORECASTS[one.kind])
                               for one in stages])  # fmt: skip
        for row, values in zip(files.accounts.rows, read["Accounts"], strict=True):
            self._record("accounts", "Accounts", row, values)
        for row, values in zip(files.contacts.rows, read["Contacts"], strict=True):
            self._contact(row, values)
        for row, values in zip(files.opportunities.rows, read["Deals"], strict=True):
            self._deal(row, values)
        self._roles()
        for row in files.activities.rows:
            self._activity(row)
        org.writes.clear()

    def _values(self, row: Row, columns: list[Column]) -> Values:
        return {
            column.field: value
            for column in columns
            if (value := column.reader(row, self._org.clock)) is not None
        }

    def _make_fields(self, name: str, columns: list[Column]) -> None:
        module = self._org.modules[name]
        for column in columns:
            if column.custom is None:
                continue
            derived = field_changes.api_name(self._org, str(column.custom["field_label"]))
            if module.find(derived) is None:
                try:
                    field_changes.add(self._org, module, column.custom, "$")
                except ZohoError as error:
                    raise MalformedFolderError(
                        self._folder, f"Zoho refuses this column as a field: {error.message}.",
                        1, column.field,
                    ) from error  # fmt: skip
            self._names[name, column.field] = derived

    def _declare(self, name: str, rows: list[Values]) -> None:
        """Give standard pick lists the words that a file needs, as one does before an import."""
        for field in self._org.modules[name].fields.values():
            if field.data_type != "picklist" or field.is_custom:
                continue
            known = {choice.actual for choice in field.choices}
            for word in dict.fromkeys(row[field.api_name] for row in rows if field.api_name in row):
                if word not in known:
                    made = Choice(id=self._org.mint(), actual=word, display=word)
                    field.choices.append(made)

    def _owner(self, row: Row) -> None:
        first, _, last = row.required("name").partition(" ")
        email = row.text("email") or f"user{row.text('id')}@arpent.example"
        user = self._org.user_by_email(email)
        user = user or setup.add_user(self._org, email, first, last)
        self._org.loaded_ids["owners", row.text("id")] = user.id

    def _record(self, table: str, name: str, row: Row, values: Values) -> str:
        named = {self._names.get((name, key), key): value for key, value in values.items()}
        if row.text("owner_id"):
            named["Owner"] = self._org.loaded_ids["owners", row.text("owner_id")]
        if row.text("account_id"):
            named["Account_Name"] = self._org.loaded_ids["accounts", row.text("account_id")]
        moment = row.moment("created")
        at = instant_of(moment, self._org.clock).replace(microsecond=0) if moment else None
        made = effects.create(self._org, self._org.modules[name], named, self._actor, at)
        self._org.loaded_ids[table, row.text("id")] = made.id
        return made.id

    def _contact(self, row: Row, values: Values) -> None:
        first, _, last = row.required("name").partition(" ")
        names = {"First_Name": first, "Last_Name": last} if last else {"Last_Name": first}
        self._record("contacts", "Contacts", row, values | names)

    def _deal(self, row: Row, values: Values) -> None:
        """Write a deal in its first stage, and move it through the others on their days."""
        steps = self._steps(row)
        values.setdefault("Deal_Name", row.text("id"))
        if self._org.is_multi_currency and row.text("currency"):
            values["Currency"] = row.text("currency")
        values["Stage"] = steps[0][0]
        module = self._org.modules["Deals"]
        deal = self._record("opportunities", "Deals", row, values)
        first = self._org.tables["DealHistory"][self._org.present_stages[deal]]
        first.values = first.values | {"Modified_Time": steps[0][1], "Created_Time": steps[0][1]}
        for label, at in steps[1:]:
            record = self._org.tables["Deals"][deal]
            effects.update(self._org, module, record, {"Stage": label}, self._actor, at=at)
        written = self._org.tables["Deals"][deal]
        written.values = written.values | {"Stage_Modified_Time": steps[-1][1]}

    def _steps(self, row: Row) -> list[tuple[str, datetime]]:
        """Return the stages of a deal with the moments it came there, the present one last."""
        clock = self._org.clock
        steps = [(one.label, datetime.fromisoformat(one.at)) for one in read_history(row, clock)]
        label = row.text("stage")
        if steps and steps[-1][0] == label:
            return steps
        created = row.moment("created")
        start = instant_of(created, clock) if created else clock.now()
        start = start.replace(microsecond=0)
        if not row.flag("is_closed"):
            return [*steps, (label, steps[-1][1] if steps else start)]
        closes = row.moment("close_date")
        end = max(instant_of(closes, clock), start) if closes else start
        return [*steps, (label, end)]

    def _roles(self) -> None:
        """Give the contacts with a role that role in the deals of their account."""
        org = self._org
        deals: dict[str, list[str]] = {}
        for row in self._files.opportunities.rows:
            deal = org.loaded_ids["opportunities", row.text("id")]
            deals.setdefault(row.text("account_id"), []).append(deal)
        for row in self._files.contacts.rows:
            name = _ROLES.get(row.text("hs_buying_role"))
            if name is None:
                continue
            role = org.named(org.contact_roles, name)
            contact = org.loaded_ids["contacts", row.text("id")]
            for deal in deals.get(row.text("account_id"), []):
                org.deal_roles.setdefault(deal, {})[contact] = role

    def _activity(self, row: Row) -> None:
        name, values, at = activity_values(row, self._org.clock)
        org = self._org
        if name == "Tasks":
            values["Status"] = org.done_status
        for table, column in (("opportunities", "opportunity_id"), ("accounts", "account_id")):
            if row.text(column):
                values["What_Id"] = org.loaded_ids[table, row.text(column)]
                break
        if row.text("contact_id"):
            values["Who_Id"] = org.loaded_ids["contacts", row.text("contact_id")]
        if row.text("owner_id"):
            values["Owner"] = org.loaded_ids["owners", row.text("owner_id")]
        made = effects.create(org, org.modules[name], values, self._actor, at)
        org.loaded_ids["activities", row.text("id")] = made.id
