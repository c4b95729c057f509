"""Salesforce's connector under the contract, against the emulated org."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
from pydantic import SecretStr

from connectors.base import Binding, OwnField, Provision
from connectors.pace import Clock
from connectors.salesforce.access import ClientCredentials
from connectors.salesforce.connector import Salesforce
from connectors.sandbox.salesforce.sandbox import (
    SANDBOX_CLIENT_KEY,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_SESSION,
    SANDBOX_USERNAME,
    SalesforceSandbox,
)
from rules.records import FieldType, Kind
from tests.contract.crm import POTENTIAL, SECTOR, Crm

DATA = "/services/data/v68.0"
OWNER = "elise@example.org"
# The columns of `Crm.put_accounts`, and the fields that an administrator made for them.
FIELDS = {"name": "Name", "potentiel": "Potentiel__c", "secteur": "Secteur__c"}
_TYPES = {FieldType.TEXT: "string", FieldType.NUMBER: "double"}
_LOCKED = 1_000


def hurried() -> Clock:
    """A clock whose waits take a hundredth of their time, in which a person does nothing."""
    return Clock(sleep=lambda seconds: time.sleep(min(seconds / 100, 0.05)))


class InSalesforce(Crm):
    """Salesforce's connector and the emulated org, which is seeded through its public API."""

    open_stage = "Prospecting"
    won_stage = "Closed Won"
    lost_stage = "Closed Lost"
    missing_id = "001000000404404AAA"
    potential = Binding(
        kind=Kind.ACCOUNT, name=POTENTIAL.name, crm_field="Potentiel__c", type=POTENTIAL.type
    )
    sector = Binding(
        kind=Kind.ACCOUNT,
        name=SECTOR.name,
        crm_field="Secteur__c",
        type=SECTOR.type,
        values=SECTOR.values,
    )
    # What is longer than its field: picklists take any value that is not in their list.
    refused_value = ("why", "long " * 60)
    # A login, the org, its currencies, the one that it counts in.
    calls_to_identify = 4
    accounts_per_opportunity = 1
    tells_kept_form = False

    def __init__(self, sandbox: SalesforceSandbox, clock: Clock | None = None) -> None:
        self.sandbox = sandbox
        self.account_id = sandbox.org_id
        is_blocked = sandbox.switches.deleted_name_is_blocked
        self.tells_last_change = sandbox.switches.tracks_history
        self.remade = Provision.CONFLICT if is_blocked else Provision.CREATED
        self.owner_id = sandbox.user_id(OWNER)
        self.connector = Salesforce(
            ClientCredentials(
                client_id=SANDBOX_CLIENT_KEY, client_secret=SecretStr(SANDBOX_CLIENT_SECRET)
            ),
            base_url=sandbox.url,
            clock=clock or hurried(),
        )
        headers = {"Authorization": f"Bearer {SANDBOX_SESSION}"}
        self._http = httpx.Client(base_url=sandbox.url + DATA, headers=headers)

    def close(self) -> None:
        self._http.close()
        self.connector.close()

    def put_accounts(self, rows: Sequence[Mapping[str, str]]) -> list[str]:
        ids: list[str] = []
        for start in range(0, len(rows), 200):
            records = [
                {
                    "attributes": {"type": "Account"},
                    "OwnerId": self.owner_id,
                    **{FIELDS[column]: value for column, value in row.items()},
                }
                for row in rows[start : start + 200]
            ]
            body = {"allOrNone": True, "records": records}
            made = self._http.post("/composite/sobjects", json=body).raise_for_status().json()
            ids += [one["id"] for one in made]
        return ids

    def rename_account(self, account: str, name: str) -> None:
        self.sandbox.act("edit", id=account, values={"Name": name})

    def put_opportunity(self, amount: str, stage: str, accounts: Sequence[str]) -> str:
        return self._create(
            "Opportunity",
            Name="Presse",
            Amount=amount,
            StageName=stage,
            AccountId=accounts[0],
            OwnerId=self.owner_id,
            CloseDate="2026-12-18",
        )

    def move_opportunity(self, opportunity: str, stage: str) -> None:
        # History tells the changes of one second apart by nothing.
        self.sandbox.clock.advance(timedelta(seconds=2))
        self._patch("Opportunity", opportunity, {"StageName": stage, "Amount": "900"})

    def put_contact(self, account: str) -> str:
        return self._create("Contact", LastName="Roy", Email="a@example.org", AccountId=account)

    def put_call(self, account: str, *, is_completed: bool) -> str:
        return self._create(
            "Task",
            Subject="Appel",
            TaskSubtype="Call",
            WhatId=account,
            Status="Completed" if is_completed else "Not Started",
            ActivityDate="2026-11-02",
        )

    def archive(self, _kind: Kind, external_id: str) -> None:
        self.sandbox.act("delete", id=external_id)

    def merge(self, loser: str, winner: str) -> str:
        return str(self.sandbox.act("merge", id=winner, losers=[loser])["id"])

    def edit_own_field(self, account: str, name: str, value: str) -> None:
        self.sandbox.act("edit", id=account, values={f"arpent_{name}__c": value})
        self._commit()

    def declare(self, own_field: OwnField) -> None:
        self.sandbox.act(
            "create_field",
            object="Account",
            name=f"arpent_{own_field.name}__c",
            type=_TYPES[own_field.type],
        )
        self._commit()

    def lose_the_next_answer(self) -> None:
        path = "/(composite/sobjects|sobjects/Task)$"
        rule = {"match": {"path": path}, "nth": 1, "fault": {"drop_after_commit": True}}
        self.sandbox.set_faults(rule)

    def tasks(self) -> int:
        query = {"q": "SELECT COUNT() FROM Task WHERE TaskSubtype = 'Task'"}
        found = self._http.get("/query", params=query).raise_for_status().json()
        return int(found["totalSize"])

    def finish_task(self, task_id: str, status: str = "Completed") -> None:
        self.sandbox.act("complete_task", id=task_id, status=status)
        self._commit()

    def put_off_task(self, task_id: str, status: str | None = None) -> None:
        word = {} if status is None else {"status": status}
        self.sandbox.act("defer_task", id=task_id, **word)
        self._commit()

    def move_task(self, task_id: str, day: str) -> None:
        self.sandbox.act("redate_task", id=task_id, due=day)
        self._commit()

    def delete_task(self, task_id: str) -> None:
        self.sandbox.act("delete_task", id=task_id)
        self._commit()

    def is_task_done(self, task_id: str) -> bool:
        return self.sandbox.values_of(task_id)["IsClosed"] is True

    def task_text(self, task_id: str) -> tuple[str, str]:
        values = self.sandbox.values_of(task_id)
        return values["Subject"], values["Description"]

    def lock(self, account: str) -> None:
        self.sandbox.act("lock_row", id=account, times=_LOCKED)

    def unlock(self, account: str) -> None:
        with self.sandbox.org.lock:
            del self.sandbox.org.row_locks[account]

    def keep_upper_case(self, name: str) -> None:
        self.sandbox.switches.change({"before_save": {f"Account.arpent_{name}__c": "upper"}})

    def limit_fields(self, more: int) -> None:
        fields = self.sandbox.org.objects["Account"].fields.values()
        number = sum(field.custom for field in fields)
        self.sandbox.switches.change({"custom_field_limit": number + more})

    def delete_own_field(self, name: str) -> None:
        self.sandbox.act("delete_field", object="Account", name=f"arpent_{name}__c")

    def outlast_deletions(self) -> None:
        # They are erased after fifteen days.
        self.sandbox.clock.advance(timedelta(days=16))
        self.sandbox.open_session(SANDBOX_USERNAME, SANDBOX_SESSION)

    def settle(self) -> None:
        # Past the safety lag.
        self.sandbox.clock.advance(timedelta(minutes=30))

    def catch_up(self) -> None:
        self.sandbox.clock.advance(timedelta(minutes=6))

    def _commit(self) -> None:
        """A person's change is seen once it is committed, which may be later than its stamp."""
        self.sandbox.clock.advance(timedelta(seconds=3))

    def _create(self, object_name: str, **values: str) -> str:
        made = self._http.post(f"/sobjects/{object_name}", json=values).raise_for_status().json()
        return str(made["id"])

    def _patch(self, object_name: str, key: str, values: Mapping[str, Any]) -> None:
        self._http.patch(f"/sobjects/{object_name}/{key}", json=values).raise_for_status()


@contextmanager
def org_of_one_owner() -> Iterator[SalesforceSandbox]:
    """An org with a rep, with the fields that its administrator made, and with short pages."""
    with SalesforceSandbox() as org:
        org.act("create_user", username=OWNER, first_name="Élise", last_name="Gagnon")
        for name in ("Potentiel__c", "Secteur__c"):
            org.act("create_field", object="Account", name=name, type="string")
        # Salesforce cuts pages as it likes: so that 230 accounts are several.
        org.switches.change({"page_size": 100})
        yield org
