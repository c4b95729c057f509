"""The CRM accounts of the workspace, each pinned to the account id it was first opened with."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from connectors.base import Identity
from rules.time import Instant
from service.store.tables import connection as crm


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmConnection:
    """One CRM account. `not_before_at`: it asked us to leave it alone until then."""

    id: int
    vendor: str
    account_id: str
    name: str
    currency: str
    not_before_at: Instant | None


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


def _of(row: Row[Any]) -> CrmConnection:
    return CrmConnection(
        id=row.id, vendor=row.vendor, account_id=row.account_id, name=row.name,
        currency=row.currency, not_before_at=row.not_before_at,
    )  # fmt: skip
