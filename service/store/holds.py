"""Holds: values that wait for a person because a push would change too many at once.

So does a value that would replace one which this store never wrote. A hold is about one field and
belongs to the run that began it; while it lasts, what else changes in that field joins it where
there are too many. A person lets go what a run held, or the changes of a preview: that version of a
row is then sent, and not held again; a newer one is judged anew.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    func,
    literal,
    not_,
    or_,
    select,
    union_all,
    update,
)

from rules.diff import Debt
from rules.owned import Owned
from rules.records import Kind
from rules.thresholds import Mass, Thresholds
from service.store.outbox import BEFORE, IS_AS_CONFIRMED, IS_LET_GO
from service.store.tables import account, external_ref, outbox, owner, push_journal, run

_DIFFERS = BEFORE.is_distinct_from(outbox.c.desired)
_CHANGES = and_(BEFORE.is_not(None), _DIFFERS)
_IS_OWED = outbox.c.state == Debt.OWED.value
_IS_HELD = outbox.c.state == Debt.HELD.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The values of a field that a run held and that still wait, and how many would be cleared."""

    run_id: int
    field: Owned
    values: int
    cleared: int


def masses(
    connection: Connection,
    connection_id: int,
    thresholds: Thresholds,
    *,
    rep_key: str | None = None,
) -> list[Mass]:
    """What a push would do to the fields of which it is too much; `rep_key` narrows the push.

    What is held already counts with what would join it; what a person let go does not.
    """
    changed, cleared = _count(_CHANGES), _count(and_(_CHANGES, outbox.c.desired.is_(None)))
    rows = connection.execute(
        select(outbox.c.field, changed.label("changed"), cleared.label("cleared"))
        .select_from(outbox.join(account, account.c.id == outbox.c.account_id))
        .where(
            account.c.connection_id == connection_id,
            account.c.archived_at.is_(None),
            outbox.c.state.in_([Debt.OWED.value, Debt.HELD.value]),
            or_(_IS_HELD, and_(not_(IS_LET_GO), _of_rep(rep_key))),
        )
        .group_by(outbox.c.field)
        .order_by(outbox.c.field)
    ).all()
    some = [row for row in rows if row.changed > thresholds.least(Owned(row.field))]
    holders = _holders(connection, connection_id, [row.field for row in some])
    found = [
        Mass(
            field=Owned(row.field), holders=holders[row.field], changed=row.changed,
            cleared=row.cleared,
        )
        for row in some
    ]  # fmt: skip
    return [mass for mass in found if thresholds.is_too_much(mass)]


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _of_rep(rep_key: str | None) -> ColumnElement[bool]:
    if rep_key is None:
        return literal(True)
    return account.c.owner_id.in_(select(owner.c.id).where(owner.c.rep_key == rep_key))


def _holders(connection: Connection, connection_id: int, fields: Sequence[str]) -> dict[str, int]:
    """How many accounts hold a value in each of these fields, as far as is known."""
    counts = [
        select(literal(field).label("field"), func.count().label("holders"))
        .select_from(
            account.outerjoin(
                outbox, and_(outbox.c.account_id == account.c.id, outbox.c.field == field)
            )
        )
        .where(
            account.c.connection_id == connection_id,
            account.c.archived_at.is_(None),
            case(
                (IS_AS_CONFIRMED, outbox.c.confirmed), else_=account.c[f"observed_{field}"]
            ).is_not(None),
        )
        for field in fields
    ]
    if not counts:
        return {}
    return {row.field: row.holders for row in connection.execute(union_all(*counts))}


def hold(
    connection: Connection,
    connection_id: int,
    run_id: int,
    fields: Collection[Owned],
    *,
    rep_key: str | None = None,
) -> int:
    """Hold what is owed of these fields and differs, as this run or the one that began; how many.

    With a `rep_key` only what is owed of that rep. What a person let go goes on.
    """
    begun = {each.field: each.run_id for each in reversed(held(connection, connection_id))}
    would_change = select(account.c.id).where(
        account.c.id == outbox.c.account_id,
        account.c.connection_id == connection_id,
        account.c.archived_at.is_(None),
        _of_rep(rep_key),
        _DIFFERS,
    )
    is_concerned = and_(_IS_OWED, not_(IS_LET_GO), would_change.correlate(outbox).exists())
    return sum(
        connection.execute(
            update(outbox)
            .where(outbox.c.field == field.value, is_concerned)
            .values(
                state=Debt.HELD.value, held_run_id=begun.get(field, run_id), attempts=0,
                reason=None, not_before_at=None,
            )
        ).rowcount
        for field in fields
    )  # fmt: skip


def hold_unknown(
    connection: Connection, connection_id: int, run_id: int, *, rep_key: str | None = None
) -> int:
    """Hold what would replace a value that this store never wrote and never saw before; how many.

    A person may have typed it, or another installation wrote it: nobody here can tell. The survivor
    of a merge has our own values, from the record that it took in.
    """
    has_taken_in = (
        select(external_ref.c.entity_id)
        .where(
            external_ref.c.kind == Kind.ACCOUNT.value,
            external_ref.c.entity_id == outbox.c.account_id,
            external_ref.c.is_current.is_(False),
        )
        .correlate(outbox)
    )
    journal = push_journal.c
    was_sent = (
        select(journal.id)
        .where(journal.account_id == outbox.c.account_id, journal.field == outbox.c.field)
        .correlate(outbox)
    )
    would_replace = select(account.c.id).where(
        account.c.id == outbox.c.account_id,
        account.c.connection_id == connection_id,
        account.c.archived_at.is_(None),
        _of_rep(rep_key),
        _CHANGES,
    )
    return connection.execute(
        update(outbox)
        .where(
            _IS_OWED,
            outbox.c.confirmed_version == 0,
            not_(IS_LET_GO),
            would_replace.correlate(outbox).exists(),
            not_(was_sent.exists()),
            not_(has_taken_in.exists()),
        )
        .values(state=Debt.HELD.value, held_run_id=run_id)
    ).rowcount


def held(connection: Connection, connection_id: int, run_id: int | None = None) -> list[Held]:
    """What waits for a person in a CRM, by run, the first first, and field; or of one run."""
    query = (
        select(
            outbox.c.held_run_id, outbox.c.field, func.count().label("values"),
            _count(outbox.c.desired.is_(None)).label("cleared"),
        )
        .join(account, account.c.id == outbox.c.account_id)
        .where(
            _IS_HELD,
            account.c.connection_id == connection_id,
            account.c.archived_at.is_(None),
            outbox.c.held_run_id.is_not(None),
        )
        .group_by(outbox.c.held_run_id, outbox.c.field)
        .order_by(outbox.c.held_run_id, outbox.c.field)
    )  # fmt: skip
    if run_id is not None:
        query = query.where(outbox.c.held_run_id == run_id)
    return [
        Held(run_id=row.held_run_id, field=Owned(row.field), values=row.values, cleared=row.cleared)
        for row in connection.execute(query)
    ]


def release(connection: Connection, connection_id: int, run_id: int) -> int:
    """Let go, and owe at once, what a run held; returns how many values."""
    accounts = select(account.c.id).where(account.c.connection_id == connection_id)
    return connection.execute(
        update(outbox)
        .where(_IS_HELD, outbox.c.held_run_id == run_id, outbox.c.account_id.in_(accounts))
        .values(_LET_GO)
    ).rowcount


def let_go(connection: Connection, run_id: int, keys: Sequence[tuple[int, Owned]]) -> None:
    """Let these rows (account, field) go, by order of a run; they are owed at once."""
    for field, accounts in _by_field(keys):
        connection.execute(
            update(outbox)
            .where(outbox.c.field == field.value, outbox.c.account_id.in_(accounts))
            .values({**_LET_GO, "held_run_id": run_id})
        )


_LET_GO = {
    "state": Debt.OWED.value,
    "released_version": outbox.c.version,
    "attempts": 0,
    "reason": None,
    "not_before_at": None,
}
# Accounts named in one statement; SQLite takes 32,766 parameters.
_NAMED = 5_000


def _by_field(keys: Sequence[tuple[int, Owned]]) -> Iterator[tuple[Owned, list[int]]]:
    for field in Owned:
        accounts = sorted(number for number, each in keys if each is field)
        for start in range(0, len(accounts), _NAMED):
            yield field, accounts[start : start + _NAMED]


def is_holding(connection: Connection, run_id: int) -> bool:
    """Whether something still waits that this run held."""
    waits = select(outbox.c.account_id).where(_IS_HELD, outbox.c.held_run_id == run_id).limit(1)
    return connection.execute(waits).first() is not None


def end(connection: Connection, run_id: int) -> None:
    """A run of which nothing waits any more is no longer held."""
    if not is_holding(connection, run_id):
        connection.execute(
            update(run).where(run.c.id == run_id, run.c.state == "held").values(state="done")
        )
