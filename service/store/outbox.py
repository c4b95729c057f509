"""The outbox: what we owe to the CRM. `deliveries` records what the CRM acknowledged.

A row is the latest desired value of one own field of one account, not an event: retrying is
always harmless, and its size is bounded by the number of fields.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)

from rules.diff import Debt, Entry, Pin, PinKind, Values, owed
from rules.owned import Owned
from rules.time import Instant
from service.store.bulk import bulk_upsert
from service.store.tables import OWN_FIELDS, account, outbox, owner, tag

CHUNK = 5_000

_ENTRY_COLUMNS = (
    "account_id", "field", "desired", "version", "confirmed", "confirmed_version",
    "confirmed_at", "state", "attempts", "reason", "not_before_at", "pin", "pin_run_id",
    "pin_computed",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """One value that a push would write: old → new, for whom, and why."""

    account_id: int
    external_id: str
    account: str
    rep_key: str | None
    owner: str | None
    field: str
    before: str | None
    after: str | None
    version: int
    attempts: int
    why: str | None


def owe(connection: Connection, connection_id: int, fields: Sequence[Owned]) -> int:
    """Turn changed tags into outbox rows, at most `CHUNK` accounts; returns how many accounts."""
    rows = connection.execute(
        select(tag, *_observed_columns(fields))
        .join_from(tag, account, account.c.id == tag.c.account_id)
        .where(tag.c.is_owed, account.c.connection_id == connection_id)
        .order_by(tag.c.account_id)
        .limit(CHUNK)
        # What an evaluation changes from here on must be owed again.
        .with_for_update(of=tag)
    ).all()
    known = _entries(connection, [row.account_id for row in rows])
    entries = [
        entry
        for row in rows
        for entry in owed(
            row.account_id, values_of(row), fields, _observed(row, fields), known[row.account_id]
        )
    ]
    save(connection, entries)
    _mark_paid(connection, [row.account_id for row in rows])
    return len(rows)


def _observed_columns(fields: Sequence[Owned]) -> list[Any]:
    return [account.c[f"observed_{field}"] for field in fields]


def _observed(row: Row[Any], fields: Sequence[Owned]) -> dict[str, str | None]:
    return {field: getattr(row, f"observed_{field}") for field in fields}


def values_of(row: Row[Any]) -> Values:
    """The values of a tag's row."""
    return Values(
        tier=row.tier, priority=row.priority, next_contact_on=row.next_contact_on, why=row.why,
        segment=row.segment, quadrant=row.quadrant, contact_status=row.contact_status,
    )  # fmt: skip


def _entries(connection: Connection, accounts: Sequence[int]) -> dict[int, dict[str, Entry]]:
    found: dict[int, dict[str, Entry]] = defaultdict(dict)
    if accounts:
        rows = connection.execute(
            select(outbox).where(
                outbox.c.account_id >= accounts[0], outbox.c.account_id <= accounts[-1]
            )
        )
        for row in rows:
            found[row.account_id][row.field] = entry_of(row)
    return found


def entry_of(row: Row[Any]) -> Entry:
    """An outbox row as a value."""
    return Entry(
        account_id=row.account_id, field=row.field, desired=row.desired, version=row.version,
        confirmed=row.confirmed, confirmed_version=row.confirmed_version,
        confirmed_at=row.confirmed_at, state=Debt(row.state), attempts=row.attempts,
        pin=_pin(row),
    )  # fmt: skip


def _pin(row: Row[Any]) -> Pin | None:
    if row.pin is None:
        return None
    return Pin(kind=PinKind(row.pin), computed=row.pin_computed, run_id=row.pin_run_id)


def save(connection: Connection, entries: Sequence[Entry]) -> None:
    """Write entries; a new desired value is tried at once, whatever became of the one before."""
    rows = [
        (
            entry.account_id, entry.field, entry.desired, entry.version, entry.confirmed,
            entry.confirmed_version, entry.confirmed_at, entry.state.value, entry.attempts,
            None, None, *_pinned(entry.pin),
        )
        for entry in entries
    ]  # fmt: skip
    bulk_upsert(connection, outbox, _ENTRY_COLUMNS, rows)


def _pinned(pin: Pin | None) -> tuple[str | None, int | None, str | None]:
    return (None, None, None) if pin is None else (pin.kind.value, pin.run_id, pin.computed)


def _mark_paid(connection: Connection, accounts: Sequence[int]) -> None:
    if accounts:
        connection.execute(_PAY, [{"paid": account_id} for account_id in accounts])


_PAY = update(tag).where(tag.c.account_id == bindparam("paid")).values(is_owed=False)


def retry_rejected(
    connection: Connection, connection_id: int, *, rep_key: str | None = None
) -> int:
    """Owe again, at once, what the CRM refused, or what it refused of a rep; returns how many."""
    accounts = select(account.c.id).where(
        account.c.connection_id == connection_id, account.c.archived_at.is_(None)
    )
    if rep_key is not None:
        accounts = accounts.join(owner, owner.c.id == account.c.owner_id)
        accounts = accounts.where(owner.c.rep_key == rep_key)
    return connection.execute(
        update(outbox)
        .where(outbox.c.state == Debt.REJECTED.value, outbox.c.account_id.in_(accounts))
        .values(state=Debt.OWED.value, reason=None, attempts=0, not_before_at=None)
    ).rowcount


OBSERVED = case(*[(outbox.c.field == name, account.c[f"observed_{name}"]) for name in OWN_FIELDS])
"""The value of a row's field as the CRM was last seen to hold it."""

IS_AS_CONFIRMED = and_(outbox.c.confirmed_version > 0, account.c.pulled_at <= outbox.c.confirmed_at)
"""Whether the last that is known of a row's field is what the CRM acknowledged."""

BEFORE = case((IS_AS_CONFIRMED, outbox.c.confirmed), else_=OBSERVED)
"""The value that a row's field holds in the CRM, as acknowledged, or as read since."""

IS_LET_GO = or_(
    outbox.c.released_version.is_not_distinct_from(outbox.c.version),
    outbox.c.pin.is_not_distinct_from(PinKind.UNDONE.value),
)
"""Whether a person ordered this version of a row, so that it is not held."""


def owed_source() -> FromClause:
    """The outbox with the accounts it is about, their owners and their tags."""
    return (
        outbox.join(account, account.c.id == outbox.c.account_id)
        .outerjoin(owner, owner.c.id == account.c.owner_id)
        .outerjoin(tag, tag.c.account_id == outbox.c.account_id)
    )


def owed_where(
    connection_id: int,
    *,
    rep_key: str | None = None,
    after: int = 0,
    let_go_by: int | None = None,
) -> list[ColumnElement[bool]]:
    """What makes a row of `owed_source` one that a push would write.

    `let_go_by` narrows to what a person let go under this run.
    """
    conditions = [
        outbox.c.state == Debt.OWED.value,
        outbox.c.account_id > after,
        account.c.connection_id == connection_id,
        account.c.archived_at.is_(None),
    ]
    if rep_key is not None:
        conditions.append(owner.c.rep_key == rep_key)
    if let_go_by is not None:
        conditions += [
            outbox.c.held_run_id == let_go_by,
            outbox.c.released_version == outbox.c.version,
        ]
    return conditions


def count(
    connection: Connection,
    connection_id: int,
    *,
    rep_key: str | None = None,
    let_go_by: int | None = None,
) -> int:
    """How many values a push would write in all, those that wait for a later try included."""
    source = outbox.join(account, account.c.id == outbox.c.account_id)
    source = source.outerjoin(owner, owner.c.id == account.c.owner_id)
    conditions = owed_where(connection_id, rep_key=rep_key, let_go_by=let_go_by)
    return connection.execute(
        select(func.count()).select_from(source).where(*conditions)
    ).scalar_one()


def pending(
    connection: Connection,
    connection_id: int,
    *,
    rep_key: str | None = None,
    after: int = 0,
    limit: int | None = None,
    rows: int | None = None,
    now: Instant | None = None,
    among: Collection[Owned] = tuple(Owned),
    let_go_by: int | None = None,
) -> list[Pending]:
    """What is owed, in the order of accounts; whole accounts, at most `limit` of them.

    `rows` cuts wherever so many are reached; `now` leaves out what waits for a later try;
    `rep_key` narrows to the accounts of a rep, `among` to some fields, `let_go_by` to what a
    person let go under this run.
    """
    conditions = owed_where(connection_id, rep_key=rep_key, after=after, let_go_by=let_go_by)
    if now is not None:
        conditions.append(or_(outbox.c.not_before_at.is_(None), outbox.c.not_before_at <= now))
    if set(among) != set(Owned):
        conditions.append(outbox.c.field.in_([field.value for field in among]))
    source = owed_source()
    query = (
        select(
            outbox, account.c.external_id, account.c.name, owner.c.rep_key,
            owner.c.name.label("owner"), tag.c.why, BEFORE.label("before"),
        )
        .select_from(source)
        .where(*conditions)
        .order_by(outbox.c.account_id, outbox.c.field)
        .limit(rows)
    )  # fmt: skip
    if limit is not None:
        accounts = select(outbox.c.account_id).select_from(source).where(*conditions).distinct()
        accounts = accounts.order_by(outbox.c.account_id).limit(limit)
        query = query.where(outbox.c.account_id.in_(accounts))
    return [_pending(row) for row in connection.execute(query)]


def _pending(row: Row[Any]) -> Pending:
    return Pending(
        account_id=row.account_id, external_id=row.external_id,
        account=row.name or row.external_id, rep_key=row.rep_key, owner=row.owner,
        field=row.field, before=row.before,
        after=row.desired, version=row.version, attempts=row.attempts, why=row.why,
    )  # fmt: skip
