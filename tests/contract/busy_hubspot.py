"""The emulated HubSpot on a busy day: opened by OAuth, whose tokens end, with limits to spare."""

from collections.abc import Mapping

import pytest
from pydantic import SecretStr

from connectors.base import Grant
from connectors.hubspot import source
from connectors.hubspot.connector import HubSpot
from connectors.sandbox.hubspot import HubSpotSandbox, search
from rules.records import Kind
from rules.time import Instant, instant_of
from tests.contract.busy import NOW, BusyCrm, Hurry
from tests.contract.in_hubspot import InHubSpot

CLIENT, SECRET, REFRESH = "an-app", "its-secret", "its-refresh-token"
_PLENTY = 10_000_000
_OBJECTS = {Kind.ACCOUNT: "companies", Kind.OPPORTUNITY: "deals"}
_PRIMARY, _PLAIN = 5, 341


class BusyHubSpot(InHubSpot, BusyCrm):
    vendor = "hubspot"
    # The search does not show that a record came back.
    shows_restored = False

    def __init__(self, sandbox: HubSpotSandbox) -> None:
        sandbox.clock.set(NOW)
        sandbox.switches.change(
            {
                "ten_second_limit": _PLENTY,
                "oauth_ten_second_limit": _PLENTY,
                "search_per_second": _PLENTY,
                "associations_ten_second_limit": _PLENTY,
            }
        )
        super().__init__(sandbox)
        self.connector.close()
        sandbox.add_oauth_app(CLIENT, SECRET, REFRESH)
        self._refresh = SecretStr(REFRESH)
        grant = Grant(
            client_id=CLIENT,
            client_secret=SecretStr(SECRET),
            refresh_token=lambda: self._refresh,
            keep=self._keep,
        )
        clock = Hurry(sandbox.clock).clock()
        self.connector = HubSpot(grant, base_url=sandbox.url, clock=clock)

    def now(self) -> Instant:
        return instant_of(self.sandbox.clock.now())

    def put_owner(self, first: str, last: str, email: str) -> str:
        made = self.sandbox.act("create_owner", firstName=first, lastName=last, email=email)
        return str(made["id"])

    def deactivate_owner(self, owner: str) -> None:
        self.sandbox.act("deactivate_owner", id=owner)

    def reactivate_owner(self, owner: str) -> None:
        self.sandbox.act("reactivate_owner", id=owner)

    def reassign(self, kind: Kind, external_id: str, owner: str) -> None:
        self._patch(_OBJECTS[kind], external_id, {"hubspot_owner_id": owner})

    def restore(self, kind: Kind, external_id: str) -> None:
        self.sandbox.act("restore", objectType=_OBJECTS[kind], id=external_id)

    def purge(self, kind: Kind, external_id: str) -> None:
        self.sandbox.act("purge", objectType=_OBJECTS[kind], id=external_id)

    def set_potential(self, account: str, value: str) -> None:
        self._patch("companies", account, {"potentiel": value})

    def own_value(self, account: str, name: str) -> str | None:
        return self.sandbox.values_of("companies", account).get(f"arpent_{name}") or None

    def edit_by(self, owner: str, account: str, name: str, value: str | None) -> None:
        user = self.sandbox.portal.state.owners[owner]["userIdIncludingInactive"]
        self.sandbox.act(
            "edit",
            objectType="companies",
            id=account,
            user=f"userId:{user}",
            properties={f"arpent_{name}": value or ""},
        )

    def relabel_field(self, name: str, label: str) -> None:
        self._administer("rename_label", name, label=label)

    def retype_field(self, name: str) -> None:
        self._administer("change_type", name, type="date", fieldType="date")

    def remove_field(self, name: str) -> None:
        self._administer("remove_property", name)

    def use_currencies(self, rates: Mapping[str, str]) -> None:
        self.sandbox.switches.change({"exchange_rates": dict(rates)})

    def put_deal(
        self, amount: str, account: str, *, owner: str | None = None, currency: str | None = None
    ) -> str:
        properties = {
            "dealname": "Presse",
            "amount": amount,
            "pipeline": "default",
            "dealstage": self.open_stage,
            "hubspot_owner_id": owner or self.owner_id,
            **({"deal_currency_code": currency} if currency else {}),
        }
        return self._create("deals", properties, [(account, [_PRIMARY, _PLAIN])])

    def refuse(self, account: str) -> str:
        # A rule binds every company that lacks what it requires: this one alone.
        self._patch("companies", account, {"secteur": ""})
        rules = [
            {"objectType": "companies", "property": "arpent_tier", "value": tier}
            for tier in ("gold", "silver")
        ]
        self.sandbox.switches.change(
            {"conditional_rules": [{**rule, "required": "secteur"} for rule in rules]}
        )
        return "secteur is required"

    def accept(self, _account: str) -> None:
        self.sandbox.switches.change({"conditional_rules": []})

    def storm(self, calls: int) -> None:
        fault = {"status": 429, "retry_after": 1}
        self.sandbox.set_faults({"match": {"path": "^/crm/"}, "times": calls, "fault": fault})

    def end_session(self) -> None:
        with self.sandbox.portal.lock:
            keyring = self.sandbox.portal.keyring
            for token, key in keyring.keys.items():
                if key.client_id == CLIENT:
                    keyring.expire(token)

    def withdraw(self) -> None:
        with self.sandbox.portal.lock:
            keyring = self.sandbox.portal.keyring
            keyring.clients[CLIENT].refresh_tokens.clear()
        self.end_session()

    def logins(self) -> int:
        return self.sandbox.portal.refreshes["granted"]

    def lose_the_next_batch(self) -> None:
        self._lose("/companies/batch/update$")

    def lose_the_next_task(self) -> None:
        self._lose("/tasks$")

    def writes(self) -> int:
        return len(self.sandbox.history())

    def lower_caps(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(search, "_TOTAL_MAXIMUM", 20)
        patch.setattr(source, "SEARCH_CEILING", 20)
        patch.setattr(source, "SEARCH_PAGE", 5)

    def _lose(self, path: str) -> None:
        match, fault = {"method": "POST", "path": path}, {"drop_after_commit": True}
        self.sandbox.set_faults({"match": match, "nth": 1, "fault": fault})

    def _administer(self, action: str, name: str, **details: str) -> None:
        self.sandbox.act(action, objectType="companies", property=name, **details)

    def _keep(self, token: SecretStr) -> bool:
        self._refresh = token
        return True
