"""What alerts cost a team on plan, on a few years as `tests.simulation` plays them."""

import time
from collections.abc import Sequence
from datetime import date
from statistics import mean, median

import pytest

from rules.alert.alerts import Alerts
from rules.alert.false_alarms import (
    Counted,
    FalseAlarms,
    Rated,
    Series,
    expected_false_alarms,
    told,
)
from rules.alert.sensitivity import NORMAL, Sensitivity
from rules.alert.watched_series import watched_series
from rules.plan.plan import Plan
from rules.team import Team
from rules.time import day_number
from tests.simulation import inflow, looks

TEAM: Sequence[Series] = [
    *(Counted(weekly) for weekly in inflow.COUNTED for _ in range(inflow.REPS)),
    *(Rated(inflow.OPPORTUNITIES, inflow.CONVERSION) for _ in range(inflow.REPS)),
]


@pytest.mark.parametrize(
    "scenario", [inflow.POISSON, inflow.BURSTS], ids=lambda scenario: scenario.name
)
def test_a_team_on_plan_is_left_in_peace_as_often_as_it_is_told(scenario: inflow.Scenario) -> None:
    years = [looks.on_plan(seed, scenario, NORMAL) for seed in range(4)]
    confirmed = mean(year.confirmed for year in years)
    lines = mean(year.watch_lines for year in years)
    # The team's year is promised 10 episodes and 40 lines; weeks under target are 50 times more.
    assert confirmed <= 10
    assert lines <= 40
    assert mean(year.below_target for year in years) > 1_800
    # Four years have a standard error of 20 % on episodes: of 208, see rules.alert.sensitivity.
    promise = expected_false_alarms(TEAM, Sensitivity.NORMAL)
    assert confirmed == pytest.approx(promise.confirmed_episodes, rel=0.4)
    assert lines == pytest.approx(promise.watch_lines, rel=0.4)


def test_a_season_that_the_plan_knows_alerts_nobody() -> None:
    years = [looks.on_plan(seed, inflow.SEASONAL_BURSTS, NORMAL) for seed in range(2)]
    assert mean(year.confirmed for year in years) <= 15
    assert mean(year.watch_lines for year in years) <= 55


@pytest.mark.parametrize(
    "scenario", [inflow.POISSON, inflow.BURSTS], ids=lambda scenario: scenario.name
)
def test_half_the_inflow_is_watched_within_8_weeks_and_confirmed_within_12(
    scenario: inflow.Scenario,
) -> None:
    found = [pair for seed in range(20) for pair in looks.delays(seed, scenario, NORMAL)]
    watched, confirmed = (median(pair[place] for pair in found) for place in (0, 1))
    assert watched <= 8
    assert confirmed <= 12


def test_the_expectation_is_always_the_same_and_prompt_for_any_team() -> None:
    varied: list[Series] = []
    for rep in range(20):
        weekly = 2 + rep / 7
        varied += [Counted(weekly), Counted(2 * weekly), Counted(weekly / 2), Rated(weekly, 0.25)]
    start = time.process_time()
    found = expected_false_alarms(varied, Sensitivity.NORMAL)
    assert time.process_time() - start < 3
    assert found == expected_false_alarms(varied, Sensitivity.NORMAL)
    assert found.series == 80
    assert 4 < found.confirmed_episodes < 10
    assert 20 < found.watch_lines < 40


def test_a_more_sensitive_word_alerts_more() -> None:
    counts = [series for series in TEAM if isinstance(series, Counted)]
    calm, normal, early = (expected_false_alarms(counts, word) for word in Sensitivity)
    assert calm.confirmed_episodes < normal.confirmed_episodes < early.confirmed_episodes
    assert calm.watch_lines < normal.watch_lines < early.watch_lines


def test_a_count_too_small_to_say_anything_alerts_nobody() -> None:
    found = expected_false_alarms([Counted(0.1)], Sensitivity.EARLY)
    assert (found.confirmed_episodes, found.watch_lines) == (0, 0)
    assert expected_false_alarms([], Sensitivity.NORMAL) == FalseAlarms(0, 0.0, 0.0, 0.0)


def test_the_expectation_is_told_in_both_languages() -> None:
    text = told(FalseAlarms(80, 31.6, 7.94, 2004.2))
    assert "confirmées 7,9" in text.fr
    assert "lignes « à surveiller » 32" in text.fr
    assert "confirmed 7.9, watch lines 32" in text.en
    assert "would give 2,004" in text.en


def test_series_are_those_of_the_plans() -> None:
    team = Team.model_validate(
        {
            "zone": "America/Toronto",
            "currency": "CAD",
            "reps": {"elise": {"name": "Élise"}, "marc": {"name": "Marc"}},
        }
    )
    texts = {"subject": ["a", "a"], "body": ["b", "b"]}
    alerts = Alerts.model_validate(
        {
            "deviations": {
                "opened": {"kpi": "opportunities_opened", "windows": ["8 w", "4 w"], **texts},
                "rate": {"kpi": "conversion_rate", "windows": ["13 w"], "minimum": "20", **texts},
                "calls": {"kpi": "activities", "activity": "client_calls", **texts},
                "visits": {"kpi": "activities", "activity": "visits", **texts},
                "money": {"kpi": "revenue_won", **texts},
            }
        }
    )
    plan = Plan.model_validate(
        {
            "owner": "elise", "period": "2026", "currency": "CAD", "objective": "1 200 000",
            "targets": {"opportunities_opened": "13 per month", "conversion_rate": "25 %"},
            "activities": {"client_calls": "4 per week"},
        }
    )  # fmt: skip
    found = watched_series(alerts, [plan], team, day_number(date(2027, 3, 1)))
    opened, rate, calls, money = found
    assert isinstance(opened, Counted)
    assert isinstance(rate, Rated)
    assert isinstance(calls, Counted)
    assert isinstance(money, Counted)
    assert opened.weekly == rate.weekly == pytest.approx(3.0)
    assert opened.windows == (4, 8)
    assert (rate.target, rate.minimum, rate.windows) == (0.25, 20, (13,))
    assert calls.weekly == pytest.approx(4, rel=0.02)
    assert money.weekly == pytest.approx(0.75)
