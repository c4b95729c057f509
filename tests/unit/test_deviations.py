"""Deviations against exact sums and read-off tables."""

import math
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.alert.sensitivity import Limits
from rules.chance import count_laws
from rules.chance.deviations import (
    Ratio,
    State,
    assess_counts,
    assess_rates,
    assess_sums,
    benjamini_hochberg,
)
from rules.chance.intervals import wilson
from rules.kpi.kpis import Unit


def exact_tail(count: int, mean: Decimal) -> Decimal:
    """P(X ≤ count), term by term to 60 digits: each is the one before times μ / i."""
    with localcontext() as context:
        context.prec = 60
        term = total = (-mean).exp()
        for i in range(1, count + 1):
            term = term * mean / i
            total += term
        return total


def lower_tail(count: int, mean: float) -> float:
    """P(X ≤ count) of a count on plan, as the judgements add it up."""
    return min(1.0, math.fsum(count_laws.counts(mean, 1.0, count + 1)))


@given(st.integers(0, 400), st.integers(1, 300_000))
@settings(deadline=None)
def test_the_tail_is_the_exact_sum(count: int, thousandths: int) -> None:
    exact = exact_tail(count, Decimal(thousandths) / 1000)
    assert lower_tail(count, thousandths / 1000) == pytest.approx(float(exact), rel=1e-11)


@pytest.mark.parametrize(
    ("count", "mean", "tail"),
    [
        # Four decimals of printed Poisson tables.
        (0, 1, 0.3679),
        (2, 5, 0.1247),
        (5, 12, 0.0203),
        (6, 12, 0.0458),
        (9, 12, 0.2424),
        (11, 12, 0.4616),
        (0, 0, 1.0),
        # e^-1000 is not a floating-point number; half of the mass lies below the mean.
        (1000, 1000, 0.5084),
    ],
)
def test_the_tail_is_that_of_the_tables(count: int, mean: float, tail: float) -> None:
    assert lower_tail(count, mean) == pytest.approx(tail, abs=5e-5)


@pytest.mark.parametrize(
    ("mean", "low", "high"),
    [
        # At 2.5 % on each side: 12 a month, over a month, 13 weeks, a year.
        (12, 6, 19),
        (36, 25, 48),
        (144, 121, 168),
    ],
)
def test_one_window_has_the_limits_of_the_tables(mean: float, low: int, high: int) -> None:
    found = assess_counts({4: 0}, {4: mean}, limits=Limits(0.025, 0.005, 1))
    assert (found.low, found.high) == (low, high)


def walked(means: list[Decimal], own: Decimal) -> Decimal:
    """P(any nested window reads so low that its own chance is ≤ own), over every triple."""
    parts = [means[0], means[1] - means[0], means[2] - means[1]]
    lows = []
    for mean in means:
        count = -1
        while exact_tail(count + 1, mean) <= own:
            count += 1
        lows.append(count)
    chances = [
        [exact_tail(k, part) - (exact_tail(k - 1, part) if k else 0) for k in range(46)]
        for part in parts
    ]
    fine = Decimal(0)
    for a in range(lows[0] + 1, 46):
        for b in range(46):
            if a + b <= lows[1]:
                continue
            reach = max(0, lows[2] + 1 - a - b)
            rest = 1 - (exact_tail(reach - 1, parts[2]) if reach else 0)
            fine += chances[0][a] * chances[1][b] * rest
    return 1 - fine


@pytest.mark.parametrize("counts", [(0, 4, 8), (2, 3, 9), (1, 4, 6), (3, 5, 7)])
def test_several_windows_are_corrected_exactly(counts: tuple[int, int, int]) -> None:
    means = [Decimal("3.2"), Decimal("6.4"), Decimal("10.4")]
    found = assess_counts(
        dict(zip((4, 8, 13), counts, strict=True)),
        dict(zip((4, 8, 13), map(float, means), strict=True)),
        limits=Limits(0.1, 0.01, 1),
    )
    own = exact_tail(found.observed, Decimal(str(found.expected))) + Decimal("1e-12")
    assert found.p == pytest.approx(float(walked(means, own)), abs=1e-9)
    # A share each would be more severe than needed, one level for all not enough.
    assert float(own) <= found.p <= 3 * float(own)


@pytest.mark.parametrize(
    ("observed", "state"),
    [
        # One window, mean 12: P(≤3) = 0.0023, P(≤4) = 0.0076, P(≤5) = 0.0203, P(≤6) = 0.0458.
        (3, State.CONFIRMED),
        (4, State.WATCH),
        (5, State.WATCH),
        (6, State.ON_PLAN),
        (40, State.ON_PLAN),
    ],
)
def test_a_count_is_judged_by_its_chance(observed: int, state: State) -> None:
    limits = Limits(watch=0.025, confirmed=0.005, weeks=1)
    assert assess_counts({4: observed}, {4: 12.0}, limits=limits).state is state


def test_the_window_that_speaks_most_is_told_with_what_is_missing() -> None:
    deviation = assess_counts({4: 8, 8: 10, 13: 30}, {4: 12.0, 8: 24.0, 13: 39.0})
    # P(X ≤ 10 | 24) = 0.00108: between it and its triple, as one of three windows.
    assert deviation.state is State.CONFIRMED
    assert (deviation.window, deviation.observed, deviation.expected) == (8, 10, 24.0)
    assert 0.00108 < deviation.p < 0.0033
    assert deviation.missing == deviation.low - 10
    back = assess_counts({4: 8, 8: deviation.low, 13: 30}, {4: 12.0, 8: 24.0, 13: 39.0})
    assert back.state is State.ON_PLAN


@given(
    st.lists(st.tuples(st.integers(0, 60), st.floats(0, 40)), min_size=1, max_size=4),
    st.sampled_from([1.0, 1.25, 2.0]),
)
@settings(deadline=None)
def test_a_count_is_below_the_band_exactly_when_it_is_not_on_plan(
    stretches: list[tuple[int, float]], dispersion: float
) -> None:
    deviation = assess_counts(
        dict(enumerate(accumulate(count for count, _ in stretches), start=1)),
        dict(enumerate(accumulate(mean for _, mean in stretches), start=1)),
        dispersion=dispersion,
    )
    is_below = deviation.observed < deviation.low
    if deviation.state is not State.NOT_CONCLUSIVE:
        assert is_below == (deviation.state is not State.ON_PLAN)
    assert deviation.missing == max(0, deviation.low - deviation.observed)
    assert 0 <= deviation.p <= 1


@pytest.mark.parametrize("expected", [0.0, 1.0, 3.9])
def test_too_little_expected_is_not_conclusive(expected: float) -> None:
    # e^-3.9 = 0.0202: even nothing at all would be within chance.
    assert assess_counts({4: 0}, {4: expected}).state is State.NOT_CONCLUSIVE


def test_enough_expected_is_conclusive() -> None:
    # e^-4.1 = 0.0166.
    assert assess_counts({4: 0}, {4: 4.1}).state is State.WATCH


def test_a_window_without_expectation_says_nothing_beside_one_that_does() -> None:
    deviation = assess_counts({4: 0, 13: 30}, {4: 0.5, 13: 30.0})
    assert (deviation.state, deviation.window) == (State.ON_PLAN, 13)


@pytest.mark.parametrize(("observed", "expected"), [({}, {}), ({4: 1}, {8: 1.0})])
def test_windows_must_match(observed: dict[int, int], expected: dict[int, float]) -> None:
    with pytest.raises(ValueError, match="same windows"):
        assess_counts(observed, expected)


def test_a_longer_window_cannot_expect_less() -> None:
    with pytest.raises(ValueError, match="holds at least"):
        assess_counts({4: 1, 8: 2}, {4: 5.0, 8: 4.0})


def test_weeks_that_vary_more_need_a_greater_lack() -> None:
    steady = assess_counts({4: 6, 8: 12, 13: 21}, {4: 11.1, 8: 22.2, 13: 36.0})
    uneven = assess_counts({4: 6, 8: 12, 13: 21}, {4: 11.1, 8: 22.2, 13: 36.0}, dispersion=1.5)
    assert steady.state is State.CONFIRMED
    assert uneven.p > steady.p
    assert uneven.low < steady.low
    assert uneven.dispersion == 1.5


@pytest.mark.parametrize(
    ("successes", "trials", "state"),
    [
        # At 25 %: P(X ≤ 3 of 36) = 0.0110, P(X ≤ 4) = 0.0310; P(X ≤ 0 of 35) = 0.00004.
        (3, 36, State.CONFIRMED),
        (4, 36, State.ON_PLAN),
        (0, 35, State.NOT_CONCLUSIVE),
        (0, 0, State.NOT_CONCLUSIVE),
    ],
)
def test_a_rate_is_judged_from_enough_cases(successes: int, trials: int, state: State) -> None:
    found = assess_rates({13: Ratio(successes, trials)}, 0.25)
    assert found.state is state
    assert (found.unit, found.trials) == (Unit.RATIO, trials)
    assert found.interval == wilson(successes, trials)


def test_a_rate_has_the_exact_binomial_chance() -> None:
    found = assess_rates({13: Ratio(3, 36)}, 0.25)
    exact = sum(
        math.comb(36, k) * Fraction(1, 4) ** k * Fraction(3, 4) ** (36 - k) for k in range(4)
    )
    assert found.p == pytest.approx(float(exact), rel=1e-9)
    assert (found.expected, found.low, found.missing) == (9.0, 4, 1)


def test_a_window_of_too_few_cases_leaves_the_word_to_the_longer_one() -> None:
    found = assess_rates({13: Ratio(0, 20), 26: Ratio(12, 50)}, 0.25)
    assert (found.window, found.state) == (26, State.ON_PLAN)


def test_equal_amounts_make_a_sum_what_its_count_is() -> None:
    # 8 deals of 1,000.00 on average: P(N ≤ 2) = 0.0138, P(N ≤ 3) = 0.0424.
    limits = Limits(watch=0.025, confirmed=0.015, weeks=1)
    found = assess_sums({13: 200_000}, {13: 800_000.0}, [100_000] * 12, limits=limits)
    assert found.p == pytest.approx(float(exact_tail(2, Decimal(8))), rel=1e-6)
    assert (found.state, found.unit) == (State.CONFIRMED, Unit.MONEY)
    assert 200_000 < found.low <= 300_000
    above = assess_sums({13: 300_000}, {13: 800_000.0}, [100_000] * 12, limits=limits)
    assert above.state is State.ON_PLAN


def test_a_sum_is_as_uncertain_as_its_amounts() -> None:
    even = assess_sums({13: 6_000_000}, {13: 12_000_000.0}, [1_000_000] * 12)
    uneven = assess_sums({13: 6_000_000}, {13: 12_000_000.0}, [100_000] * 9 + [3_700_000] * 3)
    assert even.p < uneven.p
    assert uneven.state is State.ON_PLAN


@pytest.mark.parametrize("amounts", [[], [100] * 11, [0] * 40])
def test_a_sum_without_known_amounts_is_not_conclusive(amounts: list[int]) -> None:
    assert assess_sums({13: 0}, {13: 1e6}, amounts).state is State.NOT_CONCLUSIVE


def test_a_sum_far_above_the_plan_is_judged_at_once() -> None:
    found = assess_sums({4: 10**12}, {4: 1e6}, [100_000] * 12)
    assert found.state is State.ON_PLAN


def test_discoveries_are_those_of_the_procedure() -> None:
    # n = 5, rate 0.10: the limits are 0.02, 0.04, 0.06, 0.08, 0.10; 0.055 takes 0.05 with it.
    assert benjamini_hochberg([0.30, 0.05, 0.001, 0.055, 0.9], 0.10) == [
        False, True, True, True, False,
    ]  # fmt: skip
    assert benjamini_hochberg([0.5, 0.6], 0.10) == [False, False]
    assert benjamini_hochberg([], 0.10) == []
