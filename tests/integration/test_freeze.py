"""Weeks that are frozen: once, late, whole months, and what the figures meant then."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from rules.calendar import Span
from rules.time import Instant, instant_of
from service import freeze as stage
from service.figures import figures, figures_in
from service.freeze import freeze, frozen, frozen_week, frozen_weeks
from service.store import frozen_figures
from service.store.engine import Store, Transaction
from service.store.tables import frozen_figure, ledger, metadata
from tests.integration.kpi_world import BOOK, day, filled, put, with_kpis


def monday(text: str, hour: int = 11) -> Instant:
    """7:00 of a day in Toronto, in summer."""
    return instant_of(datetime.fromisoformat(text).replace(hour=hour, tzinfo=UTC))


def won(store: Store, week: str, span: str = "week", period: str | None = None) -> float | None:
    (found,) = [
        each.value
        for each in frozen(store, week)
        if (each.subject, each.kpi, each.cut, each.span) == ("anouk", "revenue_won", "", span)
        and (period is None or each.period == period)
    ]
    return found


def count(store: Store) -> int:
    with store.read() as connection:
        return connection.execute(select(func.count()).select_from(frozen_figure)).scalar_one()


NOW = monday("2026-06-22")


def test_a_week_is_frozen_once_with_what_its_figures_meant(store: Store) -> None:
    filled(store)
    report = freeze(store, BOOK, now=NOW, run_id=1)
    assert report.weeks == ["2026-W25"]
    assert report.figures == count(store)
    assert freeze(store, BOOK, now=monday("2026-06-24"), run_id=2).weeks == ()
    assert won(store, "2026-W25") == 1_000_000
    assert won(store, "2026-W25", "month") == 800_000
    live = figures(store, BOOK, as_of=day("2026-06-21"), is_over=True)
    assert {each.key: each for each in frozen(store, "2026-W25")} == {
        each.key: each for each in live
    }
    week = frozen_week(store, "2026-W25", BOOK)
    assert week is not None
    assert (week.frozen_at, week.is_late) == (NOW, False)
    assert set(week.definitions) == {each.definition for each in week.figures}


def test_what_comes_late_changes_the_live_figure_and_not_the_frozen_one(store: Store) -> None:
    filled(store)
    freeze(store, BOOK, now=NOW, run_id=1)
    with store.write() as connection:
        put(connection, "opportunity", [
            {"id": 60, "connection_id": 1, "external_id": "1", "modified_at": 0, "pulled_at": 0,
             "owner_id": 1, "stage_id": 3, "team_amount": 5_000, "closes_on": day("2026-06-18")}
        ])  # fmt: skip
    freeze(store, BOOK, now=NOW, run_id=2)
    assert won(store, "2026-W25") == 1_000_000
    (live,) = [
        each
        for each in figures(store, BOOK, as_of=day("2026-06-21"), spans=[Span.WEEK])
        if (each.subject, each.kpi, each.cut) == ("anouk", "revenue_won", "")
    ]
    assert live.value == 1_005_000


def test_missed_weeks_are_frozen_late_and_say_so(store: Store) -> None:
    filled(store)
    freeze(store, BOOK, now=NOW, run_id=1)
    late = monday("2026-07-08")
    assert freeze(store, BOOK, now=late, run_id=2).weeks == ["2026-W26", "2026-W27"]
    assert list(frozen_weeks(store)) == ["2026-W25", "2026-W26", "2026-W27"]
    week = frozen_week(store, "2026-W26", BOOK)
    assert week is not None
    assert (week.frozen_at, week.is_late) == (late, True)


def test_a_month_and_a_quarter_that_ended_in_the_week_are_frozen_whole(store: Store) -> None:
    filled(store)
    freeze(store, BOOK, now=monday("2026-07-06"), run_id=1)
    # 30 June was a Tuesday: the month to date of the Sunday is July.
    assert won(store, "2026-W27", "month", "2026-06") == 800_000
    assert won(store, "2026-W27", "month", "2026-07") == 0
    assert won(store, "2026-W27", "quarter", "2026-Q2") == 800_000
    (june,) = [
        each
        for each in frozen(store, "2026-W27")
        if (each.subject, each.kpi, each.period) == ("anouk", "opportunities_opened", "2026-06")
        and not each.cut
    ]
    assert june.as_of == day("2026-06-30")
    assert june.expected == pytest.approx(11)


def test_a_fiscal_year_that_ended_in_the_week_is_frozen_whole(store: Store) -> None:
    filled(store)
    freeze(store, BOOK, now=monday("2027-01-04"), run_id=1)
    # 31 December was a Thursday: the year to date of the Sunday is the next one. In the year she
    # won 10 000 $, and -2 000 $.
    assert won(store, "2026-W53", "year", "2026") == 800_000
    assert won(store, "2026-W53", "quarter", "2026-Q4") == 0
    assert won(store, "2026-W53", "year", "2027") == 0
    april = replace(BOOK, team=BOOK.team.model_copy(update={"fiscal_year": 4}))
    freeze(store, april, now=monday("2027-04-05"), run_id=2)
    assert won(store, "2027-W13", "year", "2026") == 800_000
    assert won(store, "2027-W13", "year", "2027") == 0


def test_a_definition_that_changes_leaves_the_earlier_weeks_as_they_were(store: Store) -> None:
    filled(store)
    freeze(store, BOOK, now=NOW, run_id=1)
    changed = with_kpis("minimum: 10k", "minimum: 20k")
    freeze(store, changed, now=monday("2026-06-29"), run_id=2)

    def told(week: str) -> str:
        found = frozen_week(store, week)
        assert found is not None
        (definition,) = {
            each.definition
            for each in found.figures
            if each.kpi == "opportunities_opened" and not each.cut
        }
        return found.definitions[definition].en

    assert "$10,000" in told("2026-W25")
    assert "$20,000" in told("2026-W26")


def test_a_run_that_is_killed_leaves_a_week_whole_or_not_at_all(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(store)
    freeze(store, BOOK, now=NOW, run_id=1)
    before, keep = count(store), frozen_figures.keep
    kept: list[str] = []

    def dying(connection: Transaction, week: str, *rest: object) -> int:
        result: int = keep(connection, week, *rest)  # type: ignore[arg-type]  # as given
        kept.append(week)
        if len(kept) == 2:
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr("service.store.frozen_figures.keep", dying)
    late = monday("2026-07-08")
    with pytest.raises(KeyboardInterrupt):
        freeze(store, BOOK, now=late, run_id=2)
    assert list(frozen_weeks(store)) == ["2026-W25", "2026-W26"]
    assert count(store) > before
    monkeypatch.setattr("service.store.frozen_figures.keep", keep)
    assert freeze(store, BOOK, now=late, run_id=3).weeks == ["2026-W27"]


def test_two_workers_freeze_a_week_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(store)
    other: list[int] = []

    def overtaken(*given: object, **named: object) -> object:
        found = figures_in(*given, **named)  # type: ignore[arg-type]  # as given
        if not other:
            other.append(1)
            with store.write() as connection:
                connection.execute(
                    ledger.insert().values(
                        job=stage.JOB, scope="workspace", period="2026-W25", run_id=9, done_at=1
                    )
                )
        return found

    monkeypatch.setattr("service.freeze.figures_in", overtaken)
    assert freeze(store, BOOK, now=NOW, run_id=1).weeks == []
    assert count(store) == 0


def test_a_week_of_a_change_of_hour_is_a_week(store: Store) -> None:
    filled(store)
    # Clocks went forward on Sunday 8 March: 4:59 in UTC is still Sunday's 23:59 standard time.
    assert freeze(store, BOOK, now=monday("2026-03-09", hour=3), run_id=1).weeks == ["2026-W09"]
    assert freeze(store, BOOK, now=monday("2026-03-09", hour=4), run_id=2).weeks == ["2026-W10"]
    assert metadata.tables["frozen_figure"].c.week.primary_key
