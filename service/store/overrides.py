"""The decisions of people about the tier or the priority of an account: dated, with their reasons.

One is in force from its first day to its last, both included, unless it was ended before. There is
one in force for a field of an account: a new one ends the one before.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    func,
    insert,
    or_,
    select,
    update,
)

from rules.time import Day
from service.store import dirt
from service.store.challenges import SUBMITTED_AGAIN
from service.store.tables import account, challenge, override, owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is decided: the value of a field, by whom, why, and for which days.

    `crm_value` is what the CRM's fields hold where the decision was made there.
    """

    account_id: int
    field: str
    value: str
    author: str
    reason: str
    from_on: Day
    until_on: Day | None
    challenge_id: int | None = None
    crm_value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A decision as it is kept; `is_in_force` on the day that was asked about."""

    id: int
    account_id: int
    account: str
    external_id: str
    rep_key: str | None
    owner: str | None
    field: str
    value: str | None
    author: str
    reason: str
    from_on: Day
    until_on: Day | None
    ended_on: Day | None
    ended_by: str | None
    is_in_force: bool


def in_force(today: Day) -> ColumnElement[bool]:
    """What makes a row of `override` one that counts on a day."""
    return and_(
        override.c.from_on <= today,
        or_(override.c.until_on.is_(None), override.c.until_on >= today),
        override.c.ended_on.is_(None),
    )


def impose(connection: Connection, decision: Decision) -> int:
    """Keep a decision and end the one before it; returns its id. The account is evaluated anew."""
    of_field = and_(
        override.c.account_id == decision.account_id, override.c.field == decision.field
    )
    connection.execute(
        update(override)
        .where(of_field, in_force(decision.from_on))
        .values(ended_on=decision.from_on, ended_by=decision.author)
    )
    values = {name: getattr(decision, name) for name in _KEPT}
    key = connection.execute(insert(override).values(values).returning(override.c.id))
    dirt.mark(connection, [decision.account_id])
    return int(key.scalar_one())


_KEPT = (
    "account_id", "field", "value", "author", "reason", "from_on", "until_on", "challenge_id",
    "crm_value",
)  # fmt: skip


def end(connection: Connection, ids: Collection[int], by: str, today: Day) -> set[int]:
    """End decisions; returns those that it ended: one that is over already stays as it is."""
    ended = connection.execute(
        update(override)
        .where(override.c.id.in_(ids), override.c.ended_on.is_(None))
        .values(ended_on=today, ended_by=by)
        .returning(override.c.id, override.c.account_id)
    ).all()
    dirt.mark(connection, {row.account_id for row in ended})
    return {row.id for row in ended}


def find(connection: Connection, override_id: int, today: Day) -> Override | None:
    """One decision by its id."""
    row = connection.execute(_query(today).where(override.c.id == override_id)).one_or_none()
    return None if row is None else _override(row)


def listed(
    connection: Connection, today: Day, *, rep_key: str | None = None, every: bool = False
) -> Sequence[Override]:
    """The decisions in force, the first that end first; with `every` those of before as well."""
    query = _query(today)
    if not every:
        query = query.where(in_force(today))
    if rep_key is not None:
        query = query.where(owner.c.rep_key == rep_key)
    last = func.coalesce(override.c.ended_on, override.c.until_on, _FOREVER)
    rows = connection.execute(query.order_by(in_force(today).desc(), last, override.c.id))
    return [_override(row) for row in rows]


def of_accounts(
    connection: Connection, accounts: Collection[int], today: Day
) -> Sequence[Override]:
    """The decisions in force on some accounts, the first made first."""
    rows = connection.execute(
        _query(today)
        .where(in_force(today), override.c.account_id.in_(accounts))
        .order_by(override.c.id)
    )
    return [_override(row) for row in rows]


def of_departed(
    connection: Connection, today: Day, departed: Mapping[str, Day]
) -> Sequence[Override]:
    """The decisions in force on the accounts of reps who have left, as of before they did.

    One that was submitted again since, and confirmed, is not among them.
    """
    is_confirmed = (
        select(challenge.c.id)
        .where(challenge.c.id == override.c.challenge_id, challenge.c.field == SUBMITTED_AGAIN)
        .correlate(override)
        .exists()
    )
    rows = connection.execute(
        _query(today)
        .where(
            in_force(today),
            owner.c.rep_key.in_(list(departed)),
            account.c.archived_at.is_(None),
            ~is_confirmed,
        )
        .order_by(override.c.id)
    )
    found = [_override(row) for row in rows]
    return [each for each in found if each.from_on <= departed[each.rep_key or ""]]


def keep_latest(connection: Connection, account_id: int, today: Day) -> None:
    """End, of the decisions that accounts have brought into a merge, all but the latest."""
    newer = override.alias("newer")
    is_older = (
        select(newer.c.id)
        .where(
            newer.c.account_id == override.c.account_id,
            newer.c.field == override.c.field,
            newer.c.ended_on.is_(None),
            newer.c.id > override.c.id,
        )
        .correlate(override)
        .exists()
    )
    connection.execute(
        update(override)
        .where(override.c.account_id == account_id, in_force(today), is_older)
        .values(ended_on=today, ended_by=override.c.author)
    )


_FOREVER = 2_000_000_000


def _query(today: Day) -> Select[Any]:
    return (
        select(
            override, account.c.name, account.c.external_id, owner.c.rep_key,
            owner.c.name.label("owner"), in_force(today).label("is_in_force"),
        )
        .join(account, account.c.id == override.c.account_id)
        .outerjoin(owner, owner.c.id == account.c.owner_id)
    )  # fmt: skip


def _override(row: Row[Any]) -> Override:
    return Override(
        id=row.id, account_id=row.account_id, account=row.name or row.external_id,
        external_id=row.external_id, rep_key=row.rep_key, owner=row.owner, field=row.field,
        value=row.value, author=row.author, reason=row.reason, from_on=row.from_on,
        until_on=row.until_on, ended_on=row.ended_on, ended_by=row.ended_by,
        is_in_force=bool(row.is_in_force),
    )  # fmt: skip
