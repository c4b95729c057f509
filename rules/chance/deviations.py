"""Whether a figure is below plan by more than chance, with exact laws and the standard library.

A rep who opens μ opportunities on average opens a Poisson number of them: even exactly on plan,
half of the weeks fall short. So a figure is judged over several windows of complete weeks, by the
exact chance that a rep on plan reads so low in any of them (`rules.chance.nested_windows`):

- a count by Poisson's law, or by the negative binomial when the team's weeks vary more than that
  (`rules.chance.dispersion`);
- a rate by the binomial law of the cases there were, once there are enough of them;
- a sum of money by the law of so many deals of the amounts that are usually won.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil, floor
from typing import NamedTuple

from rules.alert.sensitivity import NORMAL, Limits
from rules.chance.intervals import Interval, wilson
from rules.chance.nested_windows import ROUNDING, Nested
from rules.chance.window_laws import counted, rated, summed
from rules.kpi.names import Unit

# A rate is judged from so many cases on; under it, a fall from 25 % to 10 % would go unseen.
MINIMUM_TRIALS = 36
# So many won amounts, of the rep or of the team, are needed to know how much they vary.
MINIMUM_AMOUNTS = 12
# What is expected of a sum is cut in so many cells.
_CELLS = 128
# A sum beyond so many times what is expected is on plan, whatever it is.
_AMPLE = 2


class State(StrEnum):
    """What a figure says of the plan."""

    ON_PLAN = "on_plan"
    WATCH = "watch"
    CONFIRMED = "confirmed"
    NOT_CONCLUSIVE = "not_conclusive"


class Ratio(NamedTuple):
    """So many successes among so many cases."""

    successes: int
    trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A judgement on the window (in weeks) that speaks most against the plan.

    `observed`, `low`, `high` and `missing` are counts (of successes, for a rate) or minor units.
    On plan, no window is under its `low` but for the level of `watch`, nor any one over its
    `high` but for that level shared among the windows; `p` is the chance that a rep on plan reads
    so low in any window; `missing` is what would bring the figure back to `low`. A rate has its
    `trials` and their Wilson `interval`.
    """

    state: State
    window: int
    observed: int
    expected: float
    low: int
    high: int
    p: float
    missing: int
    unit: Unit = Unit.COUNT
    dispersion: float = 1.0
    trials: int | None = None
    interval: Interval | None = None


def assess_counts(
    observed: Mapping[int, int],
    expected: Mapping[int, float],
    *,
    dispersion: float = 1.0,
    limits: Limits = NORMAL,
) -> Deviation:
    """Judge counts by window (in weeks) against what the plan expects in the same windows.

    Windows where even a count of zero would prove nothing never speak against the plan; when all
    are such, the answer is "not conclusive", with the longest window's figures. `observed` and
    `expected` have the same keys, at least one, and end on the same day, so that a longer window
    holds at least what a shorter one does (else ValueError). `dispersion` is variance ÷ mean.
    """
    windows = _windows(observed, expected)
    means = tuple(expected[window] for window in windows)
    reading = _Reading(windows, tuple(observed[window] for window in windows), means)
    deviation = _judged(reading, counted(means, dispersion), limits)
    return deviation if dispersion == 1 else replace(deviation, dispersion=dispersion)


def assess_rates(
    observed: Mapping[int, Ratio],
    target: float,
    *,
    minimum: int = MINIMUM_TRIALS,
    limits: Limits = NORMAL,
) -> Deviation:
    """Judge rates by window (in weeks) against a target from 0 to 1, over `minimum` cases or more.

    With fewer in every window, the answer is "not conclusive", with the longest window's figures.
    Windows end on the same day; at least one (else ValueError).
    """
    windows = _windows(observed, observed)
    enough = tuple(window for window in windows if observed[window].trials >= minimum)
    told = enough or windows[-1:]
    trials = tuple(observed[window].trials for window in told)
    reading = _Reading(
        told,
        tuple(observed[window].successes for window in told),
        tuple(target * number for number in trials),
        unit=Unit.RATIO,
    )
    deviation = _judged(reading, rated(trials, target), limits) if enough else _silent(reading)
    seen = observed[deviation.window]
    return replace(deviation, trials=seen.trials, interval=wilson(seen.successes, seen.trials))


def assess_sums(
    observed: Mapping[int, int],
    expected: Mapping[int, float],
    amounts: Sequence[int],
    *,
    dispersion: float = 1.0,
    limits: Limits = NORMAL,
) -> Deviation:
    """Judge money (minor units) by window against the plan's, from the amounts usually won.

    On plan, so many deals are won that their amounts make what is expected on average:
    `dispersion` is that of their number. Fewer than `MINIMUM_AMOUNTS` amounts over zero are not
    conclusive. A sum is told to a 128th of what the longest window expects; its law keeps the
    mean. Windows as in `assess_counts`.
    """
    windows = _windows(observed, expected)
    known = tuple(sorted(amount for amount in amounts if amount > 0))
    means = tuple(expected[window] for window in windows)
    step = max(1.0, means[-1] / _CELLS)
    reading = _Reading(
        windows, tuple(observed[window] for window in windows), means, step, Unit.MONEY
    )
    if len(known) < MINIMUM_AMOUNTS or means[-1] <= 0:
        return _silent(reading)
    deviation = _judged(reading, summed(means, dispersion, known, step), limits)
    return replace(deviation, dispersion=dispersion)


def benjamini_hochberg(chances: Sequence[float], rate: float) -> Sequence[bool]:
    """Which of a team's chances stand together, at most `rate` of them false on average.

    In the order given: true for the k smallest, k being the greatest with p₍ₖ₎ ≤ rate × k ÷ n.
    Source: Benjamini & Hochberg, *Journal of the Royal Statistical Society B* 57 (1995).
    """
    ranked = sorted(chances)
    kept = [
        chance for rank, chance in enumerate(ranked, start=1) if chance <= rate * rank / len(ranked)
    ]
    return [bool(kept) and chance <= kept[-1] for chance in chances]


class _Reading(NamedTuple):
    """Windows from the shortest, what they hold, and the size of a cell of their law."""

    windows: tuple[int, ...]
    observed: tuple[int, ...]
    expected: tuple[float, ...]
    step: float = 1.0
    unit: Unit = Unit.COUNT

    def cell(self, place: int) -> int:
        """The cell of a window's figure; rounded up, which favours the rep."""
        if self.unit is not Unit.MONEY:
            return self.observed[place]
        return min(ceil(self.observed[place] / self.step - ROUNDING), _AMPLE * _CELLS)


def _windows(observed: Mapping[int, object], expected: Mapping[int, object]) -> tuple[int, ...]:
    if not observed or observed.keys() != expected.keys():
        raise ValueError("observed and expected need the same windows, at least one")
    return tuple(sorted(observed))


def _judged(reading: _Reading, laws: Nested, limits: Limits) -> Deviation:
    """The window whose own chance is the least among those that could speak, and its verdict."""
    watched = laws.critical(limits.watch)
    places = [place for place, count in enumerate(watched) if count >= 0]
    if not places:
        last = len(reading.windows) - 1
        tail = limits.watch / len(reading.windows)
        return _silent(reading, high=ceil(laws.high(last, tail) * reading.step))
    cells = [reading.cell(place) for place in range(len(reading.windows))]
    own, place = min((laws.tail(place, cells[place]), place) for place in places)
    chance = laws.chance(own)
    low = floor(watched[place] * reading.step) + 1
    observed = reading.observed[place]
    return Deviation(
        state=_state(chance, limits),
        window=reading.windows[place],
        observed=observed,
        expected=reading.expected[place],
        low=low,
        high=ceil(laws.high(place, limits.watch / len(cells)) * reading.step),
        p=chance,
        missing=max(0, low - observed),
        unit=reading.unit,
    )


def _state(chance: float, limits: Limits) -> State:
    if chance <= limits.confirmed + ROUNDING:
        return State.CONFIRMED
    return State.WATCH if chance <= limits.watch + ROUNDING else State.ON_PLAN


def _silent(reading: _Reading, *, high: int = 0) -> Deviation:
    """Too little to tell: the figures of the longest window, of which no lack speaks."""
    return Deviation(
        state=State.NOT_CONCLUSIVE,
        window=reading.windows[-1],
        observed=reading.observed[-1],
        expected=reading.expected[-1],
        low=0,
        high=high,
        p=1.0,
        missing=0,
        unit=reading.unit,
    )
