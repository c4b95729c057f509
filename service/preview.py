"""Preview: what a push would write, old → new, by rep and reason. It costs no API call."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from service.store import backlog, outbox
from service.store.engine import Store
from service.store.outbox import Pending

BATCH = 100
"""Accounts in one request to a CRM; a vendor with smaller batches cuts them."""

# Accounts that are read at once where all changes are wanted.
_TOGETHER = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The values that are owed, and the first of them; `calls` is what a push would send.

    `by_field` counts values, `by_rep` accounts, by the name of their owner.
    """

    values: int
    accounts: int
    calls: int
    by_field: Mapping[str, int]
    by_rep: Mapping[str, int]
    changes: Sequence[Pending]

    @property
    def figures(self) -> dict[str, object]:
        """All but the changes, as plain data."""
        return {
            "values": self.values, "accounts": self.accounts, "calls": self.calls,
            "by_field": self.by_field, "by_rep": self.by_rep,
        }  # fmt: skip


def run(
    store: Store, connection_id: int, *, rep_key: str | None = None, limit: int | None = None
) -> Preview:
    """What the outbox owes, and the first `limit` changes of it; nothing is sent or changed."""
    with store.read() as connection:
        owed = backlog.totals(connection, connection_id, rep_key)
        changes = outbox.pending(connection, connection_id, rep_key=rep_key, rows=limit)
    return Preview(
        values=owed.values,
        accounts=owed.accounts,
        calls=ceil(owed.accounts / BATCH),
        by_field=owed.by_field,
        by_rep={name or "–": count for name, count in owed.by_owner.items()},
        changes=changes,
    )


def all_changes(
    store: Store, connection_id: int, *, rep_key: str | None = None
) -> Iterator[Pending]:
    """Every change, however many, some accounts at a time."""
    last = 0
    while True:
        with store.read() as connection:
            found = outbox.pending(
                connection, connection_id, rep_key=rep_key, after=last, limit=_TOGETHER
            )
        if not found:
            return
        yield from found
        last = found[-1].account_id
