"""The store at a glance: the figures of `status` and `demo`."""

from collections.abc import Mapping

from sqlalchemy import Connection, and_, func, or_, select

from rules.alert.lines import Answer
from rules.owned import Owned
from rules.time import Instant
from service.store.runs import Run, list_runs
from service.store.tables import (
    account,
    activity,
    alert,
    contact,
    cursor,
    dirty,
    opportunity,
    outbox,
    owner,
    tag,
)

# The accounts that lack an input of the rules.
UNRATED = "unrated"

_MIRROR = {
    "owner": owner,
    "account": account,
    "contact": contact,
    "opportunity": opportunity,
    "activity": activity,
}


def records(connection: Connection, connection_id: int) -> dict[str, int]:
    """Live records by kind."""
    counts = {}
    for kind, table in _MIRROR.items():
        query = (
            select(func.count()).select_from(table).where(table.c.connection_id == connection_id)
        )
        if "archived_at" in table.c:
            query = query.where(table.c.archived_at.is_(None))
        counts[kind] = connection.execute(query).scalar_one()
    return counts


def read_at(connection: Connection, connection_id: int) -> dict[str, Instant]:
    """When each stream of this CRM was last read, by kind; one that never was is not there."""
    rows = connection.execute(
        select(cursor.c.stream, cursor.c.saved_at)
        .where(cursor.c.connection_id == connection_id)
        .order_by(cursor.c.stream)
    )
    return {row.stream: row.saved_at for row in rows}


def own_values(connection: Connection, connection_id: int) -> dict[Owned, int]:
    """How many accounts hold a value of each own field: as last read, or written since."""
    counts = {}
    for field in Owned:
        written = select(outbox.c.account_id).where(
            outbox.c.field == field.value, outbox.c.confirmed.is_not(None)
        )
        counts[field] = connection.execute(
            select(func.count())
            .select_from(account)
            .where(
                account.c.connection_id == connection_id,
                account.c.archived_at.is_(None),
                or_(account.c[f"observed_{field.value}"].is_not(None), account.c.id.in_(written)),
            )
        ).scalar_one()
    return counts


def tiers(connection: Connection) -> dict[str, int]:
    """Accounts in scope by tier."""
    rows = connection.execute(
        select(tag.c.tier, func.count().label("accounts"))
        .where(tag.c.is_in_scope)
        .group_by(tag.c.tier)
        .order_by(tag.c.tier)
    )
    return {row.tier or UNRATED: row.accounts for row in rows}


def tier_of_each(connection: Connection) -> dict[int, tuple[str, str]]:
    """Account in scope → its name and its tier."""
    rows = connection.execute(
        select(account.c.id, account.c.name, tag.c.tier)
        .join(tag, tag.c.account_id == account.c.id)
        .where(tag.c.is_in_scope)
        .order_by(account.c.id)
    )
    return {row.id: (row.name or str(row.id), row.tier or UNRATED) for row in rows}


def live_accounts(connection: Connection) -> int:
    """Accounts that were read and are not gone, in scope or not."""
    query = select(func.count()).select_from(account).where(account.c.archived_at.is_(None))
    return connection.execute(query).scalar_one()


def dirty_accounts(connection: Connection) -> int:
    """Accounts that wait to be evaluated."""
    return connection.execute(select(func.count()).select_from(dirty)).scalar_one()


def open_alerts(connection: Connection) -> int:
    """Alert episodes that are open and ask for a task; what is only told is in the digests."""
    query = (
        select(func.count())
        .select_from(alert)
        .where(alert.c.state == "open", alert.c.channel == "task")
    )
    return connection.execute(query).scalar_one()


def alert_answers(connection: Connection) -> Mapping[Answer, int]:
    """What people have answered for the alerts that `open_alerts` counts."""
    query = (
        select(alert.c.answer, func.count().label("total"))
        .where(alert.c.state == "open", alert.c.channel == "task", alert.c.answer.is_not(None))
        .group_by(alert.c.answer)
    )
    return {Answer(row.answer): row.total for row in connection.execute(query)}


def last_run(connection: Connection) -> Run | None:
    """The latest run of any command."""
    found = list_runs(connection, limit=1)
    return found[0] if found else None


def first_account(connection: Connection, connection_id: int, *, tier: str) -> str | None:
    """The CRM id of an account of a tier: one with an open alert, else the one due first."""
    is_alerted = and_(alert.c.account_id == account.c.id, alert.c.state == "open")
    query = (
        select(account.c.external_id)
        .join(tag, tag.c.account_id == account.c.id)
        .outerjoin(alert, is_alerted)
        .where(account.c.connection_id == connection_id, tag.c.tier == tier)
        .order_by(alert.c.key.is_(None), tag.c.next_contact_on, account.c.id)
        .limit(1)
    )
    return connection.execute(query).scalar_one_or_none()
