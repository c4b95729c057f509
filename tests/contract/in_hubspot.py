"""HubSpot's connector under the contract, against the emulated portal."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from connectors.base import OwnField
from connectors.hubspot.connector import HubSpot
from connectors.hubspot.objects import API_VERSION
from connectors.pace import Clock
from connectors.sandbox.hubspot import SANDBOX_PORTAL, SANDBOX_TOKEN, HubSpotSandbox, load_folder
from rules.records import Kind
from tests.contract.crm import Crm

OPPORTUNITY = (
    *("id", "name", "account_id", "owner_id", "stage", "amount", "currency", "created"),
    *("close_date", "is_closed", "is_won", "product", "source", "loss_reason", "stage_history"),
)


class InHubSpot(Crm):
    """HubSpot's connector and the emulated portal, which is seeded through its public API."""

    account_id = str(SANDBOX_PORTAL)

    def __init__(
        self, sandbox: HubSpotSandbox, api_version: str = API_VERSION, clock: Clock | None = None
    ) -> None:
        self.sandbox = sandbox
        self.connector = HubSpot(
            SecretStr(SANDBOX_TOKEN),
            base_url=sandbox.url,
            api_version=api_version,
            clock=clock,
        )
        self._http = httpx.Client(
            base_url=sandbox.url, headers={"Authorization": f"Bearer {SANDBOX_TOKEN}"}
        )
        for name in ("potentiel", "secteur"):
            self._declare(name)

    def close(self) -> None:
        self._http.close()
        self.connector.close()

    def put_accounts(self, rows: Sequence[Mapping[str, str]]) -> list[str]:
        ids: list[str] = []
        for start in range(0, len(rows), 100):
            inputs = [
                {"properties": {**row, "hubspot_owner_id": self.owner_id}}
                for row in rows[start : start + 100]
            ]
            made = self._post("/crm/objects/2026-09/companies/batch/create", {"inputs": inputs})
            by_name = {one["properties"]["name"]: one["id"] for one in made["results"]}
            ids += [by_name[row["name"]] for row in rows[start : start + 100]]
        return ids

    def rename_account(self, account: str, name: str) -> None:
        self._patch("companies", account, {"name": name})

    def put_opportunity(self, amount: str, stage: str, accounts: Sequence[str]) -> str:
        properties = {"dealname": "Presse", "amount": amount, "dealstage": stage}
        types = [[5, 341], *([341] for _ in accounts[1:])]
        return self._create(
            "deals",
            {**properties, "pipeline": "default", "hubspot_owner_id": self.owner_id},
            list(zip(accounts, types, strict=True)),
        )

    def move_opportunity(self, opportunity: str, stage: str) -> None:
        self._patch("deals", opportunity, {"dealstage": stage, "amount": "900"})

    def put_contact(self, account: str) -> str:
        return self._create("contacts", {"email": "a@example.org"}, [(account, [279])])

    def put_call(self, account: str, *, is_completed: bool) -> str:
        status = "COMPLETED" if is_completed else "NO_ANSWER"
        properties = {"hs_timestamp": "2026-11-02T15:00:00Z", "hs_call_status": status}
        return self._create("calls", properties, [(account, [182])])

    def archive(self, kind: Kind, external_id: str) -> None:
        path = {Kind.ACCOUNT: "companies", Kind.OPPORTUNITY: "deals"}[kind]
        self._http.delete(f"/crm/objects/2026-09/{path}/{external_id}").raise_for_status()

    def merge(self, loser: str, winner: str) -> str:
        body = {"primaryObjectId": winner, "objectIdToMerge": loser}
        return str(self._post("/crm/objects/2026-09/companies/merge", body)["id"])

    def edit_own_field(self, account: str, name: str, value: str) -> None:
        self.sandbox.act(
            "edit", objectType="companies", id=account, properties={f"arpent_{name}": value}
        )

    def declare(self, own_field: OwnField) -> None:
        self._declare(f"arpent_{own_field.name}")

    def lose_the_next_answer(self) -> None:
        rule = {"match": {"method": "POST"}, "nth": 1, "fault": {"drop_after_commit": True}}
        self.sandbox.set_faults(rule)

    def tasks(self) -> int:
        listed = self._http.get("/crm/objects/2026-09/tasks").raise_for_status().json()
        return len(listed["results"])

    def finish_task(self, task_id: str) -> None:
        properties = {"hs_task_status": "COMPLETED"}
        self.sandbox.act("edit", objectType="tasks", id=task_id, properties=properties)

    def put_off_task(self, task_id: str, status: str | None = None) -> None:
        word = {} if status is None else {"status": status}
        self.sandbox.act("defer_task", id=task_id, **word)

    def move_task(self, task_id: str, day: str) -> None:
        self.sandbox.act("redate_task", id=task_id, due=f"{day}T12:00:00-05:00")

    def delete_task(self, task_id: str) -> None:
        self.sandbox.act("delete_task", id=task_id)

    def is_task_done(self, task_id: str) -> bool:
        return self.sandbox.values_of("tasks", task_id)["hs_task_status"] == "COMPLETED"

    def task_text(self, task_id: str) -> tuple[str, str]:
        values = self.sandbox.values_of("tasks", task_id)
        return values["hs_task_subject"], values["hs_task_body"]

    def lock(self, account: str) -> None:
        self.sandbox.act("lock", objectType="companies", id=account)

    def unlock(self, account: str) -> None:
        self.sandbox.act("unlock", objectType="companies", id=account)

    def keep_upper_case(self, name: str) -> None:
        self.sandbox.switches.change(
            {"normalised_properties": {f"companies.arpent_{name}": "upper"}}
        )

    def limit_fields(self, more: int) -> None:
        url = "/crm/limits/2026-09/custom-properties"
        rows = self._http.get(url).raise_for_status().json()["byObjectType"]
        usage = next(row["usage"] for row in rows if row["objectTypeId"] == "0-2")
        self.sandbox.switches.change({"custom_property_limit": usage + more})

    def delete_own_field(self, name: str) -> None:
        url = f"/crm/properties/2026-09/companies/arpent_{name}"
        self._http.delete(url).raise_for_status()

    def settle(self) -> None:
        # Past the safety lag, and until the archived records are looked at again.
        self.sandbox.clock.advance(timedelta(minutes=70))

    def catch_up(self) -> None:
        self.sandbox.clock.advance(timedelta(minutes=6))

    def _declare(self, name: str) -> None:
        self._post("/crm/properties/2026-09/companies", _text_property(name))
        # It was long ago: HubSpot shows a new property a moment later.
        self.sandbox.clock.advance(timedelta(seconds=5))

    def _create(
        self, path: str, properties: Mapping[str, str], links: Sequence[tuple[str, list[int]]]
    ) -> str:
        associations = [
            {
                "to": {"id": account},
                "types": [
                    {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number}
                    for number in numbers
                ],
            }
            for account, numbers in links
        ]
        body = {"properties": properties, "associations": associations}
        return str(self._post(f"/crm/objects/2026-09/{path}", body)["id"])

    def _patch(self, path: str, key: str, properties: Mapping[str, str]) -> None:
        url = f"/crm/objects/2026-09/{path}/{key}"
        self._http.patch(url, json={"properties": properties}).raise_for_status()

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = self._http.post(path, json=body).raise_for_status().json()
        return made


def _text_property(name: str) -> dict[str, str]:
    return {
        "name": name,
        "label": name.title(),
        "type": "string",
        "fieldType": "text",
        "groupName": "companyinformation",
    }


def write_one_owner(folder: Path) -> None:
    """Write a folder for the sandbox with an owner and nothing else."""
    owners = "id,name,email\n501,Élise Gagnon,elise@example.org\n"
    (folder / "owners.csv").write_text(owners, encoding="utf-8")
    (folder / "accounts.csv").write_text("id,name\n", encoding="utf-8")
    header = ",".join(OPPORTUNITY)
    (folder / "opportunities.csv").write_text(f"{header}\n", encoding="utf-8")


@contextmanager
def portal_of_one_owner(folder: Path) -> Iterator[HubSpotSandbox]:
    """A portal with an owner and HubSpot's own stages, which a folder would else replace."""
    with HubSpotSandbox() as portal:
        deal = {"dealname": "Ancienne", "dealstage": Crm.open_stage, "pipeline": "default"}
        made = portal.act("create", objectType="deals", properties=deal)
        portal.act("archive", objectType="deals", id=made["id"])
        load_folder(portal, folder)
        yield portal
