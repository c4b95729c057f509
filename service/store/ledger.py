"""The ledger: one line for each period of a job, never two; it decides that a job has run."""

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from rules.time import Instant
from service.store.tables import ledger

WORKSPACE = "workspace"
"""The scope of a job that is done once for all CRMs."""


def enter(
    connection: Connection, job: str, *, scope: str, period: str, run_id: int, now: Instant
) -> bool:
    """Write the line of a period; False when somebody has done it already.

    Call it in the transaction that holds the work of the period: both stand or fall together.
    """
    module = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = module.insert(ledger).values(
        job=job, scope=scope, period=period, run_id=run_id, done_at=now
    )
    entered = statement.on_conflict_do_nothing().returning(ledger.c.job)
    return connection.execute(entered).first() is not None


def is_done(connection: Connection, job: str, *, scope: str, period: str) -> bool:
    """Whether the period of a job has its line."""
    line = select(ledger.c.done_at).where(
        ledger.c.job == job, ledger.c.scope == scope, ledger.c.period == period
    )
    return connection.execute(line).first() is not None


def has_other(connection: Connection, job: str, *, scope: str, period: str) -> bool:
    """Whether another period of a job than this one was ever done."""
    line = select(ledger.c.done_at).where(
        ledger.c.job == job, ledger.c.scope == scope, ledger.c.period != period
    )
    return connection.execute(line.limit(1)).first() is not None


def last_done(connection: Connection, job: str, *, scope: str | None = None) -> Instant | None:
    """When a job was done last, in a scope or in any; None when it never was."""
    last = select(func.max(ledger.c.done_at)).where(ledger.c.job == job)
    if scope is not None:
        last = last.where(ledger.c.scope == scope)
    at: Instant | None = connection.execute(last).scalar_one()
    return at


def last_period(connection: Connection, job: str, *, scope: str) -> str | None:
    """The period of a job that was done last; None where none was."""
    line = (
        select(ledger.c.period)
        .where(ledger.c.job == job, ledger.c.scope == scope)
        # Of two in one instant, the longer number and then the greater is the later.
        .order_by(
            ledger.c.done_at.desc(), func.length(ledger.c.period).desc(), ledger.c.period.desc()
        )
        .limit(1)
    )
    period: str | None = connection.execute(line).scalar_one_or_none()
    return period
