"""The 95 % intervals that the definitions name, from their textbook formulas."""

from collections.abc import Callable
from math import exp, sqrt

Z = 1.959963984540054


def wilson(part: int, whole: int) -> tuple[float, float]:
    """Wilson's interval of a share."""
    share, square = part / whole, Z * Z
    middle = share + square / (2 * whole)
    spread = Z * sqrt(share * (1 - share) / whole + square / (4 * whole * whole))
    scale = 1 + square / whole
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def garwood(count: int) -> tuple[float, float]:
    """The means of a Poisson law for which a count lies in neither tail of 2.5 %."""
    low = 0.0 if count == 0 else _solved(lambda mean: 1 - _at_most(count - 1, mean), 0.025)
    return low, _solved(lambda mean: 1 - _at_most(count, mean), 0.975)


def compound(amounts: list[int]) -> tuple[float, float]:
    """Sum ± 1.96 × the root of the sum of the squares, not below the lesser of 0 and the sum."""
    total, spread = sum(amounts), 1.96 * sqrt(sum(amount * amount for amount in amounts))
    return max(total - spread, min(0, total)), total + spread


def _at_most(count: int, mean: float) -> float:
    """The probability that a Poisson count is at most so many."""
    term = total = exp(-mean)
    for number in range(1, count + 1):
        term *= mean / number
        total += term
    return total


def _solved(rising: Callable[[float], float], wanted: float) -> float:
    low, high = 0.0, 700.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2
