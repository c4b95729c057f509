"""The folder of CSV files that every emulated CRM loads: read, with the references in it checked.

`owners.csv`, `accounts.csv` and `opportunities.csv`; `contacts.csv` and `activities.csv` if they
are there. What becomes of the rows is each CRM's affair.
"""

from pathlib import Path

from connectors.sandbox.csv_table import Table, read_table

# What an activity can be.
KINDS = ("call", "meeting", "email", "note")

_OPPORTUNITY = (
    *("id", "account_id", "owner_id", "stage", "amount", "currency", "created", "close_date"),
    *("is_closed", "is_won", "product", "source", "loss_reason"),
)
_ACTIVITY = ("id", "type", "account_id", "owner_id", "timestamp", "status", "direction")


class CsvFolder:
    """The tables of a folder; MalformedFolderError with the place of the first mistake."""

    def __init__(self, folder: Path) -> None:
        self.owners = read_table(folder / "owners.csv", ("id", "name"))
        self.accounts = read_table(folder / "accounts.csv", ("id", "name"))
        self.opportunities = read_table(folder / "opportunities.csv", _OPPORTUNITY)
        self.contacts = _optional(folder / "contacts.csv", ("id", "account_id", "name"))
        self.activities = _optional(folder / "activities.csv", _ACTIVITY)
        self._check_references()
        for row in self.activities.rows:
            if row.required("type").lower() not in KINDS:
                raise row.wrong("type", f"'{row.text('type')}' is none of {', '.join(KINDS)}.")

    def _check_references(self) -> None:
        targets = {
            "owner_id": self.owners,
            "account_id": self.accounts,
            "opportunity_id": self.opportunities,
            "contact_id": self.contacts,
        }
        for column, target in targets.items():
            ids = {row.text("id") for row in target.rows}
            for table in (self.accounts, self.opportunities, self.contacts, self.activities):
                for row in table.rows:
                    named = row.text(column)
                    if named and named not in ids:
                        raise row.wrong(column, f"'{named}' is not an id of {target.path.name}.")


def _optional(path: Path, required: tuple[str, ...]) -> Table:
    return read_table(path, required) if path.exists() else Table(path, [], [])
