"""Forecasts from the store: which deals count, with which chances, kept once a week."""

from typing import Any

import pytest

from rules.calendar import Span
from rules.forecast.chances import Chances
from rules.forecast.forecasts import Forecast
from rules.kpi.figures import TEAM
from rules.language import Language
from rules.rulebook import Rulebook
from service import forecast_record
from service.forecast import forecasts
from service.store import forecasts as kept
from service.store.engine import Store
from tests.integration.kpi_world import (
    ANOUK,
    AS_OF,
    BOOK,
    BRUNO,
    LOST,
    PROPOSITION,
    QUALIFICATION,
    WON,
    at,
    day,
    filled,
    put,
)

_END = day("2026-12-31")


def of(store: Store, subject: str, book: Rulebook = BOOK, **options: Any) -> Forecast:
    (found,) = forecasts(store, book, as_of=AS_OF, subjects=[subject], **options)
    return found


def add(store: Store, number: int, owner: int, stage: int, **values: Any) -> None:
    """One opportunity more; days as `2026-06-17`."""
    days = {name: day(value) for name, value in values.items() if name.endswith("_on")}
    base = {"id": number, "connection_id": 1, "external_id": str(number), "modified_at": 0,
            "pulled_at": 0, "owner_id": owner, "stage_id": stage}  # fmt: skip
    with store.write() as connection:
        put(connection, "opportunity", [base | values | days])


def test_what_is_open_in_time_counts_and_the_rest_is_told(store: Store) -> None:
    filled(store)
    found = of(store, "anouk")
    assert (found.target, found.won, found.open_count) == (120_000_000, 800_000, 3)
    add(store, 50, ANOUK, PROPOSITION, team_amount=5_000_000, closes_on="2027-01-01")
    add(store, 51, ANOUK, PROPOSITION, closes_on="2026-12-31")
    later = of(store, "anouk")
    assert (later.open_count, later.later, later.unknown) == (4, 1, 1)
    assert later.p50 == found.p50
    assert later.doubt is not None
    assert later.doubt.fr.startswith("non concluant : 29\u00a0% des montants")


def test_the_chance_of_a_deal_is_that_of_the_history_of_its_stage(store: Store) -> None:
    """Four deals have been in Proposition by hand; the open one entered it on the day itself."""
    filled(store)
    # Deal 1 entered on 10 May and was won 37 days later; deal 5 entered on 17 June and is open.
    by_hand = Chances({"anouk": {(37, "won"): 1, (0, "open"): 1}})
    left = _END - AS_OF
    chance = by_hand.won("anouk", age=0, days=left, prior=0.6 * by_hand.timely(0, left))
    found = {each.id: each for each in of(store, "anouk").adds}
    assert found[5].probability == pytest.approx(chance)


def test_other_people_s_history_is_what_a_new_rep_starts_from(store: Store) -> None:
    filled(store)
    with store.write() as connection:
        for number in range(100, 140):
            put(connection, "opportunity", [
                {"id": number, "connection_id": 1, "external_id": str(number), "modified_at": 0,
                 "pulled_at": 0, "owner_id": BRUNO, "stage_id": LOST, "team_amount": 5_000_000,
                 "created_on": day("2026-01-05"), "closes_on": day("2026-03-05")}
            ])  # fmt: skip
            put(connection, "history", [
                {"kind": "opportunity", "entity_id": number, "field": "stage_id",
                 "valid_from_at": at("2026-01-05"), "valid_from_on": day("2026-01-05"),
                 "value": str(PROPOSITION)}
            ])  # fmt: skip
    after = {each.id: each.probability for each in of(store, "anouk").adds}
    assert after[5] < 0.3


def test_the_pace_is_that_of_the_last_13_weeks_once_there_are_as_many(store: Store) -> None:
    filled(store)
    assert of(store, "anouk").measured is None
    add(store, 60, ANOUK, LOST, team_amount=2_000_000, created_on="2025-06-01",
        closes_on="2025-07-01")  # fmt: skip
    found = of(store, "anouk")
    assert found.measured is not None
    assert found.planned is not None
    # Of 10 k$ or more: deals 1, 4 (9,000 $: no), 5, 6 since 19 March: three in 65 weekdays.
    weekdays_left = 141
    per_month = 3 / 65 * weekdays_left / ((_END - AS_OF) / (365.25 / 12))
    assert found.measured.per_month == pytest.approx(per_month)
    assert found.planned.per_month == pytest.approx(11, abs=0.2)
    assert found.probability == found.measured.probability
    assert found.planned.wins > found.measured.wins


def test_a_plan_alone_tells_nothing_without_an_amount(store: Store) -> None:
    filled(store)
    with store.write() as connection:
        for table in ("opportunity", "history"):
            connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - names of ours
    found = of(store, "anouk")
    assert found.doubt is not None
    assert "average_won_deal" in found.doubt.fr
    assert found.needed is None


def test_a_rep_without_a_plan_has_none_and_the_team_has_its_reps_own(store: Store) -> None:
    filled(store)
    found = forecasts(store, BOOK, as_of=AS_OF)
    assert [each.subject for each in found] == ["anouk", TEAM]
    assert found[1].target == found[0].target


def test_the_same_records_give_the_same_bytes(store: Store) -> None:
    filled(store)
    assert repr(of(store, "anouk")) == repr(of(store, "anouk"))


NOW = at("2026-06-22")


def test_a_week_is_kept_once_with_its_year_and_its_quarter(store: Store) -> None:
    filled(store)
    assert forecast_record.record(store, BOOK, now=NOW, run_id=1) == 4
    assert forecast_record.record(store, BOOK, now=NOW, run_id=2) == 0
    said = forecast_record.recorded(store, "2026-W25")["anouk"]
    (live,) = forecasts(store, BOOK, as_of=day("2026-06-21"), subjects=["anouk"])
    assert (said.probability, said.p10, said.target) == (live.probability, live.p10, live.target)
    quarter = forecast_record.recorded(store, "2026-W25", Span.QUARTER)["anouk"]
    assert (quarter.period, quarter.ends_on) == ("2026-Q2", day("2026-06-30"))
    sentence = forecast_record.sentence(said, "CAD")
    assert sentence is not None
    assert sentence.to(Language.FR).startswith("probabilité ")


def test_what_came_is_entered_a_week_after_the_end_and_held_against_what_was_said(
    store: Store,
) -> None:
    filled(store)
    forecast_record.record(store, BOOK, now=NOW, run_id=1)
    forecast_record.record(store, BOOK, now=at("2026-07-06"), run_id=2)
    assert forecast_record.calibrated(store) == []
    # Of the quarter: 10,000 $ and a credit of 2,000 $ are known, then 400,000 $ are entered late.
    add(store, 70, ANOUK, WON, team_amount=40_000_000, created_on="2026-06-01",
        closes_on="2026-06-30")  # fmt: skip
    forecast_record.record(store, BOOK, now=at("2026-07-13"), run_id=3)
    with store.read() as connection:
        said = {(each.week, each.period): each for each in kept.listed(connection, subject="anouk")}
    quarter = said["2026-W25", "2026-Q2"]
    assert quarter.outcome == 40_800_000
    assert quarter.is_reached is True
    assert said["2026-W25", "2026"].outcome is None
    (bucket,) = forecast_record.calibrated(store, "anouk")
    assert (bucket.forecasts, bucket.happened) == (1, 1.0)


def test_a_deal_in_the_stage_of_another_is_told_by_its_own_age(store: Store) -> None:
    """A deal of no history counts from its creation, one of no creation as new."""
    filled(store)
    add(store, 80, ANOUK, QUALIFICATION, team_amount=100_000, created_on="2024-01-01",
        closes_on="2026-12-01")  # fmt: skip
    add(store, 81, ANOUK, QUALIFICATION, team_amount=100_000, closes_on="2026-12-01")
    found = {each.id: each.probability for each in of(store, "anouk").adds}
    assert found[80] < found[81]
