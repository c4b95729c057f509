"""How far a rate may really be from the one that was counted: intervals for few observations."""

from math import sqrt
from typing import NamedTuple

# The 97.5 % point of the normal distribution: 2.5 % are left on each side.
Z_95 = 1.959963984540054


class Interval(NamedTuple):
    """The rates, from 0 to 1, between which the true one lies."""

    low: float
    high: float

    def overlaps(self, other: "Interval") -> bool:
        """Whether a rate may be in both."""
        return self.low <= other.high and other.low <= self.high


def wilson(successes: int, trials: int, z: float = Z_95) -> Interval:
    """Wilson's score interval of a rate of which `successes` of `trials` were seen.

    The rates p that do not differ from the one seen, p̂ = k/n, by more than z of *their own*
    standard errors: (p̂ + z²/2n ± z·√(p̂(1 - p̂)/n + z²/4n²)) ÷ (1 + z²/n). Unlike p̂ ± z·√(p̂(1-p̂)/n),
    it keeps its promise for a dozen trials, and for none or all of them. Without trials, any rate
    is possible. Raises ValueError for counts that can't be.
    Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference",
    *JASA* 22 (1927); recommended for small n by Brown, Cai & DasGupta, "Interval Estimation for a
    Binomial Proportion", *Statistical Science* 16 (2001).
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials")
    if not trials:
        return Interval(0.0, 1.0)
    rate, square = successes / trials, z * z
    centre = rate + square / (2 * trials)
    reach = z * sqrt(rate * (1 - rate) / trials + square / (4 * trials * trials))
    whole = 1 + square / trials
    # Rounding alone would leave a trace on the wrong side of an end that is exactly 0 or 1.
    low = 0.0 if not successes else (centre - reach) / whole
    high = 1.0 if successes == trials else (centre + reach) / whole
    return Interval(low, high)
