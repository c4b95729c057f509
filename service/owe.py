"""Owe: turn tags that have changed into outbox rows, old → new. No call to a CRM."""

from rules.rulebook import Rulebook
from service.store import outbox, tasks
from service.store.engine import Store


def run(store: Store, rulebook: Rulebook, connection_id: int) -> int:
    """Bring the outbox up to the tags, in transactions of a bounded size; returns accounts."""
    accounts = 0
    while True:
        with store.write() as connection:
            done = outbox.owe(connection, connection_id, rulebook.fields.written)
        if not done:
            return accounts
        accounts += done


def retry(store: Store, connection_id: int, *, rep_key: str | None = None) -> int:
    """Owe again what the CRM refused, values and tasks, or those of a rep; returns how many."""
    with store.write() as connection:
        values = outbox.retry_rejected(connection, connection_id, rep_key=rep_key)
        return values + tasks.retry_rejected(connection, connection_id, rep_key=rep_key)
