"""Leases: who works on a CRM now. One row for each name, changed only by compare-and-set.

A holder shows that it lives by raising `beat`; who wants its place compares beats, never clocks.
The fence rises with each new holder: who beats with an old one learns that the place is taken.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from rules.time import Instant
from service.store.tables import lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A place: who holds it (None: nobody), and the last sign of life, by the holder's own clock.

    `fence` and `beat` together never come back: two looks that find the same saw no sign between.
    """

    holder: str | None
    fence: int
    beat: int
    beat_at: Instant


def find(connection: Connection, name: str) -> Lease | None:
    """Who holds a place, or held it last."""
    row = connection.execute(select(lease).where(lease.c.name == name)).one_or_none()
    if row is None:
        return None
    return Lease(holder=row.holder, fence=row.fence, beat=row.beat, beat_at=row.beat_at)


def last_beat(connection: Connection) -> Instant | None:
    """The last sign of life of whoever holds a place now; None when nobody does."""
    latest = select(func.max(lease.c.beat_at)).where(lease.c.holder.is_not(None))
    at: Instant | None = connection.execute(latest).scalar_one()
    return at


def acquire(
    connection: Connection,
    name: str,
    holder: str,
    *,
    now: Instant,
    instead_of: Lease | None = None,
) -> int | None:
    """Take a free place, or that of a holder presumed dead; returns the fence, None where held.

    `instead_of` is the place as it was when its holder was presumed dead: a sign of life since
    keeps it.
    """
    module = sqlite if connection.dialect.name == "sqlite" else postgresql
    given = module.insert(lease).values(name=name, holder=holder, fence=1, beat=0, beat_at=now)
    is_open: ColumnElement[bool] = lease.c.holder.is_(None)
    if instead_of is not None:
        is_silent = and_(lease.c.fence == instead_of.fence, lease.c.beat == instead_of.beat)
        is_open = or_(is_open, is_silent)
    taken = given.on_conflict_do_update(
        index_elements=[lease.c.name],
        set_={"holder": holder, "fence": lease.c.fence + 1, "beat": 0, "beat_at": now},
        where=is_open,
    ).returning(lease.c.fence)
    fence: int | None = connection.execute(taken).scalar_one_or_none()
    return fence


def beat(connection: Connection, name: str, fence: int, *, now: Instant) -> bool:
    """Show that the holder lives; False when somebody else has taken the place."""
    ours = update(lease).where(lease.c.name == name, lease.c.fence == fence)
    return connection.execute(ours.values(beat=lease.c.beat + 1, beat_at=now)).rowcount == 1


def release(connection: Connection, name: str, fence: int) -> None:
    """Leave a place; nothing happens when somebody else has taken it."""
    ours = update(lease).where(lease.c.name == name, lease.c.fence == fence)
    connection.execute(ours.values(holder=None))


def is_any_held(connection: Connection, *, besides: str) -> bool:
    """Whether somebody holds a place other than this one."""
    others = select(lease.c.name).where(lease.c.name != besides, lease.c.holder.is_not(None))
    return connection.execute(others.limit(1)).first() is not None
