"""The challenges as people answer them: what is asked, and what an answer does in the store."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, or_, select, update

from rules.circumstances import NOTICE
from rules.diff import Debt, Pin, PinKind, let_go
from rules.time import Day, Instant
from service.store import dirt, objections
from service.store.challenges import ACCEPTED, OPEN, REFUSED, SETTLED, today_of
from service.store.outbox import OBSERVED, entry_of, save
from service.store.tables import account, challenge, outbox, owner, tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """A challenge, with its account as it stands now.

    `field` and `value` are what was seen in the CRM; `wanted` is the value that is wanted for
    `about`, a field of the tag. `since_at` is when it was written, as far as is known.
    """

    id: int
    account_id: int
    account: str
    external_id: str
    rep_key: str | None
    owner: str | None
    field: str
    value: str | None
    about: str | None
    wanted: str | None
    until_on: Day | None
    author: str | None
    since_at: Instant
    received_on: Day | None
    days: int
    note: str | None
    tier: str | None
    why: str | None
    state: str
    answered_by: str | None
    answered_on: Day | None
    answer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many challenges wait for an answer, and for how many days the oldest does."""

    count: int
    oldest_days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a challenge: its state, by whom, and why; `value` is decided for `about`."""

    state: str
    by: str
    reason: str
    value: str | None = None


def listed(
    connection: Connection, today: Day, *, rep_key: str | None = None
) -> Sequence[Challenge]:
    """The open challenges, the oldest first, then those answered lately, the latest first."""
    is_told = and_(
        challenge.c.state.in_([ACCEPTED, REFUSED]), challenge.c.answered_on > today - NOTICE
    )
    query = _query().where(or_(challenge.c.state == OPEN, is_told))
    query = query.where(account.c.archived_at.is_(None))
    if rep_key is not None:
        query = query.where(owner.c.rep_key == rep_key)
    found = [_challenge(row, today) for row in connection.execute(query)]
    waiting = sorted((each for each in found if each.state == OPEN), key=_oldest)
    answered = [each for each in found if each.state != OPEN]
    return [*waiting, *sorted(answered, key=lambda each: (-(each.answered_on or 0), -each.id))]


def find(connection: Connection, challenge_id: int, today: Day) -> Challenge | None:
    """A challenge by its id."""
    row = connection.execute(_query().where(challenge.c.id == challenge_id)).one_or_none()
    return None if row is None else _challenge(row, today)


def take(connection: Connection, challenge_id: int, today: Day) -> Challenge | None:
    """A challenge by its id, to be answered: whoever else takes it waits, and sees the answer.

    SQLite has one writer at a time, and needs no lock.
    """
    lock = select(challenge.c.id).where(challenge.c.id == challenge_id).with_for_update()
    connection.execute(lock)
    return find(connection, challenge_id, today)


def waiting(connection: Connection, today: Day) -> Waiting:
    """The challenges without an answer, in a word."""
    row = connection.execute(
        select(func.count().label("waiting"), func.min(challenge.c.received_on).label("oldest"))
        .join(account, account.c.id == challenge.c.account_id)
        .where(challenge.c.state == OPEN, account.c.archived_at.is_(None))
    ).one()
    return Waiting(
        count=row.waiting, oldest_days=None if row.oldest is None else max(today - row.oldest, 0)
    )


def record(connection: Connection, asked: Challenge, answer: Answer, now: Instant) -> None:
    """Keep an answer, let go of the drift, owe the emptying of the CRM's field.

    Other open challenges that said the very same are settled with it.
    """
    today = today_of(connection, now)
    said = {"answered_by": answer.by, "answered_at": now, "answered_on": today}
    connection.execute(
        update(challenge)
        .where(challenge.c.id == asked.id, challenge.c.state == OPEN)
        .values(state=answer.state, answer=answer.reason, **said)
    )
    connection.execute(
        update(challenge)
        .where(
            challenge.c.account_id == asked.account_id,
            challenge.c.field == asked.field,
            challenge.c.value.is_not_distinct_from(asked.value),
            challenge.c.state == OPEN,
        )
        .values(state=SETTLED, **said)
    )
    if asked.field == objections.FIELD:
        connection.execute(update(challenge).where(challenge.c.id == asked.id).values(left_at=None))
        objections.empty(connection, asked.account_id, asked.value)
    else:
        _let_go(connection, asked, answer)
    dirt.mark(connection, [asked.account_id])


def _let_go(connection: Connection, asked: Challenge, answer: Answer) -> None:
    """The edit of a person no longer waits: it is decided what the CRM should hold.

    Accepted, it is the value decided, or, of a field that nobody decides, what the person wrote,
    for as long as the rules give what they give now. Refused, it is our value.
    """
    row = connection.execute(
        select(outbox, OBSERVED.label("observed"), account.c.pulled_at)
        .join(account, account.c.id == outbox.c.account_id)
        .where(
            outbox.c.account_id == asked.account_id,
            outbox.c.field == asked.field,
            outbox.c.state == Debt.DRIFT.value,
        )
    ).one_or_none()
    if row is None:
        return
    entry, desired, pin = entry_of(row), row.desired, None
    if answer.state == ACCEPTED and asked.about is None:
        desired, pin = row.observed, Pin(kind=PinKind.RESPECTED, computed=entry.computed)
    elif answer.state == ACCEPTED:
        desired = answer.value
    settled = replace(let_go(entry, row.observed, row.pulled_at, desired), pin=pin)
    save(connection, [settled])
    connection.execute(
        update(outbox)
        .where(outbox.c.account_id == asked.account_id, outbox.c.field == asked.field)
        .values(released_version=settled.version)
    )


def _oldest(each: Challenge) -> tuple[int, int]:
    return -each.days, each.id


def _query() -> Select[Any]:
    return (
        select(
            challenge, account.c.name, account.c.external_id, owner.c.rep_key,
            owner.c.name.label("owner"), tag.c.tier, tag.c.why,
        )
        .join(account, account.c.id == challenge.c.account_id)
        .outerjoin(owner, owner.c.id == account.c.owner_id)
        .outerjoin(tag, tag.c.account_id == account.c.id)
    )  # fmt: skip


def _challenge(row: Row[Any], today: Day) -> Challenge:
    received = today if row.received_on is None else row.received_on
    return Challenge(
        id=row.id, account_id=row.account_id, account=row.name or row.external_id,
        external_id=row.external_id, rep_key=row.rep_key, owner=row.owner, field=row.field,
        value=row.value, about=row.about, wanted=row.wanted, until_on=row.until_on,
        author=row.author, since_at=row.edited_at or row.received_at,
        received_on=row.received_on, days=max(today - received, 0), note=row.note, tier=row.tier,
        why=row.why, state=row.state, answered_by=row.answered_by, answered_on=row.answered_on,
        answer=row.answer,
    )  # fmt: skip
