"""Leases: who may work on a CRM now. One row for each name, changed only by compare-and-set.

A lease ends by itself, so that a holder that died locks nobody out for long. The fence rises with
each new holder: who renews with an old one learns that the place is taken.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from rules.time import Instant
from service.store.tables import lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A place that somebody holds until an instant, unless it is renewed."""

    holder: str
    fence: int
    until_at: Instant


def acquire(
    connection: Connection,
    name: str,
    holder: str,
    *,
    now: Instant,
    ttl: int,
    instead_of: str | None = None,
) -> int | None:
    """Take a place for `ttl` milliseconds; returns the fence, None while somebody else holds it.

    `instead_of` is a holder known to be dead, whose place need not end first.
    """
    module = sqlite if connection.dialect.name == "sqlite" else postgresql
    given = module.insert(lease).values(name=name, holder=holder, fence=1, until_at=now + ttl)
    taken = given.on_conflict_do_update(
        index_elements=[lease.c.name],
        set_={"holder": holder, "fence": lease.c.fence + 1, "until_at": now + ttl},
        where=or_(lease.c.until_at <= now, lease.c.holder == instead_of),
    ).returning(lease.c.fence)
    fence: int | None = connection.execute(taken).scalar_one_or_none()
    return fence


def renew(connection: Connection, name: str, fence: int, *, now: Instant, ttl: int) -> bool:
    """Hold a place for `ttl` milliseconds from now; False when somebody else has taken it."""
    renewed = update(lease).where(lease.c.name == name, lease.c.fence == fence)
    return connection.execute(renewed.values(until_at=now + ttl)).rowcount == 1


def release(connection: Connection, name: str, fence: int) -> None:
    """Leave a place; nothing happens when somebody else has taken it."""
    left = update(lease).where(lease.c.name == name, lease.c.fence == fence)
    connection.execute(left.values(until_at=0))


def find(connection: Connection, name: str) -> Lease | None:
    """Who held a place last, and until when."""
    row = connection.execute(select(lease).where(lease.c.name == name)).one_or_none()
    if row is None:
        return None
    return Lease(holder=row.holder, fence=row.fence, until_at=row.until_at)


def is_any_held(connection: Connection, now: Instant, *, besides: str) -> bool:
    """Whether somebody holds a place other than this one."""
    others = select(lease.c.name).where(lease.c.name != besides, lease.c.until_at > now)
    return connection.execute(others.limit(1)).first() is not None
