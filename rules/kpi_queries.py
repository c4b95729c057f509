"""The query that measures each KPI of `rules.kpis`, for every rep at once.

Each builds one SQLAlchemy Core statement over relations that the caller passes in; nothing here
runs it. The rows are (rep_key, value, numerator, denominator), one for every rep of the team.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    FromClause,
    Select,
    and_,
    case,
    cast,
    false,
    func,
    null,
    or_,
    select,
)

from rules.calendar import Period
from rules.kpis import ActivePipeline, ConversionRate, Kpi, OpportunitiesOpened, PriorityContacted
from rules.records import Relation, StageKind
from rules.time import Day

Measured = Select[str, float | None, float | None, float | None]
_Found = Select[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """The relations that KPIs read, with the columns of the store; `rep` needs only `key`."""

    rep: FromClause
    owner: FromClause
    opportunity: FromClause
    stage: FromClause
    account: FromClause
    activity: FromClause
    link: FromClause
    tag: FromClause


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A month, a day of it, and the days between two contacts of an account by its tier."""

    month: Period
    as_of: Day
    cadence: Mapping[str, int]


def measuring(kpi: Kpi, relations: Relations, look: Look) -> Measured:
    """The statement that measures a KPI: one row for every rep, in the order of their keys.

    - opportunities opened: value = numerator = the count; no denominator.
    - conversion rate: won ÷ closed; the value is NULL when none closed.
    - active pipeline: the sum in minor units; numerator = opportunities of a known amount,
      denominator = opportunities; the value is NULL when there are some, all of unknown amount.
    - priority contacted: contacted ÷ due; the value is NULL when none is due. A tier without a
      cadence never comes due.
    """
    match kpi:
        case OpportunitiesOpened():
            found = _opened(kpi, relations, look)
            return _for_every_rep(relations, found, nothing=(0.0, 0.0, None))
        case ConversionRate():
            found = _converted(kpi, relations, look)
            return _for_every_rep(relations, found, nothing=(None, 0.0, 0.0))
        case ActivePipeline():
            found = _pipeline(kpi, relations, look)
            return _for_every_rep(relations, found, nothing=(0.0, 0.0, 0.0))
        case PriorityContacted():
            found = _contacted(kpi, relations, look)
            return _for_every_rep(relations, found, nothing=(None, 0.0, 0.0))


def opened_by_day(
    kpi: OpportunitiesOpened, relations: Relations, first: Day, last: Day
) -> Select[str, Day, int]:
    """(rep_key, day, count): the opportunities opened, on each day from one to another."""
    opportunity, owner = relations.opportunity.c, relations.owner.c
    return (
        select(owner.rep_key, opportunity.created_on.label("day"), func.count().label("count"))
        .select_from(relations.opportunity)
        .join(relations.owner, opportunity.owner_id == owner.id)
        .where(
            opportunity.archived_at.is_(None),
            opportunity.created_on.between(first, last),
            or_(
                opportunity.team_amount >= kpi.minimum,
                opportunity.team_peak_amount >= kpi.minimum,
            ),
        )
        .group_by(owner.rep_key, opportunity.created_on)
    )


def _opened(kpi: OpportunitiesOpened, relations: Relations, look: Look) -> _Found:
    days = opened_by_day(kpi, relations, look.month.first, look.as_of).subquery()
    count = func.sum(days.c.count)
    return select(
        days.c.rep_key, count.label("value"), count.label("numerator"), null().label("denominator")
    ).group_by(days.c.rep_key)


def _converted(kpi: ConversionRate, relations: Relations, look: Look) -> _Found:
    closes_on, stage = relations.opportunity.c.closes_on, relations.stage.c
    closed = _opportunities(relations).where(
        stage.kind.in_([StageKind.WON, StageKind.LOST]),
        closes_on > look.as_of - kpi.window,
        closes_on <= look.as_of,
    )
    won = func.count(case((stage.kind == StageKind.WON, 1)))
    return _share(closed, relations.owner.c.rep_key, won)


def _pipeline(kpi: ActivePipeline, relations: Relations, look: Look) -> _Found:
    opportunity, rep_key = relations.opportunity.c, relations.owner.c.rep_key
    return (
        _opportunities(relations)
        .add_columns(
            rep_key,
            func.sum(opportunity.team_amount).label("value"),
            func.count(opportunity.team_amount).label("numerator"),
            func.count().label("denominator"),
        )
        .where(
            relations.stage.c.kind == StageKind.OPEN,
            opportunity.closes_on.between(look.as_of, look.as_of + kpi.horizon),
        )
        .group_by(rep_key)
    )


def _contacted(kpi: PriorityContacted, relations: Relations, look: Look) -> _Found:
    accounts = _contacts(kpi, relations, look).subquery()
    last, tier = accounts.c.before, accounts.c.tier
    due = [
        and_(tier == name, or_(last.is_(None), last + days <= look.month.last))
        for name, days in look.cadence.items()
    ]
    is_due = or_(false(), *due)
    return _share(select().where(is_due), accounts.c.rep_key, func.count(accounts.c.within))


def _contacts(kpi: PriorityContacted, relations: Relations, look: Look) -> _Found:
    """Each account of the tiers, with its last contacts before the month and within it.

    The contacts are grouped first, then joined: SQLite, which keeps no statistics here, would
    otherwise read every link again for each account.
    """
    account, owner, tag = relations.account.c, relations.owner.c, relations.tag.c
    link, activity = relations.link.c, relations.activity.c
    is_before = activity.happened_on < look.month.first
    contacts = (
        select(
            link.to_id.label("account_id"),
            func.max(case((is_before, activity.happened_on))).label("before"),
            func.max(case((~is_before, activity.happened_on))).label("within"),
        )
        .select_from(relations.link.join(relations.activity, activity.id == link.from_id))
        .where(
            link.relation == Relation.ACTIVITY_ACCOUNT,
            activity.is_contact.is_(True),
            activity.archived_at.is_(None),
            activity.happened_on <= look.as_of,
        )
        .group_by(link.to_id)
    ).subquery()
    return (
        select(owner.rep_key, tag.tier, contacts.c.before, contacts.c.within)
        .select_from(relations.account)
        .join(relations.owner, account.owner_id == owner.id)
        .join(relations.tag, tag.account_id == account.id)
        .outerjoin(contacts, contacts.c.account_id == account.id)
        .where(account.archived_at.is_(None), tag.tier.in_(kpi.tiers))
    )


def _opportunities(relations: Relations) -> _Found:
    """The opportunities that count, each with its owner and its stage; no column yet."""
    opportunity, owner, stage = relations.opportunity, relations.owner, relations.stage
    return (
        select()
        .select_from(opportunity)
        .join(owner, opportunity.c.owner_id == owner.c.id)
        .join(stage, opportunity.c.stage_id == stage.c.id)
        .where(opportunity.c.archived_at.is_(None))
    )


def _share(rows: _Found, rep_key: ColumnElement[str], part: ColumnElement[int]) -> _Found:
    """A part of the rows ÷ all of them, by rep."""
    return rows.add_columns(
        rep_key,
        (cast(part, Float) / func.count()).label("value"),
        part.label("numerator"),
        func.count().label("denominator"),
    ).group_by(rep_key)


def _for_every_rep(
    relations: Relations,
    found: _Found,
    *,
    nothing: tuple[float | None, float | None, float | None],
) -> Measured:
    """One row for each rep, with the figures of `nothing` where nothing was found."""
    rep, figures = relations.rep, found.subquery()

    def figure(name: str, otherwise: float | None) -> ColumnElement[float | None]:
        measured = cast(figures.c[name], Float)
        return case((figures.c.rep_key.is_(None), otherwise), else_=measured).label(name)

    return (
        select(
            rep.c.key.label("rep_key"),
            figure("value", nothing[0]),
            figure("numerator", nothing[1]),
            figure("denominator", nothing[2]),
        )
        .select_from(rep.outerjoin(figures, figures.c.rep_key == rep.c.key))
        .order_by(rep.c.key)
    )
