"""What an org holds, read from its own state: the answer that the mirror is compared with.

Nothing here is shared with the connector or the store: raw values are read anew, from what
Salesforce's documentation and the playbook say they mean.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.salesforce import SalesforceSandbox
from tests.scenarios.truth import Facts, Team, Truth
from tests.torture.plain_values import cents, day, meaning, milliseconds

_SUBTYPES = {"Call": "call", "Email": "email", "ListEmail": "email"}
# Values of a field: dates and instants are Python's own.
Row = Mapping[str, Any]


def truth_of(sandbox: SalesforceSandbox, team: Team) -> Truth:
    """Everything in an org that a mirror of it should hold."""
    org, reader = sandbox.org, _Reader(sandbox, team)
    with org.lock:
        truth = Truth()
        truth.live["owner"] = {
            row["Id"]: reader.owner(row)
            for row in org.rows("User")
            if row["UserType"] == "Standard"
        }
        truth.live["stage"] = {row["ApiName"]: _stage(row) for row in org.rows("OpportunityStage")}
        for kind, name, read in (
            ("account", "Account", reader.account),
            ("opportunity", "Opportunity", reader.opportunity),
            ("contact", "Contact", reader.contact),
            ("activity", "Task", reader.task),
            ("activity", "Event", reader.event),
        ):
            reader.add(truth, kind, name, read)
    return truth


class _Reader:
    def __init__(self, sandbox: SalesforceSandbox, team: Team) -> None:
        self._org = sandbox.org
        self._team = team
        self._history = sorted(
            self._org.rows("OpportunityHistory"), key=lambda row: (row["CreatedDate"], row["Id"])
        )
        self._accounts = {
            row["Id"] for row in self._org.rows("Account") if not row.get("IsDeleted")
        }

    def add(
        self, truth: Truth, kind: str, name: str, read: Callable[[Row], dict[str, Any]]
    ) -> None:
        """Add the records of one object; their account where they have one."""
        live: Facts = truth.live.setdefault(kind, {})
        archived = truth.archived.setdefault(kind, set())
        for row in self._org.rows(name):
            if row.get("IsDeleted"):
                archived.add(row["Id"])
                if row.get("MasterRecordId"):
                    truth.merged[row["Id"]] = row["MasterRecordId"]
                continue
            live[row["Id"]] = read(row)
            if kind != "account":
                account = row.get("AccountId")
                live[row["Id"]]["companies"] = {account: True} if account in self._accounts else {}

    def owner(self, row: Row) -> dict[str, Any]:
        """A user."""
        return {
            "name": row["Name"],
            "email": row["Email"],
            "is_active": row["IsActive"],
            "rep_key": self._team.reps.get(row["Email"].casefold()),
        }

    def account(self, row: Row) -> dict[str, Any]:
        """An account; the story gives none a website."""
        local = row["CreatedDate"].astimezone(self._team.zone).date()
        return {
            "name": row["Name"],
            "domain": None,
            "owner": row["OwnerId"],
            "created_on": day(local),
            "modified_at": milliseconds(row["SystemModstamp"]),
            **self._bound("account", row),
            **{f"observed_{name}": row.get(f"arpent_{name}__c") for name in ("tier", "why")},
        }

    def opportunity(self, row: Row) -> dict[str, Any]:
        """An opportunity, with what its history tells."""
        past = [each for each in self._history if each["OpportunityId"] == row["Id"]]
        amounts = [cents(each.get("Amount")) for each in [row, *past]]
        return {
            "name": row["Name"],
            "owner": row["OwnerId"],
            "stage": row["StageName"],
            "amount": cents(row.get("Amount")),
            "currency": self._org.currency,
            "team_amount": cents(row.get("Amount")),
            "team_peak_amount": max((one for one in amounts if one is not None), default=None),
            "created_at": milliseconds(row["CreatedDate"]),
            "closes_on": day(row["CloseDate"]),
            "modified_at": milliseconds(row["SystemModstamp"]),
            "stages": _entered(past),
            **self._bound("opportunity", row),
        }

    def contact(self, row: Row) -> dict[str, Any]:
        """A contact; nobody in the story has a role."""
        return {"role": None, "modified_at": milliseconds(row["SystemModstamp"])}

    def task(self, row: Row) -> dict[str, Any]:
        """A task: a call or an e-mail by its subtype, any other is a note."""
        kind = _SUBTYPES.get(row.get("TaskSubtype") or "", "note")
        due = row["ActivityDate"]
        noon = datetime(due.year, due.month, due.day, 12, tzinfo=UTC)
        is_contact = bool(row["IsClosed"]) and kind != "note"
        return self._activity(row, kind, noon, is_contact=is_contact)

    def event(self, row: Row) -> dict[str, Any]:
        """A meeting, which is a contact once it has begun."""
        begins = row["StartDateTime"]
        return self._activity(row, "meeting", begins, is_contact=begins <= self._org.now())

    def _activity(
        self, row: Row, kind: str, happened_at: datetime, *, is_contact: bool
    ) -> dict[str, Any]:
        return {
            "kind": kind,
            "owner": row["OwnerId"],
            "happened_at": milliseconds(happened_at),
            "is_contact": is_contact,
            "modified_at": milliseconds(row["SystemModstamp"]),
        }

    def _bound(self, kind: str, row: Row) -> dict[str, Any]:
        return {
            f"field_{name}": meaning(row.get(written), type_name, choices)
            for name, (written, type_name, choices) in self._team.bound[kind].items()
        }


def _entered(past: Iterable[Row]) -> list[tuple[int, str]]:
    """The stages that an opportunity entered, one after the other."""
    entered: list[tuple[int, str]] = []
    for row in past:
        if not entered or entered[-1][1] != row["StageName"]:
            entered.append((milliseconds(row["CreatedDate"]), row["StageName"]))
    return entered


def _stage(row: Row) -> dict[str, Any]:
    kind = "open"
    if row["IsClosed"]:
        kind = "won" if row["IsWon"] else "lost"
    return {
        "pipeline_id": "opportunity",
        "pipeline_label": "Salesforce",
        "label": row["MasterLabel"],
        "position": row["SortOrder"],
        "probability": row["DefaultProbability"] / 100,
        "kind": kind,
    }
