"""The story's CRM is HubSpot."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pydantic import SecretStr

from connectors.hubspot.connector import HubSpot
from connectors.sandbox.hubspot import HubSpotSandbox
from tests.scenarios import truth
from tests.scenarios.truth import Team, Truth
from tests.torture import faults
from tests.torture.portal import WRITTEN, Fault, Portal, Values, Write, at

CLIENT, SECRET, REFRESH = "an-app", "its-secret", "its-refresh-token"
ARPENT = "Arpent"
CALL_TO_COMPANY, DEAL_TO_COMPANY = 182, 341
PLENTY = 10_000_000
# An administrator's rule that refuses some rows of a batch.
_RULE = {
    "objectType": "companies", "property": "arpent_tier", "value": "silver", "required": "city",
}  # fmt: skip
_TASK = ("hs_task_subject", "hs_task_body", "hs_task_status", "hubspot_owner_id")
_OURS = {f"arpent_{name}": name for name in WRITTEN}
_LIST, _WRITE = r"/crm/objects/[^/]+/\w+$|/search$", "/batch/update$"
_DAILY = {
    "status": "error", "errorType": "RATE_LIMIT", "policyName": "DAILY",
    "message": "You have reached your daily limit.",
}  # fmt: skip
_INVALID = {"status": "error", "category": "VALIDATION_ERROR", "message": "Something is invalid."}
_ANYWHERE: Mapping[str, Fault] = {
    "the day's calls are used up": {"status": 429, "body": _DAILY},
    "477, moving": {"status": 477, "retry_after": 90},
    "half of a JSON": {"status": 200, "body": '{"results": ['},
}
_READING: Mapping[str, Fault] = {
    "each record twice": {"spoil": [{"at": ["results"], "repeat": True}]},
    "records in disorder": {"spoil": [{"at": ["results"], "reverse": True}]},
    "no list of records": {"spoil": [{"at": ["results"], "remove": True}]},
    "a page that leads to itself": {"spoil": [{"at": ["paging"], "set": {"next": {"after": "1"}}}]},
}
_WRITING: Mapping[str, Fault] = {
    "423, locked": {"status": 423},
    "400": {"status": 400, "body": _INVALID},
    "a row unmentioned": {"spoil": [{"at": ["results", 0], "remove": True}]},
    "all rows unmentioned": {"spoil": [{"at": ["results"], "clear": True}]},
    "rows in disorder": {"spoil": [{"at": ["results"], "reverse": True}]},
    "rows twice": {"spoil": [{"at": ["results"], "repeat": True}]},
}


class InHubSpot(Portal):
    """An emulated portal."""

    vendor = "hubspot"
    connector = HubSpot
    waits = ("read_seconds", "write_seconds")
    harmless = frozenset[str]()
    batch = "/companies/batch/update"
    tasks_path = "/tasks"
    # What was written is found by the search some seconds, or minutes, after it was.
    late: ClassVar[Mapping[str, object]] = {"search_lag": "tailed", "search_lag_seconds": 2.0}
    refusing: ClassVar[Mapping[str, object]] = {"conditional_rules": [_RULE]}
    taking: ClassVar[Mapping[str, object]] = {"conditional_rules": []}

    def __init__(self) -> None:
        self._made = HubSpotSandbox(now=at(29, 7, month=6))
        super().__init__(self._made, self._made.switches)
        limits = ("ten_second_limit", "search_per_second", "daily_limit", "oauth_ten_second_limit")
        self.switches.change(dict.fromkeys(limits, PLENTY))
        self._made.add_oauth_app(CLIENT, SECRET, REFRESH)
        self._declare()
        self.furnish()

    def _declare(self) -> None:
        """The custom properties that the shipped playbook reads."""
        sources = ("Client existant", "Nouveau client", "Référence")
        for kind, group, name, choices in (
            ("companies", "companyinformation", "potentiel_annuel", ()),
            ("companies", "companyinformation", "cycle_de_vente", ("court", "moyen", "long")),
            ("deals", "dealinformation", "source", sources),
            ("deals", "dealinformation", "product", ("Maintenance", "Planification")),
        ):
            shape: dict[str, Any] = {"type": "number", "fieldType": "number"}
            if choices:
                options = [{"label": each, "value": each} for each in choices]
                shape = {"type": "enumeration", "fieldType": "select", "options": options}
            body = {"name": name, "label": name, "groupName": group, **shape}
            status, answer = self._made.call("POST", f"/crm/v3/properties/{kind}", body)
            assert status == 201, answer

    def add_rep(self, first: str, last: str, email: str) -> None:
        self._made.act("create_owner", firstName=first, lastName=last, email=email)

    def add_company(self, name: str, potential: str) -> None:
        values = {
            "name": name, "lifecyclestage": "lead", "hubspot_owner_id": self._rep,
            "potentiel_annuel": potential,
        }  # fmt: skip
        self._made.act("create", objectType="companies", properties=values)

    def add_deal(self, number: int) -> None:
        self._linked(
            "deals", self.number_of(number), DEAL_TO_COMPANY, dealname=f"Affaire {number}",
            amount="20000", pipeline="default", dealstage="qualifiedtobuy",
            hubspot_owner_id=self._rep,
        )  # fmt: skip

    def set_potential(self, company: str, potential: str) -> None:
        self._edit("companies", company, potentiel_annuel=potential)

    def set_tier(self, company: str, tier: str) -> None:
        self._edit("companies", company, arpent_tier=tier)

    def archive(self, company: str) -> None:
        self._made.act("archive", objectType="companies", id=company)

    def log_call(self, company: str) -> None:
        self._linked("calls", company, CALL_TO_COMPANY, hs_timestamp="2026-06-30T14:00:00Z")

    def win_a_deal(self) -> None:
        deal = min(self._records("deals"), key=int)
        self._edit("deals", deal, dealstage="closedwon")

    def companies(self) -> Sequence[str]:
        return sorted(self._records("companies"), key=int)

    def values(self) -> Values:
        return {
            record.id: {name: record.values.get(field) for field, name in _OURS.items()}
            for record in self._records("companies").values()
            if not record.archived
        }

    def tasks(self) -> list[list[Any]]:
        state = self._made.portal.state
        return sorted(
            [
                *[record.values.get(name, "") for name in _TASK],
                sorted(state.linked("tasks", record.id, "companies")),
            ]
            for record in self._records("tasks").values()
            if not record.archived
        )

    def writes(self, since: int = 0) -> list[Write]:
        return [
            Write(
                company=row["id"], field=_OURS[row["property"]], value=row["after"],
                is_ours=row["source"] == ARPENT,
            )
            for row in self._made.history()[since:]
            if row["property"] in _OURS
        ]  # fmt: skip

    def truth(self, team: Team) -> Truth:
        return truth.truth_of(self._made, team)

    def requests(self) -> int:
        return sum(self._made.gateway.governor.requests.values())

    def settings(self, url: str, refresh_file: Path) -> dict[str, Any]:
        return {
            "hubspot_url": url,
            "hubspot_client_id": CLIENT,
            "hubspot_client_secret": SecretStr(SECRET),
            "hubspot_refresh_token": SecretStr(REFRESH),
            "hubspot_refresh_token_file": refresh_file,
        }

    def faults(self) -> Sequence[tuple[str, float, Mapping[str, Fault]]]:
        return (
            (_WRITE, 5, _WRITING),
            (_LIST, 1.5, _READING),
            ("^/(crm|oauth|account)", 1, {**faults.ANYWHERE, **_ANYWHERE}),
        )

    def late_by(self, seed: int) -> Mapping[str, object]:
        return {**self.late, "search_lag_seed": seed}

    def state(self) -> tuple[Any, ...]:
        keyring = self._made.portal.keyring
        return self._made.portal.state, keyring.keys, keyring.clients

    def take_over(self, state: tuple[Any, ...]) -> None:
        portal = self._made.portal
        portal.state, portal.keyring.keys, portal.keyring.clients = state

    @property
    def _rep(self) -> str:
        (rep,) = self._made.portal.state.owners
        return str(rep)

    def _records(self, kind: str) -> Mapping[str, Any]:
        return self._made.portal.state.tables[kind].records

    def _edit(self, kind: str, record: str, **values: str) -> None:
        self._made.act("edit", objectType=kind, id=record, properties=values)

    def _linked(self, kind: str, company: str, association: int, **values: str) -> None:
        tie = {
            "to": {"id": company},
            "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": association}],
        }
        self._made.act("create", objectType=kind, properties=values, associations=[tie])
