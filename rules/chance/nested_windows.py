"""The chance of a low reading in any of several windows that end on the same day, exactly.

A rep is judged over 4, 8 and 13 weeks at once. The longer window contains the shorter one, so
three looks are not three independent chances to err, and dividing the level by three would throw
a third of the power away. The windows are sums of stretches that don't overlap (the last 4 weeks,
the 4 before, the 5 before those), whose laws are known: the chance that no window is low is
found by walking from the last stretch to the first, dropping at each window what is low there.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate

from rules.chance.count_laws import Law

# Rounding alone must not make the exact sum of a law exceed a level that it equals.
ROUNDING = 1e-12
# Chances asked for at a time: a whole number of them, so that a law is rarely made twice.
_BLOCK = 16

Stretch = Callable[[int], Law]


@dataclass(frozen=True, slots=True)
class Nested:
    """Windows from the shortest to the longest.

    `stretches` gives the law of what each window adds to the one before, `wholes` that of each
    window, both as far as asked. `key` names the laws: equal keys, equal laws.
    """

    key: tuple[object, ...]
    stretches: Sequence[Stretch] = field(compare=False)
    wholes: Sequence[Stretch] = field(compare=False)

    def tail(self, window: int, count: int) -> float:
        """P(the count of a window, by its place, ≤ count)."""
        return _tails(self, window, _blocks(count + 1))[count] if count >= 0 else 0.0

    def critical(self, level: float) -> tuple[int, ...]:
        """By window, the greatest count that speaks against the plan; -1 where none does.

        On plan, the chance that any window reads so low is the greatest one that doesn't exceed
        `level`, every window being held to the same chance of its own.
        """
        return _critical(self, level)

    def chance(self, own: float) -> float:
        """The chance that any window reads so low that its own chance is at most `own`."""
        return _chance(self, own)

    def high(self, window: int, tail: float) -> int:
        """The least count of a window with at most `tail` above it."""
        return _high(self, window, tail)


def _blocks(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


@lru_cache(maxsize=8192)
def _tails(nested: Nested, window: int, size: int) -> tuple[float, ...]:
    return tuple(min(1.0, total) for total in accumulate(nested.wholes[window](size)))


def _lowest(nested: Nested, window: int, own: float) -> int:
    """The greatest count of a window whose own chance is at most `own`; -1 when there is none."""
    size = _BLOCK
    while True:
        tails = _tails(nested, window, size)
        # What is beyond the last chance that counts can't be told apart from certainty.
        if tails[-1] > own + ROUNDING or tails[-1] >= 1 - ROUNDING or size > 1 << 16:
            return bisect_right(tails, own + ROUNDING) - 1
        size *= 2


@lru_cache(maxsize=1 << 16)
def _any_low(nested: Nested, lows: tuple[int, ...]) -> float:
    """P(any window ≤ its low count), by the stretches from the last to the first."""
    reach = max(lows) + 1
    if reach <= 0:
        return 0.0
    alive, fallen = [1.0], 0.0
    for stretch, low in zip(nested.stretches, lows, strict=True):
        law = stretch(_blocks(reach))[:reach]
        # Counts over the highest limit can't be low in any window to come: they are let go.
        following = [0.0] * reach
        for count, chance in enumerate(alive):
            if chance:
                for more in range(reach - count):
                    following[count + more] += chance * law[more]
        fallen += sum(following[: low + 1])
        following[: low + 1] = [0.0] * (low + 1)
        alive = following
    return min(1.0, fallen)


@lru_cache(maxsize=1 << 16)
def _chance(nested: Nested, own: float) -> float:
    lows = tuple(_lowest(nested, window, own) for window in range(len(nested.wholes)))
    # A longer window has been walked past by the time a count over every later limit is let go.
    return _any_low(nested, lows)


@lru_cache(maxsize=8192)
def _critical(nested: Nested, level: float) -> tuple[int, ...]:
    """The greatest own chance that keeps the level, by bisection over those that exist."""
    windows = range(len(nested.wholes))
    tops = [_lowest(nested, window, level) for window in windows]
    # A level shared out equally is kept in any case: what is below needs no look.
    least = level / len(tops)
    tails = {nested.tail(window, low) for window in windows for low in range(tops[window] + 1)}
    owns = sorted(own for own in tails if own > least)
    kept, refused = -1, len(owns)
    while refused - kept > 1:
        middle = (kept + refused) // 2
        if _chance(nested, owns[middle]) <= level + ROUNDING:
            kept = middle
        else:
            refused = middle
    own = owns[kept] if kept >= 0 else least
    return tuple(_lowest(nested, window, own) for window in windows)


@lru_cache(maxsize=8192)
def _high(nested: Nested, window: int, tail: float) -> int:
    return _lowest(nested, window, 1 - tail - 2 * ROUNDING) + 1
