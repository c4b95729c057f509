"""Loading a folder of CSV files into the org, as a company's import would have done it.

The files are those of `csv_folder`. Columns become the real fields that Salesforce has for them,
the others custom fields. 1. Everything is read and checked. 2. Users,
accounts, contacts, stages, opportunities and activities are written, stamped with their dates.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from connectors.sandbox.csv_folder import CsvFolder
from connectors.sandbox.csv_table import MalformedFolderError, Row
from connectors.sandbox.moments import instant_of
from connectors.sandbox.salesforce import effects, field_changes, setup
from connectors.sandbox.salesforce.derived import complete
from connectors.sandbox.salesforce.fields import Choice
from connectors.sandbox.salesforce.loaded_columns import Column, activity_values, columns_of
from connectors.sandbox.salesforce.loaded_stages import Step, stages_of, steps_of
from connectors.sandbox.salesforce.org import Org, Values

if TYPE_CHECKING:
    from connectors.sandbox.salesforce.sandbox import SalesforceSandbox

__all__ = ["MalformedFolderError", "load_folder"]

# How the other CRM's file names the roles of contacts → the words of a Salesforce org.
_ROLES = {
    "DECISION_MAKER": "Decision Maker",
    "BUDGET_HOLDER": "Economic Buyer",
    "CHAMPION": "Executive Sponsor",
    "END_USER": "Business User",
    "INFLUENCER": "Influencer",
}


def load_folder(sandbox: "SalesforceSandbox", folder: Path) -> None:
    """Load a folder into the org; MalformedFolderError, and then nothing is written."""
    files = CsvFolder(folder)
    with sandbox.org.lock:
        _Loading(sandbox.org, files).run()


class _Loading:
    """One load into one org."""

    def __init__(self, org: Org, files: CsvFolder) -> None:
        self._org = org
        self._files = files
        self._actor = str(setup.user_named(org, setup.ADMIN))

    def run(self) -> None:
        """Check every cell, then write."""
        files, org = self._files, self._org
        stages = stages_of(files.opportunities, org.clock)
        accounts = columns_of("Account", files.accounts)
        deals = columns_of("Opportunity", files.opportunities)
        account_values = [self._values(row, accounts) for row in files.accounts.rows]
        deal_values = [self._values(row, deals) for row in files.opportunities.rows]
        for row in files.owners.rows:
            self._owner(row)
        setup.set_stages(org, stages)
        written = (("Account", accounts, account_values), ("Opportunity", deals, deal_values))
        for name, columns, rows in written:
            for column in columns:
                self._declare(name, column.field, rows)
                if column.custom is not None and org.objects[name].find(column.field) is None:
                    field = field_changes.build(column.custom)
                    field_changes.add(org, name, field, is_visible=True)
        for row, values in zip(files.accounts.rows, account_values, strict=True):
            self._record("accounts", "Account", row, self._owned(row, values))
        for row in files.contacts.rows:
            self._contact(row)
        for row, values in zip(files.opportunities.rows, deal_values, strict=True):
            self._deal(row, self._owned(row, values))
        for row in files.activities.rows:
            self._activity(row)

    def _declare(self, object_name: str, name: str, rows: list[Values]) -> None:
        """Give a standard picklist the words that the file needs, as one does before an import."""
        field = self._org.objects[object_name].find(name)
        if field is None or field.type != "picklist":
            return
        known = {choice.value for choice in field.choices}
        needed = dict.fromkeys(str(row[name]) for row in rows if name in row)
        field.choices += [Choice(value=each, label=each) for each in needed if each not in known]

    def _values(self, row: Row, columns: list[Column]) -> Values:
        return {
            column.field: value
            for column in columns
            if (value := column.read(row, self._org.clock)) is not None
        }

    def _owned(self, row: Row, values: Values) -> Values:
        owner = row.text("owner_id")
        if owner:
            values["OwnerId"] = self._org.loaded_ids["owners", owner]
        if row.text("account_id"):
            values["AccountId"] = self._org.loaded_ids["accounts", row.text("account_id")]
        return values

    def _owner(self, row: Row) -> None:
        first, _, last = row.required("name").partition(" ")
        username = row.text("email") or f"user{row.text('id')}@arpent.example"
        user_id = setup.user_named(self._org, username) or setup.add_user(
            self._org, username, first, last or first
        )
        self._org.loaded_ids["owners", row.text("id")] = user_id

    def _record(self, table: str, object_name: str, row: Row, values: Values) -> str:
        moment = row.moment("created")
        at = instant_of(moment, self._org.clock) if moment else None
        kind = self._org.objects[object_name]
        record_id = effects.create(self._org, self._actor, kind, values, at)
        self._org.loaded_ids[table, row.text("id")] = record_id
        return record_id

    def _contact(self, row: Row) -> None:
        first, _, last = row.required("name").partition(" ")
        account = self._org.loaded_ids["accounts", row.required("account_id")]
        names = {"FirstName": first, "LastName": last} if last else {"LastName": first}
        contact = self._record("contacts", "Contact", row, names | {"AccountId": account})
        role = _ROLES.get(row.text("hs_buying_role"))
        if role:
            values = {"AccountId": account, "ContactId": contact, "Role": role}
            kind = self._org.objects["AccountContactRole"]
            effects.create(self._org, self._actor, kind, values)

    def _deal(self, row: Row, values: Values) -> None:
        """Write a deal as it is now, and the history of how it came there."""
        steps = steps_of(row, self._org.clock, self._org.now())
        values.setdefault("Name", row.text("id"))
        if self._org.is_multi_currency and row.text("currency"):
            values["CurrencyIsoCode"] = row.text("currency")
        values["StageName"] = row.text("stage")
        deal = self._record("opportunities", "Opportunity", row, values)
        written = self._org.tables["Opportunity"][deal]
        for history in list(self._org.tables["OpportunityHistory"].values()):
            if history.values["OpportunityId"] == deal:
                self._org.drop("OpportunityHistory", history.id)
        last = steps[-1].at
        moved = {"LastStageChangeDate": last, "SystemModstamp": last, "LastModifiedDate": last}
        self._org.put("Opportunity", deal, written.values | moved)
        for step in steps:
            self._history(written.values, step)

    def _history(self, values: Values, step: Step) -> None:
        past = values | {"StageName": step.label, "SystemModstamp": step.at}
        complete(self._org, "Opportunity", past, {"StageName"})
        names = ("StageName", "Amount", "ExpectedRevenue", "CloseDate", "Probability",
                 "ForecastCategory", "CurrencyIsoCode")  # fmt: skip
        row = {name: past.get(name) for name in names} | {"OpportunityId": values["Id"]}
        effects.add_history(self._org, row, self._actor, step.at)

    def _activity(self, row: Row) -> None:
        object_name, values = activity_values(row, self._org.clock)
        about = ("opportunities", "opportunity_id"), ("accounts", "account_id")
        for table, column in about:
            if row.text(column):
                values["WhatId"] = self._org.loaded_ids[table, row.text(column)]
                break
        if row.text("contact_id"):
            values["WhoId"] = self._org.loaded_ids["contacts", row.text("contact_id")]
        if row.text("owner_id"):
            values["OwnerId"] = self._org.loaded_ids["owners", row.text("owner_id")]
        at = values.pop("CreatedDate")
        kind = self._org.objects[object_name]
        record_id = effects.create(self._org, self._actor, kind, values, at)
        self._org.loaded_ids["activities", row.text("id")] = record_id
