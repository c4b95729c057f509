"""The distribution of a year's revenue: against draws, on a worked case, and as laws ask."""

import random
from bisect import bisect_left
from dataclasses import replace
from itertools import product
from math import exp, fsum, log, prod, sqrt
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.forecast.attainment import (
    OpenDeal,
    Prospect,
    chance_of,
    gains,
    outlook,
    shrunk,
    wins_needed,
)

CAD = 100
TARGET = 1_200_000 * CAD


def lognormal(mean: float, spread: float, count: int = 40) -> list[int]:
    """Amounts in minor units that stand for a lognormal law: the middles of equal chances."""
    sigma = sqrt(log(1 + spread**2))
    quantiles = [NormalDist().inv_cdf((place + 0.5) / count) for place in range(count)]
    sizes = [exp(sigma * each) for each in quantiles]
    scale = mean / (fsum(sizes) / count)
    return [round(size * scale * CAD) for size in sizes]


AMOUNTS = lognormal(33_333, 0.7)


def drawn(prospect: Prospect, draws: int, seed: int = 1) -> list[int]:
    """So many years drawn at random, in order."""
    chance = random.Random(seed)  # noqa: S311 - a simulation
    deals = [(deal.amount, deal.probability) for deal in prospect.deals]
    draw, pick = chance.random, chance.choice
    floor = exp(-prospect.wins)
    found = []
    for _ in range(draws):
        total = prospect.won
        for amount, probability in deals:
            if draw() < probability:
                total += amount
        # Knuth's way to a Poisson number.
        left = draw()
        while left > floor:
            total += pick(prospect.amounts)
            left *= draw()
        found.append(total)
    return sorted(found)


def forty(seed: int = 7) -> list[OpenDeal]:
    chance = random.Random(seed)  # noqa: S311 - a simulation
    return [
        OpenDeal(round(chance.lognormvariate(10.2, 0.7) * CAD), chance.choice([0.1, 0.3, 0.6, 0.9]))
        for _ in range(40)
    ]


@pytest.mark.parametrize("wins", [0.0, 9.0])
def test_it_agrees_with_a_simulation_within_a_point(wins: float) -> None:
    """Every probability and three quantiles; `tests.simulation.attaining` draws a million."""
    prospect = Prospect(won=50_000 * CAD, deals=forty(), wins=wins, amounts=AMOUNTS)
    years = drawn(prospect, 250_000)
    exact = outlook(prospect)
    for share in (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98):
        target = years[int(share * len(years))]
        seen = 1 - bisect_left(years, target) / len(years)
        assert chance_of(prospect, target) == pytest.approx(seen, abs=0.01)
        assert bisect_left(years, exact.quantile(share)) / len(years) == pytest.approx(
            share, abs=0.01
        )


def test_twelve_opportunities_a_month_are_an_even_chance() -> None:
    """12 a month, one in four won, 33.3 k$ each: 36 wins on average for 1.2 M$."""
    year = Prospect(won=0, wins=36.0, amounts=AMOUNTS)
    assert chance_of(year, TARGET) == pytest.approx(0.48, abs=0.01)


def test_eighty_per_cent_takes_about_fourteen_a_month() -> None:
    wins = wins_needed(Prospect(won=0, amounts=AMOUNTS), TARGET, 0.8)
    assert wins is not None
    assert 14.0 <= wins / 0.25 / 12 <= 14.7


def test_fifty_eight_per_cent_at_half_year_is_about_seventy() -> None:
    """What is left is 42 % of the target, and half of the wins of the year are to come."""
    half = Prospect(won=round(0.58 * TARGET), wins=18.0, amounts=AMOUNTS)
    # 600 k$ ± 173 k$ are to come, and 504 k$ are wanted.
    assert chance_of(half, TARGET) == pytest.approx(0.70, abs=0.02)


def test_a_target_that_is_reached_is_certain() -> None:
    prospect = Prospect(won=TARGET, deals=forty(), wins=3.0, amounts=AMOUNTS)
    assert chance_of(prospect, TARGET) == 1.0
    assert wins_needed(prospect, TARGET, 0.8) == 0.0


def test_without_anything_open_only_what_is_won_counts() -> None:
    prospect = Prospect(won=100)
    nothing = outlook(prospect)
    assert [chance_of(prospect, each) for each in (99, 100, 101)] == [1.0, 1.0, 0.0]
    assert [nothing.quantile(each) for each in (0.1, 0.9)] == [100, 100]
    assert wins_needed(Prospect(won=100), 101, 0.8) is None


def test_one_deal_is_won_or_not() -> None:
    prospect = Prospect(won=10, deals=[OpenDeal(100, 0.3)])
    one = outlook(prospect)
    assert chance_of(prospect, 110) == pytest.approx(0.3)
    assert chance_of(prospect, 111) == pytest.approx(0.0)
    assert (one.quantile(0.5), one.quantile(0.9)) == (10, 110)


def test_certain_deals_are_as_good_as_won() -> None:
    sure = Prospect(won=0, deals=[OpenDeal(100, 1.0)] * 30)
    assert chance_of(sure, 3_000) == 1.0
    assert chance_of(sure, 3_001) == 0.0
    never = outlook(Prospect(won=5, deals=[OpenDeal(100, 0.0)] * 30))
    assert never.quantile(0.99) == 5


def test_what_adds_most_is_found_by_hand() -> None:
    """Two deals either of which would reach 100; the third can't."""
    deals = [OpenDeal(100, 0.5, 1), OpenDeal(100, 0.2, 2), OpenDeal(10, 0.1, 3)]
    found = gains(Prospect(won=0, deals=deals), 100, 3)
    # P = 1 - 0.5 * 0.8 = 0.6; won, either makes it certain.
    assert [each.deal.key for each in found] == [1, 2, 3]
    assert [each.gain for each in found] == pytest.approx([0.4, 0.4, 0.0])


def test_a_rate_of_few_cases_is_drawn_to_the_team_s() -> None:
    assert shrunk(0, 0, 0.25) == 0.25
    assert shrunk(3, 4, 0.25) == pytest.approx((3 + 5) / 24)


def test_the_same_prospect_gives_the_same_figures() -> None:
    prospect = Prospect(won=1, deals=forty(), wins=9.0, amounts=AMOUNTS)
    assert repr(outlook(prospect).below) == repr(outlook(prospect).below)


deals_of = st.lists(st.builds(OpenDeal, st.integers(1, 10_000_000), st.floats(0, 1)), max_size=14)
prospects = st.builds(
    Prospect,
    won=st.integers(0, 10_000_000),
    deals=deals_of,
    wins=st.floats(0, 20),
    amounts=st.lists(st.integers(1, 5_000_000), min_size=1, max_size=8),
)
# What falls short of the target by less than a cell counts in part.
GRAIN = 0.002
FEW = settings(max_examples=20, deadline=None)


def mean_of(prospect: Prospect) -> float:
    found = outlook(prospect)
    shares = [
        after - before for before, after in zip((0.0, *found.below), found.below, strict=False)
    ]
    return found.won + fsum(size * share for size, share in zip(found.sums, shares, strict=True))


@FEW
@given(prospects)
def test_the_mean_is_kept(prospect: Prospect) -> None:
    assert mean_of(prospect) == pytest.approx(prospect.mean, rel=1e-3, abs=1.0)


@FEW
@given(prospects, st.integers(0, 60_000_000))
def test_quantiles_are_in_order_and_chances_are_chances(prospect: Prospect, target: int) -> None:
    found = outlook(prospect)
    quantiles = [found.quantile(share) for share in (0.1, 0.25, 0.5, 0.75, 0.9)]
    assert quantiles == sorted(quantiles)
    assert quantiles[0] >= prospect.won
    more, less = chance_of(prospect, target + 1_000_000), chance_of(prospect, target)
    assert 0.0 <= more <= less + GRAIN
    assert less <= 1.0


@FEW
@given(prospects, st.integers(0, 20_000_000), st.floats(0, 1))
def test_a_likelier_or_larger_deal_never_lowers_the_chance(
    prospect: Prospect, target: int, probability: float
) -> None:
    deal = OpenDeal(1_000_000, probability)
    with_it = replace(prospect, deals=[*prospect.deals, deal])
    chance = chance_of(with_it, target)
    assert chance >= chance_of(prospect, target) - GRAIN
    for better in (OpenDeal(1_000_000, (probability + 1) / 2), OpenDeal(1_500_000, probability)):
        improved = replace(prospect, deals=[*prospect.deals, better])
        assert chance_of(improved, target) >= chance - GRAIN


def test_what_is_short_by_little_is_short() -> None:
    """However little is missing of a target, beside what the deals may bring."""
    deals = [OpenDeal(90_000 * CAD, 0.1), OpenDeal(50_000 * CAD, 0.1)]
    prospect = Prospect(won=TARGET - 1, deals=deals, wins=0.05, amounts=AMOUNTS)
    some = 1 - 0.9 * 0.9 * exp(-0.05)
    assert chance_of(prospect, TARGET) == pytest.approx(some, abs=1e-6)
    exactly = Prospect(won=TARGET - 90_000 * CAD, deals=deals, wins=0.05, amounts=AMOUNTS)
    assert chance_of(exactly, TARGET) == pytest.approx(0.1, abs=0.01)
    assert chance_of(exactly, TARGET + 1) == pytest.approx(0.02, abs=0.01)


@FEW
@given(st.lists(st.builds(OpenDeal, st.integers(1, 9), st.floats(0, 1)), max_size=8),
       st.integers(1, 40))  # fmt: skip
def test_a_few_deals_are_told_one_by_one(deals: list[OpenDeal], target: int) -> None:
    by_hand = fsum(
        prod(deal.probability if is_won else 1 - deal.probability
             for deal, is_won in zip(deals, chosen, strict=True))
        for chosen in product([True, False], repeat=len(deals))
        if sum(deal.amount for deal, is_won in zip(deals, chosen, strict=True) if is_won) >= target
    )  # fmt: skip
    assert chance_of(Prospect(won=0, deals=deals), target) == pytest.approx(by_hand)
