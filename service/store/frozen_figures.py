"""The figures as frozen by week, and what their KPIs meant then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from rules.calendar import Span
from rules.kpi.figures import Figure
from rules.kpi.names import KpiName, Unit
from rules.language import Text
from rules.time import Instant
from service.store.bulk import bulk_upsert
from service.store.engine import Transaction
from service.store.tables import frozen_figure, kpi_definition

_FIGURES = (
    "value", "numerator", "denominator", "low", "high", "target", "expected", "definition",
)  # fmt: skip
_COLUMNS = (
    "week", "subject", "kpi", "cut", "member", "period", "span", "first_on", "as_of_on", "unit",
    *_FIGURES, "doubt_fr", "doubt_en", "frozen_at",
)  # fmt: skip
_DEFINITIONS = ("definition", "kpi", "cut", "text_fr", "text_en", "since_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What a KPI means along a cut, in words, by the hash that its figures bear."""

    definition: str
    kpi: KpiName
    cut: str
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A week as frozen: when, its figures, and what they meant then by the hash they bear."""

    frozen_at: Instant
    figures: Sequence[Figure]
    definitions: Mapping[str, Text]


def keep(
    connection: Transaction,
    week: str,
    figures: Sequence[Figure],
    definitions: Sequence[Definition],
    now: Instant,
) -> int:
    """Freeze figures with a week, and what they mean; returns how many figures."""
    known = set(connection.scalars(select(kpi_definition.c.definition)))
    bulk_upsert(
        connection,
        kpi_definition,
        _DEFINITIONS,
        [
            (each.definition, each.kpi.value, each.cut, *each.text, now)
            for each in definitions
            if each.definition not in known
        ],
    )
    rows = [
        (
            week, figure.subject, figure.kpi.value, figure.cut, figure.member, figure.period,
            figure.span.value, figure.first, figure.as_of, figure.unit.value,
            *(getattr(figure, name) for name in _FIGURES), *(figure.doubt or (None, None)), now,
        )
        for figure in figures
    ]  # fmt: skip
    return bulk_upsert(connection, frozen_figure, _COLUMNS, rows)


def load(connection: Transaction, week: str) -> Kept | None:
    """What was frozen with a week; None when nothing was."""
    rows = connection.execute(
        select(*(frozen_figure.c[name] for name in _COLUMNS)).where(frozen_figure.c.week == week)
    ).all()
    if not rows:
        return None
    figures = [
        Figure(
            subject=row.subject, kpi=KpiName(row.kpi), cut=row.cut, member=row.member,
            span=Span(row.span), period=row.period, first=row.first_on, as_of=row.as_of_on,
            unit=Unit(row.unit),
            doubt=None if row.doubt_fr is None else Text(row.doubt_fr, row.doubt_en),
            **{name: getattr(row, name) for name in _FIGURES},
        )
        for row in rows
    ]  # fmt: skip
    used = {figure.definition for figure in figures}
    told = {
        row.definition: Text(row.text_fr, row.text_en)
        for row in connection.execute(select(kpi_definition))
        if row.definition in used
    }
    return Kept(frozen_at=rows[0].frozen_at, figures=figures, definitions=told)


def weeks(connection: Transaction) -> Sequence[str]:
    """The weeks that have figures, from the first."""
    found = (
        select(frozen_figure.c.week)
        .group_by(frozen_figure.c.week)
        .order_by(func.min(frozen_figure.c.as_of_on))
    )
    return list(connection.scalars(found))
