"""The forecasts as kept by week, and what came of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, select, update

from rules.calendar import Span
from rules.forecast.forecasts import Forecast
from rules.time import Day, Instant
from service.store.bulk import insert_missing
from service.store.engine import Transaction
from service.store.tables import forecast

_COLUMNS = (
    "week", "subject", "period", "span", "as_of_on", "ends_on", "probability", "p10_amount",
    "p50_amount", "p90_amount", "target_amount", "won_amount", "is_conclusive", "made_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptForecast:
    """A forecast as said in a week, with money in minor units; `outcome` once the period is over.

    `ends_on` is the last day of the period.
    """

    week: str
    subject: str
    period: str
    span: Span
    as_of: Day
    ends_on: Day
    probability: float
    p10: int
    p50: int
    p90: int
    target: int
    won: int
    is_conclusive: bool
    made_at: Instant
    outcome: int | None = None

    @property
    def is_reached(self) -> bool | None:
        """Whether the target was reached; None while that isn't known."""
        return None if self.outcome is None else self.outcome >= self.target


def keep(connection: Transaction, week: str, forecasts: Sequence[Forecast], now: Instant) -> int:
    """Keep the forecasts of a week; returns how many were not there yet."""
    rows = [
        (
            week, each.subject, each.period.key, each.span.value, each.as_of, each.period.last,
            each.probability, each.p10, each.p50, each.p90, each.target, each.won,
            each.doubt is None, now,
        )
        for each in forecasts
    ]  # fmt: skip
    return insert_missing(connection, forecast, _COLUMNS, rows)


def listed(
    connection: Transaction, *, week: str | None = None, subject: str | None = None
) -> list[KeptForecast]:
    """The forecasts of a week or of all, of a subject or of all, from the first."""
    query = select(forecast).order_by(
        forecast.c.as_of_on, forecast.c.subject, forecast.c.ends_on, forecast.c.span
    )
    if week is not None:
        query = query.where(forecast.c.week == week)
    if subject is not None:
        query = query.where(forecast.c.subject == subject)
    return [_kept(row) for row in connection.execute(query)]


def unsettled(connection: Transaction, before: Day) -> list[tuple[Span, str, Day]]:
    """(span, period, last day) of the periods that ended before a day and have no outcome yet."""
    rows = connection.execute(
        select(forecast.c.span, forecast.c.period, forecast.c.ends_on)
        .where(forecast.c.outcome_amount.is_(None), forecast.c.ends_on < before)
        .distinct()
        .order_by(forecast.c.ends_on, forecast.c.span)
    )
    return [(Span(row.span), row.period, row.ends_on) for row in rows]


def settle(connection: Transaction, period: str, won: Mapping[str, int]) -> None:
    """Enter what a period has brought each subject; nothing for those who are not there."""
    subjects = connection.scalars(
        select(forecast.c.subject).where(forecast.c.period == period).distinct()
    ).all()
    for subject in subjects:
        connection.execute(
            update(forecast)
            .where(
                forecast.c.period == period,
                forecast.c.subject == subject,
                forecast.c.outcome_amount.is_(None),
            )
            .values(outcome_amount=won.get(subject, 0))
        )


def _kept(row: Row[tuple[object, ...]]) -> KeptForecast:
    return KeptForecast(
        week=row.week, subject=row.subject, period=row.period, span=Span(row.span),
        as_of=row.as_of_on, ends_on=row.ends_on, probability=row.probability, p10=row.p10_amount,
        p50=row.p50_amount, p90=row.p90_amount, target=row.target_amount, won=row.won_amount,
        is_conclusive=bool(row.is_conclusive), made_at=row.made_at, outcome=row.outcome_amount,
    )  # fmt: skip
