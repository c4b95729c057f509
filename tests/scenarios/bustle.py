"""A busy day in a company: people change, create, archive and merge records, page after page."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

from connectors.sandbox.hubspot import HubSpotSandbox

Action = dict[str, Any]
_DEAL_TO_COMPANY = 341


class Bustle:
    """Draws what people do: each record is archived or merged at most once, edited any time."""

    def __init__(self, portal: HubSpotSandbox, seed: int) -> None:
        state = portal.portal.state
        self._chance = random.Random(seed)  # noqa: S311 - a day that can be told again
        self._owners = sorted(state.owners)
        self._stages = [
            (pipeline["id"], stage["id"])
            for pipeline in state.pipelines.values()
            for stage in pipeline["stages"]
        ]
        self._companies = [str(key) for key in state.tables["companies"].live]
        self._deals = [str(key) for key in state.tables["deals"].live]
        self._chance.shuffle(self._companies)
        self._chance.shuffle(self._deals)
        self._number = 0

    def actions(self, count: int) -> list[Action]:
        """So many changes of records."""
        kinds = (self._edit_company, self._edit_deal, self._go, self._create, self._merge)
        drawn = self._chance.choices(kinds, (8, 7, 3, 3, 1), k=count)
        return [draw() for draw in drawn]

    def _edit_company(self) -> Action:
        self._number += 1
        changes = [
            {"name": f"Renommée {self._number}"},
            {"potentiel_annuel": f"{self._chance.randint(1, 900)}000.5"},
            {"hubspot_owner_id": self._chance.choice(self._owners)},
            {"numberofemployees": ""},
        ]
        return _edit(
            "companies", self._chance.choice(self._companies), self._chance.choice(changes)
        )

    def _edit_deal(self) -> Action:
        pipeline, stage = self._chance.choice(self._stages)
        changes = [
            {"pipeline": pipeline, "dealstage": stage},
            {"amount": str(self._chance.randint(1, 90_000))},
            {"hubspot_owner_id": self._chance.choice(self._owners)},
            {"closedate": "2026-09-30T16:00:00Z"},
        ]
        return _edit("deals", self._chance.choice(self._deals), self._chance.choice(changes))

    def _go(self) -> Action:
        name, records = self._chance.choice(
            [("companies", self._companies), ("deals", self._deals)]
        )
        return {"action": "archive", "objectType": name, "id": records.pop()}

    def _merge(self) -> Action:
        body = {"primaryObjectId": self._companies.pop(), "objectIdToMerge": self._companies.pop()}
        return {"action": "merge", "objectType": "companies", **body}

    def _create(self) -> Action:
        self._number += 1
        if self._chance.random() < 0.5:
            properties = {"name": f"Nouvelle {self._number}", "lifecyclestage": "lead"}
            return {"action": "create", "objectType": "companies", "properties": properties}
        pipeline, stage = self._chance.choice(self._stages)
        return {
            "action": "create",
            "objectType": "deals",
            "properties": {
                "dealname": f"Affaire {self._number}",
                "amount": "1234.56",
                "pipeline": pipeline,
                "dealstage": stage,
            },
            "associations": [linked(key) for key in self._chance.sample(self._companies, 2)],
        }


def _edit(name: str, record: str, properties: dict[str, str]) -> Action:
    return {"action": "edit", "objectType": name, "id": record, "properties": properties}


def linked(company: str, number: int = _DEAL_TO_COMPANY) -> dict[str, Any]:
    """An association of a new record, in the shape of the API."""
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number}]
    return {"to": {"id": company}, "types": types}


def between_pages(path: str, batches: Sequence[Sequence[Action]]) -> Iterator[dict[str, Any]]:
    """Fault rules that do a batch before each request of a path, one request after the other.

    A request that a rule has answered is not counted by those after it: each waits for its first.
    """
    for batch in batches:
        fault = {"act": list(batch)}
        yield {"match": {"path": path}, "nth": 1, "times": 1, "fault": fault}
