"""Freeze each week once it has ended: its figures, and what they meant, for good.

A week is frozen with its own figures, those of the month, the quarter and the year to date as of
its Sunday, and those of every month, quarter and fiscal year that ended in it, whole. What people
enter later with an earlier date changes the live figures only; both can then be shown side by side.

The ledger decides: a week is frozen once, in one transaction. A week that was missed is frozen at
the next occasion, from the records as they are by then, which `frozen_at` tells.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rules.calendar import (
    DAYS_PER_WEEK,
    Period,
    Span,
    fiscal_year_of,
    month_of,
    quarter_of,
    week_of,
)
from rules.kpi.figures import Figure
from rules.language import Text
from rules.rulebook import Rulebook
from rules.time import Day, Instant, day_of
from service.figures import SPANS, figures_in
from service.store import frozen_figures, ledger
from service.store.engine import Store
from service.store.frozen_figures import Definition

JOB = "freeze"
CATCH_UP_LIMIT = 13
"""Weeks: what was missed for longer can't be told from the records of today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeReport:
    """The weeks that were frozen now, from the earliest; how many figures in all."""

    weeks: Sequence[str] = ()
    figures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenWeek:
    """A week as frozen. `definitions` are those then in force, by hash.

    `is_late` tells that it was frozen after the Monday that followed, from the records of then.
    """

    week: str
    frozen_at: Instant
    is_late: bool
    figures: Sequence[Figure]
    definitions: Mapping[str, Text]


def freeze(store: Store, book: Rulebook, *, now: Instant, run_id: int) -> FreezeReport:
    """Freeze the week before that of `now`, and those missed since the last one that was frozen.

    Each week is its own transaction with its line of the ledger: twice is once, and what a killed
    run has not done is done by the next.
    """
    done: list[str] = []
    count = 0
    last = week_of(week_of(day_of(now, book.team.zone)).first - 1)
    with store.read() as connection:
        if ledger.is_done(connection, JOB, scope=ledger.WORKSPACE, period=last.key):
            return FreezeReport()
        latest = ledger.last_period(connection, JOB, scope=ledger.WORKSPACE)
    for week in _owed(last, latest):
        # Long at scale, and only read: no transaction that writes is open meanwhile.
        with store.read() as connection:
            found = [
                figure
                for as_of, spans in _looks(week, book.team.fiscal_year)
                for figure in figures_in(connection, book, as_of=as_of, spans=spans, is_over=True)
            ]
        with store.write() as connection:
            entered = ledger.enter(
                connection, JOB, scope=ledger.WORKSPACE, period=week.key, run_id=run_id, now=now
            )
            if entered:
                frozen_figures.keep(connection, week.key, found, definitions(book), now)
                done.append(week.key)
                count += len(found)
    return FreezeReport(weeks=done, figures=count)


def frozen(store: Store, week: str) -> Sequence[Figure]:
    """The figures of a week (`2026-W26`) as frozen; none when it was not."""
    found = frozen_week(store, week)
    return found.figures if found else ()


def frozen_week(store: Store, week: str, book: Rulebook | None = None) -> FrozenWeek | None:
    """A week as frozen, with the definitions then in force; None when it was not.

    With the rulebook's zone it is known whether it was late.
    """
    with store.read() as connection:
        kept = frozen_figures.load(connection, week)
    if kept is None:
        return None
    sunday = max(figure.as_of for figure in kept.figures)
    is_late = book is not None and day_of(kept.frozen_at, book.team.zone) > sunday + 1
    return FrozenWeek(
        week=week, frozen_at=kept.frozen_at, is_late=is_late, figures=kept.figures,
        definitions=kept.definitions,
    )  # fmt: skip


def frozen_weeks(store: Store) -> Sequence[str]:
    """The weeks that are frozen, from the first."""
    with store.read() as connection:
        return frozen_figures.weeks(connection)


def definitions(book: Rulebook) -> list[Definition]:
    """What every KPI of a playbook means along each of its cuts, in words."""
    cadence = book.segments.tier.contact_every
    return [
        Definition(
            definition=book.kpis.definition(kpi, cut, cadence), kpi=kpi.name, cut=cut.value,
            text=book.kpis.explained(kpi, cut, book.team.currency, cadence),
        )
        for kpi in book.kpis.measured
        for cut in book.kpis.cuts_of(kpi)
    ]  # fmt: skip


def _owed(last: Period, latest: str | None) -> list[Period]:
    """The weeks after the latest that was frozen up to the last one; that one alone at first."""
    owed = [last]
    while latest is not None and len(owed) < CATCH_UP_LIMIT:
        before = week_of(owed[0].first - DAYS_PER_WEEK)
        if before.key <= latest:
            break
        owed.insert(0, before)
    return owed


def _looks(week: Period, fiscal_start: int) -> Iterator[tuple[Day, Sequence[Span]]]:
    """The days as of which a week is measured, with the spans: its Sunday, and ends within it."""
    yield week.last, SPANS
    for day in range(week.first, week.last):
        ended = [
            span
            for span, period in (
                (Span.MONTH, month_of(day)),
                (Span.QUARTER, quarter_of(day, fiscal_start)),
                (Span.YEAR, fiscal_year_of(day, fiscal_start)),
            )
            if period.last == day
        ]
        if ended:
            yield day, ended
