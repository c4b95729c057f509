"""A figure measured from the store is found again by its list in each CRM, run as it is written."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
from pydantic import SecretStr

from connectors.base import Connector, Grant
from connectors.hubspot.connector import HubSpot
from connectors.registry import VENDORS
from connectors.salesforce.access import ClientCredentials
from connectors.salesforce.connector import Salesforce
from connectors.sandbox.emulated import Emulated
from connectors.sandbox.hubspot import SANDBOX_TOKEN, HubSpotSandbox
from connectors.sandbox.registry import EMULATED
from connectors.sandbox.salesforce.sandbox import (
    SANDBOX_CLIENT_KEY,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_SESSION,
)
from connectors.sandbox.zoho.sandbox import SANDBOX_CLIENT_ID, SANDBOX_REFRESH_TOKEN, ZohoSandbox
from connectors.sandbox.zoho.sandbox import SANDBOX_CLIENT_SECRET as ZOHO_SECRET
from connectors.zoho.connector import Zoho
from rules.calendar import Span
from rules.crm_filter import (
    Among,
    AtLeast,
    Bound,
    Choice,
    Empty,
    Filter,
    FilterText,
    NoFilter,
    Read,
    What,
    Within,
)
from rules.kpi.figures import Figure
from rules.kpi.kpis import Cut, KpiName
from rules.language import Text
from rules.records import ActivityKind, Kind
from rules.rulebook import Rulebook, compile_rulebook
from rules.time import day_number, instant_of
from service import filters, pull, rehearsal
from service.figures import figures as live_figures
from service.store import connections, rulebooks
from service.store.engine import Store, open_store
from tests import playbooks
from tests.contract.in_salesforce import hurried

# By kind of activity, so that a list of the CRM can give them.
_ACTIVITIES = """\
  calls: {label: [Appels, Calls], of: call}
  meetings: {label: [Rencontres, Meetings], of: meeting}
  emails: {label: [Courriels, E-mails], of: email}
  notes: {label: [Notes, Notes], of: note}
"""
_FILTERED = {
    *(KpiName.REVENUE_WON, KpiName.OPPORTUNITIES_OPENED, KpiName.CONVERSION_RATE),
    *(KpiName.ACTIVE_PIPELINE, KpiName.COVERAGE, KpiName.ACTIVITIES),
}


@dataclass(frozen=True, slots=True)
class Case:
    """Élise's case in a CRM, in the store, and what it was measured to be."""

    vendor: str
    sandbox: Emulated
    finder: filters.Finder
    figures: list[Figure]

    def run(self, query: str, wanted: Read) -> float:
        """What the list of a query has: how many records, or their amounts in cents."""
        with httpx.Client(base_url=self.sandbox.url) as http:
            return _RUNNERS[self.vendor](self.sandbox, http, query, wanted)


@cache
def book() -> Rulebook:
    """The shipped playbook, counting activities of each kind too."""
    files = playbooks.shipped()
    counted = re.sub(
        r"(?m)^(activities:.*\n)", lambda found: found[1] + _ACTIVITIES, files["kpis.yaml"]
    )
    return compile_rulebook({**files, "kpis.yaml": counted})


@pytest.fixture(scope="module", params=EMULATED)
def case(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Case]:
    """The case in each CRM, pulled and measured."""
    folder = tmp_path_factory.mktemp("filters")
    (folder / "store.sqlite3").write_bytes(sqlite_template.read_bytes())
    store = open_store(f"sqlite:///{folder / 'store.sqlite3'}")
    with (
        rehearsal.open_sandbox(rehearsal.ELISE, crm=request.param) as sandbox,
        _connected(sandbox, request.param) as connector,
    ):
        yield _measured(store, sandbox, connector)
    store.close()


def _measured(store: Store, sandbox: Emulated, connector: Connector) -> Case:
    def clock() -> int:
        return instant_of(sandbox.clock.now())

    with store.write() as connection:
        rulebooks.publish(connection, book(), author="ops", reason="essai", now=clock())
        crm = connections.save(connection, connector.identify())
    pull.run(store, connector, connection_id=crm.id, run_id=None, now=clock)
    figures = live_figures(
        store, book(), as_of=day_number(sandbox.clock.now().astimezone(book().team.zone).date())
    )
    finder = filters.finder(store, book(), now=clock())
    return Case(connector.vendor, sandbox, finder, list(figures))


@contextmanager
def _connected(sandbox: Emulated, crm: str) -> Iterator[Connector]:
    connector: Connector
    match crm:
        case "hubspot":
            assert isinstance(sandbox, HubSpotSandbox)
            # How many searches a second it takes is not the matter here.
            sandbox.switches.change({"search_per_second": 100_000})
            connector = HubSpot(SecretStr(SANDBOX_TOKEN), base_url=sandbox.url, clock=hurried())
        case "salesforce":
            access = ClientCredentials(
                client_id=SANDBOX_CLIENT_KEY, client_secret=SecretStr(SANDBOX_CLIENT_SECRET)
            )
            connector = Salesforce(access, base_url=sandbox.url, clock=hurried())
        case _:
            grant = Grant(
                client_id=SANDBOX_CLIENT_ID,
                client_secret=SecretStr(ZOHO_SECRET),
                refresh_token=lambda: SecretStr(SANDBOX_REFRESH_TOKEN),
                keep=lambda _token: True,
            )
            connector = Zoho(grant, accounts=sandbox.url, clock=hurried())
    yield connector
    connector.close()


def _in_hubspot(_sandbox: Emulated, http: httpx.Client, query: str, wanted: Read) -> float:
    """HubSpot has no sums: the pages are read and their amounts added."""
    headers = {"Authorization": f"Bearer {SANDBOX_TOKEN}"}
    asked, total, cents = json.loads(query), 0, Decimal(0)
    of = next(name for key, name in _OBJECTS.items() if key in query)
    while True:
        answer = http.post(f"/crm/objects/2026-09/{of}/search", json=asked, headers=headers)
        found = answer.raise_for_status().json()
        total = found["total"]
        for row in found["results"]:
            cents += Decimal(row["properties"].get("amount_in_home_currency") or 0) * 100
        if "paging" not in found:
            return float(total if wanted is Read.COUNT else cents)
        asked["after"] = found["paging"]["next"]["after"]


_OBJECTS = {
    "dealstage": "deals", "createdate": "deals", "hs_call_status": "calls",
    "hs_meeting_outcome": "meetings", "hs_email_direction": "emails", "hs_timestamp": "notes",
}  # fmt: skip


def _in_salesforce(_sandbox: Emulated, http: httpx.Client, query: str, wanted: Read) -> float:
    headers = {"Authorization": f"Bearer {SANDBOX_SESSION}"}
    answer = http.get("/services/data/v68.0/query", params={"q": query}, headers=headers)
    (row,) = answer.raise_for_status().json()["records"]
    return _told(row["figure"], wanted)


def _in_zoho(sandbox: Emulated, http: httpx.Client, query: str, wanted: Read) -> float:
    assert isinstance(sandbox, ZohoSandbox)
    headers = {"Authorization": f"Zoho-oauthtoken {sandbox.open_session()}"}
    answer = http.post("/crm/v8/coql", json={"select_query": query}, headers=headers)
    if answer.status_code == httpx.codes.NO_CONTENT:
        return 0
    (row,) = answer.raise_for_status().json()["data"]
    return _told(row["figure"], wanted)


def _told(figure: float | None, wanted: Read) -> float:
    return float(Decimal(str(figure or 0)) * (1 if wanted is Read.COUNT else 100))


_RUNNERS: Mapping[str, Callable[[Emulated, httpx.Client, str, Read], float]] = {
    "hubspot": _in_hubspot,
    "salesforce": _in_salesforce,
    "zoho": _in_zoho,
}


def test_each_list_gives_the_figure(case: Case) -> None:
    checked = set()
    # Whole figures of everybody over a week and a quarter; of the cuts, Élise's quarter.
    for figure in case.figures:
        is_whole = not figure.cut or figure.cut == Cut.ACTIVITY
        if not is_whole and figure.subject != "elise":
            continue
        if figure.span not in ({Span.QUARTER, Span.WEEK} if is_whole else {Span.QUARTER}):
            continue
        found = case.finder.lists(figure)[case.vendor]
        if isinstance(found, NoFilter):
            continue
        for part, text in found.items():
            if isinstance(text, NoFilter):
                continue
            wanted = Read.AMOUNT if _is_money(figure, part) else Read.COUNT
            told = getattr(figure, part)
            assert case.run(text.query, wanted) == (told or 0), (figure, text.words.fr)
            checked.add((figure.kpi, bool(told)))
    # Nothing is due any more in the two days that are left of the quarter.
    assert {kpi for kpi, is_some in checked if is_some} == _FILTERED - {KpiName.COVERAGE}
    assert (KpiName.COVERAGE, False) in checked


def _is_money(figure: Figure, part: str) -> bool:
    return figure.unit == "money" or (figure.kpi is KpiName.COVERAGE and part == "numerator")


WANTED = Filter(
    kind=Kind.OPPORTUNITY,
    conditions=[
        Among(What.OWNER, [Choice("501", "Élise Gagnon"), Choice("502", "Marc Lavoie")]),
        Among(What.STAGE, [Choice("won", "Gagnée")]),
        Within(What.CREATED, day_number(date(2026, 3, 8)), day_number(date(2026, 3, 8))),
        AtLeast(1_000_050),
        Empty(Bound("source", Text("source de revenus", "revenue source"))),
    ],
    read=Read.COUNT,
    zone=ZoneInfo("America/Toronto"),
    currency="CAD",
    until=instant_of(datetime(2026, 3, 9, 12, tzinfo=UTC)),
    cautions=[Text("Attention.", "Beware.")],
)


def words(vendor: str, wanted: Filter) -> FilterText:
    found = VENDORS[vendor].filter_text(wanted)
    assert isinstance(found, FilterText)
    return found


def test_the_words_are_those_of_the_pages() -> None:
    """The day of the change of hour, which has 23 hours, in each CRM's own labels."""
    assert words("hubspot", WANTED).words == Text(
        "Transactions, vue en tableau : « Propriétaire de la transaction » est l'un de « Élise "
        "Gagnon » et « Marc Lavoie » ; « Phase de la transaction » est « Gagnée » ; « Date de "
        "création » du 2026-03-08 au 2026-03-08 ; « Montant dans la devise de l'entreprise » est "
        "d'au moins 10\xa0000,50\xa0$ ; « source de revenus » (source) est vide. Lisez le nombre "
        "de lignes. Jours de America/Toronto. Attention.",
        "Deals, table view: “Deal owner” is any of “Élise Gagnon” and “Marc Lavoie”; “Deal stage” "
        "is “Gagnée”; “Create date” from 2026-03-08 to 2026-03-08; “Amount in company currency” is "
        "at least $10,000.50; “revenue source” (source) is empty. Read how many rows there are. "
        "Days of America/Toronto. Beware.",
    )
    (group,) = json.loads(words("hubspot", WANTED).query)["filterGroups"]
    created = next(each for each in group["filters"] if each["propertyName"] == "createdate")
    # From midnight, five hours behind, to the next one, four hours behind.
    assert (created["value"], created["highValue"]) == ("1772946000000", "1773028799999")
    assert words("salesforce", WANTED).query == (
        "SELECT COUNT(Id) figure FROM Opportunity WHERE OwnerId IN ('501', '502') AND StageName IN "
        "('won') AND CreatedDate >= 2026-03-08T05:00:00Z AND CreatedDate <= 2026-03-09T03:59:59Z "
        "AND Amount >= 10000.5 AND source = null"
    )
    assert words("zoho", WANTED).query == (
        "select count(id) as figure from Deals where ((((Owner in ('501', '502') and Stage in "
        "('won')) and (Created_Time >= '2026-03-08T05:00:00+00:00' and Created_Time <= "
        "'2026-03-09T03:59:59+00:00')) and Amount >= 10000.5) and source is null)"
    )


def test_what_no_list_gives_is_said(case: Case) -> None:
    for figure in case.figures:
        found = case.finder.lists(figure)[case.vendor]
        if isinstance(found, NoFilter):
            assert found.why.fr
            assert found.why.en
        else:
            assert figure.kpi in _FILTERED
            assert figure.cut not in {Cut.TIER, Cut.SEGMENT}
    mails = replace(WANTED, kind=Kind.ACTIVITY, activity=ActivityKind.EMAIL)
    assert isinstance(VENDORS["zoho"].filter_text(mails), NoFilter)
