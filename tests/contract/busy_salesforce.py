"""The emulated Salesforce on a busy day: sessions end, and a first load is soon a bulk job."""

from collections.abc import Mapping
from decimal import Decimal

import pytest
from pydantic import SecretStr

from connectors.salesforce.access import ClientCredentials
from connectors.salesforce.connector import Salesforce
from connectors.sandbox.salesforce.sandbox import (
    SANDBOX_CLIENT_KEY,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_SESSION,
    SANDBOX_USERNAME,
    SalesforceSandbox,
)
from rules.records import Kind
from rules.time import Instant, instant_of
from tests.contract.busy import NOW, BusyCrm, Hurry
from tests.contract.in_salesforce import InSalesforce

# Records from which on a first load is a bulk job.
_BULK_FROM = 40


class BusySalesforce(InSalesforce, BusyCrm):
    vendor = "salesforce"

    def __init__(self, sandbox: SalesforceSandbox) -> None:
        sandbox.clock.set(NOW)
        super().__init__(sandbox)
        self.connector.close()
        self.connector = Salesforce(
            ClientCredentials(
                client_id=SANDBOX_CLIENT_KEY, client_secret=SecretStr(SANDBOX_CLIENT_SECRET)
            ),
            base_url=sandbox.url,
            clock=Hurry(sandbox.clock).clock(),
            bulk_from=_BULK_FROM,
        )

    def now(self) -> Instant:
        return instant_of(self.sandbox.clock.now())

    def put_owner(self, first: str, last: str, email: str) -> str:
        made = self.sandbox.act("create_user", username=email, first_name=first, last_name=last)
        return str(made["id"])

    def deactivate_owner(self, owner: str) -> None:
        self.sandbox.act("deactivate_user", id=owner)

    def reactivate_owner(self, owner: str) -> None:
        self.sandbox.act("activate_user", id=owner)

    def reassign(self, _kind: Kind, external_id: str, owner: str) -> None:
        self.sandbox.act("edit", id=external_id, values={"OwnerId": owner})

    def restore(self, _kind: Kind, external_id: str) -> None:
        self.sandbox.act("undelete", id=external_id)

    def purge(self, _kind: Kind, external_id: str) -> None:
        self.sandbox.act("purge", id=external_id)

    def set_potential(self, account: str, value: str) -> None:
        self.sandbox.act("edit", id=account, values={"Potentiel__c": value})

    def own_value(self, account: str, name: str) -> str | None:
        value = self.sandbox.values_of(account).get(f"arpent_{name}__c")
        return None if value is None else str(value)

    def edit_by(self, owner: str, account: str, name: str, value: str | None) -> None:
        values = {f"arpent_{name}__c": value}
        self.sandbox.act("edit", id=account, user=owner, values=values)

    def relabel_field(self, name: str, label: str) -> None:
        self.sandbox.act("change_field", object="Account", name=name, label=label)

    def retype_field(self, name: str) -> None:
        self.sandbox.act("change_field", object="Account", name=name, type="date")

    def remove_field(self, name: str) -> None:
        self.sandbox.act("delete_field", object="Account", name=name)

    def use_currencies(self, rates: Mapping[str, str]) -> None:
        # Salesforce's rates are the other way round: units of each for one corporate unit.
        shown = {currency: float(1 / Decimal(rate)) for currency, rate in rates.items()}
        self.sandbox.act("set_currencies", rates=shown)

    def put_deal(
        self, amount: str, account: str, *, owner: str | None = None, currency: str | None = None
    ) -> str:
        return self._create(
            "Opportunity",
            Name="Presse",
            Amount=amount,
            StageName=self.open_stage,
            AccountId=account,
            OwnerId=owner or self.owner_id,
            CloseDate="2026-12-18",
            **({"CurrencyIsoCode": currency} if currency else {}),
        )

    def refuse(self, account: str) -> str:
        reason = "Le secteur est obligatoire."
        rule = {"object": "Account", "condition": f"Id = '{account}'", "message": reason}
        self.sandbox.switches.change({"validation_rules": [rule]})
        return reason

    def accept(self, _account: str) -> None:
        self.sandbox.switches.change({"validation_rules": []})

    def storm(self, calls: int) -> None:
        fault = {"status": 429}
        match = {"path": "^/services/data/"}
        self.sandbox.set_faults({"match": match, "times": calls, "fault": fault})

    def end_session(self) -> None:
        self.sandbox.expire_sessions()
        # The people who seed the org stay logged in: that is no login of the connector's.
        self.sandbox.open_session(SANDBOX_USERNAME, SANDBOX_SESSION)
        self.sandbox.gateway.sessions.logins -= 1

    def withdraw(self) -> None:
        with self.sandbox.org.lock:
            self.sandbox.gateway.sessions.apps.clear()
        self.end_session()

    def logins(self) -> int:
        return int(self.sandbox.statistics()["logins"])

    def lose_the_next_batch(self) -> None:
        self._lose("/composite/sobjects$")

    def lose_the_next_task(self) -> None:
        self._lose("/sobjects/Task$")

    def writes(self) -> int:
        return len(self.sandbox.history())

    def lower_caps(self, _patch: pytest.MonkeyPatch) -> None:
        self.sandbox.switches.change({"page_size": 7, "bulk_page_size": 20})

    def _lose(self, path: str) -> None:
        rule = {"match": {"path": path}, "nth": 1, "fault": {"drop_after_commit": True}}
        self.sandbox.set_faults(rule)
