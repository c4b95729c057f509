"""6,000 opportunities that nobody here made, by rep and quarter, as the definitions say.

The data lies beside the repository, in `../shared/data/olga`; without it this test is skipped. It
has no activities and no history, and its accounts have no owner: what is measured of these is not
compared.
"""

import csv
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from rules.calendar import Span
from rules.kpi.names import KpiName
from rules.time import day_number
from service.figures import figures as live_figures
from service.store.engine import Store
from tests.kpi_truth import installed, telling
from tests.kpi_truth.comparing import differences
from tests.kpi_truth.csv_folder import world_of
from tests.kpi_truth.records import Shown, Step, World
from tests.kpi_truth.worked_out import Key, Settings, figures, period

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data" / "olga"
PLAYBOOK = ROOT / "tests" / "acceptance" / "olga_playbook"
# As of the last days of quarters: a year in full, and the one that is going on.
QUARTERS = [
    date(year, month, day)
    for year in (2025, 2026)
    for month, day in ((3, 31), (6, 30), (9, 30), (12, 31))
    if (year, month) <= (2026, 6)
]
KPIS = """\
cuts: {segment: region, source: source, product: product}
revenue_won: {label: [a, a]}
opportunities_opened: {label: [a, a], minimum: 10k}
conversion_rate: {label: [a, a], window: 90 d}
active_pipeline: {label: [a, a], horizon: 180 d}
weighted_pipeline: {label: [a, a], horizon: 180 d}
sales_cycle: {label: [a, a], window: 730 d}
priority_revenue: {label: [a, a], tiers: [gold, silver]}
plan_wins: {label: [a, a], tiers: [gold]}
plan_revenue: {label: [a, a], tiers: [gold]}
"""
FIELDS = """\
account:
  market:
    type: choice
    hubspot: segment
    values: {enterprise: Enterprise, mid: Mid-Market, small: SMB}
  region: {type: text, hubspot: region}
opportunity:
  source: {type: text, hubspot: source}
  product: {type: text, hubspot: product}
"""
SETTINGS = Settings(cuts=("segment", "source", "product", "tier"))
_TIERS = {"Enterprise": "gold", "Mid-Market": "silver", "SMB": "bronze"}
_MARKETS = {"Enterprise": "enterprise", "Mid-Market": "mid", "SMB": "small"}
_KNOWN = {*KpiName} - {KpiName.STAGE_CONVERSION, KpiName.PROPOSALS}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the olga data is not beside the project")


def rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@cache
def world() -> World:
    """The data; the stages have a probability each, in the order of their names."""
    kinds = {
        row["stage"]: "open" if row["is_closed"] != "True" else
        "won" if row["is_won"] == "True" else "lost"
        for row in rows("opportunities")
    }  # fmt: skip
    steps = {
        name: Step(name, kind, place, Decimal(place) / 7)
        for place, (name, kind) in enumerate(sorted(kinds.items()))
    }
    return world_of(
        DATA,
        reps={row["id"]: row["name"].lower().replace(" ", "_") for row in rows("owners")},
        steps=steps,
        tiers={row["id"]: _TIERS[row["segment"]] for row in rows("accounts")},
        currency="USD",
        segment="region",
    )


@cache
def worked_out(as_of: date) -> Mapping[Key, Shown]:
    return {
        key: shown
        for key, shown in figures(world(), SETTINGS, "quarter", as_of).items()
        if key[1] in _KNOWN
    }


@pytest.fixture
def olga(store: Store) -> Store:
    """The data in the store, under the rules of its playbook."""
    book = installed.compiled(PLAYBOOK, kpis=KPIS, fields=FIELDS)
    now = telling.noon(date(2026, 6, 30)) or 0
    facts = {
        row["id"]: {"market": _MARKETS[row["segment"]], "region": row["region"]}
        for row in rows("accounts")
    }
    installed.install(store, book, now=now)
    installed.write(store, telling.pages(world(), facts=facts, stamp=now), now=now)
    return store


def test_every_figure_of_every_rep_and_quarter(olga: Store) -> None:
    book = installed.compiled(PLAYBOOK, kpis=KPIS, fields=FIELDS)
    wrong, compared = [], 0
    for as_of in QUARTERS:
        assert period("quarter", as_of, 1)[1] == as_of
        found = {
            (each.subject, each.kpi.value, each.cut, each.member): each
            for each in live_figures(olga, book, as_of=day_number(as_of), spans=(Span.QUARTER,))
        }
        compared += len(found)
        wrong += [f"{as_of} {each}" for each in differences(worked_out(as_of), found)]
    assert not wrong, "\n".join(wrong[:40])
    # 20 reps and the team, six quarters: nine KPIs whole, and most of them along four cuts.
    assert compared > 6 * 21 * 9
