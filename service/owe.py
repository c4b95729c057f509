"""Owe: turn tags that have changed into outbox rows, old → new. No call to a CRM."""

from zoneinfo import ZoneInfo

from rules.calendar import week_of
from rules.rulebook import Rulebook
from rules.time import Instant, day_of
from service.store import ledger, outbox, tasks
from service.store.connections import CrmConnection
from service.store.engine import Store

RETRY_JOB = "retry"


def run(store: Store, rulebook: Rulebook, connection_id: int) -> int:
    """Bring the outbox up to the tags, in transactions of a bounded size; returns accounts."""
    accounts = 0
    while True:
        with store.write() as connection:
            done = outbox.owe(connection, connection_id, rulebook.written)
        if not done:
            return accounts
        accounts += done


def retry(store: Store, connection_id: int, *, rep_key: str | None = None) -> int:
    """Owe again what the CRM refused, values and tasks, or those of a rep; returns how many."""
    with store.write() as connection:
        values = outbox.retry_rejected(connection, connection_id, rep_key=rep_key)
        return values + tasks.retry_rejected(connection, connection_id, rep_key=rep_key)


def retry_weekly(
    store: Store, crm: CrmConnection, *, now: Instant, zone: ZoneInfo, run_id: int
) -> int:
    """Owe again, once in a week of the zone, what the CRM refused; returns how many.

    Whoever had made it refuse, a rule or a locked record, may have gone without a word to us.
    """
    week = week_of(day_of(now, zone)).key
    with store.write() as connection:
        if not ledger.enter(
            connection, RETRY_JOB, scope=crm.vendor, period=week, run_id=run_id, now=now
        ):
            return 0
        values = outbox.retry_rejected(connection, crm.id)
        return values + tasks.retry_rejected(connection, crm.id)
