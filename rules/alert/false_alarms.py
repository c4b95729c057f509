"""How many alerts a year chance alone gives a team that is exactly on plan.

Every level promises something, but windows overlap from week to week, episodes need looks in a
row, and counts are whole: only playing the weeks tells what the promise comes to. Each series of
the team is played through long years on plan, by the limits that judge the real one, with draws
that are always the same: the same team gives the same figures.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import sqrt
from random import Random

from rules.alert.episode_steps import Step, next_step, sustained
from rules.alert.sensitivity import Limits, Sensitivity, limits_of
from rules.chance import count_laws
from rules.chance.deviations import MINIMUM_TRIALS, State
from rules.chance.dispersion import PRIOR
from rules.chance.window_laws import counted, rated
from rules.language import Language, Text, number

WEEKS_PER_YEAR = 52
COUNT_WINDOWS = (4, 8, 13)
RATE_WINDOWS = (13, 26)
# Years on plan that are played for the whole team, shared among its different series.
_YEARS = 6_400
_SEED = 12
# What history makes of a variance ÷ mean of 1 over a plan's first year: 1.3 after a quarter, 1.1 in
# the end (`rules.chance.dispersion` leans to the safe side until it knows).
_LEAST_DISPERSION = 1.15
# In standard deviations: 5 % of chance, the most that a word allows, are further from the mean.
_NEAR = 1.2
# From so many on, a decimal of a figure says nothing.
_WHOLE = 10


@dataclass(frozen=True, slots=True)
class Counted:
    """A count of which `weekly` are expected a week, on average over the year."""

    weekly: float
    windows: tuple[int, ...] = COUNT_WINDOWS


@dataclass(frozen=True, slots=True)
class Rated:
    """A rate with a target, of which `weekly` cases are decided a week on average."""

    weekly: float
    target: float
    minimum: int = MINIMUM_TRIALS
    windows: tuple[int, ...] = RATE_WINDOWS


Series = Counted | Rated


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """What chance alone gives a team on plan in a year.

    `watch_lines` are lines of weekly digests (one a week for as long as a series is watched),
    `confirmed_episodes` episodes that open; `below_target` is how often a week is under its
    target: what alerts would be without statistics.
    """

    series: int
    watch_lines: float
    confirmed_episodes: float
    below_target: float


def expected_false_alarms(
    series: Sequence[Series],
    sensitivity: Sensitivity,
    *,
    dispersions: Sequence[float] = (1.0, PRIOR),
) -> FalseAlarms:
    """Play every series on plan, half of the years with each of the given variances ÷ means."""
    limits = limits_of(sensitivity)
    watched = confirmed = below = 0.0
    wanted = Counter(series)
    for each, times in wanted.items():
        laws = dispersions if isinstance(each, Counted) else (1.0,)
        years = max(40, _YEARS // (2 * len(wanted)))
        for dispersion in laws:
            played = _played(each, dispersion, limits, years)
            share = times / len(laws) / years
            watched += played.watch_lines * share
            confirmed += played.confirmed_episodes * share
            below += played.below_target * share
    return FalseAlarms(len(series), watched, confirmed, below)


def told(alarms: FalseAlarms) -> Text:
    """The expectation in words, for `rules check` and the digest."""
    french, english = (
        [number(value, language, digits=digits) for value, digits in _figures(alarms)]
        for language in Language
    )
    return Text(
        "Fausses alertes attendues par an, toute l'équipe étant exactement au plan "
        "(séries suivies : {2}) : confirmées {0}, lignes « à surveiller » {1} ; une alerte "
        "« sous la cible cette semaine » en donnerait {3}.".format(*french),
        "False alarms expected a year, the whole team being exactly on plan (series watched: "
        "{2}): confirmed {0}, watch lines {1}; an alert 'below target this week' would give "
        "{3}.".format(*english),
    )


def _figures(alarms: FalseAlarms) -> Sequence[tuple[float, int]]:
    return (
        (alarms.confirmed_episodes, 0 if alarms.confirmed_episodes >= _WHOLE else 1),
        (alarms.watch_lines, 0),
        (alarms.series, 0),
        (alarms.below_target, 0),
    )


# Long, and the same each time: a digest says it every week.
@lru_cache(maxsize=256)
def _played(series: Series, dispersion: float, limits: Limits, years: int) -> FalseAlarms:
    weeks = years * WEEKS_PER_YEAR + series.windows[-1]
    draw = Random(_SEED)  # noqa: S311 - a rehearsal that must be the same each time, not a secret
    if isinstance(series, Counted):
        counts = _drawn(draw, series.weekly, dispersion, weeks)
        states = _count_states(series, counts, dispersion, limits)
        below = sum(count < series.weekly for count in counts)
    else:
        trials = _drawn(draw, series.weekly, 1.0, weeks)
        won = [sum(draw.random() < series.target for _ in range(number)) for number in trials]
        states = _rate_states(series, trials, won, limits)
        below = sum(
            successes < series.target * number
            for successes, number in zip(won, trials, strict=True)
        )
    lines, episodes = _followed(states, weeks, limits)
    return FalseAlarms(1, lines, episodes, below)


def _drawn(draw: Random, mean: float, dispersion: float, weeks: int) -> list[int]:
    size = 16 + int(4 * mean * max(1.0, dispersion))
    totals = list(accumulate(count_laws.counts(mean, dispersion, size)))
    return [bisect_left(totals, draw.random()) for _ in range(weeks)]


def _count_states(
    series: Counted, counts: Sequence[int], dispersion: float, limits: Limits
) -> dict[int, State]:
    """The weeks, by number, whose look is not on plan."""
    means = tuple(series.weekly * window for window in series.windows)
    laws = counted(means, max(_LEAST_DISPERSION, dispersion))
    totals = list(accumulate(counts, initial=0))
    states: dict[int, State] = {}
    for level, state in ((limits.watch, State.WATCH), (limits.confirmed, State.CONFIRMED)):
        for window, low in zip(series.windows, laws.critical(level), strict=True):
            ends = enumerate(zip(totals[window:], totals, strict=False), start=window)
            states |= {week: state for week, (after, before) in ends if after - before <= low}
    return {week: state for week, state in states.items() if week >= series.windows[-1]}


def _rate_states(
    series: Rated, trials: Sequence[int], won: Sequence[int], limits: Limits
) -> dict[int, State]:
    cases = list(accumulate(trials, initial=0))
    successes = list(accumulate(won, initial=0))
    states: dict[int, State] = {}
    for week in range(series.windows[-1], len(cases)):
        seen = [
            (cases[week] - cases[week - window], successes[week] - successes[week - window])
            for window in series.windows
        ]
        told_windows = [(number, count) for number, count in seen if number >= series.minimum]
        if not any(_is_lowish(count, number, series.target) for number, count in told_windows):
            continue
        laws = rated(tuple(number for number, _ in told_windows), series.target)
        for level, state in ((limits.watch, State.WATCH), (limits.confirmed, State.CONFIRMED)):
            lows = laws.critical(level)
            if any(count <= low for (_, count), low in zip(told_windows, lows, strict=True)):
                states[week] = state
    return states


def _is_lowish(count: int, trials: int, rate: float) -> bool:
    """Whether a count of successes may be under a limit: no limit is this near to the mean."""
    return count < rate * trials - _NEAR * sqrt(rate * (1 - rate) * trials)


def _followed(states: dict[int, State], weeks: int, limits: Limits) -> tuple[int, int]:
    """Watch lines and episodes opened, by the steps that real looks go through."""
    lines = episodes = 0
    is_open, since = False, None
    week, ahead = 0, iter(sorted(states))
    while True:
        if not is_open:
            following = next((found for found in ahead if found >= week), None)
            if following is None:
                return lines, episodes
            week = following
        looks = [
            states.get(found, State.ON_PLAN) for found in range(week - limits.weeks + 1, week + 1)
        ]
        state = sustained(looks, limits.weeks)
        look = next_step(state, is_open=is_open, on_plan_since=since, monday=week)
        since = look.on_plan_since
        if look.step is Step.OPENED:
            episodes, is_open = episodes + 1, True
        elif look.step is Step.RECOVERED:
            is_open, since = False, None
        elif not is_open and state is State.WATCH:
            lines += 1
        week += 1
        if week > weeks:
            return lines, episodes
