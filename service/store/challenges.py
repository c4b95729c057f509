"""The challenges: what a person did with a field of ours, and what became of it.

One opens where an edit waits for a person, and is settled by itself once the field is no longer in
drift. Who edited, and when, is learnt from the CRM afterwards: a challenge without `edited_at` is
one that the CRM was not asked about yet.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from rules.time import Instant
from service.store.tables import account, challenge

OPEN = "open"
SETTLED = "settled"
# How many challenges are asked about at once: what a CRM reads in a few calls.
CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Unexplained:
    """A challenge of which it is not known who caused it; `pulled_at` is when it was seen."""

    id: int
    external_id: str
    field: str
    value: str | None
    pulled_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Who edited, where the CRM tells, and when."""

    id: int
    author: str | None
    edited_at: Instant


def hear(
    connection: Connection, edits: Sequence[tuple[int, str, str | None]], now: Instant
) -> None:
    """Open a challenge for each edit (account, field, value)."""
    rows = [
        {"account_id": key, "field": field, "value": value, "received_at": now, "state": OPEN}
        for key, field, value in edits
    ]
    if rows:
        connection.execute(insert(challenge), rows)


def settle(connection: Connection, fields: Iterable[tuple[int, str]], now: Instant) -> None:
    """Close the open challenges of some fields (account, field): nothing is left to decide."""
    rows = [{"key_account": key, "key_field": field, "now": now} for key, field in fields]
    if rows:
        connection.execute(_SETTLE, rows)


def unexplained(connection: Connection, connection_id: int) -> list[Unexplained]:
    """The first open challenges of a CRM that it was not asked about yet."""
    rows = connection.execute(
        select(challenge, account.c.external_id, account.c.pulled_at)
        .join(account, account.c.id == challenge.c.account_id)
        .where(
            challenge.c.state == OPEN,
            challenge.c.edited_at.is_(None),
            account.c.connection_id == connection_id,
            account.c.archived_at.is_(None),
        )
        .order_by(challenge.c.id)
        .limit(CHUNK)
    )
    return [
        Unexplained(
            id=row.id, external_id=row.external_id, field=row.field, value=row.value,
            pulled_at=row.pulled_at,
        )
        for row in rows
    ]  # fmt: skip


def explain(connection: Connection, explanations: Sequence[Explanation]) -> None:
    """Keep who edited, and when."""
    rows = [{"which": each.id, "by": each.author, "then": each.edited_at} for each in explanations]
    if rows:
        connection.execute(_EXPLAIN, rows)


_SETTLE = (
    update(challenge)
    .where(
        challenge.c.account_id == bindparam("key_account"),
        challenge.c.field == bindparam("key_field"),
        challenge.c.state == OPEN,
    )
    .values(state=SETTLED, answered_at=bindparam("now"))
)
_EXPLAIN = (
    update(challenge)
    .where(challenge.c.id == bindparam("which"))
    .values(author=bindparam("by"), edited_at=bindparam("then"))
)
