"""Many records at once, for rehearsals at full size: companies, deals and what links them.

The event says how many and from which seed, so that a state file stays small and gives the same
portal back. Nothing is random but the seed's own sequence.
"""

import gc
import random
from datetime import datetime, timedelta
from decimal import Decimal

from connectors.sandbox.clock import stamp
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot.state import State
from connectors.sandbox.hubspot.tables import Record
from connectors.sandbox.hubspot.vocabulary import TYPES, ObjectType

_WORDS = ("Fonderie", "Scierie", "Laiterie", "Imprimerie", "Verrerie", "Brasserie", "Ferme")
_PLACES = ("Amos", "Alma", "Gaspé", "Granby", "Laval", "Lévis", "Matane", "Rimouski", "Sorel")
# How many companies a deal has → how often, of a hundred deals.
_COMPANIES_OF_A_DEAL = ((0, 8), (1, 80), (2, 7), (3, 5))
# Shares: of the records that have no owner, of the deals that are in the company's currency.
_WITHOUT_OWNER, _AT_HOME = 0.05, 0.8
_PRIMARY, _LINKED, _PRIMARY_BACK, _LINKED_BACK = 5, 341, 6, 342


def apply(state: State, event: JsonObject) -> None:
    """Add the companies and the deals that an event asks for."""
    was_collecting = gc.isenabled()
    gc.disable()  # A million small objects that all stay: looking for garbage takes most time.
    try:
        _Generation(state, event).run()
    finally:
        if was_collecting:
            gc.enable()


class _Generation:
    def __init__(self, state: State, event: JsonObject) -> None:
        self._state = state
        self._event = event
        self._chance = random.Random(event["seed"])  # noqa: S311 - a reproducible portal
        self._at = datetime.fromisoformat(event["at"])
        self._owners = [row["id"] for row in state.owners.values() if not row["archived"]]
        self._stages = [
            (pipeline["id"], row)
            for pipeline in state.pipelines.values()
            for row in pipeline["stages"]
        ]

    def run(self) -> None:
        """Make the companies first: the deals are linked to them."""
        companies, deals = TYPES["companies"], TYPES["deals"]
        made = [
            self._record(companies, self._company(number))
            for number in range(self._event["companies"])
        ]
        self._state.tables["companies"].extend(made)
        pool = list(self._state.tables["companies"].records)
        listed = [self._record(deals, self._deal(number)) for number in range(self._event["deals"])]
        self._state.tables["deals"].extend(listed)
        for deal in listed:
            self._link(deal.id, pool)

    def _record(self, kind: ObjectType, values: dict[str, str]) -> Record:
        record_id = self._state.allocate(kind.name)
        age = self._chance.random() * self._event["days"] * 86_400
        created = self._at - timedelta(seconds=age)
        # Half of the records were never changed; the others at any time since.
        since = max(0.0, self._chance.random() * 2 - 1) * age
        modified = stamp(created + timedelta(seconds=since))
        born = stamp(created)
        values |= {"hs_object_id": record_id, kind.created: born, kind.modified: modified}
        return Record(record_id, values, born, modified, is_generated=True)

    def _company(self, number: int) -> dict[str, str]:
        chance = self._chance
        values = {
            "name": f"{chance.choice(_WORDS)} {number + 1}",
            "domain": f"client-{number + 1}.example",
            "city": chance.choice(_PLACES),
            "numberofemployees": str(int(chance.paretovariate(1.1) * 4)),
            "annualrevenue": str(int(chance.lognormvariate(14, 1.4))),
        }
        return values | self._owned()

    def _owned(self) -> dict[str, str]:
        if not self._owners or self._chance.random() < _WITHOUT_OWNER:
            return {}
        return {"hubspot_owner_id": self._chance.choice(self._owners)}

    def _deal(self, number: int) -> dict[str, str]:
        chance = self._chance
        pipeline, stage = chance.choice(self._stages)
        closing = self._at + timedelta(days=chance.randint(-300, 120))
        probability = stage["metadata"]["probability"]
        is_closed = stage["metadata"]["isClosed"] == "true"
        is_won = is_closed and probability == "1.0"
        values = {
            "dealname": f"Projet {number + 1}",
            "pipeline": pipeline,
            "dealstage": stage["id"],
            "closedate": stamp(closing),
            "hs_is_closed": "true" if is_closed else "false",
            "hs_is_closed_won": "true" if is_won else "false",
            "hs_is_closed_lost": "true" if is_closed and not is_won else "false",
            "hs_deal_stage_probability": probability,
        }
        return values | self._money() | self._owned()

    def _money(self) -> dict[str, str]:
        amount = str(int(self._chance.lognormvariate(9.5, 1.1)))
        rates: dict[str, str] = self._event["rates"]
        if not rates or self._chance.random() < _AT_HOME:
            home = {"deal_currency_code": self._event["currency"], "amount": amount}
            return home | {"amount_in_home_currency": amount}
        currency = self._chance.choice(sorted(rates))
        at_home = str(round(Decimal(amount) * Decimal(rates[currency]), 2))
        foreign = {"deal_currency_code": currency, "amount": amount}
        return foreign | {"amount_in_home_currency": at_home}

    def _link(self, deal: str, pool: list[str]) -> None:
        counts, weights = zip(*_COMPANIES_OF_A_DEAL, strict=True)
        count = min(len(pool), self._chance.choices(counts, weights)[0])
        forth, back = self._state.links["deals"], self._state.links["companies"]
        for place, company in enumerate(self._chance.sample(pool, count)):
            # The first company is the primary one.
            types = [_PRIMARY, _LINKED] if place == 0 else [_LINKED]
            reverse = [_PRIMARY_BACK, _LINKED_BACK] if place == 0 else [_LINKED_BACK]
            forth.setdefault(deal, {}).setdefault("companies", {})[company] = types
            back.setdefault(company, {}).setdefault("deals", {})[deal] = reverse
