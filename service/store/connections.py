"""The CRM accounts of the workspace, each pinned to the account id it was first opened with."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from connectors.base import Allowance, Identity
from rules.time import Instant
from service.store.tables import connection as crm


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmConnection:
    """One CRM account. `not_before_at`: it asked us to leave it alone until then.

    `allowance` is what it last told of its limits.
    """

    id: int
    vendor: str
    account_id: str
    name: str
    currency: str
    not_before_at: Instant | None
    allowance: Allowance | None = None


def find(connection: Connection, vendor: str) -> CrmConnection | None:
    """The connection of a vendor."""
    row = connection.execute(select(crm).where(crm.c.vendor == vendor)).one_or_none()
    return None if row is None else _of(row)


def find_all(connection: Connection) -> list[CrmConnection]:
    """Every connection, in the order they were made."""
    return [_of(row) for row in connection.execute(select(crm).order_by(crm.c.id))]


def save(connection: Connection, identity: Identity) -> CrmConnection:
    """Remember a CRM account; its name and currency follow the CRM, its id never changes."""
    known = find(connection, identity.vendor)
    values = {"name": identity.name, "currency": identity.currency}
    if known is None:
        connection.execute(
            insert(crm).values(
                vendor=identity.vendor, account_id=identity.account_id, state="active", **values
            )
        )
    elif (known.name, known.currency) != (identity.name, identity.currency):
        connection.execute(update(crm).where(crm.c.id == known.id).values(**values))
    saved = find(connection, identity.vendor)
    assert saved is not None  # noqa: S101 - written above
    return saved


def park(connection: Connection, vendor: str, until: Instant) -> None:
    """Leave a CRM alone until an instant."""
    connection.execute(update(crm).where(crm.c.vendor == vendor).values(not_before_at=until))


def save_allowance(connection: Connection, vendor: str, told: Allowance) -> None:
    """Remember what a CRM has told of its limits."""
    connection.execute(
        update(crm)
        .where(crm.c.vendor == vendor)
        .values(
            told_at=told.seen_at, burst_calls=told.burst, burst_seconds=told.window_seconds,
            daily_calls=told.daily, daily_calls_left=told.daily_left,
        )
    )  # fmt: skip


def _of(row: Row[Any]) -> CrmConnection:
    return CrmConnection(
        id=row.id, vendor=row.vendor, account_id=row.account_id, name=row.name,
        currency=row.currency, not_before_at=row.not_before_at, allowance=_allowance(row),
    )  # fmt: skip


def _allowance(row: Row[Any]) -> Allowance | None:
    if row.told_at is None:
        return None
    return Allowance(
        seen_at=row.told_at, burst=row.burst_calls, window_seconds=row.burst_seconds,
        daily=row.daily_calls, daily_left=row.daily_calls_left,
    )  # fmt: skip
