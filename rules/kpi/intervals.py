"""The intervals of counts and sums, and the median of a sales cycle."""

from collections.abc import Mapping
from functools import lru_cache
from math import exp, lgamma, log, sqrt

from rules.chance.intervals import Z_95, Interval

_TAIL = 0.025
_STEPS = 60
_PRECISION = 1e-12
_TERMS = 100_000


@lru_cache(maxsize=8192)
def garwood(count: int) -> Interval:
    """The exact 95 % interval of the mean of a Poisson variable that was seen once.

    The means under which neither so many nor so few would be a surprise of less than 2.5 %: from
    χ²(0.025; 2k)/2 to χ²(0.975; 2k + 2)/2, found by Newton's method on the incomplete gamma
    function. Source: F. Garwood, "Fiducial Limits for the Poisson Distribution", *Biometrika* 28
    (1936). Raises ValueError for a negative count.
    """
    if count < 0:
        raise ValueError(f"a count of {count}")
    low = _mean_with(count - 1, 1 - _TAIL, -Z_95) if count else 0.0
    return Interval(low, _mean_with(count, _TAIL, Z_95))


def _mean_with(count: int, chance: float, z: float) -> float:
    """The mean μ for which P(X ≤ count) is a chance, from Wilson and Hilferty's first guess."""
    shape = count + 1
    guess = shape * (1 - 1 / (9 * shape) + z / (3 * sqrt(shape))) ** 3
    mean = max(guess, 1e-3)
    for _ in range(_STEPS):
        # d/dμ P(X ≤ k) = -e^-μ μ^k / k!
        slope = exp(count * log(mean) - mean - lgamma(shape))
        step = (_at_most(count, mean) - chance) / slope
        after = mean + step
        if after <= 0:
            after = mean / 2
        if abs(after - mean) <= _PRECISION * after:
            return after
        mean = after
    return mean


def _at_most(count: int, mean: float) -> float:
    """P(X ≤ count) of a Poisson variable: Q(count + 1, mean), the upper incomplete gamma function.

    By its series below the mean, by its continued fraction (Lentz) above. Source: Abramowitz &
    Stegun, *Handbook of Mathematical Functions*, 6.5.29 and 6.5.31, 26.4.21.
    """
    shape = count + 1.0
    head = exp(shape * log(mean) - mean - lgamma(shape))
    if mean < shape + 1:
        term = total = 1 / shape
        for place in range(1, _TERMS):
            term *= mean / (shape + place)
            total += term
            if term < total * 1e-16:
                break
        return 1 - head * total
    tiny = 1e-300
    b = mean + 1 - shape
    c, d = 1 / tiny, 1 / b
    fraction = d
    for place in range(1, _TERMS):
        a = -place * (place - shape)
        b += 2
        d = 1 / (a * d + b or tiny)
        c = b + a / c or tiny
        fraction *= d * c
        if abs(d * c - 1) < 1e-16:  # noqa: PLR2004 - the precision of a float
            break
    return head * fraction


def compound(total: float, squares: float) -> Interval:
    """The 95 % interval of a compound Poisson sum, by the normal law on the sum of squares.

    The variance of such a sum is λ E[X²], of which Σx² is the unbiased estimate. It never goes
    below the lesser of 0 and the sum. Source: Feller, *An Introduction to Probability Theory and
    Its Applications*, vol. 2, on compound Poisson distributions.
    """
    reach = Z_95 * sqrt(squares)
    return Interval(max(total - reach, min(0.0, total)), total + reach)


def median_cycle(events: Mapping[tuple[int, str], int]) -> float | None:
    """The median length of the sales that will be won; None when nothing is won. See `cycle_at`."""
    return cycle_at(events, 0.5)


def cycle_at(events: Mapping[tuple[int, str], int], part: float) -> float | None:
    """The length within which a part (0 to 1) of the sales that will be won are, by Aalen-Johansen.

    `events` counts the opportunities by (days, event): `won`, `lost`, or `open` for those still
    under way after so many days. The cumulative incidence of winning rises at each length by
    S(t-) × won ÷ at risk, S being Kaplan and Meier's survival from winning and losing alike; the
    answer is the first length at which it reaches that part of its last value, None when nothing
    is won. Of equal lengths, what is open is at risk of the events. Source: Aalen & Johansen, "An
    Empirical Transition Matrix for Non-Homogeneous Markov Chains Based on Censored Observations",
    *Scandinavian Journal of Statistics* 5 (1978).
    """
    at_risk = sum(events.values())
    survival = incidence = 0.0
    survival = 1.0
    curve: list[tuple[int, float]] = []
    for days in sorted({length for length, _ in events}):
        won, lost, left = (events.get((days, name), 0) for name in ("won", "lost", "open"))
        if won:
            incidence += survival * won / at_risk
            curve.append((days, incidence))
        survival *= 1 - (won + lost) / at_risk
        at_risk -= won + lost + left
    # To the precision of the sums.
    wanted = incidence * min(max(part, 0.0), 1.0) * (1 - _PRECISION)
    return next((float(days) for days, reached in curve if reached >= wanted), None)
