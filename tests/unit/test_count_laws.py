"""Laws against exact fractions, and dispersion against histories whose variance is known."""

import math
import random
from fractions import Fraction

import pytest

from rules.alert.episode_steps import sustained
from rules.chance import count_laws
from rules.chance.deviations import State
from rules.chance.dispersion import PRIOR, dispersions
from tests.simulation import inflow

WATCH, CONFIRMED, ON_PLAN = State.WATCH, State.CONFIRMED, State.ON_PLAN


def negative_binomial(shape: int, dispersion: Fraction, size: int) -> list[Fraction]:
    """C(k + r - 1, k)·pʳ·(1 - p)ᵏ with p = 1 / dispersion, as fractions."""
    p = 1 / dispersion
    return [math.comb(k + shape - 1, k) * p**shape * (1 - p) ** k for k in range(size)]


@pytest.mark.parametrize(("shape", "dispersion"), [(6, Fraction(3, 2)), (3, Fraction(3))])
def test_over_dispersed_counts_are_negative_binomial(shape: int, dispersion: Fraction) -> None:
    mean = shape * (dispersion - 1)
    found = count_laws.counts(float(mean), float(dispersion), 200)
    exact = negative_binomial(shape, dispersion, 200)
    assert found == pytest.approx([float(chance) for chance in exact], rel=1e-9, abs=1e-300)
    centre = sum(k * chance for k, chance in enumerate(found))
    variance = sum((k - centre) ** 2 * chance for k, chance in enumerate(found))
    assert variance / centre == pytest.approx(float(dispersion))


def test_a_sure_rate_has_one_outcome() -> None:
    assert count_laws.successes(3, 1.0, 5) == (0, 0, 0, 1, 0)
    assert count_laws.successes(3, 0.0, 2) == (1, 0)
    assert count_laws.successes(2, 0.5, 4) == pytest.approx((0.25, 0.5, 0.25, 0))


@pytest.mark.parametrize("dispersion", [1.0, 1.5])
def test_sums_are_the_convolutions_of_their_amounts(dispersion: float) -> None:
    amount = (0.1, 0.5, 0.0, 0.4)
    found = count_laws.sums(2.5, dispersion, amount, 30)
    total, power = [0.0] * 30, [1.0] + [0.0] * 29
    for chance in count_laws.counts(2.5, dispersion, 60):
        total = [each + chance * more for each, more in zip(total, power, strict=True)]
        power = [
            sum(power[cell - k] * amount[k] for k in range(4) if k <= cell) for cell in range(30)
        ]
    assert found == pytest.approx(total, rel=1e-9)


def test_amounts_keep_their_mean_on_cells() -> None:
    law = count_laws.amounts_law([1_234, 99, 5_000], 700.0)
    assert sum(law) == pytest.approx(1)
    assert sum(700 * cell * chance for cell, chance in enumerate(law)) == pytest.approx(6_333 / 3)
    with pytest.raises(ValueError, match="over zero"):
        count_laws.amounts_law([], 1.0)


def history(scenario: inflow.Scenario, reps: int, weeks: int) -> dict[str, list[tuple[int, float]]]:
    draw = random.Random(7)  # noqa: S311 - a simulation
    means = inflow.expected(scenario, 4.0, weeks)
    return {
        str(rep): list(zip(inflow.drawn(draw, scenario, means), means, strict=True))
        for rep in range(reps)
    }


@pytest.mark.parametrize(
    ("scenario", "low", "high"),
    [
        (inflow.POISSON, 1.0, 1.15),
        (inflow.SEASONAL, 1.0, 1.15),
        (inflow.BURSTS, 1.4, 1.65),
        (inflow.SWELL, 1.2, 1.65),
        (inflow.SEASONAL_BURSTS, 1.4, 1.65),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_team_finds_its_dispersion(scenario: inflow.Scenario, low: float, high: float) -> None:
    found = dispersions(history(scenario, 20, 52))
    assert low <= sum(found.values()) / 20 <= high


def test_nothing_known_is_the_prior_and_little_is_near_it() -> None:
    assert dispersions({"a": [], "b": [(0, 3.0)]}) == {"a": PRIOR, "b": PRIOR}
    few = dispersions({"a": [(5, 3.0), (1, 3.0), (3, 3.0)] * 4})["a"]
    assert 1.2 < few < PRIOR


def test_a_rep_far_from_plan_is_not_irregular() -> None:
    team = history(inflow.POISSON, 20, 52)
    team["0"] = [(count // 2, mean) for count, mean in team["0"]]
    assert dispersions(team)["0"] <= 1.15


def test_a_deviation_is_confirmed_once_it_lasts() -> None:
    assert sustained([CONFIRMED], 2) is WATCH
    assert sustained([CONFIRMED, CONFIRMED], 2) is CONFIRMED
    assert sustained([CONFIRMED, ON_PLAN, CONFIRMED], 2) is WATCH
    assert sustained([CONFIRMED, CONFIRMED, ON_PLAN], 2) is ON_PLAN
    assert sustained([CONFIRMED], 1) is CONFIRMED
    with pytest.raises(ValueError, match="at least one look"):
        sustained([], 2)
