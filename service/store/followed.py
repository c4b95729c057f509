"""The bound fields at an instant of the past: what they held, and since when that is known."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Connection, Table, and_, case, cast, func, null, select
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.expression import FromClause

from rules.records import FieldType, Kind
from rules.terms import SQL_TYPES
from rules.time import Instant
from service.store.history import BOUND
from service.store.tables import connection as crm
from service.store.tables import field_binding, history

Column = ColumnElement[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A bound field: its slot, and since when its changes are kept (None: never read in full).

    One without a slot was never bound as the rules have it: unknown everywhere.
    """

    kind: Kind
    name: str
    type: FieldType
    slot: str | None = None
    since_at: Instant | None = None

    @property
    def column(self) -> str:
        """The column of the past state that holds its value."""
        return self.slot or f"unread.{self.name}"


def load(connection: Connection) -> list[Followed]:
    """The bound fields. Where several CRMs bind a name, its history starts with the last."""
    rows = connection.execute(
        select(
            field_binding.c.kind,
            field_binding.c.name,
            field_binding.c.slot,
            func.max(field_binding.c.type).label("type"),
            func.max(field_binding.c.since_at).label("since_at"),
            func.count().label("bound"),
            func.count(field_binding.c.since_at).label("read"),
        )
        .join(crm, crm.c.vendor == field_binding.c.vendor)
        .group_by(field_binding.c.kind, field_binding.c.name, field_binding.c.slot)
        .order_by(field_binding.c.kind, field_binding.c.name)
    )
    return [
        Followed(
            kind=Kind(row.kind),
            name=row.name,
            type=FieldType(row.type),
            slot=row.slot,
            since_at=row.since_at if row.read == row.bound else None,
        )
        for row in rows
    ]


def joined(
    instant: Instant, table: Table, followed: Collection[Followed], kind: Kind
) -> tuple[dict[str, Column], FromClause]:
    """The slots of the bound fields as they were, and the table joined to what they no longer are.

    Before its history, a field has its first known value; one that was never read has none.
    """
    columns: dict[str, Column] = {}
    source: FromClause = table
    for number, each in enumerate(field for field in followed if field.kind is kind):
        if each.slot is None or each.since_at is None:
            columns[each.column] = cast(null(), SQL_TYPES[each.type])
            continue
        now = table.c[each.slot]
        at = max(instant, each.since_at)
        ended = history.alias(f"ended_{number}")
        source = source.outerjoin(
            ended,
            and_(
                ended.c.kind == kind.value,
                ended.c.entity_id == table.c.id,
                ended.c.field == f"{BOUND}{each.name}",
                ended.c.valid_from_at <= at,
                ended.c.valid_to_at > at,
            ),
        )
        columns[each.column] = case(
            (ended.c.entity_id.is_not(None), _typed(ended.c.value, now)), else_=now
        )
    return columns, source


def _typed(value: Column, slot: Column) -> Column:
    """A value of the history in the type of its slot."""
    return value == "1" if isinstance(slot.type, Boolean) else cast(value, slot.type)
