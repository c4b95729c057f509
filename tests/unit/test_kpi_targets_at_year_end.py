"""A week with days of two years is asked for by the plans of both, whichever day it is measured."""

from datetime import date

import pytest

from rules.calendar import Span, week_of
from rules.kpi.figures import TEAM
from rules.kpi.kpis import Cut, KpiName
from rules.kpi.moment import Moment
from rules.kpi.targets import Targets
from rules.rulebook import Rulebook, compile_rulebook
from rules.time import day_number
from tests.playbooks import shipped


@pytest.fixture(scope="module")
def book() -> Rulebook:
    files = dict(shipped())
    plan = files["plans/elise.yaml"]
    files["plans/next.yaml"] = plan.replace("period: 2026", "period: 2027").replace(
        "2025-", "2026-"
    )
    return compile_rulebook(files)


@pytest.mark.parametrize("subject", ["elise", TEAM])
@pytest.mark.parametrize("day", [date(2026, 12, 28), date(2026, 12, 31), date(2027, 1, 3)])
def test_the_53rd_week_carries_days_of_both_years(book: Rulebook, subject: str, day: date) -> None:
    as_of = day_number(day)
    moment = Moment(as_of=as_of, spans=(Span.WEEK,), fiscal_start=1, is_over=True)
    targets, week = Targets(book.plans, book.team, moment), week_of(as_of)
    assert week.key == "2026-W53"
    won = book.kpis.kpi(KpiName.REVENUE_WON)
    assert won is not None
    # Four of the 66 business days of the last quarter, and one of the 64 of the next.
    assert targets.target(subject, won, Cut.WHOLE, "", week) == pytest.approx(
        36_000_000 * 4 / 66 + 24_000_000 / 64, abs=1
    )
    opened = book.kpis.kpi(KpiName.OPPORTUNITIES_OPENED)
    assert opened is not None
    # 12 a month, over the 23 business days of December and the 21 of January.
    asked = targets.target(subject, opened, Cut.WHOLE, "", week)
    assert asked == pytest.approx(12 * 4 / 23 + 12 / 21)
    rate = book.kpis.kpi(KpiName.CONVERSION_RATE)
    assert rate is not None
    level = targets.target("elise", rate, Cut.WHOLE, "", week)
    assert level == 0.25
