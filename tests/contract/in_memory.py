"""The CRM in a dictionary, under the contract."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from connectors.base import CrmField, OwnField
from connectors.memory import Memory
from rules.records import ActivityKind, Kind, Relation, StageKind
from rules.time import instant_of
from tests.contract.crm import Crm


class InMemory(Crm):
    account_id = "memory-1"

    def __init__(self, memory: Memory | None = None) -> None:
        self.memory = memory or Memory()
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

    def put_off_task(self, task_id: str, _status: str | None = None) -> None:
        self.memory.put_off_task(task_id)

    def move_task(self, task_id: str, day: str) -> None:
        noon = datetime.fromisoformat(f"{day}T12:00:00-05:00")
        self.memory.move_task(task_id, instant_of(noon))

    def delete_task(self, task_id: str) -> None:
        self.memory.delete_task(task_id)

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
