"""Quotas: an objective shared out over days, to the cent, whatever the plan says of its year."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.calendar import Period, Span, fiscal_year, month, quarter
from rules.days_off import days_off
from rules.plan.plan import Plan
from rules.plan.terms import Rate
from rules.team import MONTHS
from rules.time import Day, date_of, day_number
from rules.working_days import WorkingDays

YEAR = fiscal_year(2026, 1)
QUEBEC = WorkingDays(region="CA-QC")
SPLIT = {"existing": "600 000", "new": {"prospecting": "280 000", "events": "200 000"},
         "referral": "120 000"}  # fmt: skip


def number(text: str) -> Day:
    return day_number(date.fromisoformat(text))


def days(first: str, last: str) -> Period:
    return Period("", number(first), number(last))


def plan(objective: str = "1 200 000", **terms: Any) -> Plan:
    return Plan.model_validate(
        {"owner": "elise", "period": "2026", "currency": "CAD", "objective": objective, **terms}
    )


def dollars(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02}"


def money(amount: int) -> str:
    return f"{amount // 100}" if amount % 100 == 0 else dollars(amount)


@st.composite
def splits(draw: st.DrawFn, whole: int, names: Sequence[str]) -> dict[str, str]:
    """Some of the names, each with a part of the whole; what is left is not allotted."""
    bounds = sorted(draw(st.lists(st.integers(0, whole), max_size=len(names))))
    parts = [later - earlier for earlier, later in pairwise([0, *bounds])]
    chosen = draw(st.permutations(names))[: len(parts)]
    found = dict(zip(chosen, map(money, parts), strict=True))
    return {**found, "not_allotted": money(whole - sum(parts))}


@st.composite
def seasons(draw: st.DrawFn) -> dict[str, str]:
    """Shares of the year for some months, none of them or up to all of the year."""
    bounds = sorted(draw(st.lists(st.integers(0, 1000), max_size=11)))
    shares = [later - earlier for earlier, later in pairwise([0, *bounds])]
    chosen = draw(st.permutations(MONTHS))[: len(shares)]
    return {name: f"{share / 10} %" for name, share in zip(chosen, shares, strict=True)}


@st.composite
def terms(draw: st.DrawFn) -> dict[str, Any]:
    objective = draw(st.integers(0, 10**10))
    found: dict[str, Any] = {"objective": money(objective)}
    if draw(st.booleans()):
        found["quarters"] = draw(splits(objective, ["q1", "q2", "q3", "q4"]))
    if draw(st.booleans()):
        found["seasonality"] = draw(seasons())
    found["segments"] = draw(splits(objective, ["a", "b", "c"]))
    return found


@st.composite
def calendars(draw: st.DrawFn, fiscal_start: int) -> WorkingDays:
    any_day = st.integers(number("2025-06-01"), number("2027-06-30"))
    runs = draw(st.lists(st.tuples(any_day, st.integers(0, 120)), max_size=3))
    return WorkingDays(
        fiscal_start=fiscal_start,
        region=draw(st.sampled_from([None, "CA-QC"])),
        away=tuple((first, first + length) for first, length in runs),
        start=draw(st.none() | any_day),
    )


@st.composite
def years(draw: st.DrawFn) -> tuple[Plan, WorkingDays, list[Period]]:
    """A plan with revisions, a calendar, and a partition of the plan's year."""
    fiscal_start = draw(st.integers(1, 12))
    year = fiscal_year(2026, fiscal_start)
    inside = st.integers(year.first + 1, year.last)
    dates = sorted(draw(st.sets(inside, max_size=3)))
    revisions = [{"from": date_of(day).isoformat(), "why": "x", **draw(terms())} for day in dates]
    found = plan(**draw(terms()), revisions=revisions)
    bounds = sorted({year.first, *draw(st.sets(inside, max_size=12)), year.last + 1})
    parts = [Period("", first, after - 1) for first, after in pairwise(bounds)]
    return found, draw(calendars(fiscal_start)), parts


@settings(deadline=None, max_examples=40)
@given(years())
def test_the_parts_of_a_year_add_up_to_the_objective(
    year: tuple[Plan, WorkingDays, list[Period]],
) -> None:
    found, work, parts = year
    assert sum(found.quota(part, work) for part in parts) == found.latest.objective


@settings(deadline=None, max_examples=40)
@given(years())
def test_the_parts_of_a_split_add_up_to_the_quota_of_any_days(
    year: tuple[Plan, WorkingDays, list[Period]],
) -> None:
    found, work, parts = year
    names = {name for _, terms in found.versions(work.fiscal_start) for name in terms.segments}
    for part in parts:
        whole = sum(found.quota(part, work, segment=name) for name in names)
        assert whole == found.quota(part, work)
    for name, amount in found.latest.segments.items():
        assert sum(found.quota(part, work, segment=name) for part in parts) == amount


@settings(deadline=None, max_examples=40)
@given(years())
def test_a_revision_leaves_the_days_before_it_as_they_were(
    year: tuple[Plan, WorkingDays, list[Period]],
) -> None:
    found, work, parts = year
    for revision in found.revisions:
        then = found.on(revision.from_ - 1)
        for part in parts:
            if part.last < revision.from_:
                assert then.quota(part, work) == found.quota(part, work)
                assert then.quota(part, work, segment="a") == found.quota(part, work, segment="a")


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(list(Span)), st.integers(1, 12).flatmap(calendars),
    st.lists(st.integers(YEAR.first, YEAR.last), max_size=8),
)  # fmt: skip
def test_what_is_expected_of_days_side_by_side_adds_up(
    span: Span, work: WorkingDays, cuts: list[int]
) -> None:
    rate = Rate(12, span)
    bounds = sorted({YEAR.first, *cuts, YEAR.last + 1})
    parts = [
        rate.expected(first, after - 1, work.fiscal_start, work)
        for first, after in pairwise(bounds)
    ]
    whole = rate.expected(YEAR.first, YEAR.last, work.fiscal_start, work)
    assert sum(parts) == pytest.approx(whole)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 12).flatmap(calendars), st.integers(YEAR.first, YEAR.last), st.integers(0, 400)
)
def test_working_days_are_counted_as_one_counts_them(
    work: WorkingDays, first: Day, length: int
) -> None:
    last = first + length
    holidays = {day for year in range(2025, 2029) for day in days_off(work.region, year)}
    business = [
        day for day in range(first, last + 1)
        if date_of(day).weekday() < 5 and day not in holidays
    ]  # fmt: skip
    there = [
        day for day in business
        if (work.start is None or day >= work.start)
        and not any(leaves <= day <= returns for leaves, returns in work.away)
    ]  # fmt: skip
    assert work.business(first, last) == len(business)
    assert work.count(first, last) == len(there)
    assert [day for day in range(first, last + 1) if day in work] == there


def test_the_quarters_of_a_plan_are_what_it_says() -> None:
    written = plan(quarters={"q1": "240k", "q2": "360k", "q3": "240k", "q4": "360k"})
    assert of_quarters(written) == [240_000, 360_000, 240_000, 360_000]


def of_quarters(written: Plan, work: WorkingDays = QUEBEC, **split: str) -> list[float]:
    """The quotas of the four quarters, in dollars."""
    quarters = [quarter(2026, each, work.fiscal_start) for each in range(1, 5)]
    return [written.quota(each, work, **split) / 100 for each in quarters]


def test_a_year_without_quarters_goes_by_business_days() -> None:
    # Québec has 64, 65, 66 and 66 weekdays in the quarters of 2026, and eight holidays: one in the
    # first, three in the second, two in each of the others.
    assert of_quarters(plan("253 000")) == [63_000, 62_000, 64_000, 64_000]


def test_what_no_quarter_is_named_for_goes_by_business_days() -> None:
    written = plan("253 000", quarters={"q1": "125 000", "not_allotted": "128 000"})
    quarters = of_quarters(written)
    assert quarters[0] == 125_000
    assert quarters[1:] == [pytest.approx(128_000 * each / 190, abs=0.01) for each in (62, 64, 64)]
    # All four are named: what is left goes by business days as well.
    parts = {"q1": "1000", "q2": "1000", "q3": "1000", "q4": "1000"}
    written = plan("257 000", quarters={**parts, "not_allotted": "253 000"})
    assert of_quarters(written) == [64_000, 63_000, 65_000, 65_000]


def test_a_month_of_a_season_takes_its_share_of_the_year() -> None:
    # 22 business days in July; the 231 others share 96 %.
    written = plan("1 000 000", seasonality={"july": "4 %"})
    july, june = month(2026, 7), month(2026, 6)
    assert written.quota(july, QUEBEC) == 4_000_000
    assert written.quota(june, QUEBEC) == pytest.approx(96_000_000 * 21 / 231, abs=1)
    assert written.quota(days("2026-07-02", "2026-07-09"), QUEBEC) == round(4_000_000 * 6 / 22)


def test_quarters_win_over_seasons_whose_months_keep_their_proportions() -> None:
    written = plan(
        quarters={"q1": "300k", "q2": "300k", "q3": "300k", "q4": "300k"},
        seasonality={"july": "2 %", "august": "4 %", "september": "6 %"},
    )
    months = [written.quota(month(2026, each), QUEBEC) for each in (7, 8, 9)]
    assert months == [5_000_000, 10_000_000, 15_000_000]


def test_an_absence_moves_revenue_to_the_other_days_of_its_quarter() -> None:
    # Ten of the 64 business days of the third quarter.
    away = WorkingDays(region="CA-QC", away=((number("2026-07-20"), number("2026-07-31")),))
    written = plan("253 000")
    assert of_quarters(written, away) == of_quarters(written)
    assert written.quota(days("2026-07-20", "2026-07-31"), away) == 0
    assert written.quota(month(2026, 8), away) == round(6_400_000 * 21 / 54)
    assert written.quota(month(2026, 6), away) == written.quota(month(2026, 6), QUEBEC)


def test_a_quarter_away_leaves_its_amount_to_the_others() -> None:
    away = WorkingDays(region="CA-QC", away=((number("2026-07-01"), number("2026-09-30")),))
    quarters = of_quarters(plan("189 000"), away)
    assert quarters == [63_000, 62_000, 0, 64_000]


def test_a_rep_who_joins_carries_the_year_from_that_day_on() -> None:
    joins = WorkingDays(region="CA-QC", start=number("2026-05-04"))
    written = plan(quarters={"q1": "0", "q2": "200k", "q3": "400k", "q4": "600k"})
    assert of_quarters(written, joins) == [0, 200_000, 400_000, 600_000]
    assert written.quota(days("2026-01-01", "2026-05-03"), joins) == 0
    # 19 business days in May from the 4th on, 21 in June.
    assert written.quota(month(2026, 5), joins) == round(20_000_000 * 19 / 40)


def test_what_a_rep_who_left_would_have_carried_is_nobodys() -> None:
    left = WorkingDays(region="CA-QC", end=number("2026-09-30"))
    written = plan("253 000")
    assert of_quarters(written, left) == [63_000, 62_000, 64_000, 0]
    assert written.quota(YEAR, left) == 18_900_000


def test_nobody_there_all_year_still_makes_the_objective() -> None:
    never = WorkingDays(region="CA-QC", away=((YEAR.first, YEAR.last),))
    assert of_quarters(plan("253 000"), never) == [63_000, 62_000, 64_000, 64_000]


def test_sources_and_their_parts_share_the_days() -> None:
    written = plan(sources=SPLIT, quarters={"q1": "240k", "q2": "360k", "q3": "240k", "q4": "360k"})
    assert of_quarters(written, source="new") == [96_000, 144_000, 96_000, 144_000]
    assert of_quarters(written, source="events") == [40_000, 60_000, 40_000, 60_000]
    assert of_quarters(written, source="nothing") == [0, 0, 0, 0]
    assert written.sources == {"existing": 60_000_000, "new": 48_000_000, "referral": 12_000_000}
    assert written.sub_sources == {"new": {"prospecting": 28_000_000, "events": 20_000_000}}
    products = plan(products={"saws": "900 000", "not_allotted": "300 000"})
    assert products.quota(YEAR, QUEBEC, product="saws") == 90_000_000


def test_a_revision_shares_what_is_left_by_the_days_that_are_left() -> None:
    revised = plan(
        "253 000", sources={"existing": "126 500", "new": "126 500"},
        revisions=[{"from": "2026-07-01", "why": "x", "objective": "381 000",
                    "sources": {"existing": "62 500", "new": "318 500"}}],
    )  # fmt: skip
    # 125,000 before; 256,000 over 128 business days.
    assert of_quarters(revised) == [63_000, 62_000, 128_000, 128_000]
    assert of_quarters(revised, source="existing") == [31_500, 31_000, 0, 0]
    assert of_quarters(revised, source="new") == [31_500, 31_000, 128_000, 128_000]
    assert of_quarters(revised.initial) == [63_000, 62_000, 64_000, 64_000]


def test_a_revision_within_a_quarter_keeps_the_total_of_the_quarter() -> None:
    revised = plan(
        "256 000", quarters={"q1": "64k", "q2": "64k", "q3": "64k", "q4": "64k"},
        revisions=[{"from": "2026-08-01", "why": "x", "objective": "298 000",
                    "quarters": {"q3": "106k"}}],
    )  # fmt: skip
    assert of_quarters(revised) == [64_000, 64_000, 106_000, 64_000]
    # 22 of 64 days have carried 22,000; 84,000 are left for the 42 others.
    assert revised.quota(month(2026, 7), QUEBEC) == 2_200_000
    assert revised.quota(month(2026, 8), QUEBEC) == 4_200_000


def test_a_fiscal_year_has_its_own_quarters() -> None:
    april = WorkingDays(fiscal_start=4, region="CA-QC")
    written = plan(quarters={"q1": "240k", "q2": "360k", "q3": "240k", "q4": "360k"})
    assert of_quarters(written, april) == [240_000, 360_000, 240_000, 360_000]
    assert written.quota(month(2026, 3), april) == 0
    assert written.quota(days("2027-01-01", "2027-03-31"), april) == 36_000_000
