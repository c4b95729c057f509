"""Where reps are to go: their accounts by what is due, and those that nobody has contacted."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from rules.digest.material import Uncontacted, Visit, Visits
from rules.records import Relation
from rules.settling import SettledBy
from rules.time import Day
from service.store.tables import account, activity, link, owner, tag


def due_by(
    connection: Connection,
    reps: Collection[str],
    day: Day,
    *,
    priorities: Sequence[str],
    tiers: Sequence[str],
    count: int,
) -> Mapping[str, Visits]:
    """Rep → the accounts in scope whose next contact is due by a day, the first `count` of them.

    By priority, then tier (both in the order given), then the day, then the name.
    """
    ranks = (_rank(tag.c.priority, priorities), _rank(tag.c.tier, tiers))
    within = owner.c.rep_key
    order = (*ranks, tag.c.next_contact_on, account.c.name, account.c.id)
    ranked = (
        _accounts(reps)
        .add_columns(
            account.c.name, tag.c.tier, tag.c.priority, tag.c.why, tag.c.next_contact_on,
            case((tag.c.settled_by == SettledBy.RULE.value, tag.c.tier_row)).label("row"),
            func.row_number().over(partition_by=within, order_by=order).label("position"),
            func.count().over(partition_by=within).label("due"),
        )
        .where(tag.c.next_contact_on <= day)
        .subquery()
    )  # fmt: skip
    rows = connection.execute(
        select(ranked)
        .where(ranked.c.position <= count)
        .order_by(ranked.c.rep_key, ranked.c.position)
    )
    found: dict[str, list[Visit]] = {}
    due: dict[str, int] = {}
    for row in rows:
        due[row.rep_key] = row.due
        found.setdefault(row.rep_key, []).append(
            Visit(
                account_id=row.id, name=row.name or str(row.id), tier=row.tier,
                priority=row.priority, why=row.why, due_on=row.next_contact_on, row=row.row,
            )
        )  # fmt: skip
    return {rep: Visits(first=first, due=due[rep]) for rep, first in found.items()}


def uncontacted(
    connection: Connection,
    reps: Collection[str],
    since: Day,
    *,
    tiers: Sequence[str],
    count: int,
) -> Mapping[str, Uncontacted]:
    """Rep → the accounts of some tiers without a logged contact since a day, the best tier first.

    A rep without an account of these tiers is not there.
    """
    # Contacts are grouped once: SQLite would otherwise read them again for each account.
    contacted = (
        select(link.c.to_id)
        .join(activity, activity.c.id == link.c.from_id)
        .where(
            link.c.relation == Relation.ACTIVITY_ACCOUNT,
            activity.c.is_contact.is_(True),
            activity.c.archived_at.is_(None),
            activity.c.happened_on >= since,
        )
    )
    is_quiet = account.c.id.not_in(contacted)
    rows = connection.execute(
        _accounts(reps)
        .add_columns(account.c.name, case((is_quiet, 1), else_=0).label("is_quiet"))
        .where(tag.c.tier.in_(tiers))
        .order_by(_rank(tag.c.tier, tiers), tag.c.next_contact_on, account.c.name, account.c.id)
    )
    totals: dict[str, int] = {}
    quiet: dict[str, list[tuple[str, int]]] = {}
    for row in rows:
        totals[row.rep_key] = totals.get(row.rep_key, 0) + 1
        names = quiet.setdefault(row.rep_key, [])
        if row.is_quiet:
            names.append((row.name or str(row.id), row.id))
    return {
        rep: Uncontacted(
            count=len(quiet[rep]), total=total, names=[name for name, _ in quiet[rep][:count]],
            ids=[number for _, number in quiet[rep][:count]],
        )
        for rep, total in totals.items()
    }  # fmt: skip


def _accounts(reps: Collection[str]) -> Select[Any]:
    """The accounts in scope of some reps whose user of the CRM is active."""
    return (
        select(owner.c.rep_key, account.c.id)
        .select_from(account)
        .join(owner, account.c.owner_id == owner.c.id)
        .join(tag, tag.c.account_id == account.c.id)
        .where(
            owner.c.rep_key.in_(reps),
            owner.c.is_active.is_(True),
            account.c.archived_at.is_(None),
            tag.c.is_in_scope.is_(True),
        )
    )


def _rank(column: ColumnElement[str | None], names: Sequence[str]) -> ColumnElement[int]:
    places = {name: place for place, name in enumerate(names)}
    return case(places, value=column, else_=len(names)) if places else case((column.is_(None), 1))
