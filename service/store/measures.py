"""The measures: KPI queries run over the mirror, and the figures kept by rep, KPI and month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from sqlalchemy import Connection, Text, column, select, update, values

from rules.kpi_queries import Look, Relations, measuring, opened_by_day
from rules.kpis import Kpi, KpiName, OpportunitiesOpened
from rules.time import Day, Instant
from service.store.bulk import bulk_upsert
from service.store.tables import (
    account,
    activity,
    link,
    measure,
    opportunity,
    owner,
    rep,
    stage,
    tag,
)

# What a stage passes on, without knowing SQL.
Transaction = Connection

RELATIONS = Relations(
    rep=rep,
    owner=owner,
    opportunity=opportunity,
    stage=stage,
    account=account,
    activity=activity,
    link=link,
    tag=tag,
)
_COLUMNS = (
    "rep_key",
    "kpi",
    "period",
    "as_of_on",
    "value",
    "numerator",
    "denominator",
    "target",
    "expected",
    "definition",
    "measured_at",
    "frozen_at",
)


class Figures(NamedTuple):
    """What a KPI query says of a rep; see `rules.kpi_queries` for the meaning of each."""

    value: float | None
    numerator: float | None
    denominator: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMeasure:
    """A KPI of a rep over a month, as kept. A frozen one is never measured again."""

    rep_key: str
    kpi: KpiName
    period: str
    as_of_on: Day
    figures: Figures
    target: float | None
    expected: float | None
    definition: str
    measured_at: Instant
    frozen_at: Instant | None = None


def figures_by_rep(
    connection: Transaction, kpi: Kpi, reps: Sequence[str], look: Look
) -> Mapping[str, Figures]:
    """A KPI of every rep given, in one statement, whether or not the store knows them yet."""
    if not reps:
        return {}
    team = values(column("key", Text), name="team_rep").data([(key,) for key in reps])
    relations = replace(RELATIONS, rep=team.cte("team_rep"))
    rows = connection.execute(measuring(kpi, relations, look))
    return {rep_key: Figures(*figures) for rep_key, *figures in rows}


def opened_on_days(
    connection: Transaction, kpi: OpportunitiesOpened, first: Day, last: Day
) -> Mapping[str, Mapping[Day, int]]:
    """The opportunities opened by each rep on each day from one to another, where there are any."""
    found: dict[str, dict[Day, int]] = {}
    for rep_key, day, count in connection.execute(opened_by_day(kpi, RELATIONS, first, last)):
        found.setdefault(rep_key, {})[day] = count
    return found


def months_known(
    connection: Transaction, kpi: KpiName, before: str
) -> Mapping[tuple[str, str], bool]:
    """(rep key, month) → whether it is frozen, of the months kept for a KPI before a month."""
    rows = connection.execute(
        select(measure.c.rep_key, measure.c.period, measure.c.frozen_at.is_not(None)).where(
            measure.c.kpi == kpi, measure.c.period < before
        )
    )
    return {(rep_key, period): bool(is_frozen) for rep_key, period, is_frozen in rows}


def keep(connection: Transaction, measures: Sequence[StoredMeasure]) -> int:
    """Write measures over those of the same rep, KPI and month; returns how many."""
    rows = [
        (
            row.rep_key,
            row.kpi.value,
            row.period,
            row.as_of_on,
            *row.figures,
            row.target,
            row.expected,
            row.definition,
            row.measured_at,
            row.frozen_at,
        )
        for row in measures
    ]
    return bulk_upsert(connection, measure, _COLUMNS, rows)


def freeze_before(connection: Transaction, period: str, now: Instant) -> int:
    """Freeze what is kept of the months before one, as last measured; returns how many rows."""
    return connection.execute(
        update(measure)
        .where(measure.c.period < period, measure.c.frozen_at.is_(None))
        .values(frozen_at=now)
    ).rowcount
