"""Judge what a rep did against what the plan expects of the same days, over complete weeks.

A `Course` is what a rep did each day, beside what the plans ask of any run of days. It is judged
as of a Sunday (`judged`), and as of those before, for a deviation is confirmed only once it lasts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from rules.alert.alerts import DeviationRule
from rules.alert.episode_steps import sustained
from rules.alert.sensitivity import Limits
from rules.calendar import DAYS_PER_WEEK, Period
from rules.chance.deviations import (
    Deviation,
    Ratio,
    State,
    assess_counts,
    assess_rates,
    assess_sums,
)
from rules.kpi.kpis import Unit
from rules.time import Day

HISTORY = 52
"""Weeks of the past that tell how much counts vary."""
MOST = 1_000
"""More than so many things in a week is no action."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What a rep did on each day, and what the plan asks.

    `counts` are things, or closed deals for a rate (of which `won` were won), or minor units of
    money, of which `amounts` are the single deals. `pieces` are the days under a plan that asks
    for it, with the rep there; `expects` is what is asked of the days from one to another, and
    `target` the rate that is.
    """

    counts: Mapping[Day, int]
    pieces: Sequence[Period]
    expects: Callable[[Day, Day], float] = lambda _first, _last: 0.0
    won: Mapping[Day, int] | None = None
    target: float = 0.0
    amounts: Sequence[int] = ()

    def observed(self, first: Day, last: Day, counts: Mapping[Day, int] | None = None) -> int:
        """The count of some days, of those under a plan."""
        found = self.counts if counts is None else counts
        return sum(
            count
            for day, count in found.items()
            if first <= day <= last and any(day in piece for piece in self.pieces)
        )

    def first_of(self, start: Day, last: Day) -> Day | None:
        """The first day from `start` to `last` that is under a plan; None when none is."""
        parts = [part for piece in self.pieces if (part := piece.clipped(start, last))]
        return min((part.first for part in parts), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a judgement needs besides the figures."""

    limits: Limits
    dispersion: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict on the days from `since` to `until`, the window that speaks most."""

    since: Day
    until: Day
    deviation: Deviation


def judged(rule: DeviationRule, course: Course, means: Means, *, until: Day) -> Judged:
    """Judge up to a Sunday; confirmed only when the looks before say so too.

    A window that reaches beyond the plans is shorter: two that come to the same days are one.
    """
    looks = [
        _look(rule, course, means, until=until - back * DAYS_PER_WEEK)
        for back in reversed(range(means.limits.weeks))
    ]
    last = looks[-1]
    state = sustained([look.deviation.state for look in looks], means.limits.weeks)
    return replace(last, deviation=replace(last.deviation, state=state))


def weekly_history(course: Course, *, until: Day) -> list[tuple[int, float]]:
    """(observed, expected) of each complete week under a plan up to a Sunday, oldest first."""
    found = []
    for back in reversed(range(HISTORY)):
        last = until - back * DAYS_PER_WEEK
        first = last - DAYS_PER_WEEK + 1
        if any(first in piece and last in piece for piece in course.pieces):
            found.append((course.observed(first, last), course.expects(first, last)))
    return found


def more_needed(rule: DeviationRule, course: Course, means: Means, *, sunday: Day) -> int | None:
    """How many more things by a Sunday would bring the reading of that Sunday back into the band.

    The least number, things done so far in the week being counted; None for what is not counted
    one by one, or when no number helps.
    """
    if rule.unit is not Unit.COUNT:
        return None

    def is_back(more: int) -> bool:
        counts = dict(course.counts)
        counts[sunday] = counts.get(sunday, 0) + more
        ahead = replace(course, counts=counts)
        found = _look(rule, ahead, means, until=sunday).deviation.state
        return found in (State.ON_PLAN, State.NOT_CONCLUSIVE)

    if not is_back(MOST):
        return None
    low, high = 0, MOST
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_back(middle) else (middle + 1, high)
    return low


def _look(rule: DeviationRule, course: Course, means: Means, *, until: Day) -> Judged:
    since: dict[int, Day] = {}
    for window in rule.windows:
        first = course.first_of(until - window * DAYS_PER_WEEK + 1, until)
        if first is not None:
            since[ceil((until - first + 1) / DAYS_PER_WEEK)] = first
    if not since:
        weeks = max(rule.windows)
        nothing = assess_counts({weeks: 0}, {weeks: 0.0}, limits=means.limits)
        deviation = replace(nothing, unit=rule.unit)
        return Judged(since=until, until=until, deviation=deviation)
    deviation = _assessed(rule, course, means, since, until)
    return Judged(since=since[deviation.window], until=until, deviation=deviation)


def _assessed(
    rule: DeviationRule, course: Course, means: Means, since: Mapping[int, Day], until: Day
) -> Deviation:
    observed = {weeks: course.observed(first, until) for weeks, first in since.items()}
    if rule.unit is Unit.RATIO:
        ratios = {
            weeks: Ratio(course.observed(first, until, course.won or {}), observed[weeks])
            for weeks, first in since.items()
        }
        return assess_rates(ratios, course.target, minimum=rule.minimum, limits=means.limits)
    expected = {weeks: course.expects(first, until) for weeks, first in since.items()}
    if rule.unit is Unit.MONEY:
        return assess_sums(
            observed, expected, course.amounts, dispersion=means.dispersion, limits=means.limits
        )
    return assess_counts(observed, expected, dispersion=means.dispersion, limits=means.limits)
