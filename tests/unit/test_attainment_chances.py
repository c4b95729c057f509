"""The chances of an opportunity, on cases that are counted by hand."""

import pytest

from rules.forecast.chances import Chances, incidence
from rules.forecast.forecasts import calibration, chance, told
from rules.language import Language

# Ten: 4 won after 10 days, 2 lost after 20, 2 won after 30, 2 still open after 30.
TEN = {(10, "won"): 4, (20, "lost"): 2, (30, "won"): 2, (30, "open"): 2}


@pytest.mark.parametrize(
    ("days", "share"),
    # After 20 days 4 of 10 are left (0.4); of these, half are won at 30.
    [(0, 0.0), (9, 0.0), (10, 0.4), (29, 0.4), (30, 0.6), (900, 0.6)],
)
def test_the_share_won_by_length(days: int, share: float) -> None:
    assert incidence(TEN).within(days) == pytest.approx(share)


def test_of_a_certain_age_only_those_count_that_lasted_as_long() -> None:
    found = incidence(TEN, age=10)
    # Six lasted over 10 days: 2 lost 10 days later, then 2 of 4 won.
    assert found.cases == 6
    assert found.within(10) == 0.0
    assert found.within(20) == pytest.approx(4 / 6 / 2)
    assert incidence(TEN, age=30).cases == 0


def test_what_is_still_open_is_not_lost() -> None:
    """One won after 10 days, three open for 1: they leave without having been at risk later."""
    assert incidence({(10, "won"): 1, (1, "open"): 3}).within(10) == pytest.approx(1.0)


def test_what_closed_on_the_day_of_its_creation_counts() -> None:
    assert incidence({(0, "won"): 1, (5, "lost"): 1}).within(0) == pytest.approx(0.5)


def test_few_cases_are_drawn_to_the_team_s_and_the_team_s_to_the_crm_s() -> None:
    chances = Chances({"anouk": TEN, "bruno": {(10, "won"): 10}})
    # Of twenty, 14 are won within 10 days; drawn to 0.2 by 20 cases, then the rep's 4 of 10.
    team = (14 + 20 * 0.2) / 40
    assert chances.won("anouk", age=0, days=10, prior=0.2) == pytest.approx((4 + 20 * team) / 30)
    assert chances.won("nobody", age=0, days=10, prior=0.2) == pytest.approx(team)
    assert Chances({}).won("anouk", age=5, days=10, prior=0.2) == 0.2
    assert chances.won("anouk", age=0, days=-1, prior=0.2) == 0.0


def test_a_prior_is_for_the_wins_that_come_in_time() -> None:
    chances = Chances({"anouk": TEN})
    # Of six wins, two took over 10 days and up to 30; with the one more that always does.
    assert chances.timely(10, 20) == pytest.approx(3 / 7)
    assert chances.timely(30, 300) == pytest.approx(1 / 7)
    assert Chances({}).timely(500, 1) == 1.0


def test_the_words_of_a_probability() -> None:
    assert told(0.62, 101_234_567, 131_000_000, "CAD", Language.FR) == (
        "probabilité 62\u00a0% (P10–P90 1\u00a0012\u00a0000\u00a0$ – 1\u00a0310\u00a0000\u00a0$)"
    )
    assert chance(0.9999, Language.FR) == "plus de 99 %"
    assert chance(0.0, Language.EN) == "under 1%"


def test_what_was_said_is_held_against_what_happened() -> None:
    found = calibration([(0.65, True), (0.75, False), (0.7, True), (1.0, True), (0.1, False)])
    assert [(each.low, each.forecasts) for each in found] == [(0.0, 1), (0.6, 3), (0.8, 1)]
    assert found[1].said == pytest.approx(0.7)
    assert found[1].happened == pytest.approx(2 / 3)
