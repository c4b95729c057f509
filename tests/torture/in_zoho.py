"""The story's CRM is Zoho, in an organization whose tasks can't have an external field.

Where they can, a second task of one key is refused; here nothing but Arpent itself prevents it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import SecretStr

from connectors.sandbox.zoho import (
    SANDBOX_CLIENT_ID,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_REFRESH_TOKEN,
    ZohoSandbox,
)
from connectors.sandbox.zoho.fields import Choice
from connectors.sandbox.zoho.setup import INTEGRATION
from connectors.zoho.connector import Zoho
from tests.scenarios.truth import Team, Truth
from tests.torture import faults, zoho_truth
from tests.torture.portal import WRITTEN, Fault, Portal, Values, Write, at

PLENTY = 10_000_000
REP = "elise@arpent.example"
_OURS = {f"Arpent_{name.title()}": name for name in WRITTEN}
_TASK = ("Subject", "Description", "Status", "Owner", "What_Id")
# What belongs to one organization and not to its state.
_NO_STATE = frozenset({"clock", "lock", "switches", "is_in_call"})
_RULE = {
    "module": "Accounts", "field": "Arpent_Tier", "condition": "Arpent_Tier = 'silver'",
    "message": "Une règle refuse.",
}  # fmt: skip
_READ, _WRITE = "/(coql|deleted)$", "/Accounts$"


def _error(code: str, message: str) -> dict[str, Any]:
    return {"code": code, "details": {}, "message": message, "status": "error"}


_LOCKED = _error("RECORD_LOCKED", "record is locked")
_ANYWHERE: Mapping[str, Fault] = {
    "the day's credits are used up": {
        "status": 429,
        "body": _error("TOO_MANY_REQUESTS", "You have used up the API credits of your day."),
    },
    "an error under 200": {
        "status": 200, "body": _error("INTERNAL_ERROR", "Internal Server Error"),
    },
    "half of a JSON": {"status": 200, "body": '{"data": ['},
}  # fmt: skip
_READING: Mapping[str, Fault] = {
    "each record twice": {"spoil": [{"at": ["data"], "repeat": True}]},
    "records in disorder": {"spoil": [{"at": ["data"], "reverse": True}]},
    "no list of records": {"spoil": [{"at": ["data"], "remove": True}]},
    "more is said to come": {"spoil": [{"at": ["info", "more_records"], "set": True}]},
}
_WRITING: Mapping[str, Fault] = {
    # Nothing is carried out, and of the rows after the first not a word is said.
    "a locked row": {"status": 207, "body": {"data": [_LOCKED]}},
    "400": {"status": 400, "body": _error("INVALID_DATA", "invalid data")},
    "a row unmentioned": {"spoil": [{"at": ["data", 0], "remove": True}]},
    "rows without a word": {"spoil": [{"at": ["data", "*"], "set": {}}]},
    "rows in disorder": {"spoil": [{"at": ["data"], "reverse": True}]},
    "rows twice": {"spoil": [{"at": ["data"], "repeat": True}]},
}


class InZoho(Portal):
    """An emulated organization."""

    vendor = "zoho"
    connector = Zoho
    waits = ("read_seconds", "write_seconds", "query_seconds")
    harmless = frozenset[str]()
    batch = "/Accounts"
    tasks_path = "/Tasks"
    # What people write is seen late, the index of the search later still.
    late: ClassVar[Mapping[str, object]] = {"late_commit_seconds": 2.0, "search_lag_seconds": 30.0}
    refusing: ClassVar[Mapping[str, object]] = {"validation_rules": [_RULE]}
    taking: ClassVar[Mapping[str, object]] = {"validation_rules": []}

    def __init__(self) -> None:
        self._made = ZohoSandbox(now=at(29, 7, month=6))
        super().__init__(self._made, self._made.switches)
        self.switches.change(
            {"daily_credits": PLENTY, "tokens_per_window": PLENTY, "external_fields": False}
        )
        self._declare()
        self.furnish()

    def _declare(self) -> None:
        """The custom fields that the shipped playbook reads."""
        for module, label, options in (
            ("Accounts", "Lifecyclestage", ("customer", "lead", "other")),
            ("Accounts", "Potentiel Annuel", ()),
            ("Accounts", "Cycle De Vente", ("court", "moyen", "long")),
            ("Deals", "Product", ("Maintenance", "Planification")),
        ):
            shape: dict[str, Any] = {"data_type": "currency"}
            if options:
                listed = [{"display_value": each, "actual_value": each} for each in options]
                shape = {"data_type": "picklist", "pick_list_values": listed}
            self._made.act("create_field", module=module, field_label=label, **shape)
        org = self._made.org
        org.modules["Deals"].fields["Lead_Source"].choices = [
            Choice(id=org.mint(), actual=each, display=each)
            for each in ("Client existant", "Nouveau client", "Référence")
        ]

    def add_rep(self, first: str, last: str, email: str) -> None:
        self._made.act("create_user", email=email, first_name=first, last_name=last)

    def add_company(self, name: str, potential: str) -> None:
        self._made.create(
            "Accounts", Account_Name=name, Lifecyclestage="lead", Owner={"id": self._rep},
            Potentiel_Annuel=float(potential),
        )  # fmt: skip

    def add_deal(self, number: int) -> None:
        self._made.create(
            "Deals", Deal_Name=f"Affaire {number}", Account_Name={"id": self.number_of(number)},
            Amount=20_000.0, Stage="Qualification", Closing_Date="2026-07-31",
            Owner={"id": self._rep},
        )  # fmt: skip

    def set_potential(self, company: str, potential: str) -> None:
        self._edit(company, Potentiel_Annuel=float(potential) if potential else None)

    def set_tier(self, company: str, tier: str) -> None:
        tiers = self._made.org.modules["Accounts"].fields["Arpent_Tier"]
        self._edit(company, Arpent_Tier=tiers.label_of(tier))

    def archive(self, company: str) -> None:
        self._made.act("delete", id=company)

    def log_call(self, company: str) -> None:
        self._made.create(
            "Calls", Subject="Appel", Call_Type="Outbound", Outgoing_Call_Status="Completed",
            Call_Start_Time="2026-06-30T10:00:00-04:00", What_Id={"id": company},
            Owner={"id": self._rep},
        )  # fmt: skip

    def win_a_deal(self) -> None:
        self._edit(min(self._made.org.tables["Deals"], key=int), Stage="Closed Won")

    def companies(self) -> Sequence[str]:
        org = self._made.org
        gone = [each.id for each in org.deleted.values() if each.module == "Accounts"]
        return sorted([*org.tables["Accounts"], *gone], key=int)

    def values(self) -> Values:
        return {
            record.id: {name: _text(record.values.get(field)) for field, name in _OURS.items()}
            for record in self._made.org.tables["Accounts"].values()
        }

    def tasks(self) -> list[list[Any]]:
        return sorted(
            [str(record.values.get(name) or "") for name in _TASK]
            for record in self._made.org.tables["Tasks"].values()
        )

    def writes(self, since: int = 0) -> list[Write]:
        ours = self._made.user_id(INTEGRATION)
        return [
            Write(
                company=row["id"], field=_OURS[name], value=_text(value),
                is_ours=row["user"] == ours,
            )
            for row in self._made.history()[since:]
            if row["objectType"] == "Accounts"
            for name, value in row["values"].items()
            if name in _OURS
        ]  # fmt: skip

    def truth(self, team: Team) -> Truth:
        return zoho_truth.truth_of(self._made, team)

    def requests(self) -> int:
        return sum(self._made.gateway.credits.requests.values())

    def settings(self, url: str, refresh_file: Path) -> dict[str, Any]:
        return {
            "zoho_url": url,
            "zoho_client_id": SANDBOX_CLIENT_ID,
            "zoho_client_secret": SecretStr(SANDBOX_CLIENT_SECRET),
            "zoho_refresh_token": SecretStr(SANDBOX_REFRESH_TOKEN),
            "zoho_refresh_token_file": refresh_file,
        }

    def faults(self) -> Sequence[tuple[str, float, Mapping[str, Fault]]]:
        return (
            (_WRITE, 8, _WRITING),
            (_READ, 1.5, _READING),
            ("^/(crm|oauth)/", 1, {**faults.ANYWHERE, **_ANYWHERE}),
        )

    def state(self) -> tuple[Any, ...]:
        org, accounts = self._made.org, self._made.gateway.accounts
        held = {name: value for name, value in vars(org).items() if name not in _NO_STATE}
        return held, accounts.clients, accounts.grants, accounts.sessions

    def take_over(self, state: tuple[Any, ...]) -> None:
        accounts = self._made.gateway.accounts
        held, accounts.clients, accounts.grants, accounts.sessions = state
        vars(self._made.org).update(held)

    @property
    def _rep(self) -> str:
        return self._made.user_id(REP)

    def _edit(self, record: str, **values: object) -> None:
        self._made.act("edit", id=record, values=values)


def _text(value: object) -> str | None:
    """A value of ours as Arpent writes it; a day as YYYY-MM-DD."""
    return None if value is None else str(value)
