"""What a simulated team does week by week, around what its plan expects."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

WEEKS = 52
REPS = 20
# Weeks of history before the first look: those of a plan published a quarter ago.
WARM_UP = 13
# Opportunities, calls and meetings a week: 12 a month, 4 a week, 8 a month.
OPPORTUNITIES = 12 * 12 / WEEKS
COUNTED = (OPPORTUNITIES, 4.0, 8 * 12 / WEEKS)
CONVERSION = 0.25


@dataclass(frozen=True, slots=True)
class Scenario:
    """How inflow varies: the variance ÷ mean of weeks, that of four weeks, and the season.

    `season` is what the plan knows of it; `unplanned` is the swing (0.2: up to 20 % above and
    below over a year) that it ignores.
    """

    name: str
    bursts: float = 1.0
    swell: float = 1.0
    is_seasonal: bool = False
    unplanned: float = 0.0


POISSON = Scenario("Poisson")
BURSTS = Scenario("variance 1.5 × mean, by week", bursts=1.5)
SWELL = Scenario("variance 1.5 × mean, by four weeks", swell=1.5)
SEASONAL = Scenario("seasonal plan, Poisson", is_seasonal=True)
SEASONAL_BURSTS = Scenario("seasonal plan, variance 1.5 × mean", bursts=1.5, is_seasonal=True)
PROMISED = (POISSON, BURSTS, SWELL, SEASONAL, SEASONAL_BURSTS)
UNPLANNED = Scenario("season of ± 20 % that the plan ignores", unplanned=0.2)


def expected(scenario: Scenario, mean: float, weeks: int) -> list[float]:
    """What the plan expects of each week: a summer at 40 % and a December at 60 % in a season."""
    if not scenario.is_seasonal:
        return [mean] * weeks
    year = [1.0] * WEEKS
    year[28:32] = [0.4] * 4
    year[48:52] = [0.6] * 4
    whole = sum(year) / WEEKS
    return [mean * year[week % WEEKS] / whole for week in range(weeks)]


def drawn(draw: random.Random, scenario: Scenario, means: Sequence[float]) -> list[int]:
    """Counts with the given means, as the scenario scatters them."""
    counts, swell = [], 1.0
    for week, mean in enumerate(means):
        if scenario.swell > 1 and week % 4 == 0:
            # A level for four weeks: its own variance is what the four weeks lack of the wanted.
            shape = mean * 4 / (scenario.swell - 1)
            swell = draw.gammavariate(shape, 1 / shape)
        swing = 1 + scenario.unplanned * math.sin(2 * math.pi * week / WEEKS)
        level = mean * swell * swing
        if scenario.bursts > 1 and level > 0:
            level = draw.gammavariate(level / (scenario.bursts - 1), scenario.bursts - 1)
        counts.append(poisson(draw, level))
    return counts


def poisson(draw: random.Random, mean: float) -> int:
    """A Poisson number: uniform ones are multiplied until they fall under e^-mean (Knuth)."""
    threshold, product, count = math.exp(-mean), draw.random(), 0
    while product > threshold:
        product *= draw.random()
        count += 1
    return count


def won(draw: random.Random, closed: Sequence[int]) -> list[int]:
    """How many of what closed each week is won."""
    return [sum(draw.random() < CONVERSION for _ in range(number)) for number in closed]
