"""The field Challenge of the CRM: what reps write there opens a challenge, once.

While the CRM holds the value of a challenge, answered or not, it opens no other one. What was
answered is emptied through the outbox, by a row of the field `challenge`, and only while the CRM
still holds what was answered: a challenge written meanwhile is never lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, or_, select, update

from rules.diff import Debt, Entry, wanting
from rules.last_word import is_about_tier, wanted_tier
from rules.owned import Owned
from rules.time import Instant
from service.store import challenges, dirt
from service.store.challenges import OPEN, SETTLED, today_of
from service.store.outbox import BEFORE, entry_of, save
from service.store.tables import account, challenge, outbox, tag

FIELD = Owned.CHALLENGE.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a consistent read has told of the field of an account, and when it was written."""

    external_id: str
    value: str | None
    edited_at: Instant | None


def look(
    connection: Connection, connection_id: int, tiers: Sequence[str], now: Instant
) -> Sequence[int]:
    """Follow what the pulled field holds; returns the accounts where a challenge opened or ended.

    `tiers` are the values of the tier, from the best.
    """
    ended = _leave(connection, connection_id, now)
    _give_back(connection, connection_id)
    stop_emptying(connection, connection_id)
    opened = _open(connection, connection_id, tiers, now)
    touched = {*ended, *opened}
    dirt.mark(connection, touched)
    return sorted(touched)


def _leave(connection: Connection, connection_id: int, now: Instant) -> list[int]:
    """Challenges whose value has gone from the CRM; those that nobody answered are settled.

    Also those that the CRM has acknowledged to have emptied, and was read since.
    """
    is_emptied = and_(
        outbox.c.state == Debt.SETTLED.value,
        outbox.c.desired.is_(None),
        outbox.c.confirmed_version == outbox.c.version,
        outbox.c.confirmed_at < account.c.pulled_at,
        challenge.c.state != OPEN,
    )
    rows = connection.execute(
        select(challenge.c.id, challenge.c.account_id, challenge.c.state)
        .join(account, account.c.id == challenge.c.account_id)
        .outerjoin(outbox, and_(outbox.c.account_id == account.c.id, outbox.c.field == FIELD))
        .where(
            challenge.c.field == FIELD,
            challenge.c.left_at.is_(None),
            account.c.connection_id == connection_id,
            or_(
                account.c.observed_challenge.is_distinct_from(challenge.c.value),
                account.c.archived_at.is_not(None),
                is_emptied,
            ),
        )
    ).all()
    ids, is_open = [row.id for row in rows], challenge.c.state == OPEN
    if not ids:
        return []
    connection.execute(
        update(challenge)
        .where(challenge.c.id.in_(ids), is_open)
        .values(state=SETTLED, answered_at=now)
    )
    connection.execute(update(challenge).where(challenge.c.id.in_(ids)).values(left_at=now))
    return [row.account_id for row in rows if row.state == OPEN]


def _give_back(connection: Connection, connection_id: int) -> None:
    """Give up a value that the undoing of a run put back, once somebody has changed it.

    From then on the same value, written once more, is a new challenge.
    """
    has_changed = (
        select(account.c.id)
        .where(
            account.c.id == outbox.c.account_id,
            account.c.connection_id == connection_id,
            account.c.observed_challenge.is_distinct_from(outbox.c.desired),
            account.c.pulled_at > outbox.c.confirmed_at,
        )
        .correlate(outbox)
        .exists()
    )
    nothing = dict.fromkeys(("desired", "confirmed", "pin", "pin_run_id", "pin_computed"))
    connection.execute(
        update(outbox)
        .where(
            outbox.c.field == FIELD,
            outbox.c.desired.is_not(None),
            outbox.c.state == Debt.SETTLED.value,
            has_changed,
        )
        .values(nothing)
    )


def _open(
    connection: Connection, connection_id: int, tiers: Sequence[str], now: Instant
) -> list[int]:
    # The undoing of a run may have put the value back.
    is_ours = (
        select(outbox.c.field)
        .where(
            outbox.c.account_id == account.c.id,
            outbox.c.field == FIELD,
            outbox.c.desired == account.c.observed_challenge,
        )
        .correlate(account)
        .exists()
    )
    rows = connection.execute(
        select(account.c.id, account.c.observed_challenge, tag.c.tier)
        .outerjoin(tag, tag.c.account_id == account.c.id)
        .where(
            account.c.observed_challenge.is_not(None),
            account.c.connection_id == connection_id,
            account.c.archived_at.is_(None),
            ~challenges.is_heard(FIELD, account.c.observed_challenge),
            ~is_ours,
        )
        .order_by(account.c.id)
    ).all()
    if rows:
        today = today_of(connection, now)
        connection.execute(
            insert(challenge),
            [
                {
                    "account_id": row.id, "field": FIELD, "value": row.observed_challenge,
                    "about": Owned.TIER.value if is_about_tier(row.observed_challenge) else None,
                    "wanted": wanted_tier(row.observed_challenge, row.tier, tiers),
                    "received_at": now, "received_on": today, "state": OPEN,
                }
                for row in rows
            ],
        )  # fmt: skip
    return [row.id for row in rows]


def empty(connection: Connection, account_id: int, answered: str | None) -> None:
    """Owe the emptying of the field where it still holds what was answered; a person let it go."""
    held = connection.execute(
        select(account.c.observed_challenge).where(account.c.id == account_id)
    ).scalar_one_or_none()
    if held is None or held != answered:
        return
    found = connection.execute(select(outbox).where(*_row_of(account_id))).one_or_none()
    version = entry_of(found).version + 1 if found else 1
    known = entry_of(found) if found else None
    save(
        connection,
        [
            Entry(
                account_id=account_id, field=FIELD, desired=None, version=version,
                confirmed=known.confirmed if known else None,
                confirmed_version=known.confirmed_version if known else 0,
                confirmed_at=known.confirmed_at if known else None,
            )
        ],
    )  # fmt: skip
    connection.execute(update(outbox).where(*_row_of(account_id)).values(released_version=version))


def put_back(connection: Connection, run_id: int) -> Sequence[Row[Any]]:
    """The answered challenges that the undoing of a run keeps in the field, and what it holds."""
    return connection.execute(
        select(outbox, BEFORE.label("held"))
        .join(account, account.c.id == outbox.c.account_id)
        .where(outbox.c.field == FIELD, outbox.c.pin_run_id == run_id)
    ).all()


def empty_again(connection: Connection, restored: Sequence[Row[Any]]) -> None:
    """Owe once more the emptying of what `put_back` has found, now that its pins are gone.

    Where something else was seen in the field, nothing is owed. Where nothing was seen, what was
    put back may still have arrived: the push asks the CRM before it empties anything.
    """
    for row in restored:
        key, answered = row.account_id, row.desired
        if row.held not in {None, answered}:
            entry = wanting(entry_of(row), None)
            save(connection, [replace(entry, state=Debt.SETTLED, pin=None)])
            continue
        connection.execute(
            update(account).where(account.c.id == key).values(observed_challenge=answered)
        )
        latest = select(func.max(challenge.c.id)).where(
            challenge.c.account_id == key,
            challenge.c.field == FIELD,
            challenge.c.value == answered,
            challenge.c.state != OPEN,
        )
        connection.execute(
            update(challenge).where(challenge.c.id == latest.scalar_subquery()).values(left_at=None)
        )
        empty(connection, key, answered)


def part(connection: Connection, account_id: int, now: Instant) -> None:
    """The field of an account that is merged into another says no more what was asked there.

    An open challenge goes on to wait, whatever the field of the survivor holds.
    """
    connection.execute(
        update(challenge)
        .where(
            challenge.c.account_id == account_id,
            challenge.c.field.in_([FIELD, Owned.IMPOSED_TIER.value]),
            challenge.c.left_at.is_(None),
        )
        .values(left_at=now)
    )


def emptying(connection: Connection, connection_id: int) -> Sequence[str]:
    """The accounts, as the CRM names them, in which the field is about to be emptied."""
    rows = connection.scalars(
        select(account.c.external_id)
        .join(outbox, outbox.c.account_id == account.c.id)
        .where(_IS_TO_EMPTY, account.c.connection_id == connection_id)
        .order_by(account.c.id)
    )
    return list(rows)


def observe(connection: Connection, connection_id: int, told: Sequence[Told]) -> None:
    """Keep what the CRM holds now, as it was asked."""
    for each in told:
        connection.execute(
            update(account)
            .where(
                account.c.connection_id == connection_id,
                account.c.external_id == each.external_id,
            )
            .values(observed_challenge=each.value)
        )


def stop_emptying(connection: Connection, connection_id: int) -> None:
    """Owe no emptying where the CRM holds something else than what was answered."""
    holds_answered = (
        select(challenge.c.id)
        .join(account, account.c.id == challenge.c.account_id)
        .where(
            challenge.c.account_id == outbox.c.account_id,
            challenge.c.field == FIELD,
            challenge.c.state != OPEN,
            challenge.c.value == account.c.observed_challenge,
            challenge.c.left_at.is_(None),
        )
        .correlate(outbox)
        .exists()
    )
    accounts = select(account.c.id).where(account.c.connection_id == connection_id)
    connection.execute(
        update(outbox)
        .where(_IS_TO_EMPTY, outbox.c.account_id.in_(accounts), ~holds_answered)
        .values(state=Debt.SETTLED.value)
    )


def is_echo(connection: Connection, challenge_id: int, told: Told) -> Row[Any] | None:
    """The answered challenge that a new one repeats: the very same edit, read once more."""
    new = challenge.alias("new")
    return connection.execute(
        select(challenge)
        .join(new, new.c.account_id == challenge.c.account_id)
        .where(
            new.c.id == challenge_id,
            challenge.c.id != new.c.id,
            challenge.c.field == FIELD,
            challenge.c.state != OPEN,
            challenge.c.value.is_not_distinct_from(told.value),
            challenge.c.edited_at == told.edited_at,
        )
        .order_by(challenge.c.id.desc())
        .limit(1)
    ).one_or_none()


def take_back(connection: Connection, challenge_id: int, echoed: Row[Any] | None) -> None:
    """Forget a challenge that was none: the field had been emptied, or holds what was answered.

    In the latter case the emptying never arrived: it is owed again.
    """
    found = connection.execute(
        challenge.delete().where(challenge.c.id == challenge_id).returning(challenge.c.account_id)
    ).scalar_one()
    dirt.mark(connection, [found])
    if echoed is not None:
        connection.execute(
            update(challenge).where(challenge.c.id == echoed.id).values(left_at=None)
        )
        empty(connection, found, echoed.value)


def _row_of(account_id: int) -> tuple[ColumnElement[bool], ...]:
    return outbox.c.account_id == account_id, outbox.c.field == FIELD


_IS_TO_EMPTY = and_(
    outbox.c.field == FIELD,
    outbox.c.desired.is_(None),
    outbox.c.state.in_([Debt.OWED.value, Debt.HELD.value]),
)
