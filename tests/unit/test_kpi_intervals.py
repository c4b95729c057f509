"""Intervals of counts and sums against tables, and the median of a cycle worked out by hand."""

from math import exp, factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.kpi.intervals import compound, garwood, median_cycle

# χ²(0.025; 2k)/2 and χ²(0.975; 2k + 2)/2, as tables of Poisson limits print them.
TABLE = {
    0: (0.0, 3.6889),
    1: (0.0253, 5.5716),
    4: (1.0899, 10.2416),
    12: (6.2006, 20.9616),
    50: (37.1110, 65.9188),
    100: (81.3640, 121.6268),
}


@pytest.mark.parametrize("count", TABLE)
def test_the_limits_of_a_count_are_those_of_the_tables(count: int) -> None:
    assert garwood(count) == pytest.approx(TABLE[count], abs=1e-4)


@given(st.integers(1, 110))
def test_at_the_limits_such_a_count_has_a_chance_of_two_and_a_half_percent(count: int) -> None:
    low, high = garwood(count)

    def at_most(most: int, mean: float) -> float:
        return sum(exp(-mean) * mean**each / factorial(each) for each in range(most + 1))

    assert at_most(count, high) == pytest.approx(0.025, abs=1e-8)
    assert 1 - at_most(count - 1, low) == pytest.approx(0.025, abs=1e-8)


def test_large_counts_are_almost_normal() -> None:
    low, high = garwood(1_000_000)
    assert low == pytest.approx(1_000_000 - 1_960, abs=3)
    assert high == pytest.approx(1_000_000 + 1_960, abs=4)


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        garwood(-1)


def test_a_sum_reaches_as_far_as_its_largest_parts() -> None:
    # Four of 100: 400 ± 1.96 × 200.
    assert compound(400, 4 * 100**2) == pytest.approx((8.007, 791.993), abs=1e-3)
    # One of 100 could as well have been none.
    assert compound(100, 100**2).low == 0
    # A sum below zero keeps its own floor.
    assert compound(-50, 50**2).low == -50


def test_without_censoring_half_of_the_won_are_shorter() -> None:
    events = {(10, "won"): 1, (20, "won"): 1, (30, "won"): 1, (5, "lost"): 7}
    assert median_cycle(events) == 20


def test_what_is_open_counts_for_as_long_as_it_lasted() -> None:
    # 4 at risk: 10 d won 1/4; then 2 leave open at 15 d; 1 at risk: 40 d won 3/4 × 1 = 3/4.
    # Half of the last value, 1, is reached at 40 d; the naive median of the won is 10 or 25.
    events = {(10, "won"): 1, (15, "open"): 2, (40, "won"): 1}
    assert median_cycle(events) == 40


def test_what_is_lost_competes_and_does_not_censor() -> None:
    # 5 at risk: 10 d won 1/5; 20 d two lost, survival 4/5 × 1/2 = 2/5; 2 at risk: 30 d 2/5 × 1/2,
    # 50 d 1/5 more. Of 3/5 in all, 3/10 is reached at 30 d.
    events = {(10, "won"): 1, (20, "lost"): 2, (30, "won"): 1, (50, "won"): 1}
    assert median_cycle(events) == 30


def test_of_equal_lengths_what_is_open_was_at_risk() -> None:
    # 3 at risk at 10 d: 1/3 won; the open one leaves after; 1 at risk: 20 d 2/3 more.
    assert median_cycle({(10, "won"): 1, (10, "open"): 1, (20, "won"): 1}) == 20


def test_nothing_won_has_no_median() -> None:
    assert median_cycle({}) is None
    assert median_cycle({(3, "lost"): 2, (9, "open"): 1}) is None
