"""Print what alerts come to over many simulated years: `python -m tests.simulation [SEEDS]`."""

import sys
import time
from collections.abc import Sequence
from statistics import mean, median, stdev

from rules.alert.false_alarms import Counted, Rated, Series, expected_false_alarms, told
from rules.alert.sensitivity import Sensitivity, limits_of
from tests.simulation import inflow, looks

_SEEDS = 200
TEAM: Sequence[Series] = [
    *(Counted(weekly) for weekly in inflow.COUNTED for _ in range(inflow.REPS)),
    *(Rated(inflow.OPPORTUNITIES, inflow.CONVERSION) for _ in range(inflow.REPS)),
]


def main(seeds: int) -> None:
    """Every scenario at the normal sensitivity, then the two others on the first two."""
    _line(f"{inflow.REPS} reps on plan, 4 KPIs, a year; means of {seeds} seeds (± standard error)")
    for scenario in (*inflow.PROMISED, inflow.UNPLANNED):
        _row(scenario, Sensitivity.NORMAL, seeds)
    for sensitivity in (Sensitivity.CALM, Sensitivity.EARLY):
        for scenario in (inflow.POISSON, inflow.BURSTS):
            _row(scenario, sensitivity, max(1, seeds // 4))


def _row(scenario: inflow.Scenario, sensitivity: Sensitivity, seeds: int) -> None:
    start, limits = time.perf_counter(), limits_of(sensitivity)
    years = [looks.on_plan(seed, scenario, limits) for seed in range(seeds)]
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
        pairs = [
            pair
            for seed in range(seeds)
            for pair in looks.delays(seed, scenario, limits, kept=kept)
        ]
        watched, opened = (median(pair[place] for pair in pairs) for place in (0, 1))
        _line(
            f"  a fall to {share}: watched after {watched:.0f} weeks, confirmed after {opened:.0f}"
        )
    _line(f"  {told(expected_false_alarms(TEAM, sensitivity)).en}")
    _line(f"  {time.perf_counter() - start:.0f} s")


def _line(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _mean(values: list[int]) -> str:
    error = stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return f"{mean(values):.1f} ± {error:.1f}"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _SEEDS)
