"""The ledger: one line for each period of a job, never two; it decides that a job has run."""

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from rules.time import Instant
from service.store.tables import ledger


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
    return connection.execute(statement.on_conflict_do_nothing()).rowcount == 1
