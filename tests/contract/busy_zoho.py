"""The emulated Zoho on a busy day: tokens end, and a first load is soon a bulk job."""

from collections.abc import Mapping
from decimal import Decimal

import pytest

from connectors.sandbox.zoho import ZohoSandbox
from connectors.zoho.connector import Zoho
from rules.records import Kind
from rules.time import Instant, instant_of
from tests.contract.busy import NOW, BusyCrm, Hurry
from tests.contract.in_zoho import PEOPLE_S, InZoho, own_name

# Records from which on a first load is a bulk job.
_BULK_FROM = 40


class BusyZoho(InZoho, BusyCrm):
    vendor = "zoho"

    def __init__(self, sandbox: ZohoSandbox) -> None:
        sandbox.clock.set(NOW)
        super().__init__(sandbox)
        self.connector.close()
        self.connector = Zoho(
            self.grant,
            accounts=sandbox.url,
            clock=Hurry(sandbox.clock).clock(),
            sweep_every=0,
            bulk_from=_BULK_FROM,
        )

    def now(self) -> Instant:
        return instant_of(self.sandbox.clock.now())

    def put_owner(self, first: str, last: str, email: str) -> str:
        made = self.sandbox.act("create_user", email=email, first_name=first, last_name=last)
        return str(made["id"])

    def deactivate_owner(self, owner: str) -> None:
        self.sandbox.act("deactivate_user", id=owner)

    def reactivate_owner(self, owner: str) -> None:
        self.sandbox.act("activate_user", id=owner)

    def reassign(self, _kind: Kind, external_id: str, owner: str) -> None:
        self.sandbox.act("reassign", id=external_id, owner=owner)

    def restore(self, _kind: Kind, external_id: str) -> None:
        self.sandbox.act("restore", id=external_id)

    def purge(self, _kind: Kind, external_id: str) -> None:
        self.sandbox.act("purge", id=external_id)

    def set_potential(self, account: str, value: str) -> None:
        self.sandbox.act("edit", id=account, values={"Potentiel": value})

    def own_value(self, account: str, name: str) -> str | None:
        field = self.sandbox.org.modules["Accounts"].find(own_name(name))
        value = self.sandbox.values_of(account).get(own_name(name))
        return None if field is None or value is None else field.kept(str(value))

    def edit_by(self, owner: str, account: str, name: str, value: str | None) -> None:
        self._edit(account, name, value, user=owner)

    def relabel_field(self, name: str, label: str) -> None:
        self.sandbox.act("relabel_field", module="Accounts", field=name, label=label)

    def retype_field(self, name: str) -> None:
        self.sandbox.act("retype_field", module="Accounts", field=name, data_type="date")

    def remove_field(self, name: str) -> None:
        self.sandbox.act("delete_field", module="Accounts", field=name)

    def use_currencies(self, rates: Mapping[str, str]) -> None:
        # Zoho's rates are the other way round: units of each for one of the home currency's.
        shown = {currency: float(1 / Decimal(rate)) for currency, rate in rates.items()}
        self.sandbox.act("set_currencies", rates=shown)

    def put_deal(
        self, amount: str, account: str, *, owner: str | None = None, currency: str | None = None
    ) -> str:
        return self._create(
            "Deals",
            Deal_Name="Presse",
            Amount=float(amount),
            Stage=self.open_stage,
            Account_Name={"id": account},
            Owner={"id": owner or self.owner_id},
            Closing_Date="2026-12-18",
            **({"Currency": currency} if currency else {}),
        )

    def refuse(self, account: str) -> str:
        reason = "Le secteur est obligatoire."
        rule = {
            "module": "Accounts",
            "field": "Secteur",
            "condition": f"id = '{account}'",
            "message": reason,
        }
        self.sandbox.switches.change({"validation_rules": [rule]})
        return reason

    def accept(self, _account: str) -> None:
        self.sandbox.switches.change({"validation_rules": []})

    def storm(self, calls: int) -> None:
        match, fault = {"path": "^/crm/v8/"}, {"status": 429}
        self.sandbox.set_faults({"match": match, "times": calls, "fault": fault})

    def end_session(self) -> None:
        self.sandbox.expire_sessions()

    def withdraw(self) -> None:
        with self.sandbox.org.lock:
            accounts = self.sandbox.gateway.accounts
            for token in [*accounts.grants]:
                if token != PEOPLE_S:
                    accounts.revoke(token)

    def logins(self) -> int:
        return self.sandbox.gateway.accounts.tokens_made - self.tokens_of_people

    def lose_the_next_batch(self) -> None:
        self._lose("/Accounts$")

    def lose_the_next_task(self) -> None:
        self._lose("/Tasks$")

    def writes(self) -> int:
        return len(self.sandbox.history())

    def lower_caps(self, _patch: pytest.MonkeyPatch) -> None:
        self.sandbox.switches.change({"short_pages": 7, "bulk_page_size": 20})
