"""What reps did day by day, as statements: one for each kind of count."""

from typing import Any

from sqlalchemy import Select, case, func, or_, select

from rules.alert.queries import Relations, deals
from rules.records import ActivityKind, Relation, StageKind
from rules.time import Day

_Found = Select[Any]


def opened_by_day(relations: Relations, minimum: int, first: Day, last: Day) -> _Found:
    """(rep_key, day, count): the opportunities created of at least so much, at some time."""
    opportunity, owner = relations.opportunity.c, relations.owner.c
    return (
        select(owner.rep_key, opportunity.created_on.label("day"), func.count().label("number"))
        .select_from(relations.opportunity)
        .join(relations.owner, opportunity.owner_id == owner.id)
        .where(
            owner.rep_key.is_not(None),
            opportunity.archived_at.is_(None),
            opportunity.created_on.between(first, last),
            or_(opportunity.team_amount >= minimum, opportunity.team_peak_amount >= minimum),
        )
        .group_by(owner.rep_key, opportunity.created_on)
    )


def closed_by_day(relations: Relations, first: Day, last: Day) -> _Found:
    """(rep_key, day, won, closed): how many closed on each day, and were won."""
    opportunity, owner, stage = relations.opportunity.c, relations.owner.c, relations.stage.c
    return (
        deals(relations)
        .add_columns(
            owner.rep_key,
            opportunity.closes_on.label("day"),
            func.count(case((stage.kind == StageKind.WON.value, 1))).label("won"),
            func.count().label("closed"),
        )
        .where(
            stage.kind.in_([StageKind.WON.value, StageKind.LOST.value]),
            opportunity.closes_on.between(first, last),
        )
        .group_by(owner.rep_key, opportunity.closes_on)
    )


def won_amounts(relations: Relations, first: Day, last: Day) -> _Found:
    """(rep_key, day, amount): each deal won of a known amount, in the team's minor units."""
    opportunity, owner, stage = relations.opportunity.c, relations.owner.c, relations.stage.c
    return (
        deals(relations)
        .add_columns(
            owner.rep_key,
            opportunity.closes_on.label("day"),
            opportunity.team_amount.label("amount"),
        )
        .where(
            stage.kind == StageKind.WON.value,
            opportunity.closes_on.between(first, last),
            opportunity.team_amount.is_not(None),
        )
        .order_by(owner.rep_key, opportunity.closes_on, opportunity.id)
    )


def activities_by_day(
    relations: Relations, kind: str, holding: _Found | None, first: Day, last: Day
) -> _Found:
    """(rep_key, day, count): the activities of a kind that were logged on each day.

    `holding` selects the ids of the accounts of which one is wanted; None: whatever the account.
    Each activity counts once, for its owner.
    """
    activity, owner, link = relations.activity.c, relations.owner.c, relations.link.c
    found = (
        select(owner.rep_key, activity.happened_on.label("day"), func.count().label("number"))
        .select_from(relations.activity)
        .join(relations.owner, activity.owner_id == owner.id)
        .where(
            owner.rep_key.is_not(None),
            activity.archived_at.is_(None),
            activity.kind == kind,
            or_(activity.is_contact.is_(True), activity.kind == ActivityKind.NOTE.value),
            activity.happened_on.between(first, last),
        )
        .group_by(owner.rep_key, activity.happened_on)
    )
    if holding is None:
        return found
    of_account = select(link.from_id).where(
        link.relation == Relation.ACTIVITY_ACCOUNT.value, link.to_id.in_(holding)
    )
    return found.where(activity.id.in_(of_account))


def accounts_by_tier(relations: Relations) -> _Found:
    """(rep_key, tier, count): the accounts in scope of each rep."""
    owner, tag = relations.owner.c, relations.tag.c
    return (
        select(owner.rep_key, tag.tier, func.count().label("number"))
        .select_from(relations.account)
        .join(relations.owner, relations.account.c.owner_id == owner.id)
        .join(relations.tag, tag.account_id == relations.account.c.id)
        .where(
            relations.account.c.archived_at.is_(None),
            tag.is_in_scope.is_(True),
            owner.rep_key.is_not(None),
        )
        .group_by(owner.rep_key, tag.tier)
    )
