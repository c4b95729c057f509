"""The laws of nested windows, by kind of figure: counts, rates of cases, sums of money."""

from functools import lru_cache, partial
from itertools import pairwise

from rules.chance import count_laws
from rules.chance.count_laws import Law
from rules.chance.nested_windows import Nested

# Expected means are rounded to this many decimals: added up in another order, they are the same.
_DECIMALS = 6
# A stretch that would hold this much less than nothing comes from windows that are not nested.
_SLACK = 1e-6


@lru_cache(maxsize=4096)
def counted(expected: tuple[float, ...], dispersion: float) -> Nested:
    """Counts with the given means, from the shortest window, variance being dispersion × mean.

    Raises ValueError when a longer window expects less than a shorter one.
    """
    means = tuple(round(mean, _DECIMALS) for mean in expected)
    return Nested(
        key=("counts", means, dispersion),
        wholes=[partial(count_laws.counts, mean, dispersion) for mean in means],
        stretches=[partial(count_laws.counts, mean, dispersion) for mean in _added(means)],
    )


@lru_cache(maxsize=4096)
def rated(trials: tuple[int, ...], rate: float) -> Nested:
    """Successes among the given cases, from the shortest window, each with the chance `rate`."""
    return Nested(
        key=("rates", trials, rate),
        wholes=[partial(count_laws.successes, number, rate) for number in trials],
        stretches=[partial(count_laws.successes, int(more), rate) for more in _added(trials)],
    )


def summed(
    expected: tuple[float, ...], dispersion: float, amounts: tuple[int, ...], step: float
) -> Nested:
    """Money with the given means, in cells of `step`, made of deals of such amounts.

    The number of deals has a variance of dispersion × mean.
    """
    amount = count_laws.amounts_law(amounts, step)
    usual = sum(amounts) / len(amounts)

    @lru_cache(maxsize=64)
    def law(mean: float, size: int) -> Law:
        return count_laws.sums(mean / usual, dispersion, amount, size)

    return Nested(
        key=("sums", expected, dispersion, amounts, step),
        wholes=[partial(law, mean) for mean in expected],
        stretches=[partial(law, mean) for mean in _added(expected)],
    )


def _added(wholes: tuple[float, ...]) -> tuple[float, ...]:
    """What each window adds to the one before."""
    added = tuple(
        round(longer - shorter, _DECIMALS) for shorter, longer in pairwise((0.0, *wholes))
    )
    if min(added) < -_SLACK:
        raise ValueError("a longer window holds at least what a shorter one does")
    return tuple(max(0.0, more) for more in added)
