"""The distribution of what a year will bring, exact on a grid: no draw, no seed.

What was won is certain. Each open deal is won with its own probability, independently. Deals not
created yet are won as a Poisson process, with amounts drawn from those won before. Their sum has
no formula, but on a grid of money it is computed outright:

- an amount between two cells is shared between them so that its mean stays (rounding to the nearer
  one would bias a sum of many deals);
- deals to come: the compound Poisson distribution by Panjer's recursion, g(s) = λ/s · Σ k·f(k)·
  g(s-k). Source: Panjer, "Recursive Evaluation of a Family of Compound Distributions", ASTIN
  Bulletin 12 (1981);
- each open deal: one convolution with (1-p, p).

A grid blurs by a cell what falls between two. Therefore a chance of a target has a grid that ends
at the target, however little of it is missing; and the likeliest sums of open deals are told one
by one, not by cell.

Amounts are minor units. Pure, and the standard library alone.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from math import exp, fsum, log, sqrt

# So many cells between nothing and the target, or the farthest sum that counts: the error of a
# probability is far below one point.
CELLS = 1_000
# Beyond so many standard deviations and two more of the largest deals lies less than 1 in 10⁵.
_DEVIATIONS = 6
_LARGEST = 2
# More amounts than these are gathered in as many groups, each standing for its mean and spread.
_AMOUNTS = 48
_LARGE = 1e200
# So many sums of open deals are told one by one: all those of eight deals, the likeliest of more.
_SUMS = 256


@dataclass(frozen=True, slots=True)
class OpenDeal:
    """An open deal: its amount, and the probability that it is won in the time that is left."""

    amount: int
    probability: float
    key: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What a rep has before the year ends: what was won, open deals, and deals to come.

    `wins` is how many deals to come are won on average; `amounts` are those that stand for what one
    brings (none: nothing is to come).
    """

    won: int
    deals: Sequence[OpenDeal] = ()
    wins: float = 0.0
    amounts: Sequence[int] = ()

    @property
    def mean(self) -> float:
        """What is won on average."""
        open_deals = fsum(deal.amount * deal.probability for deal in self.deals)
        return self.won + open_deals + self.wins * _mean(self.amounts)

    @property
    def spread(self) -> float:
        """The standard deviation of what is won."""
        open_deals = fsum(
            deal.amount**2 * deal.probability * (1 - deal.probability) for deal in self.deals
        )
        to_come = self.wins * _mean([amount**2 for amount in self.amounts])
        return sqrt(open_deals + to_come)


@dataclass(frozen=True, slots=True)
class Outlook:
    """A distribution of the year's revenue: `below` is the chance of each sum or a lesser one.

    The sums, in minor units and rising, count from `won`.
    """

    won: int
    sums: Sequence[float] = field(repr=False)
    below: Sequence[float] = field(repr=False)

    def quantile(self, share: float) -> int:
        """What is reached or not with the chance `share` (0 to 1): P10 is `quantile(0.1)`."""
        place = min(bisect_left(self.below, share), len(self.sums) - 1)
        return self.won + round(self.sums[place])


@dataclass(frozen=True, slots=True)
class Gain:
    """An open deal, and by how much winning it for sure would raise the chance of the target."""

    deal: OpenDeal
    gain: float


def outlook(prospect: Prospect) -> Outlook:
    """The distribution of what a prospect brings; amounts of zero or less bring nothing more."""
    left = _uncertain(prospect)
    reach = _reach(left)
    step = max(reach / CELLS, 1.0)
    limit = int(reach / step) + 2
    nothing, come = exp(-left.wins), _to_come(left, step, limit) if left.wins else []
    if come:
        come[0] = max(0.0, come[0] - nothing)
    sums = _with_deals(_Sums({0: nothing}, come), left.deals, step, limit)
    chances = {float(total): chance for total, chance in sums.single.items()}
    for place, chance in enumerate(sums.cells):
        if chance:
            chances[place * step] = chances.get(place * step, 0.0) + chance
    rising = sorted(chances)
    return Outlook(left.won, rising, list(accumulate(chances[each] for each in rising)))


def chance_of(prospect: Prospect, target: int) -> float:
    """The probability of at least `target`."""
    return _Target(prospect, target).chance(prospect.wins)


def gains(prospect: Prospect, target: int, count: int) -> list[Gain]:
    """The open deals whose winning adds the most to the chance of a target, the best first.

    The gain is P(target | won) - P(target). At most `count` of them, found among the largest.
    """
    likely = chance_of(prospect, target)
    worth = sorted(prospect.deals, key=lambda deal: -deal.amount * (1 - deal.probability))
    found = []
    for deal in worth[: 2 * count]:
        others = [each for each in prospect.deals if each is not deal]
        sure = replace(prospect, won=prospect.won + deal.amount, deals=others)
        # To win never lowers it: less than nothing is what a grid leaves.
        found.append(Gain(deal, max(0.0, chance_of(sure, target) - likely)))
    return sorted(found, key=lambda each: (-each.gain, each.deal.key))[:count]


def wins_needed(prospect: Prospect, target: int, chance: float) -> float | None:
    """How many deals to come must be won on average for a target to have a chance (0 to 1).

    None when nothing is known of what one brings. To a hundredth, by bisection: the chance rises
    with the wins.
    """
    if not any(amount > 0 for amount in prospect.amounts):
        return None
    race = _Target(prospect, target)
    if race.chance(0.0) >= chance:
        return 0.0
    low, high = 0.0, 1.0
    while race.chance(high) < chance:
        low, high = high, high * 2
    while high - low > max(0.01, high / 1_000):
        middle = (low + high) / 2
        low, high = (low, middle) if race.chance(middle) >= chance else (middle, high)
    return high


def shrunk(won: float, closed: float, team: float, weight: float = 20.0) -> float:
    """A rate of few cases, drawn to the team's: (won + m·team) ÷ (closed + m), m = `weight`.

    The mean of a Beta distribution whose prior is worth `weight` cases.
    """
    return (won + weight * team) / (closed + weight)


class _Target:
    """What is missing of a target, on a grid that ends there, and what the open deals bring of it.

    `_short` is the chance that they bring less than the target, for each cell that the deals to
    come may have brought.
    """

    def __init__(self, prospect: Prospect, target: int) -> None:
        self._left = _uncertain(prospect)
        missing = target - self._left.won
        if missing <= 0:
            self._short: Sequence[float] = ()
            return
        count = min(CELLS, missing)
        self._step = missing / count
        found = _with_deals(_Sums({0: 1.0}, []), self._left.deals, self._step, count)
        single = sorted(found.single)
        below = [0.0, *accumulate(found.single[each] for each in single)]
        cells = [0.0, *accumulate(found.cells or [0.0] * count)]
        self._short = [
            below[bisect_left(single, missing - come * self._step)] + cells[count - come]
            for come in range(count)
        ]

    def chance(self, wins: float) -> float:
        """The probability of at least the target, with so many wins to come on average."""
        if not self._short:
            return 1.0
        come = _to_come(replace(self._left, wins=wins), self._step, len(self._short))
        short = fsum(chance * each for chance, each in zip(come, self._short, strict=False))
        return min(1.0, max(0.0, 1.0 - short))


def _uncertain(prospect: Prospect) -> Prospect:
    """The same prospect without what is certain, or brings nothing."""
    sure = sum(deal.amount for deal in prospect.deals if deal.probability >= 1 and deal.amount > 0)
    amounts = [amount for amount in prospect.amounts if amount > 0]
    return Prospect(
        won=prospect.won + sure,
        deals=[deal for deal in prospect.deals if deal.amount > 0 and 0 < deal.probability < 1],
        wins=prospect.wins if amounts else 0.0,
        amounts=amounts,
    )


def _reach(prospect: Prospect) -> float:
    """A sum beyond which next to nothing lies: at most all of it, where nothing is to come."""
    sizes = [deal.amount for deal in prospect.deals]
    # A single deal may be much larger than the spread of many.
    largest = max([*sizes, *(prospect.amounts if prospect.wins else ())], default=0)
    far = prospect.mean - prospect.won + _DEVIATIONS * prospect.spread + _LARGEST * largest
    return far if prospect.wins else min(far, float(sum(sizes)))


@dataclass(frozen=True, slots=True)
class _Sums:
    """A distribution: the chances of single sums, and those of the cells of a grid.

    `cells` are as many as the grid has, or none where there is no chance in them.
    """

    single: Mapping[int, float]
    cells: Sequence[float]


def _with_deals(sums: _Sums, deals: Sequence[OpenDeal], step: float, limit: int) -> _Sums:
    """A distribution with open deals more; what is beyond the grid is left out of its cells."""
    single, cells = dict(sums.single), list(sums.cells)
    for deal in sorted(deals, key=lambda each: each.amount):
        if cells:
            cells = _with_deal(cells, deal.amount / step, deal.probability, limit)
        with_it = {total: chance * (1 - deal.probability) for total, chance in single.items()}
        for total, chance in single.items():
            more = total + deal.amount
            with_it[more] = with_it.get(more, 0.0) + chance * deal.probability
        single = with_it
        if len(single) > _SUMS:
            cells = cells or [0.0] * limit
            light = [total for total, chance in single.items() if chance < 1 / _SUMS]
            for total in light:
                _share(cells, total / step, single.pop(total))
    return _Sums(single, cells)


def _share(cells: list[float], size: float, chance: float) -> None:
    """Add a chance to the two cells between which a sum lies, its mean kept."""
    cell = int(size)
    for place, part in ((cell, cell + 1 - size), (cell + 1, size - cell)):
        if place < len(cells):
            cells[place] += chance * part


def _to_come(prospect: Prospect, step: float, limit: int) -> list[float]:
    """The compound Poisson distribution of what deals to come bring, by cell."""
    if prospect.wins <= 0 or not prospect.amounts:
        return [1.0]
    chances = dict(_severity([amount / step for amount in prospect.amounts]))
    still = chances.pop(0, 0.0)
    # What brings less than a cell counts for the part that it brings: the others come less often.
    rate = prospect.wins * (1 - still)
    weighted = [(cell, rate * cell * chance / (1 - still)) for cell, chance in chances.items()]
    cells, scale = [1.0], -rate
    for place in range(1, limit):
        found = fsum([
            weight * cells[place - cell] for cell, weight in weighted if cell <= place
        ]) / place  # fmt: skip
        cells.append(found)
        if found > _LARGE:
            cells = [each / _LARGE for each in cells]
            scale += log(_LARGE)
    # In two steps: either factor alone may be beyond what a number holds.
    half = exp(scale / 2)
    return [each * half * half for each in cells]


def _severity(sizes: Sequence[float]) -> Iterator[tuple[int, float]]:
    """Cell → chance of what one deal brings, its mean kept."""
    chances: dict[int, float] = {}
    for size in _gathered(sorted(sizes)):
        cell = int(size)
        rest = size - cell
        for place, share in ((cell, 1 - rest), (cell + 1, rest)):
            chances[place] = chances.get(place, 0.0) + share
    count = fsum(chances.values())
    return ((cell, chance / count) for cell, chance in chances.items() if chance)


def _gathered(sizes: Sequence[float]) -> list[float]:
    """The amounts themselves; where there are many, two for each group of neighbours.

    The two stand at one standard deviation from the mean of their group, on each side, so that the
    mean and the variance of all stay.
    """
    if len(sizes) <= _AMOUNTS:
        return list(sizes)
    groups = _AMOUNTS // 2
    bounds = [round(place * len(sizes) / groups) for place in range(groups + 1)]
    found = []
    for first, last in pairwise(bounds):
        group = sizes[first:last]
        middle = _mean(group)
        spread = sqrt(_mean([(size - middle) ** 2 for size in group]))
        spread = min(spread, middle)
        # As often as the group has members: groups differ by one at most.
        found += [middle - spread, middle + spread] * len(group)
    return found


def _with_deal(cells: Sequence[float], size: float, probability: float, limit: int) -> list[float]:
    """A distribution with one deal more; its amount is shared between two cells."""
    cell = int(size)
    rest = size - cell
    lost, near, far = 1 - probability, probability * (1 - rest), probability * rest
    here = [*cells, *([0.0] * (cell + 1))]
    moved = [0.0] * cell + [*cells, 0.0]
    farther = [0.0] * (cell + 1) + list(cells)
    return [
        lost * a + near * b + far * c for a, b, c in zip(here[:limit], moved, farther, strict=False)
    ]


def _mean(numbers: Sequence[float]) -> float:
    return fsum(numbers) / len(numbers) if numbers else 0.0
