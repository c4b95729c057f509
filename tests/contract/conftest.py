"""The CRMs that must keep the contract. Each joins with a small adapter that plays its people."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from connectors.base import Binding, Connector, CrmField, OwnField
from connectors.hubspot.connector import HubSpot
from connectors.hubspot.objects import API_VERSION
from connectors.memory import Memory
from connectors.pace import Clock
from connectors.sandbox.hubspot import SANDBOX_PORTAL, SANDBOX_TOKEN, HubSpotSandbox, load_folder
from connectors.sandbox.hubspot.switches import OTHER_ANSWERS
from rules.records import ActivityKind, FieldType, Kind, Relation, StageKind

POTENTIAL = Binding(
    kind=Kind.ACCOUNT, name="potential", crm_field="potentiel", type=FieldType.MONEY
)
SECTOR = Binding(
    kind=Kind.ACCOUNT,
    name="sector",
    crm_field="secteur",
    type=FieldType.CHOICE,
    values={"FAB": "manufacturing", "DET": "retail"},
)


OPPORTUNITY = (
    *("id", "name", "account_id", "owner_id", "stage", "amount", "currency", "created"),
    *("close_date", "is_closed", "is_won", "product", "source", "loss_reason", "stage_history"),
)


class Crm(ABC):
    """A CRM with one active owner, a stage of each kind, and text fields for dirty values."""

    connector: Connector
    account_id: str
    owner_id = "501"
    open_stage = "appointmentscheduled"
    won_stage = "closedwon"
    lost_stage = "closedlost"

    @abstractmethod
    def put_accounts(self, rows: Sequence[Mapping[str, str]]) -> list[str]:
        """Create accounts with a `name` and, as typed, a `potentiel` and a `secteur`."""

    @abstractmethod
    def rename_account(self, account: str, name: str) -> None: ...

    @abstractmethod
    def put_opportunity(self, amount: str, stage: str, accounts: Sequence[str]) -> str:
        """Create an opportunity on some accounts, the first of them the main one."""

    @abstractmethod
    def move_opportunity(self, opportunity: str, stage: str) -> None: ...

    @abstractmethod
    def put_contact(self, account: str) -> str: ...

    @abstractmethod
    def put_call(self, account: str, *, is_completed: bool) -> str: ...

    @abstractmethod
    def archive(self, kind: Kind, external_id: str) -> None: ...

    @abstractmethod
    def merge(self, loser: str, winner: str) -> str:
        """Merge two accounts; returns the id of the survivor."""

    @abstractmethod
    def edit_own_field(self, account: str, name: str, value: str) -> None: ...

    @abstractmethod
    def declare(self, own_field: OwnField) -> None:
        """An admin makes a field that bears our name."""

    @abstractmethod
    def lose_the_next_answer(self) -> None: ...

    @abstractmethod
    def tasks(self) -> int:
        """How many tasks exist in the CRM."""

    @abstractmethod
    def finish_task(self, task_id: str) -> None:
        """A person completes a task."""

    @abstractmethod
    def is_task_done(self, task_id: str) -> bool: ...

    @abstractmethod
    def task_text(self, task_id: str) -> tuple[str, str]:
        """The subject and the body of a task."""

    @abstractmethod
    def lock(self, account: str) -> None:
        """Somebody else's change holds an account."""

    @abstractmethod
    def unlock(self, account: str) -> None: ...

    @abstractmethod
    def keep_upper_case(self, name: str) -> None:
        """The CRM keeps the values of one of our fields in upper case."""

    @abstractmethod
    def limit_fields(self, more: int) -> None:
        """The CRM takes so many more own fields."""

    @abstractmethod
    def delete_own_field(self, name: str) -> None:
        """An admin deletes one of our fields."""

    @abstractmethod
    def settle(self) -> None:
        """Time passes: what comes next is later than what the cursors have seen."""

    @abstractmethod
    def catch_up(self) -> None:
        """Time passes, less than `settle`: what was just changed can be found by now."""

    def put_account(self, name: str = "Ferblanterie Nordet", **row: str) -> str:
        return self.put_accounts([{"name": name, **row}])[0]


class InMemory(Crm):
    account_id = "memory-1"

    def __init__(self) -> None:
        self.memory = Memory()
        self.connector = self.memory
        self.memory.put_owner(self.owner_id, name="Élise Gagnon", email="elise@example.org")
        self.memory.put_stage(self.open_stage, kind=StageKind.OPEN)
        self.memory.put_stage(self.won_stage, kind=StageKind.WON, position=1)
        self.memory.put_stage(self.lost_stage, kind=StageKind.LOST, position=2)
        for name in ("potentiel", "secteur"):
            declared = CrmField(name=name, label=name.title(), type="string")
            self.memory.declare_field(Kind.ACCOUNT, declared)
        self._rows: dict[str, Mapping[str, str]] = {}

    def put_accounts(self, rows: Sequence[Mapping[str, str]]) -> list[str]:
        ids = [
            self.memory.put_account(name=row["name"], owner_id=self.owner_id, fields=row)
            for row in rows
        ]
        self._rows.update(zip(ids, rows, strict=True))
        return ids

    def rename_account(self, account: str, name: str) -> None:
        fields = self._rows[account]
        self.memory.put_account(account, name=name, owner_id=self.owner_id, fields=fields)

    def put_opportunity(self, amount: str, stage: str, accounts: Sequence[str]) -> str:
        key = self.memory.put_opportunity(
            amount=amount, stage_id=stage, owner_id=self.owner_id, account_id=accounts[0]
        )
        for other in accounts[1:]:
            self.memory.link(Relation.OPPORTUNITY_ACCOUNT, key, other)
        return key

    def move_opportunity(self, opportunity: str, stage: str) -> None:
        self.memory.put_opportunity(opportunity, amount="900", stage_id=stage)

    def put_contact(self, account: str) -> str:
        return self.memory.put_contact(account_id=account)

    def put_call(self, account: str, *, is_completed: bool) -> str:
        return self.memory.put_activity(
            kind=ActivityKind.CALL,
            owner_id=self.owner_id,
            is_contact=is_completed,
            account_id=account,
        )

    def archive(self, kind: Kind, external_id: str) -> None:
        self.memory.archive(kind, external_id)

    def merge(self, loser: str, winner: str) -> str:
        self.memory.merge(loser, winner)
        return winner

    def edit_own_field(self, account: str, name: str, value: str) -> None:
        self.memory.edit_own_field(account, name, value)

    def declare(self, own_field: OwnField) -> None:
        self.memory.own_schema[own_field.name] = own_field

    def lose_the_next_answer(self) -> None:
        self.memory.lose_answer()

    def tasks(self) -> int:
        return len(self.memory.tasks)

    def finish_task(self, task_id: str) -> None:
        self.memory.finish_task(task_id)

    def is_task_done(self, task_id: str) -> bool:
        return task_id in self.memory.finished

    def task_text(self, task_id: str) -> tuple[str, str]:
        task = self.memory.tasks[task_id]
        return task.subject, task.body

    def lock(self, account: str) -> None:
        self.memory.lock(account)

    def unlock(self, account: str) -> None:
        self.memory.accept(account)

    def keep_upper_case(self, name: str) -> None:
        self.memory.normalised[name] = str.upper

    def limit_fields(self, more: int) -> None:
        self.memory.room = len(self.memory.own_schema) + more

    def delete_own_field(self, name: str) -> None:
        self.memory.delete_own_field(name)

    def settle(self) -> None:
        # Cursors of the memory count changes: time means nothing to them.
        pass

    def catch_up(self) -> None:
        # There is no index.
        pass


class InSandbox(Crm):
    """HubSpot's connector, against the emulated portal; seeded through its public API."""

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


@pytest.fixture(scope="session")
def one_owner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the sandbox with an owner and nothing else."""
    folder = tmp_path_factory.mktemp("portal")
    owners = "id,name,email\n501,Élise Gagnon,elise@example.org\n"
    (folder / "owners.csv").write_text(owners, encoding="utf-8")
    (folder / "accounts.csv").write_text("id,name\n", encoding="utf-8")
    header = ",".join(OPPORTUNITY)
    (folder / "opportunities.csv").write_text(f"{header}\n", encoding="utf-8")
    return folder


@pytest.fixture
def sandbox(one_owner: Path) -> Iterator[HubSpotSandbox]:
    """A portal with an owner and HubSpot's own stages, which a folder would else replace."""
    with HubSpotSandbox() as portal:
        deal = {"dealname": "Ancienne", "dealstage": Crm.open_stage, "pipeline": "default"}
        made = portal.act("create", objectType="deals", properties=deal)
        portal.act("archive", objectType="deals", id=made["id"])
        load_folder(portal, one_owner)
        yield portal


@pytest.fixture
def legacy(sandbox: HubSpotSandbox) -> Iterator[InSandbox]:
    """HubSpot by its legacy paths."""
    adapter = InSandbox(sandbox, "v3")
    yield adapter
    adapter.close()


@pytest.fixture(params=["memory", "hubspot", "hubspot, other answers"])
def crm(request: pytest.FixtureRequest) -> Iterator[Crm]:
    """Each CRM in turn; HubSpot also with what its documentation leaves open, the other way."""
    if request.param == "memory":
        yield InMemory()
        return
    sandbox: HubSpotSandbox = request.getfixturevalue("sandbox")
    if request.param == "hubspot, other answers":
        sandbox.switches.change({**OTHER_ANSWERS})
    adapter = InSandbox(sandbox)
    yield adapter
    adapter.close()
