"""The challenges: what a person did with a field of ours, and what became of it.

One opens where an edit waits for a person, and is settled by itself once the field is no longer in
drift; one opens as well where the CRM's field Challenge has a value (`store.objections`). Who
edited, and when, is learnt from the CRM afterwards: a challenge without `edited_at` is one that the
CRM was not asked about yet.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    exists,
    insert,
    or_,
    select,
    update,
)

from rules.owned import Owned
from rules.time import Day, Instant, day_of
from service.store import dirt
from service.store.tables import account, challenge, team

OPEN = "open"
ACCEPTED = "accepted"
REFUSED = "refused"
SETTLED = "settled"
# The fields of a tag that a person may decide.
DECIDED = (Owned.TIER.value, Owned.PRIORITY.value)
SUBMITTED_AGAIN = "override"
"""The field of a challenge that submits a decision again (`store.departures`)."""
# The fields of challenges that the reason of the tier tells of: what is said about the tier, or by
# the field Challenge. An edit of another field waits as well, and is not told there.
TOLD = (*DECIDED, Owned.CHALLENGE.value, Owned.IMPOSED_TIER.value, SUBMITTED_AGAIN)
# How many challenges are asked about at once: what a CRM reads in a few calls.
CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Unattributed:
    """A challenge of which it is not known who caused it; `pulled_at` is when it was seen."""

    id: int
    external_id: str
    field: str
    value: str | None
    pulled_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Who edited, where the CRM tells, and when."""

    id: int
    author: str | None
    edited_at: Instant


def open_for(
    connection: Connection, edits: Sequence[tuple[int, str, str | None]], now: Instant
) -> None:
    """Open a challenge for each edit (account, field, value); of a tag it tells what is wanted."""
    if not edits:
        return
    today = today_of(connection, now)
    rows = [
        {
            "account_id": key, "field": field, "value": value,
            "about": field if field in DECIDED else None,
            "wanted": value if field in DECIDED else None,
            "received_at": now, "received_on": today, "state": OPEN,
        }
        for key, field, value in edits
    ]  # fmt: skip
    connection.execute(insert(challenge), rows)
    dirt.mark(connection, {key for key, field, _ in edits if field in TOLD})


def settle(connection: Connection, fields: Iterable[tuple[int, str]], now: Instant) -> None:
    """Close the open challenges of some fields (account, field): nothing is left to decide."""
    over = list(fields)
    rows = [{"key_account": key, "key_field": field, "now": now} for key, field in over]
    if rows and connection.execute(_SETTLE, rows).rowcount:
        dirt.mark(connection, {key for key, field in over if field in TOLD})


def is_heard(field: str, crm_value: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether what an account's field holds is a challenge already: of now, or without an answer.

    One that was answered, and whose value has left the CRM since, is another one when it is back.
    """
    return (
        exists()
        .where(
            challenge.c.account_id == account.c.id,
            challenge.c.field == field,
            challenge.c.value == crm_value,
            or_(challenge.c.left_at.is_(None), challenge.c.state == OPEN),
        )
        .correlate(account)
    )


def unattributed(connection: Connection, connection_id: int) -> list[Unattributed]:
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
        Unattributed(
            id=row.id, external_id=row.external_id, field=row.field, value=row.value,
            pulled_at=row.pulled_at,
        )
        for row in rows
    ]  # fmt: skip


def attribute(connection: Connection, attributions: Sequence[Attribution]) -> None:
    """Keep who edited, and when."""
    rows = [{"which": each.id, "by": each.author, "then": each.edited_at} for each in attributions]
    if rows:
        connection.execute(_ATTRIBUTE, rows)


def today_of(connection: Connection, now: Instant) -> Day:
    """The day of an instant in the team's zone; in UTC where there is no team yet."""
    zone = connection.execute(select(team.c.zone)).scalar_one_or_none()
    return day_of(now, ZoneInfo(zone or "UTC"))


_SETTLE = (
    update(challenge)
    .where(
        challenge.c.account_id == bindparam("key_account"),
        challenge.c.field == bindparam("key_field"),
        challenge.c.state == OPEN,
    )
    .values(state=SETTLED, answered_at=bindparam("now"))
)
_ATTRIBUTE = (
    update(challenge)
    .where(challenge.c.id == bindparam("which"))
    .values(author=bindparam("by"), edited_at=bindparam("then"))
)
