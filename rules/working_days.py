"""The days on which somebody works: Monday to Friday, without holidays and absences.

A *business day* is one of the team's; a *working day* is one on which a rep is there too. What a
plan asks of a period is shared by its business days, and only working days carry their share.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rules.calendar import is_business_day, weekdays
from rules.days_off import days_off
from rules.team import Team
from rules.time import Day, date_of

DayRange = tuple[Day, Day]
"""A first and a last day, both included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingDays:
    """The calendar that a rep works by.

    `fiscal_start` is the month (1–12) in which fiscal years begin, `region` as in
    `rules.days_off`. `away` are runs of days, in any order; `start` and `end` the first and the
    last day of the rep, None where there is none. Without anything it is every weekday.
    """

    fiscal_start: int = 1
    region: str | None = None
    away: tuple[DayRange, ...] = ()
    start: Day | None = None
    end: Day | None = None

    def __contains__(self, day: Day) -> bool:
        return self.count(day, day) > 0

    def count(self, first: Day, last: Day) -> int:
        """How many working days lie between two days, both included."""
        since = first if self.start is None else max(first, self.start)
        until = last if self.end is None else min(last, self.end)
        missed = sum(
            self.business(max(since, leaves), min(until, returns))
            for leaves, returns in _merged(self.away)
        )
        return self.business(since, until) - missed

    def business(self, first: Day, last: Day) -> int:
        """How many business days of the team lie between two days, whether the rep is there."""
        if last < first:
            return 0
        return weekdays(first, last) - _holidays(self.region, first, last)


def working_days(team: Team, owner: str, away: Iterable[DayRange] = ()) -> WorkingDays:
    """The calendar of a rep of a team; of somebody who is no rep, such as `team`, the team's."""
    rep = team.reps.get(owner)
    return WorkingDays(
        fiscal_start=team.fiscal_year,
        region=team.holidays,
        away=tuple(away),
        start=rep.start if rep else None,
        end=rep.end if rep else None,
    )


def _holidays(region: str | None, first: Day, last: Day) -> int:
    """How many holidays from Monday to Friday lie between two days."""
    if region is None:
        return 0
    years = range(date_of(first).year, date_of(last).year + 1)
    return sum(
        bisect_right(known, last) - bisect_left(known, first)
        for year in years
        for known in [_holidays_of(region, year)]
    )


@lru_cache(maxsize=64)
def _holidays_of(region: str, year: int) -> tuple[Day, ...]:
    return tuple(sorted(day for day in days_off(region, year) if is_business_day(day, ())))


@lru_cache(maxsize=256)
def _merged(away: tuple[DayRange, ...]) -> tuple[DayRange, ...]:
    """The same days as runs that don't touch one another."""
    merged: list[DayRange] = []
    for first, last in sorted(away):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)
