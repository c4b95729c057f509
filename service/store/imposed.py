"""The fields Imposed tier and Imposed until of the CRM: what people have decided there.

What the two fields hold is one text. While they hold it, it is heard once: it became a decision,
whose `crm_value` it is, or a challenge of the field `imposed_tier`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, or_, select, update

from rules.owned import Owned
from rules.time import Day, Instant
from service.store import challenges, dirt, overrides
from service.store.challenges import OPEN, SETTLED
from service.store.tables import account, challenge, override, owner

FIELD = Owned.IMPOSED_TIER.value
UNTIL = Owned.IMPOSED_UNTIL.value
# How many are heard at once: what a CRM tells of in a few calls.
CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Imposed:
    """What the two fields of an account hold, unheard so far; `crm_value` is both as one text."""

    account_id: int
    external_id: str
    account: str
    rep_key: str | None
    tier: str
    until: str | None
    crm_value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A tier that may not be imposed by who asked for it: it waits, and `note` says why."""

    imposed: Imposed
    until_on: Day | None
    author: str | None
    edited_at: Instant
    note: str


def _crm_value() -> ColumnElement[Any]:
    until = func.coalesce(account.c.observed_imposed_until, "")
    text: ColumnElement[Any] = account.c.observed_imposed_tier + " " + until
    return func.trim(text)


def leave(connection: Connection, connection_id: int, now: Instant, today: Day) -> None:
    """End what the CRM holds no more: decisions, and challenges that nobody answered."""
    of_crm = account.c.connection_id == connection_id
    has_gone = or_(
        account.c.observed_imposed_tier.is_(None),
        account.c.archived_at.is_not(None),
        override.c.crm_value != _crm_value(),
    )
    ended = connection.scalars(
        select(override.c.id)
        .join(account, account.c.id == override.c.account_id)
        .where(override.c.crm_value.is_not(None), of_crm, has_gone)
    ).all()
    if ended:
        in_force = overrides.in_force(today)
        still = connection.scalars(
            select(override.c.id).where(override.c.id.in_(ended), in_force)
        ).all()
        overrides.end(connection, still, "CRM", today)
        connection.execute(update(override).where(override.c.id.in_(ended)).values(crm_value=None))
    gone = connection.execute(
        select(challenge.c.id, challenge.c.account_id)
        .join(account, account.c.id == challenge.c.account_id)
        .where(
            challenge.c.field == FIELD,
            challenge.c.left_at.is_(None),
            of_crm,
            or_(account.c.observed_imposed_tier.is_(None), challenge.c.value != _crm_value()),
        )
    ).all()
    ids = [row.id for row in gone]
    connection.execute(
        update(challenge)
        .where(challenge.c.id.in_(ids), challenge.c.state == OPEN)
        .values(state=SETTLED, answered_at=now)
    )
    connection.execute(update(challenge).where(challenge.c.id.in_(ids)).values(left_at=now))
    dirt.mark(connection, {row.account_id for row in gone})


def unheard(connection: Connection, connection_id: int) -> Sequence[Imposed]:
    """The first accounts whose two fields nobody heard as they are."""
    is_decided = (
        select(override.c.id)
        .where(override.c.account_id == account.c.id, override.c.crm_value == _crm_value())
        .correlate(account)
        .exists()
    )
    rows = connection.execute(
        select(
            account.c.id, account.c.external_id, account.c.name, owner.c.rep_key,
            account.c.observed_imposed_tier, account.c.observed_imposed_until,
            _crm_value().label("crm_value"),
        )
        .outerjoin(owner, owner.c.id == account.c.owner_id)
        .where(
            account.c.observed_imposed_tier.is_not(None),
            account.c.connection_id == connection_id,
            account.c.archived_at.is_(None),
            ~is_decided,
            ~challenges.is_heard(FIELD, _crm_value()),
        )
        .order_by(account.c.id)
        .limit(CHUNK)
    )  # fmt: skip
    return [
        Imposed(
            account_id=row.id, external_id=row.external_id, account=row.name or row.external_id,
            rep_key=row.rep_key, tier=row.observed_imposed_tier,
            until=row.observed_imposed_until, crm_value=row.crm_value,
        )
        for row in rows
    ]  # fmt: skip


def ask(connection: Connection, request: Request, now: Instant, today: Day) -> None:
    """Open a challenge that asks for the imposed tier."""
    imposed = request.imposed
    connection.execute(
        insert(challenge).values(
            account_id=imposed.account_id, field=FIELD, value=imposed.crm_value,
            about=Owned.TIER.value, wanted=imposed.tier, until_on=request.until_on,
            author=request.author, edited_at=request.edited_at, received_at=now,
            received_on=today, note=request.note, state=OPEN,
        )
    )  # fmt: skip
    dirt.mark(connection, [imposed.account_id])
