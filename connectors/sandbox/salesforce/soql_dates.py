"""SOQL's relative dates (`THIS_MONTH`, `LAST_N_DAYS:30`): the days that each one covers.

Source: "Date Formats and Date Literals in WHERE" of the SOQL reference. A span is its first day
and the day after its last. Weeks begin on Sunday, as in the org's Canadian locale, or on Monday.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

Span = tuple[date, date]
_SIMPLE = re.compile(
    r"(LAST|THIS|NEXT)_(WEEK|MONTH|QUARTER|YEAR|FISCAL_QUARTER|FISCAL_YEAR)", re.ASCII
)
_COUNTED = re.compile(
    r"(LAST|NEXT)_N_(DAYS|WEEKS|MONTHS|QUARTERS|YEARS|FISCAL_QUARTERS|FISCAL_YEARS):(\d{1,5})",
    re.ASCII,
)
_AGO = re.compile(
    r"N_(DAYS|WEEKS|MONTHS|QUARTERS|YEARS|FISCAL_QUARTERS|FISCAL_YEARS)_AGO:(\d{1,5})", re.ASCII
)
_DAYS = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12, "FISCAL_QUARTER": 3, "FISCAL_YEAR": 12}
_PLACES = {"LAST": -1, "THIS": 0, "NEXT": 1}
_SAME = {"LAST_90_DAYS": "LAST_N_DAYS:90", "NEXT_90_DAYS": "NEXT_N_DAYS:90"}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Starts:
    """The month in which the fiscal year starts; the days from a week's first day to Monday."""

    fiscal: int
    week: int


def span_of(word: str, today: date, fiscal_start: int, *, first_day: str = "sunday") -> Span | None:
    """Return the days of a relative date; None when there is no such word.

    `fiscal_start` is the month in which the fiscal year starts, `first_day` (sunday or monday) the
    day on which weeks do. OverflowError out of range.
    """
    starts = _Starts(fiscal_start, 0 if first_day == "monday" else 1)
    word = _SAME.get(word.upper(), word.upper())
    if word in _DAYS:
        return _periods("DAY", today, starts, _DAYS[word], _DAYS[word] + 1)
    if found := _SIMPLE.fullmatch(word):
        place = _PLACES[found[1]]
        return _periods(found[2], today, starts, place, place + 1)
    if found := _COUNTED.fullmatch(word):
        return _counted(found[1], found[2][:-1], int(found[3]), today, starts)
    if found := _AGO.fullmatch(word):
        place = -int(found[2])
        return _periods(found[1][:-1], today, starts, place, place + 1)
    return None


def _counted(way: str, unit: str, number: int, today: date, starts: _Starts) -> Span:
    """The N periods before or after the present one; days before include today."""
    if way == "NEXT":
        return _periods(unit, today, starts, 1, number + 1)
    return _periods(unit, today, starts, -number, 1 if unit == "DAY" else 0)


def _periods(unit: str, today: date, starts: _Starts, first: int, after: int) -> Span:
    """The days of the periods from `first` to before `after`, counted from the present one."""
    if unit == "DAY":
        return today + first * _DAY, today + after * _DAY
    if unit == "WEEK":
        begun = today - timedelta(days=(today.weekday() + starts.week) % 7)
        return begun + 7 * first * _DAY, begun + 7 * after * _DAY
    months = _MONTHS[unit]
    start_month = starts.fiscal if unit.startswith("FISCAL") else 1
    since = (today.month - start_month) % 12 % months if months > 1 else 0
    number = today.year * 12 + today.month - 1 - since
    return _month(number + first * months), _month(number + after * months)


def _month(number: int) -> date:
    if not 1 <= number // 12 <= 9999:  # noqa: PLR2004 - the years of Python's calendar
        raise OverflowError
    return date(number // 12, number % 12 + 1, 1)
