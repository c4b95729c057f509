"""Print what alerts come to in simulated years: `python -m tests.simulation [SEEDS [FIRST]]`.

The limits were chosen on seeds from 100,000 on; what is told of them comes from others, from
`_FIRST` on. 208 seeds let the fall begin four times in each week of the year.
"""

import sys
import time
from collections.abc import Sequence
from statistics import mean, median, stdev

from rules.alert.false_alarms import Counted, Rated, Series, expected_false_alarms, told
from rules.alert.sensitivity import Sensitivity, limits_of
from tests.simulation import inflow, looks

_SEEDS = 208
_FIRST = 20_800
# Within so many weeks a fall to half is to be watched, and confirmed, more often than not.
_WATCHED, _CONFIRMED = 8, 12
TEAM: Sequence[Series] = [
    *(Counted(weekly) for weekly in inflow.COUNTED for _ in range(inflow.REPS)),
    *(Rated(inflow.OPPORTUNITIES, inflow.CONVERSION) for _ in range(inflow.REPS)),
]


def main(number: int, first: int) -> None:
    """Every scenario at the normal sensitivity, then the two others on the first two."""
    seeds = range(first, first + number)
    _line(f"{inflow.REPS} reps on plan, 4 KPIs, a year; means of {number} seeds (± standard error)")
    for scenario in (*inflow.PROMISED, inflow.UNPLANNED):
        _row(scenario, Sensitivity.NORMAL, seeds)
    for sensitivity in (Sensitivity.CALM, Sensitivity.EARLY):
        for scenario in (inflow.POISSON, inflow.BURSTS):
            _row(scenario, sensitivity, seeds[: max(1, number // 4)])


def _row(scenario: inflow.Scenario, sensitivity: Sensitivity, seeds: range) -> None:
    start, limits = time.perf_counter(), limits_of(sensitivity)
    years = [looks.on_plan(seed, scenario, limits) for seed in seeds]
    confirmed = _mean([year.confirmed for year in years])
    lines = _mean([year.watch_lines for year in years])
    entries = mean(year.watch_entries for year in years)
    below, below_four = (
        mean(each)
        for each in zip(*((y.below_target, y.below_four_weeks) for y in years), strict=True)
    )
    _line(f"\n{scenario.name} · {sensitivity}")
    _line(f"  confirmed {confirmed}   watch lines {lines}   (runs of them {entries:.1f})")
    _line(f"  naive: under target this week {below:.0f}, these four weeks {below_four:.0f}")
    for share, kept in (("half", 0.5), ("two thirds", 0.67)):
        pairs = [pair for seed in seeds for pair in looks.delays(seed, scenario, limits, kept=kept)]
        watched, opened = (median(pair[place] for pair in pairs) for place in (0, 1))
        _line(
            f"  a fall to {share}: watched after {watched:.0f} weeks, confirmed after {opened:.0f}"
            f" ({_within(pairs, 0, _WATCHED)} within {_WATCHED},"
            f" {_within(pairs, 1, _CONFIRMED)} within {_CONFIRMED})"
        )
    _line(f"  {told(expected_false_alarms(TEAM, sensitivity)).en}")
    _line(f"  {time.perf_counter() - start:.0f} s")


def _line(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _within(pairs: Sequence[tuple[int, int]], place: int, weeks: int) -> str:
    return f"{mean(pair[place] <= weeks for pair in pairs):.0%}"


def _mean(values: list[int]) -> str:
    error = stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return f"{mean(values):.1f} ± {error:.1f}"


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else _SEEDS,
        int(sys.argv[2]) if len(sys.argv) > 2 else _FIRST,
    )
