"""The digests as kept: one row for each that is owed to a channel, whatever becomes of it.

A row is owed until somebody took it, or until it is given up. Who sends one claims it first: for
some minutes nobody else does. A sender that dies leaves the claim to run out, and the row is sent
again with the same `message_key`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    delete,
    func,
    select,
    update,
)

from rules.digest.digest import Audience
from rules.time import Instant
from service.store.bulk import insert_missing
from service.store.tables import digest, ledger


class DigestState(StrEnum):
    """How a digest stands; `KEPT`: for reading, there is nowhere to send it."""

    OWED = "owed"
    SENT = "sent"
    FAILED = "failed"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDigest:
    """A digest for a channel; `body` is the JSON of a `rules.digest.digest.Digest`."""

    period: str
    audience: Audience
    recipient: str
    channel: str
    to_ops: bool
    message_key: str
    body: str
    composed_at: Instant
    state: DigestState
    attempts: int = 0
    not_before_at: Instant = 0
    sent_at: Instant | None = None
    reason: str | None = None


def keep(connection: Connection, digests: Sequence[KeptDigest]) -> int:
    """Keep new digests; returns how many were not there yet."""
    if not digests:
        return 0
    stored = [asdict(each) for each in digests]
    return insert_missing(
        connection, digest, list(stored[0]), [tuple(each.values()) for each in stored]
    )


def owed(connection: Connection, now: Instant) -> Sequence[KeptDigest]:
    """Those that may be sent now, the first composed first."""
    query = select(digest).where(
        digest.c.state == DigestState.OWED.value, digest.c.not_before_at <= now
    )
    order = (digest.c.composed_at, digest.c.audience, digest.c.recipient, digest.c.channel)
    return [_kept(row) for row in connection.execute(query.order_by(*order)).mappings()]


def claim(connection: Connection, which: KeptDigest, *, until: Instant) -> bool:
    """Take a digest to send it; False where somebody else did meanwhile."""
    taken = connection.execute(
        update(digest)
        .where(
            _is(which),
            digest.c.state == DigestState.OWED.value,
            digest.c.attempts == which.attempts,
        )
        .values(attempts=which.attempts + 1, not_before_at=until)
    )
    return taken.rowcount == 1


def settle(
    connection: Connection,
    which: KeptDigest,
    state: DigestState,
    *,
    now: Instant,
    not_before: Instant = 0,
    reason: str | None = None,
) -> None:
    """Record what became of a digest that was claimed. One that was sent stays sent."""
    sent_at = now if state is DigestState.SENT else None
    connection.execute(
        update(digest)
        .where(_is(which), digest.c.state != DigestState.SENT.value)
        .values(state=state.value, sent_at=sent_at, not_before_at=not_before, reason=reason)
    )


def earlier(connection: Connection, audience: Audience, period: str) -> dict[str, int]:
    """Recipient → how many weeks before a period have a digest of theirs."""
    rows = connection.execute(
        select(digest.c.recipient, func.count(digest.c.period.distinct()).label("weeks"))
        .where(digest.c.audience == audience.value, digest.c.period < period)
        .group_by(digest.c.recipient)
    )
    return {row.recipient: row.weeks for row in rows}


def done(connection: Connection, job: str, period: str) -> dict[str, Instant]:
    """Scope → when its line of a period was entered in the ledger."""
    rows = connection.execute(
        select(ledger.c.scope, ledger.c.done_at).where(
            ledger.c.job == job, ledger.c.period == period
        )
    )
    return {row.scope: row.done_at for row in rows}


def forget(connection: Connection, job: str, period: str) -> None:
    """Take back the digests of a week and the lines of their job: for a rehearsal."""
    connection.execute(delete(digest).where(digest.c.period == period))
    connection.execute(delete(ledger).where(ledger.c.job == job, ledger.c.period == period))


def of_period(
    connection: Connection, period: str, audience: Audience | None = None
) -> Sequence[KeptDigest]:
    """The digests of a week."""
    query = select(digest).where(digest.c.period == period)
    if audience is not None:
        query = query.where(digest.c.audience == audience.value)
    return [_kept(row) for row in connection.execute(_ordered(query)).mappings()]


def listed(
    connection: Connection, *, recipient: str | None = None, count: int = 50
) -> Sequence[KeptDigest]:
    """The digests, the latest week first; of one recipient, or of all."""
    query = select(digest)
    if recipient is not None:
        query = query.where(digest.c.recipient == recipient)
    return [_kept(row) for row in connection.execute(_ordered(query).limit(count)).mappings()]


def failing(connection: Connection) -> Sequence[KeptDigest]:
    """Those that are owed and were tried in vain, the oldest first."""
    query = select(digest).where(
        digest.c.state == DigestState.OWED.value, digest.c.reason.is_not(None)
    )
    return [
        _kept(row) for row in connection.execute(query.order_by(digest.c.composed_at)).mappings()
    ]


def _ordered(query: Select[Any]) -> Select[Any]:
    return query.order_by(
        digest.c.period.desc(), digest.c.audience, digest.c.recipient, digest.c.channel
    )


def _is(which: KeptDigest) -> ColumnElement[bool]:
    return and_(
        digest.c.period == which.period,
        digest.c.audience == which.audience.value,
        digest.c.recipient == which.recipient,
        digest.c.channel == which.channel,
    )


def _kept(row: RowMapping) -> KeptDigest:
    values = dict(row)
    values["audience"] = Audience(values["audience"])
    values["state"] = DigestState(values["state"])
    return KeptDigest(**values)
