"""The laws of counts and of sums of money, cell by cell: what chance makes of a rep on plan.

A law is a tuple of chances, of 0, 1, 2 … things (or cells of money), as far as it is asked for.
Three are by recursion on the counts (Poisson, negative binomial, binomial), the last by Panjer's
recursion on the amounts. `rules.chance.nested_windows` puts them together over windows of weeks.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import ceil, exp, fsum, lgamma, log, log1p

Law = tuple[float, ...]
# So many laws are kept: those of a team's windows come back week after week.
_KEPT = 8192


@lru_cache(maxsize=_KEPT)
def counts(mean: float, dispersion: float, size: int) -> Law:
    """The chances of 0 to size - 1 things, their variance being dispersion × mean.

    Poisson for a dispersion of 1 or less; above, the negative binomial of r = mean ÷ (dispersion -
    1) and p = 1 ÷ dispersion, of which a sum over weeks is one again. Each chance is taken through
    its logarithm, so that no mean makes the first one underflow.
    Source: Johnson, Kemp & Kotz, *Univariate Discrete Distributions*, 3rd ed., §4.2 and §5.1.
    """
    if mean <= 0:
        return (1.0, *(0.0,) * (size - 1))
    if dispersion <= 1:
        rate = log(mean)
        return tuple(exp(count * rate - mean - lgamma(count + 1)) for count in range(size))
    shape = mean / (dispersion - 1)
    none, each = -shape * log(dispersion), log1p(-1 / dispersion)
    base = lgamma(shape)
    return tuple(
        exp(lgamma(shape + count) - base - lgamma(count + 1) + none + count * each)
        for count in range(size)
    )


@lru_cache(maxsize=_KEPT)
def successes(trials: int, rate: float, size: int) -> Law:
    """The chances of 0 to size - 1 successes of `trials`, each with the chance `rate`: binomial."""
    if not 0 < rate < 1:
        sure = trials if rate >= 1 else 0
        return tuple(1.0 if count == sure else 0.0 for count in range(size))
    won, lost, whole = log(rate), log1p(-rate), lgamma(trials + 1)
    return tuple(
        exp(
            whole
            - lgamma(count + 1)
            - lgamma(trials - count + 1)
            + count * won
            + (trials - count) * lost
        )
        if count <= trials
        else 0.0
        for count in range(size)
    )


def amounts_law(amounts: Sequence[int], step: float) -> Law:
    """The law of one amount on cells of `step`: each is split over its two nearest cells.

    The split keeps the mean exactly, where rounding would shift a total of many amounts. Amounts
    are minor units over zero, each as likely as another; at least one (else ValueError).
    """
    if not amounts or min(amounts) <= 0:
        raise ValueError("a law of amounts needs amounts, each over zero")
    cells = [0.0] * (ceil(max(amounts) / step) + 2)
    for amount in amounts:
        cell, above = divmod(amount / step, 1)
        cells[int(cell)] += (1 - above) / len(amounts)
        cells[int(cell) + 1] += above / len(amounts)
    return tuple(cells)


def sums(mean: float, dispersion: float, amount: Law, size: int) -> Law:
    """The chances of a total of 0 to size - 1 cells: so many amounts as `counts` says, added up.

    Panjer's recursion for the counts whose chances follow pₙ = (a + b/n)·pₙ₋₁: a = 0 and b = mean
    for Poisson, a = 1 - 1/dispersion and b = a·(r - 1) for the negative binomial.
    Source: H. H. Panjer, "Recursive Evaluation of a Family of Compound Distributions", *ASTIN
    Bulletin* 12 (1981).
    """
    if mean <= 0:
        return (1.0, *(0.0,) * (size - 1))
    nothing = amount[0]
    if dispersion <= 1:
        ratio, slope = 0.0, mean
        first = exp(-mean * (1 - nothing))
    else:
        shape = mean / (dispersion - 1)
        ratio = 1 - 1 / dispersion
        slope = ratio * (shape - 1)
        first = exp(-shape * log(dispersion - (dispersion - 1) * nothing))
    scale = 1 / (1 - ratio * nothing)
    steps = [(cell, chance) for cell, chance in enumerate(amount) if cell and chance]
    found = [first]
    for total in range(1, size):
        found.append(
            scale
            * fsum(
                (ratio + slope * cell / total) * chance * found[total - cell]
                for cell, chance in steps
                if cell <= total
            )
        )
    return tuple(found)
