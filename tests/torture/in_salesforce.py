"""The story's CRM is Salesforce."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import SecretStr

from connectors.salesforce.connector import Salesforce
from connectors.sandbox.salesforce import SalesforceSandbox
from connectors.sandbox.salesforce.fields import choices
from connectors.sandbox.salesforce.sandbox import (
    SANDBOX_CLIENT_KEY,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_REFRESH_TOKEN,
    SANDBOX_USERNAME,
)
from tests.scenarios.truth import Team, Truth
from tests.torture import faults, salesforce_truth
from tests.torture.portal import WRITTEN, Fault, Portal, Values, Write, at

PLENTY = 10_000_000
REP = "elise@arpent.example"
_OURS = {f"arpent_{name}__c": name for name in WRITTEN}
_TASK = ("Subject", "Description", "Status", "OwnerId", "WhatId")
# What another org of the same state has to take over.
_STATE = (
    *("objects", "tables", "writes", "row_locks", "metadata", "rights", "auto_assigned"),
    *("closed_fields", "hidden_objects", "_numbers"),
)
_RULE = {
    "object": "Account", "condition": "arpent_tier__c = 'silver'", "message": "Une règle refuse.",
}  # fmt: skip
_READ, _WRITE = "/(query|queryAll)(/|$)", "/composite/sobjects$"


def _error(code: str, message: str) -> list[dict[str, str]]:
    return [{"errorCode": code, "message": message}]


_LOCKED = {
    "success": False,
    "errors": [{"statusCode": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain", "fields": []}],
}
_ANYWHERE: Mapping[str, Fault] = {
    "the day's calls are used up": {
        "status": 403, "body": _error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    },
    "too many at once": {
        "status": 403,
        "body": _error("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded."),
    },
    "half of a JSON": {"status": 200, "body": '{"records": ['},
}  # fmt: skip
_READING: Mapping[str, Fault] = {
    "each record twice": {"spoil": [{"at": ["records"], "repeat": True}]},
    "no list of records": {"spoil": [{"at": ["records"], "remove": True}]},
    "a page that leads nowhere": {"spoil": [{"at": ["nextRecordsUrl"], "set": "/x"}]},
    "a query that takes too long": {
        "status": 400, "body": _error("QUERY_TIMEOUT", "Your query request was running too long."),
    },
}  # fmt: skip
_WRITING: Mapping[str, Fault] = {
    # Nothing is carried out, and of the rows after the first not a word is said.
    "a locked row": {"status": 200, "body": [_LOCKED]},
    "all rows locked": {"status": 400, "body": _error("UNABLE_TO_LOCK_ROW", "unable to lock")},
    "400": {"status": 400, "body": _error("JSON_PARSER_ERROR", "Something is invalid.")},
    "a row without a word": {"spoil": [{"at": [0], "set": {}}]},
    "rows without a word": {"spoil": [{"at": ["*"], "set": {}}]},
    "an object in place of the rows": {"status": 200, "body": {"hasErrors": False}},
}


class InSalesforce(Portal):
    """An emulated org."""

    vendor = "salesforce"
    connector = Salesforce
    waits = ("read_seconds", "write_seconds", "query_seconds")
    # The key of a task is a unique field of its own.
    harmless = frozenset({"create-not-upsert"})
    batch = "/composite/sobjects"
    tasks_path = "/sobjects/Task"
    late: ClassVar[Mapping[str, object]] = {"late_commit_seconds": 2.0}
    refusing: ClassVar[Mapping[str, object]] = {"validation_rules": [_RULE]}
    taking: ClassVar[Mapping[str, object]] = {"validation_rules": []}

    def __init__(self) -> None:
        self._made = SalesforceSandbox(now=at(29, 7, month=6), daily_limit=PLENTY)
        super().__init__(self._made, self._made.switches)
        self._declare()
        self.furnish()

    def _declare(self) -> None:
        """The custom fields that the shipped playbook reads."""
        for kind, name, options in (
            ("Account", "Lifecyclestage__c", ("customer", "lead", "other")),
            ("Account", "Potentiel_Annuel__c", ()),
            ("Account", "Cycle_De_Vente__c", ("court", "moyen", "long")),
            ("Opportunity", "Product__c", ("Maintenance", "Planification")),
        ):
            shape: dict[str, Any] = {"type": "currency", "scale": 2}
            if options:
                shape = {"type": "picklist", "values": list(options)}
            self._made.act("create_field", object=kind, name=name, label=name, **shape)
        source = self._made.org.objects["Opportunity"].fields["LeadSource"]
        source.choices = choices(("Client existant", "Nouveau client", "Référence"))

    def add_rep(self, first: str, last: str, email: str) -> None:
        self._made.act("create_user", username=email, first_name=first, last_name=last)

    def add_company(self, name: str, potential: str) -> None:
        self._made.create(
            "Account", Name=name, Lifecyclestage__c="lead", OwnerId=self._rep,
            Potentiel_Annuel__c=float(potential),
        )  # fmt: skip

    def add_deal(self, number: int) -> None:
        self._made.create(
            "Opportunity", Name=f"Affaire {number}", AccountId=self.number_of(number),
            Amount=20_000, StageName="Qualification", CloseDate="2026-07-31", OwnerId=self._rep,
        )  # fmt: skip

    def set_potential(self, company: str, potential: str) -> None:
        self._edit(company, Potentiel_Annuel__c=float(potential) if potential else None)

    def set_tier(self, company: str, tier: str) -> None:
        self._edit(company, arpent_tier__c=tier)

    def archive(self, company: str) -> None:
        self._made.act("delete", id=company)

    def log_call(self, company: str) -> None:
        self._made.create(
            "Task", Subject="Appel", TaskSubtype="Call", WhatId=company, OwnerId=self._rep,
            Status="Completed", ActivityDate="2026-06-30",
        )  # fmt: skip

    def win_a_deal(self) -> None:
        self._edit(next(iter(self._made.org.tables["Opportunity"])), StageName="Closed Won")

    def companies(self) -> Sequence[str]:
        return list(self._made.org.tables["Account"])

    def values(self) -> Values:
        return {
            record: {
                name: None if values.get(field) is None else str(values[field])
                for field, name in _OURS.items()
            }
            for record, values in self._live("Account")
        }

    def tasks(self) -> list[list[Any]]:
        return sorted(
            [str(values.get(name) or "") for name in _TASK]
            for _, values in self._live("Task")
            if values.get("TaskSubtype") != "Call"
        )

    def writes(self, since: int = 0) -> list[Write]:
        ours = self._made.user_id(SANDBOX_USERNAME)
        return [
            Write(
                company=row["id"], field=_OURS[name], value=None if value is None else str(value),
                is_ours=row["user"] == ours,
            )
            for row in self._made.history()[since:]
            if row["objectType"] == "Account"
            for name, value in row["values"].items()
            if name in _OURS
        ]  # fmt: skip

    def truth(self, team: Team) -> Truth:
        return salesforce_truth.truth_of(self._made, team)

    def requests(self) -> int:
        return sum(self._made.gateway.budget.requests.values())

    def settings(self, url: str, refresh_file: Path) -> dict[str, Any]:
        return {
            "salesforce_url": url,
            "salesforce_client_id": SANDBOX_CLIENT_KEY,
            "salesforce_client_secret": SecretStr(SANDBOX_CLIENT_SECRET),
            "salesforce_refresh_token": SecretStr(SANDBOX_REFRESH_TOKEN),
            "salesforce_refresh_token_file": refresh_file,
        }

    def faults(self) -> Sequence[tuple[str, float, Mapping[str, Fault]]]:
        return (
            (_WRITE, 5, _WRITING),
            (_READ, 1.5, _READING),
            ("^/services/", 1, {**faults.ANYWHERE, **_ANYWHERE}),
        )

    def state(self) -> tuple[Any, ...]:
        org, sessions = self._made.org, self._made.gateway.sessions
        return {name: getattr(org, name) for name in _STATE}, sessions.apps, sessions.open

    def take_over(self, state: tuple[Any, ...]) -> None:
        org, sessions = self._made.org, self._made.gateway.sessions
        held, sessions.apps, sessions.open = state
        for name, value in held.items():
            setattr(org, name, value)

    @property
    def _rep(self) -> str:
        return self._made.user_id(REP)

    def _live(self, name: str) -> list[tuple[str, dict[str, Any]]]:
        return [
            (key, record.values)
            for key, record in self._made.org.tables[name].items()
            if not record.values.get("IsDeleted")
        ]

    def _edit(self, record: str, **values: object) -> None:
        self._made.act("edit", id=record, values=values)
