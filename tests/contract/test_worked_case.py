"""Élise's portfolio, loaded into each CRM, is read as the same records, field for field."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from connectors.base import Binding, Connector, Grant, Page
from connectors.hubspot.connector import HubSpot
from connectors.salesforce.access import ClientCredentials
from connectors.salesforce.connector import Salesforce
from connectors.sandbox.emulated import Emulated
from connectors.sandbox.hubspot import SANDBOX_TOKEN, HubSpotSandbox
from connectors.sandbox.registry import DEFAULT, EMULATED
from connectors.sandbox.salesforce.sandbox import (
    SANDBOX_CLIENT_KEY,
    SANDBOX_CLIENT_SECRET,
    SalesforceSandbox,
)
from connectors.sandbox.zoho.sandbox import (
    SANDBOX_CLIENT_ID,
    SANDBOX_REFRESH_TOKEN,
    ZohoSandbox,
)
from connectors.sandbox.zoho.sandbox import (
    SANDBOX_CLIENT_SECRET as ZOHO_SECRET,
)
from connectors.sandbox.zoho.switches import OTHER_ANSWERS
from connectors.zoho.connector import Zoho
from rules.records import Kind, Stage
from rules.rulebook import compile_rulebook
from rules.time import day_of
from service import rehearsal
from service.app import read_playbook
from service.settings import SHIPPED_PLAYBOOK
from service.store.rulebooks import bindings_of
from tests.contract.in_salesforce import hurried

# What each CRM has of its own: ids, the pipelines of its stages and the instant of a load.
_OWN = ("external_id", "modified_at", "pipeline_id", "pipeline_label", "observed")
# How many records of a kind the folder has, by its files; a stage counts once.
_NUMBERS = {
    Kind.OWNER: 2,
    Kind.STAGE: 6,
    Kind.ACCOUNT: 118,
    Kind.CONTACT: 243,
    Kind.OPPORTUNITY: 152,
    Kind.ACTIVITY: 1_003,
}
Told = dict[str, dict[str, Any]]
# The kind and id of the folder → the id in the CRM.
Loaded = Mapping[tuple[str, str], str]


class Reading:
    """All that a connector reads of the case, in the ids of its folder."""

    def __init__(
        self, connector: Connector, bindings: Sequence[Binding], loaded: Mapping[str, str]
    ) -> None:
        self._loaded = dict(loaded)
        self.identity = connector.identify()
        pages = {kind: list(connector.pull(kind, None, bindings, ())) for kind in Kind}
        stages = [each for page in pages[Kind.STAGE] for each in page.records]
        self._zone = ZoneInfo(self.identity.time_zone)
        ordered = sorted((each for each in stages if isinstance(each, Stage)), key=position)
        self._order = [each.external_id for each in ordered]
        self._stages = {each.external_id: each.label for each in stages if isinstance(each, Stage)}
        self._loaded |= self._stages
        self.records = {kind: self._told(found) for kind, found in pages.items()}
        self.links = {
            (link.relation, self._loaded[link.from_id], self._loaded[link.to_id], link.is_primary)
            for found in pages.values()
            for page in found
            for link in page.links
        }
        self.aside = [one for found in pages.values() for page in found for one in page.quarantined]

    def _told(self, pages: Sequence[Page]) -> Told:
        """Records by their id in the folder; whoever is not of the folder is left out."""
        return {
            self._loaded[record.external_id]: self._facts(asdict(record))
            for page in pages
            for record in page.records
            if record.external_id in self._loaded
        }

    def _facts(self, facts: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in facts.items() if name not in _OWN}
        if kept.get("closes_at"):
            # An instant on HubSpot, a calendar day on the others.
            kept["closes_at"] = day_of(kept["closes_at"], self._zone)
        if "position" in kept:
            kept["position"] = self._order.index(facts["external_id"])
        if kept.get("owner_id"):
            kept["owner_id"] = self._loaded[kept["owner_id"]]
        if "stage_id" in kept:
            kept["stage_id"] = self._stages[kept["stage_id"]]
            kept["stage_entries"] = [
                (self._stages[each["stage_id"]], each["entered_at"])
                for each in kept["stage_entries"]
            ]
        return kept


@pytest.fixture(scope="module")
def bindings() -> dict[str, list[Binding]]:
    return bindings_of(compile_rulebook(read_playbook(SHIPPED_PLAYBOOK)))


def _hubspot(sandbox: Emulated) -> tuple[Connector, Loaded]:
    assert isinstance(sandbox, HubSpotSandbox)
    connector = HubSpot(SecretStr(SANDBOX_TOKEN), base_url=sandbox.url, clock=hurried())
    return connector, sandbox.portal.state.loaded_ids


def _salesforce(sandbox: Emulated) -> tuple[Connector, Loaded]:
    assert isinstance(sandbox, SalesforceSandbox)
    access = ClientCredentials(
        client_id=SANDBOX_CLIENT_KEY, client_secret=SecretStr(SANDBOX_CLIENT_SECRET)
    )
    connector = Salesforce(access, base_url=sandbox.url, clock=hurried())
    return connector, sandbox.org.loaded_ids


def _zoho(sandbox: Emulated) -> tuple[Connector, Loaded]:
    assert isinstance(sandbox, ZohoSandbox)
    grant = Grant(
        client_id=SANDBOX_CLIENT_ID,
        client_secret=SecretStr(ZOHO_SECRET),
        refresh_token=lambda: SecretStr(SANDBOX_REFRESH_TOKEN),
        keep=lambda _token: True,
    )
    connector = Zoho(grant, accounts=sandbox.url, clock=hurried())
    return connector, sandbox.org.loaded_ids


_OPENERS: Mapping[str, Callable[[Emulated], tuple[Connector, Loaded]]] = {
    "hubspot": _hubspot,
    "salesforce": _salesforce,
    "zoho": _zoho,
}


# To the questions that Zoho's documents leave open.
OTHERWISE = "with the other answers"
_OTHERS = [*(crm for crm in EMULATED if crm != DEFAULT), f"zoho {OTHERWISE}"]


@contextmanager
def read(crm: str, bindings: Sequence[Binding], *, answers: str = "") -> Iterator[Reading]:
    with rehearsal.open_sandbox(rehearsal.ELISE, crm=crm) as sandbox:
        if answers == OTHERWISE:
            assert isinstance(sandbox, ZohoSandbox)
            sandbox.switches.change(dict(OTHER_ANSWERS))
        connector, loaded = _OPENERS[crm](sandbox)
        yield Reading(connector, bindings, {here: there for (_, there), here in loaded.items()})
        connector.close()


@pytest.fixture(scope="module")
def first(bindings: dict[str, list[Binding]]) -> Iterator[Reading]:
    """The case as the first CRM has it."""
    with read(DEFAULT, bindings[DEFAULT]) as reading:
        yield reading


@pytest.fixture(scope="module", params=_OTHERS)
def other(request: pytest.FixtureRequest, bindings: dict[str, list[Binding]]) -> Iterator[Reading]:
    """The case as each other CRM has it."""
    crm, _, answers = request.param.partition(" ")
    with read(crm, bindings[crm], answers=answers) as reading:
        yield reading


def position(stage: Stage) -> int:
    """Where a stage stands; CRMs count from 0 or from 1."""
    return stage.position


def different(one: Told, other: Told) -> list[str]:
    """What is not the same in two readings, a line each."""
    return [
        f"{key}: {name} is {one.get(key, {}).get(name)!r} and {other.get(key, {}).get(name)!r}"
        for key in sorted(one.keys() | other.keys())
        for name in {**one.get(key, {}), **other.get(key, {})}
        if one.get(key, {}).get(name) != other.get(key, {}).get(name)
    ]


@pytest.mark.parametrize("kind", list(Kind))
def test_each_record_is_the_same_on_each(kind: Kind, first: Reading, other: Reading) -> None:
    assert len(first.records[kind]) == _NUMBERS[kind]
    found = different(first.records[kind], other.records[kind])
    assert not found, f"{len(found)} differences:\n" + "\n".join(found[:12])


def test_links_money_and_time_are_the_same_on_each(first: Reading, other: Reading) -> None:
    assert first.links == other.links
    assert not first.aside
    assert not other.aside
    for name in ("currency", "time_zone"):
        assert getattr(first.identity, name) == getattr(other.identity, name)
