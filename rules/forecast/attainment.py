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

A few open deals alone have a few sums: those are told one by one, without a grid.

Amounts are minor units. Pure, and the standard library alone.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from math import exp, fsum, log, sqrt

# So many cells between nothing and the farthest sum that counts: a cell is then a thousandth or
# less of what the sum may be, and the error of a probability far below one point.
CELLS = 1_600
# A sum farther than so many standard deviations from its mean has a chance below 1 in 10⁸; of a
# few large deals, below 1 in 10⁴.
_DEVIATIONS = 6
# More amounts than these are gathered in as many groups, each standing for its mean and spread.
_ATOMS = 48
_LARGE = 1e200
# So many deals have at most 2¹⁰ sums.
_FEW = 10


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

    The sums, in minor units and rising, count from `won`. On a grid (`step`), each stands for the
    cell around it, over which its chance is spread evenly; without (0), it stands for itself.
    """

    won: int
    step: float
    sums: Sequence[float] = field(repr=False)
    below: Sequence[float] = field(repr=False)

    def reaching(self, target: int) -> float:
        """The probability of at least `target`."""
        missing = target - self.won
        if missing <= 0:
            return 1.0
        place = bisect_left(self.sums, missing - self.step / 2)
        before = self.below[place - 1] if place else 0.0
        if self.step and place < len(self.sums):
            part = (missing - self.sums[place]) / self.step + 0.5
            before += (self.below[place] - before) * part
        return min(1.0, max(0.0, 1.0 - before))

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
    # What is certain is as good as won: a grid would blur it.
    won = prospect.won + sum(
        deal.amount for deal in prospect.deals if deal.probability >= 1 and deal.amount > 0
    )
    deals = [deal for deal in prospect.deals if deal.amount > 0 and 0 < deal.probability < 1]
    amounts = [amount for amount in prospect.amounts if amount > 0]
    wins = prospect.wins if amounts else 0.0
    if not wins and len(deals) <= _FEW:
        return _one_by_one(won, deals)
    reach = _reach(replace(prospect, won=0, deals=deals, wins=wins, amounts=amounts))
    step = max(reach / CELLS, 1.0)
    limit = int(reach / step) + 2
    cells = _to_come(wins, [amount / step for amount in amounts], limit)
    for deal in sorted(deals, key=lambda each: each.amount):
        cells = _with_deal(cells, deal.amount / step, deal.probability, limit)
    sums = tuple(place * step for place in range(len(cells)))
    return Outlook(won, step, sums, tuple(accumulate(cells)))


def gains(prospect: Prospect, target: int, count: int) -> list[Gain]:
    """The open deals whose winning adds the most to the chance of a target, the best first.

    The gain is P(target | won) - P(target). At most `count` of them, found among the largest.
    """
    likely = outlook(prospect).reaching(target)
    worth = sorted(prospect.deals, key=lambda deal: -deal.amount * (1 - deal.probability))
    found = []
    for deal in worth[: 2 * count]:
        others = [each for each in prospect.deals if each is not deal]
        sure = replace(prospect, won=prospect.won + deal.amount, deals=others)
        # To win never lowers it: less than nothing is what a grid leaves.
        found.append(Gain(deal, max(0.0, outlook(sure).reaching(target) - likely)))
    return sorted(found, key=lambda each: (-each.gain, each.deal.key))[:count]


def wins_needed(prospect: Prospect, target: int, chance: float) -> float | None:
    """How many deals to come must be won on average for a target to have a chance (0 to 1).

    None when nothing is known of what one brings. To a hundredth, by bisection: the chance rises
    with the wins.
    """
    if not any(amount > 0 for amount in prospect.amounts):
        return None
    if outlook(replace(prospect, wins=0.0)).reaching(target) >= chance:
        return 0.0
    low, high = 0.0, 1.0
    while outlook(replace(prospect, wins=high)).reaching(target) < chance:
        low, high = high, high * 2
    while high - low > max(0.01, high / 1_000):
        middle = (low + high) / 2
        enough = outlook(replace(prospect, wins=middle)).reaching(target) >= chance
        low, high = (low, middle) if enough else (middle, high)
    return high


def shrunk(won: float, closed: float, team: float, weight: float = 20.0) -> float:
    """A rate of few cases, drawn to the team's: (won + m·team) ÷ (closed + m), m = `weight`.

    The mean of a Beta distribution whose prior is worth `weight` cases.
    """
    return (won + weight * team) / (closed + weight)


def _one_by_one(won: int, deals: Sequence[OpenDeal]) -> Outlook:
    """Every sum that a few deals can make, with its chance."""
    chances = {0: 1.0}
    for deal in deals:
        with_it: dict[int, float] = {}
        for total, chance in chances.items():
            for more, share in ((0, 1 - deal.probability), (deal.amount, deal.probability)):
                with_it[total + more] = with_it.get(total + more, 0.0) + chance * share
        chances = with_it
    sums = sorted(chances)
    return Outlook(won, 0.0, sums, tuple(accumulate(chances[each] for each in sums)))


def _reach(prospect: Prospect) -> float:
    """A sum beyond which next to nothing lies: at most all of it, where nothing is to come."""
    sizes = [deal.amount for deal in prospect.deals]
    # A single deal may be much larger than the spread of many.
    largest = max([*sizes, *(prospect.amounts if prospect.wins else ())], default=0)
    far = prospect.mean + _DEVIATIONS * prospect.spread + largest
    return far if prospect.wins else min(far, float(sum(sizes)))


def _to_come(wins: float, sizes: Sequence[float], limit: int) -> list[float]:
    """The compound Poisson distribution by cell; `sizes` are amounts in cells."""
    if wins <= 0 or not sizes:
        return [1.0]
    chances = dict(_severity(sizes))
    still = chances.pop(0, 0.0)
    # What brings less than a cell counts for the part that it brings: the others come less often.
    rate = wins * (1 - still)
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
    for size in _atoms(sorted(sizes)):
        cell = int(size)
        rest = size - cell
        for place, share in ((cell, 1 - rest), (cell + 1, rest)):
            chances[place] = chances.get(place, 0.0) + share
    count = fsum(chances.values())
    return ((cell, chance / count) for cell, chance in chances.items() if chance)


def _atoms(sizes: Sequence[float]) -> list[float]:
    """The amounts themselves; where there are many, two for each group of neighbours.

    The two stand at one standard deviation from the mean of their group, on each side, so that the
    mean and the variance of all stay.
    """
    if len(sizes) <= _ATOMS:
        return list(sizes)
    groups = _ATOMS // 2
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
