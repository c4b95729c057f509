"""Calendar arithmetic against the standard library's dates, day by day."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.calendar import (
    Period,
    Span,
    end_of_quarter,
    fiscal_year,
    fiscal_year_of,
    month,
    month_of,
    next_weekday,
    period_of,
    periods_over,
    quarter,
    quarter_of,
    shifted,
    week_of,
    weekdays,
)
from rules.days_off import days_off
from rules.time import date_of, day_number

days = st.integers(day_number(date(1960, 1, 1)), day_number(date(2060, 12, 31)))


def number(text: str) -> int:
    return day_number(date.fromisoformat(text))


def period(key: str, first: str, last: str) -> Period:
    return Period(key, number(first), number(last))


@pytest.mark.parametrize(
    ("day", "week"),
    [
        # A year of 53 weeks ends on the Sunday after New Year.
        ("2026-12-31", period("2026-W53", "2026-12-28", "2027-01-03")),
        ("2027-01-03", period("2026-W53", "2026-12-28", "2027-01-03")),
        ("2027-01-04", period("2027-W01", "2027-01-04", "2027-01-10")),
        # The first week may begin in the year before.
        ("2025-12-29", period("2026-W01", "2025-12-29", "2026-01-04")),
        ("2026-06-29", period("2026-W27", "2026-06-29", "2026-07-05")),
        # The Sunday on which clocks go forward in Québec.
        ("2026-03-08", period("2026-W10", "2026-03-02", "2026-03-08")),
    ],
)
def test_a_day_belongs_to_its_iso_week(day: str, week: Period) -> None:
    assert week_of(number(day)) == week


@given(days)
def test_weeks_are_those_of_the_standard_library(day: int) -> None:
    found, on = week_of(day), date_of(day)
    year, week, _ = on.isocalendar()
    assert found.key == f"{year}-W{week:02}"
    assert date_of(found.first) == on - timedelta(days=on.weekday())
    assert found.last == found.first + 6


@given(days)
def test_a_month_begins_on_the_first_and_ends_on_the_day_before_the_next(day: int) -> None:
    found, on = month_of(day), date_of(day)
    assert found.key == f"{on:%Y-%m}"
    assert date_of(found.first) == on.replace(day=1)
    assert date_of(found.last + 1).day == 1
    assert day in found


def test_months_outside_a_year_count_on_into_the_next_one() -> None:
    assert month(2026, 2) == period("2026-02", "2026-02-01", "2026-02-28")
    assert month(2028, 2) == period("2028-02", "2028-02-01", "2028-02-29")
    assert month(2026, 0) == month(2025, 12)
    assert month(2026, 13) == month(2027, 1)
    assert shifted(month(2026, 11), 3) == month(2027, 2)
    assert shifted(month(2026, 1), -13) == month(2024, 12)


@pytest.mark.parametrize(
    ("day", "start_month", "expected"),
    [
        ("2026-01-01", 1, period("2026-Q1", "2026-01-01", "2026-03-31")),
        ("2026-12-31", 1, period("2026-Q4", "2026-10-01", "2026-12-31")),
        # A year that begins in April is named after the calendar year in which it begins.
        ("2026-04-01", 4, period("2026-Q1", "2026-04-01", "2026-06-30")),
        ("2027-03-31", 4, period("2026-Q4", "2027-01-01", "2027-03-31")),
        # A quarter across New Year.
        ("2027-01-15", 12, period("2026-Q1", "2026-12-01", "2027-02-28")),
        ("2026-11-30", 12, period("2025-Q4", "2026-09-01", "2026-11-30")),
    ],
)
def test_quarters_follow_the_fiscal_year(day: str, start_month: int, expected: Period) -> None:
    assert quarter_of(number(day), start_month) == expected


def test_a_fiscal_year_lasts_twelve_months_and_is_made_of_its_quarters() -> None:
    assert fiscal_year(2026, 4) == period("2026", "2026-04-01", "2027-03-31")
    assert fiscal_year_of(number("2027-03-31"), 4) == fiscal_year(2026, 4)
    assert fiscal_year_of(number("2027-04-01"), 4) == fiscal_year(2027, 4)
    quarters = [quarter(2026, position, 4) for position in (1, 2, 3, 4)]
    assert quarters[0].first == fiscal_year(2026, 4).first
    assert quarters[3].last == fiscal_year(2026, 4).last
    assert [q.last + 1 for q in quarters[:3]] == [q.first for q in quarters[1:]]


@given(days, st.sampled_from(Span), st.integers(1, 12), st.integers(0, 500))
def test_periods_follow_one_another_and_cover_the_days(
    first: int, span: Span, start_month: int, length: int
) -> None:
    found = list(periods_over(span, first, first + length, start_month))
    assert found[0] == period_of(span, first, start_month)
    assert first in found[0]
    assert first + length in found[-1]
    assert all(after.first == before.last + 1 for before, after in pairwise(found))


@given(days, st.integers(-3, 400))
def test_weekdays_are_counted_like_one_by_one(first: int, length: int) -> None:
    last = first + length
    assert weekdays(first, last) == sum(
        date_of(day).weekday() < 5 for day in range(first, last + 1)
    )


def test_weekdays_of_months_read_off_a_calendar() -> None:
    # February 2026 starts on a Sunday: 4 weeks. May 2026 starts on a Friday: 5 weekends.
    assert weekdays(month(2026, 2).first, month(2026, 2).last) == 20
    assert weekdays(month(2026, 5).first, month(2026, 5).last) == 21
    assert weekdays(month(2026, 7).first, month(2026, 7).last) == 23


def test_the_next_weekday_of_a_weekend_is_monday() -> None:
    assert next_weekday(number("2026-07-03")) == number("2026-07-03")
    assert next_weekday(number("2026-07-04")) == number("2026-07-06")
    assert next_weekday(number("2026-07-05")) == number("2026-07-06")
    assert next_weekday(number("1969-12-28")) == number("1969-12-29")


def test_a_period_is_clipped_to_the_days_within_it() -> None:
    june = month(2026, 6)
    middle, end = number("2026-06-15"), number("2026-06-30")
    assert june.clipped(None, None) == june
    assert june.clipped(middle, None) == Period("2026-06", middle, end)
    assert june.clipped(None, middle) == Period("2026-06", june.first, middle)
    assert june.clipped(end + 1, None) is None


@pytest.mark.parametrize(
    ("day", "count", "holidays", "start_month", "expected"),
    [
        # The last five weekdays of June 2026, without Saint-Jean-Baptiste, then with it off.
        ("2026-06-01", 5, [], 1, ("2026-06-24", "2026-06-30")),
        ("2026-06-01", 5, ["2026-06-24"], 1, ("2026-06-23", "2026-06-30")),
        # Between Christmas and the New Year.
        ("2026-12-31", 5, ["2026-12-25"], 1, ("2026-12-24", "2026-12-31")),
        # A quarter that ends on a Sunday: its last days belong to it.
        ("2026-05-02", 1, [], 3, ("2026-05-29", "2026-05-31")),
        # More days than the quarter has.
        ("2026-02-01", 90, [], 1, ("2026-01-01", "2026-03-31")),
    ],
)
def test_the_end_of_a_quarter_is_its_last_business_days(
    day: str, count: int, holidays: list[str], start_month: int, expected: tuple[str, str]
) -> None:
    off = {number(each) for each in holidays}
    found = end_of_quarter(number(day), count, start_month, off)
    assert (found.first, found.last) == tuple(number(each) for each in expected)


def test_the_holidays_of_quebec_are_not_those_of_canada() -> None:
    assert number("2026-06-24") in days_off("CA-QC", 2026)
    assert number("2026-06-24") not in days_off("CA", 2026)
    assert number("2026-07-01") in days_off("CA", 2026)
    assert days_off(None, 2026) == frozenset()
