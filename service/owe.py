"""Owe: turn tags that have changed into outbox rows, old → new. No call to a CRM."""

from rules.rulebook import Rulebook
from service.store import outbox
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
