"""Weeks, months, quarters and fiscal years, made of days of the team's zone.

Everything is arithmetic on day numbers: no clock, no zone, no hour, so a change of hour can't
move a week. `rules.time.day_of` says which day an instant falls on.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Self

from rules.time import Day, date_of, day_number

DAYS_PER_WEEK = 7
MONTHS_PER_YEAR = 12
_WEEKDAYS_PER_WEEK = 5
_MONTHS_PER_QUARTER = 3
# 1970-01-01, day 0, was a Thursday: the Monday of its week is day -3.
_MONDAY = -3


class Span(StrEnum):
    """The kinds of period that a target can be set for."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Period:
    """A named run of days: `key` as `2026-06`, `2026-W27`, `2026-Q2` or `2026`; ends included."""

    key: str
    first: Day
    last: Day

    def __contains__(self, day: Day) -> bool:
        return self.first <= day <= self.last

    def clipped(self, first: Day | None, last: Day | None) -> Self | None:
        """The part within two days (None = no bound), under the same key; None when empty."""
        start = self.first if first is None else max(self.first, first)
        end = self.last if last is None else min(self.last, last)
        return type(self)(self.key, start, end) if start <= end else None


def week_of(day: Day) -> Period:
    """The ISO week, Monday to Sunday, that holds a day."""
    first = day - (day - _MONDAY) % DAYS_PER_WEEK
    year, week, _ = date_of(first).isocalendar()
    return Period(f"{year}-W{week:02}", first, first + DAYS_PER_WEEK - 1)


def month_of(day: Day) -> Period:
    """The calendar month that holds a day."""
    on = date_of(day)
    return month(on.year, on.month)


def month(year: int, number: int) -> Period:
    """A calendar month; numbers outside 1–12 count on into other years (0 is December before)."""
    first, after = _month_start(year, number), _month_start(year, number + 1)
    on = date_of(first)
    return Period(f"{on.year}-{on.month:02}", first, after - 1)


def shifted(start: Period, months: int) -> Period:
    """The month so many months after the month that holds the first day of a period."""
    on = date_of(start.first)
    return month(on.year, on.month + months)


def fiscal_year(year: int, start_month: int) -> Period:
    """The fiscal year that begins in a calendar year, on the first day of `start_month` (1–12)."""
    first = _month_start(year, start_month)
    return Period(f"{year}", first, _month_start(year + 1, start_month) - 1)


def fiscal_year_of(day: Day, start_month: int) -> Period:
    """The fiscal year that holds a day."""
    on = date_of(day)
    return fiscal_year(on.year - (on.month < start_month), start_month)


def quarter(year: int, number: int, start_month: int) -> Period:
    """A quarter (1–4) of the fiscal year that begins in a calendar year."""
    at = start_month + (number - 1) * _MONTHS_PER_QUARTER
    first = _month_start(year, at)
    return Period(f"{year}-Q{number}", first, _month_start(year, at + _MONTHS_PER_QUARTER) - 1)


def quarter_of(day: Day, start_month: int) -> Period:
    """The quarter of the fiscal year that holds a day."""
    on = date_of(day)
    year = on.year - (on.month < start_month)
    number = (on.month - start_month) % MONTHS_PER_YEAR // _MONTHS_PER_QUARTER + 1
    return quarter(year, number, start_month)


def period_of(span: Span, day: Day, start_month: int) -> Period:
    """The week, month, fiscal quarter or fiscal year that holds a day."""
    match span:
        case Span.WEEK:
            return week_of(day)
        case Span.MONTH:
            return month_of(day)
        case Span.QUARTER:
            return quarter_of(day, start_month)
        case Span.YEAR:
            return fiscal_year_of(day, start_month)


def periods_over(span: Span, first: Day, last: Day, start_month: int) -> Iterator[Period]:
    """The periods of one kind that touch a run of days, whole and in order."""
    day = first
    while day <= last:
        found = period_of(span, day, start_month)
        yield found
        day = found.last + 1


def weekdays(first: Day, last: Day) -> int:
    """How many days from Monday to Friday lie between two days, both included."""
    return max(0, _weekdays_before(last + 1) - _weekdays_before(first))


def next_weekday(day: Day) -> Day:
    """The day itself from Monday to Friday, else the Monday that follows."""
    position = (day - _MONDAY) % DAYS_PER_WEEK
    return day if position < _WEEKDAYS_PER_WEEK else day + DAYS_PER_WEEK - position


def is_business_day(day: Day, holidays: Container[Day]) -> bool:
    """Whether a day is from Monday to Friday and none of the holidays."""
    return (day - _MONDAY) % DAYS_PER_WEEK < _WEEKDAYS_PER_WEEK and day not in holidays


def end_of_quarter(day: Day, count: int, start_month: int, holidays: Container[Day]) -> Period:
    """The end of the fiscal quarter that holds a day: from the first of its last business days.

    `count` is how many business days, at least one. The days between and after them, when nobody
    works, belong to it.
    """
    found = quarter_of(day, start_month)
    first, left = found.last + 1, count
    while left and first > found.first:
        first -= 1
        left -= is_business_day(first, holidays)
    return Period(found.key, first, found.last)


def _weekdays_before(day: Day) -> int:
    """Weekdays from day -3, a Monday, up to but without a day (negative before it)."""
    weeks, rest = divmod(day - _MONDAY, DAYS_PER_WEEK)
    return weeks * _WEEKDAYS_PER_WEEK + min(rest, _WEEKDAYS_PER_WEEK)


def _month_start(year: int, number: int) -> Day:
    years, position = divmod(number - 1, MONTHS_PER_YEAR)
    return day_number(date(year + years, position + 1, 1))
