"""What followed for the accounts of each tier that rules give as of a past day, counted in SQL."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Float, Select, and_, case, cast, func, select

from rules.records import Relation, StageKind
from rules.time import Day
from service.store.facts import Sources
from service.store.past import Moment
from service.store.tables import link, opportunity, rulebook, stage


@dataclass(frozen=True, slots=True, kw_only=True)
class TierCounts:
    """The accounts of a tier on the day, and their opportunities within the window after it."""

    tier: str | None
    accounts: int
    opened: int
    won: int
    lost: int
    won_amount: int
    unknown_amounts: int


def by_tier(
    connection: Connection, tags: Select[Any], sources: Sources, moment: Moment, until: Day
) -> list[TierCounts]:
    """The counts of each tier in scope; the window is from the day after `moment` to `until`.

    `tags` are those that rules give as of the moment (`Tagging.select`).
    """
    given = tags.subquery("given")
    deals = _deals_after(sources, moment, until).subquery("deals")
    sums = [
        func.coalesce(func.sum(deals.c[name]), 0).label(name)
        for name in ("opened", "won", "lost", "won_amount", "unknown_amounts")
    ]
    query = (
        select(given.c.tier, func.count().label("accounts"), *sums)
        .select_from(given.outerjoin(deals, deals.c.account_id == given.c.account_id))
        .where(given.c.is_in_scope.is_(True))
        .group_by(given.c.tier)
    )
    rows = connection.execute(query, {"today": moment.day})
    return [
        TierCounts(
            tier=row.tier,
            accounts=row.accounts,
            opened=int(row.opened),
            won=int(row.won),
            lost=int(row.lost),
            won_amount=round(row.won_amount),
            unknown_amounts=int(row.unknown_amounts),
        )
        for row in rows
    ]


def _deals_after(sources: Sources, moment: Moment, until: Day) -> Select[Any]:
    """By account, the opportunities that were opened or closed in the window.

    As in the KPIs, an opportunity is closed on its close date once its stage is a closed one. One
    that was closed on the day already is no outcome: rules may have seen it.
    """
    then, now = sources.opportunity, opportunity.c
    closed_then = (
        select(then.c.id)
        .join(sources.stage, sources.stage.c.id == then.c.stage_id)
        .where(sources.stage.c.kind != StageKind.OPEN.value)
        .subquery("closed_then")
    )

    def within(day: ColumnElement[Any]) -> ColumnElement[bool]:
        return day.between(moment.day + 1, until)

    def closed(kind: StageKind) -> ColumnElement[bool]:
        return and_(stage.c.kind == kind.value, within(now.closes_on))

    won = closed(StageKind.WON)
    return (
        select(
            link.c.to_id.label("account_id"),
            func.count(case((within(now.created_on), 1))).label("opened"),
            func.count(case((won, 1))).label("won"),
            func.count(case((closed(StageKind.LOST), 1))).label("lost"),
            # As floating point: SQLite fails on a sum of integers that is over 64 bits.
            func.sum(case((won, cast(now.team_amount, Float)), else_=0.0)).label("won_amount"),
            func.count(case((and_(won, now.team_amount.is_(None)), 1))).label("unknown_amounts"),
        )
        .select_from(
            link.join(opportunity, now.id == link.c.from_id)
            .outerjoin(stage, stage.c.id == now.stage_id)
            # Joined: of a NOT IN, PostgreSQL may read the whole list for each row.
            .outerjoin(closed_then, closed_then.c.id == now.id)
        )
        .where(
            link.c.relation == Relation.OPPORTUNITY_ACCOUNT.value,
            link.c.is_primary.is_(True),
            now.archived_at.is_(None),
            closed_then.c.id.is_(None),
        )
        .group_by(link.c.to_id)
    )


def in_force(connection: Connection, moment: Moment) -> int | None:
    """The id of the publication that was in force at a moment; None before the first."""
    query = (
        select(rulebook.c.id)
        .where(rulebook.c.published_at <= moment.instant)
        .order_by(rulebook.c.id.desc())
        .limit(1)
    )
    return connection.execute(query).scalar_one_or_none()
