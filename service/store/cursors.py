"""Where each stream of each CRM resumes; saved in the transaction of the page it follows."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from rules.records import Kind
from rules.time import Instant
from service.store.bulk import bulk_upsert
from service.store.tables import cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedCursor:
    """A resume point. `is_complete`: the whole stream has been read once, the rest is news."""

    value: str
    is_complete: bool
    saved_at: Instant


def load(connection: Connection, connection_id: int, stream: Kind) -> SavedCursor | None:
    """The resume point of a stream; None when it was never read."""
    row = connection.execute(
        select(cursor.c.value, cursor.c.is_complete, cursor.c.saved_at).where(
            cursor.c.connection_id == connection_id, cursor.c.stream == stream.value
        )
    ).one_or_none()
    if row is None:
        return None
    return SavedCursor(value=row.value, is_complete=row.is_complete, saved_at=row.saved_at)


def save(connection: Connection, connection_id: int, stream: Kind, point: SavedCursor) -> None:
    """Keep a resume point in place of the earlier one."""
    bulk_upsert(
        connection,
        cursor,
        ("connection_id", "stream", "value", "is_complete", "saved_at"),
        [(connection_id, stream.value, point.value, point.is_complete, point.saved_at)],
    )


def forget_unfinished(connection: Connection, connection_ids: Sequence[int], stream: Kind) -> None:
    """Drop the resume points of full loads under way, so that they start again."""
    connection.execute(
        delete(cursor).where(
            cursor.c.connection_id.in_(connection_ids),
            cursor.c.stream == stream.value,
            cursor.c.is_complete.is_(False),
        )
    )


def are_complete(connection: Connection, connection_id: int) -> bool:
    """Whether every stream of a CRM that was begun has been read whole, and at least one was."""
    found = select(cursor.c.is_complete).where(cursor.c.connection_id == connection_id)
    states = connection.execute(found).scalars().all()
    return bool(states) and all(states)
