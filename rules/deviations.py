"""Whether a count is below plan by more than chance, with exact limits and the standard library.

A rep who opens μ opportunities on average opens a Poisson number of them: even exactly on plan,
half of the weeks fall short. So a deviation is judged on several windows of complete weeks, by
the exact chance of so low a count on plan, corrected for the number of windows (Bonferroni: the
chance that any of m tests errs is at most m times the chance of one).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import exp, fsum, lgamma, log

WATCH = 0.025
CONFIRMED = 0.005


class State(StrEnum):
    """What a count says of the plan."""

    ON_PLAN = "on_plan"
    WATCH = "watch"
    CONFIRMED = "confirmed"
    NOT_CONCLUSIVE = "not_conclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A judgement on the window (in weeks) that speaks most against the plan.

    `low` and `high` are the counts that a rep on plan reaches, but for `WATCH` on each side over
    all windows together; `p` is the corrected chance of so low a count on plan, at most 1;
    `missing` is what would bring the count back to `low`.
    """

    state: State
    window: int
    observed: int
    expected: float
    low: int
    high: int
    p: float
    missing: int


def lower_tail(count: int, mean: float) -> float:
    """P(X ≤ count) of a Poisson variable: Σ e^-μ μ^i / i! for i from 0 to count.

    Each term is taken through its logarithm, so that no mean makes e^-μ underflow.
    Source: Johnson, Kemp & Kotz, *Univariate Discrete Distributions*, 3rd ed., §4.2.
    """
    if count < 0:
        return 0.0
    if mean <= 0:
        return 1.0
    rate = log(mean)
    return min(1.0, fsum(exp(i * rate - mean - lgamma(i + 1)) for i in range(count + 1)))


def limits(mean: float, tail: float) -> tuple[int, int]:
    """The least and greatest count that chance allows, at most `tail` being left on each side.

    `low` is the smallest k with P(X ≤ k) > tail, `high` the smallest with P(X ≤ k) ≥ 1 - tail:
    exact (conservative) limits of a discrete variable, not a normal approximation.
    Source: Hahn & Meeker, *Statistical Intervals*, on the Poisson distribution.
    """
    if mean <= 0:
        return 0, 0
    rate, below, count, low = log(mean), 0.0, 0, None
    while True:
        term = exp(count * rate - mean - lgamma(count + 1))
        below += term
        if low is None and below > tail:
            low = count
        # Past the mean, a term too small to count means that rounding alone keeps `below` short.
        is_spent = count > mean and term < tail * 1e-9
        if low is not None and (below >= 1 - tail or is_spent):
            return low, count
        count += 1


def assess(observed: Mapping[int, int], expected: Mapping[int, float]) -> Deviation:
    """Judge counts by window (in weeks) against what the plan expects in the same windows.

    Windows where even a count of zero would prove nothing never speak against the plan; when all
    are such, the answer is "not conclusive", with the longest window's figures. `observed` and
    `expected` have the same keys, at least one (else ValueError).
    """
    if not observed or observed.keys() != expected.keys():
        raise ValueError("observed and expected need the same windows, at least one")
    tests = len(observed)
    telling = [week for week in observed if lower_tail(0, expected[week]) * tests <= WATCH]
    chances = {week: lower_tail(observed[week], expected[week]) for week in observed}
    window = min(telling, key=lambda week: (chances[week], week)) if telling else max(observed)
    p = min(1.0, chances[window] * tests)
    low, high = limits(expected[window], WATCH / tests)
    return Deviation(
        state=_state(p) if telling else State.NOT_CONCLUSIVE,
        window=window,
        observed=observed[window],
        expected=expected[window],
        low=low,
        high=high,
        p=p,
        missing=max(0, low - observed[window]),
    )


def _state(p: float) -> State:
    if p <= CONFIRMED:
        return State.CONFIRMED
    return State.WATCH if p <= WATCH else State.ON_PLAN
