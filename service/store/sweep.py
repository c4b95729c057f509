"""What a stream read in full did not show any more: tombstones, unless too much vanished."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from rules.records import Kind
from service.store import dirt
from service.store.context import MirrorContext
from service.store.mirror import archive
from service.store.rows import TABLES

# More than this share and more than this many: rather a lost permission than deletions.
_SHARE_HELD = 0.5
_COUNT_HELD = 50
# How many ids of a table are held at a time.
_TOGETHER = 10_000


class Seen:
    """A set of our ids, one bit each: a million records cost 125 kB."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, entity_ids: Collection[int]) -> None:
        """Add ids."""
        if not entity_ids:
            return
        short = max(entity_ids) // 8 + 1 - len(self._bits)
        if short > 0:
            self._bits.extend(bytes(short + len(self._bits)))
        for entity_id in entity_ids:
            self._bits[entity_id >> 3] |= 1 << (entity_id & 7)

    def absent(self, entity_ids: Iterable[int]) -> list[int]:
        """Those of some ids that were never added."""
        bits, end = self._bits, 8 * len(self._bits)
        return [each for each in entity_ids if each >= end or not bits[each >> 3] >> (each & 7) & 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Records `archived`, accounts `dirtied`; or the absent records that were `held` back."""

    archived: int = 0
    dirtied: int = 0
    held: int = 0


def archive_absent(connection: Connection, context: MirrorContext, kind: Kind, seen: Seen) -> Sweep:
    """Make tombstones of the records of a kind that a full load did not show.

    When most of more than a handful would vanish at once, none does: they are held, to be told.
    """
    if kind is Kind.STAGE:
        return Sweep()
    table = TABLES[kind]
    is_alive = table.c.is_active if kind is Kind.OWNER else table.c.archived_at.is_(None)
    query = select(table.c.id).where(table.c.connection_id == context.connection_id, is_alive)
    count, absent = 0, []
    for some in connection.execute(query).scalars().partitions(_TOGETHER):
        count += len(some)
        absent += seen.absent(some)
    if len(absent) > max(_COUNT_HELD, _SHARE_HELD * count):
        return Sweep(held=len(absent))
    archived, accounts = archive(connection, context, kind, absent)
    return Sweep(archived=archived, dirtied=dirt.mark(connection, accounts))
