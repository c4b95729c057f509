"""The CRM in a dictionary on a busy day."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from connectors.base import Fatal, Retriable
from connectors.memory import Memory
from rules.language import Text
from rules.records import FieldType, Kind, Owner
from rules.time import Instant, instant_of
from tests.contract.busy import NOW, BusyCrm
from tests.contract.in_memory import InMemory

_SECOND = 1_000
_BUSY = Text("Trop d'appels.", "Too many calls.")
_WITHDRAWN = Text("L'accès a été retiré.", "The access was withdrawn.")
_LONG = 1_000


class BusyMemory(InMemory, BusyCrm):
    # Playbooks know no other names than those of vendors.
    vendor = "hubspot"

    def __init__(self) -> None:
        self._now = instant_of(NOW)
        super().__init__(Memory(clock=self.now))
        self.memory.vendor = self.vendor
        self.memory.identity = replace(self.memory.identity, vendor=self.vendor)

    def now(self) -> Instant:
        self._now += _SECOND
        return self._now

    def settle(self) -> None:
        self._now += 4_200 * _SECOND

    def put_owner(self, first: str, last: str, email: str) -> str:
        return self.memory.put_owner(name=f"{first} {last}", email=email)

    def deactivate_owner(self, owner: str) -> None:
        self._keep_owner(owner, is_active=False)

    def reactivate_owner(self, owner: str) -> None:
        self._keep_owner(owner, is_active=True)

    def reassign(self, kind: Kind, external_id: str, owner: str) -> None:
        self.memory.reassign(kind, external_id, owner)

    def restore(self, kind: Kind, external_id: str) -> None:
        self.memory.restore(kind, external_id)

    def purge(self, kind: Kind, external_id: str) -> None:
        self.memory.destroy(kind, external_id)

    def set_potential(self, account: str, value: str) -> None:
        row = self._rows[account] = {**self._rows[account], "potentiel": value}
        self.memory.put_account(account, name=row["name"], owner_id=self.owner_id, fields=row)

    def own_value(self, account: str, name: str) -> str | None:
        return self.memory.own_field(account, name)

    def edit_by(self, owner: str, account: str, name: str, value: str | None) -> None:
        self.memory.edit_own_field(account, name, value, author=self._owner(owner).name)

    def relabel_field(self, name: str, label: str) -> None:
        self.memory.change_field(Kind.ACCOUNT, name, label=label)

    def retype_field(self, name: str) -> None:
        never = (FieldType.NUMBER, FieldType.MONEY, FieldType.YES_NO)
        self.memory.change_field(Kind.ACCOUNT, name, type="date", never=never)

    def remove_field(self, name: str) -> None:
        self.memory.remove_field(Kind.ACCOUNT, name)

    def use_currencies(self, rates: Mapping[str, str]) -> None:
        self.memory.rates = {currency: Decimal(rate) for currency, rate in rates.items()}

    def put_deal(
        self, amount: str, account: str, *, owner: str | None = None, currency: str | None = None
    ) -> str:
        return self.memory.put_opportunity(
            amount=amount,
            stage_id=self.open_stage,
            owner_id=owner or self.owner_id,
            currency=currency or "CAD",
            account_id=account,
        )

    def refuse(self, account: str) -> str:
        reason = "Sector is required."
        self.memory.refuse(account, reason)
        return reason

    def accept(self, account: str) -> None:
        self.memory.accept(account)

    def storm(self, calls: int) -> None:
        for place in range(calls):
            self.memory.fail(Retriable(_BUSY), on_call=place + 1)

    def end_session(self) -> None:
        self.memory.end_session()

    def withdraw(self) -> None:
        for place in range(_LONG):
            self.memory.fail(Fatal(_WITHDRAWN), on_call=place + 1)

    def logins(self) -> int:
        return self.memory.logins

    def lose_the_next_batch(self) -> None:
        self.memory.lose_answer()

    def lose_the_next_task(self) -> None:
        self.memory.lose_answer(of_task=True)

    def writes(self) -> int:
        return len(self.memory.written) + len(self.memory.tasks)

    def lower_caps(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(self.memory, "page_size", 7)

    def _owner(self, owner: str) -> Owner:
        for page in self.memory.pull(Kind.OWNER, None, (), ()):
            for record in page.records:
                if isinstance(record, Owner) and record.external_id == owner:
                    return record
        raise KeyError(owner)

    def _keep_owner(self, owner: str, *, is_active: bool) -> None:
        kept = self._owner(owner)
        self.memory.put_owner(owner, name=kept.name, email=kept.email, is_active=is_active)
