"""How soon a team's dispersion is believed: a slow swell needs more history than bursts do."""

import random
from statistics import mean

import pytest

from rules.chance.dispersion import dispersions
from tests.simulation import inflow


def found(scenario: inflow.Scenario, weeks: int) -> float:
    """The mean dispersion of twenty reps, over several teams."""
    draw = random.Random(11)  # noqa: S311 - a simulation
    means = inflow.expected(scenario, 4.0, weeks)
    teams = (
        {
            str(rep): list(zip(inflow.drawn(draw, scenario, means), means, strict=True))
            for rep in range(inflow.REPS)
        }
        for _ in range(10)
    )
    return mean(spread for team in teams for spread in dispersions(team).values())


@pytest.mark.parametrize(
    ("scenario", "quarter", "year"),
    [
        # Three stretches of four weeks a rep can't tell that there is no swell; thirteen can.
        (inflow.POISSON, (1.22, 1.38), (1.05, 1.2)),
        (inflow.SWELL, (1.3, 1.5), (1.42, 1.6)),
        (inflow.BURSTS, (1.4, 1.6), (1.45, 1.65)),
    ],
    ids=lambda each: each.name if isinstance(each, inflow.Scenario) else "",
)
def test_a_quarter_stays_on_the_safe_side_and_a_year_tells(
    scenario: inflow.Scenario, quarter: tuple[float, float], year: tuple[float, float]
) -> None:
    assert quarter[0] <= found(scenario, 13) <= quarter[1]
    assert year[0] <= found(scenario, 52) <= year[1]
