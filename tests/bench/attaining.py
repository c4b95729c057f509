"""The exact distribution of a year: how long it takes for 40 and 200 open deals."""

import random
from collections.abc import Mapping
from functools import partial

from rules.forecast.attainment import OpenDeal, Prospect, chance_of, gains, outlook, wins_needed
from tests.bench.measuring import Aim, Report, at_most, seconds_of

_ROUNDS = 7
_TARGET = 120_000_000
_CHANCES = (0.1, 0.3, 0.6, 0.9)


def prospect(deals: int, wins: float) -> Prospect:
    """So many open deals, and so many wins to come, of amounts as people sell for."""
    chance = random.Random(deals)  # noqa: S311 - a benchmark
    amounts = [round(chance.lognormvariate(15.0, 0.7)) for _ in range(60)]
    return Prospect(
        won=20_000_000,
        deals=[
            OpenDeal(round(chance.lognormvariate(14.5, 0.7)), chance.choice(_CHANCES), place)
            for place in range(deals)
        ],
        wins=wins, amounts=amounts,
    )  # fmt: skip


def run() -> Report:
    """Milliseconds of a distribution, the best of some, with deals to come and without."""
    cases: Mapping[str, Prospect] = {
        "40 open deals": prospect(40, 0.0),
        "200 open deals": prospect(200, 0.0),
        "40 open deals, 18 wins to come": prospect(40, 18.0),
        "200 open deals, 18 wins to come": prospect(200, 18.0),
    }
    found = {
        name: 1_000 * min(seconds_of(partial(outlook, each)) for _ in range(_ROUNDS))
        for name, each in cases.items()
    }
    found |= {
        f"{name}: chance of a target": 1_000
        * min(seconds_of(partial(chance_of, each, _TARGET)) for _ in range(_ROUNDS))
        for name, each in cases.items()
    }
    largest = cases["40 open deals, 18 wins to come"]
    found["40 open deals: what adds most (5)"] = 1_000 * seconds_of(
        lambda: gains(largest, _TARGET, 5)
    )
    found["40 open deals: wins needed for 80 %"] = 1_000 * seconds_of(
        lambda: wins_needed(largest, _TARGET, 0.8)
    )
    rows = [f"| {name} | {each:.1f} |" for name, each in found.items()]
    text = "\n".join(["### The probability of attainment", "", "| | ms |", "|---|--:|", *rows, ""])
    aims: list[Aim] = [
        at_most("attainment: 40 open deals", 10, found["40 open deals"], " ms"),
        at_most("attainment: 200 open deals", 60, found["200 open deals"], " ms"),
    ]
    return Report(text, aims)
