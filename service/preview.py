"""Preview: what a push would write, old → new, by rep and reason. It costs no API call."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from rules.owned import Owned
from rules.thresholds import Thresholds
from service.store import backlog, holds, outbox, tasks
from service.store.backlog import Group
from service.store.engine import Store
from service.store.holds import Held
from service.store.outbox import Pending
from service.store.tasks import Wish

BATCH = 100
"""Accounts in one request to a CRM; a vendor with smaller batches cuts them."""

# Accounts that are read at once where all changes are wanted.
_TOGETHER = 1_000
# A task is looked for on its account and read before it is created, and read before it is changed.
_CALLS = {Wish.CREATE: 3, Wish.UPDATE: 2, Wish.COMPLETE: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The values that are owed, and the first of them; `calls` is the most a push would send.

    `by_field` counts values, `by_rep` accounts, by the name of their owner; `groups` are the
    changes by rep and reason. `would_hold` are the fields that a push would hold for a person;
    `held` waits already and is not among the values.
    """

    values: int
    accounts: int
    calls: int
    by_field: Mapping[str, int]
    by_rep: Mapping[str, int]
    tasks: Mapping[str, int]
    groups: Sequence[Group]
    would_hold: Sequence[Owned]
    held: Sequence[Held]
    changes: Sequence[Pending]

    @property
    def figures(self) -> dict[str, object]:
        """All but the changes, as plain data."""
        return {
            "values": self.values, "accounts": self.accounts, "calls": self.calls,
            "by_field": self.by_field, "by_rep": self.by_rep, "tasks": self.tasks,
            "groups": self.groups, "would_hold": self.would_hold, "held": self.held,
        }  # fmt: skip


def run(
    store: Store,
    connection_id: int,
    *,
    rep_key: str | None = None,
    limit: int | None = None,
    thresholds: Thresholds | None = None,
) -> Preview:
    """What the outbox owes, and the first `limit` changes of it; nothing is sent or changed."""
    limits = thresholds or Thresholds()
    with store.read() as connection:
        owed = backlog.totals(connection, connection_id, rep_key)
        wishes = tasks.wishes(connection, connection_id, rep_key=rep_key)
        masses = holds.masses(connection, connection_id, limits, rep_key=rep_key)
        return Preview(
            values=owed.values,
            accounts=owed.accounts,
            calls=ceil(owed.accounts / BATCH)
            + sum(_CALLS[wish] * number for wish, number in wishes.items()),
            by_field=owed.by_field,
            by_rep={name or "–": count for name, count in owed.by_owner.items()},
            tasks={wish.value: number for wish, number in wishes.items()},
            groups=backlog.groups(connection, connection_id, rep_key),
            would_hold=[mass.field for mass in masses if owed.by_field.get(mass.field.value)],
            held=holds.held(connection, connection_id),
            changes=outbox.pending(connection, connection_id, rep_key=rep_key, rows=limit),
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
