"""The exact probability beside a million draws: `python -m tests.simulation.attaining [DRAWS]`."""

import sys
from bisect import bisect_left
from dataclasses import replace

from rules.forecast.attainment import Prospect, chance_of
from tests.unit.test_attainment import AMOUNTS, drawn, forty

_DRAWS = 1_000_000


def main(draws: int) -> None:
    """The greatest difference of any probability, without deals to come and with some."""
    base = Prospect(won=5_000_000, deals=forty(), amounts=AMOUNTS)
    for wins in (0.0, 9.0, 36.0):
        prospect = replace(base, wins=wins)
        years = drawn(prospect, draws)
        targets = [years[place * draws // 200] for place in range(1, 200)]
        worst = max(
            abs(chance_of(prospect, target) - (1 - bisect_left(years, target) / draws))
            for target in targets
        )
        sys.stdout.write(f"{wins:g} wins to come: at most {100 * worst:.3f} points apart\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _DRAWS)
